"""Values of fields: from what a client sent to what is stored, and from what is stored to what is answered."""

from __future__ import annotations

import json
import math
import re
from datetime import UTC, date, datetime
from typing import Any

from . import ids
from .errors import ApiError, RowError
from .schema import Field

_GLOBE = {"Latitude": 90.0, "Longitude": 180.0}
_EMAIL = re.compile(r"[^@\s,;<>()\"]+@[^@\s,;<>()\"]+\.[^@\s,;<>()\".]+")


def datetime_text(moment: datetime) -> str:
    """A moment as the REST API prints it: UTC, milliseconds, ``+0000``. Moments stored so sort as text."""
    moment = moment.astimezone(UTC)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}+0000"


def parse_datetime(text: str) -> str:
    """The stored form of an ISO 8601 moment, which is UTC where it names no offset.

    Raises:
        ValueError: it is none.
    """
    moment = datetime.fromisoformat(text)
    return datetime_text(moment if moment.tzinfo else moment.replace(tzinfo=UTC))


def stored(one: Field, value: Any) -> Any:
    """The value as its column holds it: the rule-free way in, for seeds. ``None`` and the empty string are null."""
    if one.type == "boolean":
        return int(bool(value))
    if value is None or value == "":
        return None
    if one.is_id:
        try:
            return ids.to18(value)
        except ValueError:  # references to rows that are known by another key, as FieldDefinition's are
            return value
    if one.type == "datetime":
        return parse_datetime(str(value)) if not isinstance(value, datetime) else datetime_text(value)
    if one.type == "date":
        return str(value)[:10]
    if one.type == "complexvalue" and not isinstance(value, str):
        return json.dumps(value, sort_keys=True)
    return value


def shown(one: Field, value: Any) -> Any:
    """The value as it is answered."""
    if one.type == "boolean":
        return bool(value)
    if one.type == "double" and value is not None:
        return float(value)
    if one.type == "complexvalue" and value is not None:
        return json.loads(value)
    return value


def _wrong_json(one: Field, value: Any, wanted: str) -> ApiError:
    if isinstance(value, dict | list):
        found = "START_OBJECT value {" if isinstance(value, dict) else "START_ARRAY value ["
    elif isinstance(value, bool):
        found = "VALUE_TRUE value true" if value else "VALUE_FALSE value false"
    else:
        found = {str: "VALUE_STRING", int: "VALUE_NUMBER_INT"}.get(
            type(value), "VALUE_NUMBER_FLOAT"
        ) + f" value {value}"
    message = f"Cannot deserialize instance of {wanted} from {found} or request may be missing a required field"
    return RowError("JSON_PARSER_ERROR", message, [one.name])


def coerce(one: Field, value: Any) -> Any:
    """The value that a client sent for a field, checked by the field's type, as its column holds it.

    Raises:
        ApiError: JSON_PARSER_ERROR for a value of another type, STRING_TOO_LONG, MALFORMED_ID, INVALID_EMAIL_ADDRESS,
            INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST.
    """
    if one.type == "boolean":
        return _boolean(one, value)
    if value is None or value == "":
        return None
    if one.type in ("int", "double", "currency", "percent"):
        return _number(one, value)
    if one.type == "complexvalue":
        return json.dumps(value, sort_keys=True)
    if isinstance(value, (dict, list, bool)):
        raise _wrong_json(one, value, "string" if one.type not in ("date", "datetime") else one.type)
    if one.type in ("date", "datetime"):
        return _moment(one, str(value))
    if one.is_id:
        return _id(one, str(value))
    return _text(one, str(value))


def _boolean(one: Field, value: Any) -> int:
    if isinstance(value, str) and value.lower() in ("true", "false", "1", "0"):
        return int(value.lower() in ("true", "1"))
    if isinstance(value, bool) or (isinstance(value, int) and value in (0, 1)):
        return int(value)
    if value is None:
        # The Object Reference knows no nillable boolean
        raise RowError("INVALID_TYPE_ON_FIELD_IN_RECORD", f"{one.label}: value not of required type: null", [one.name])
    raise _wrong_json(one, value, "boolean")


def _number(one: Field, value: Any) -> int | float:
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        raise _wrong_json(one, value, one.type)
    try:
        number = float(value)
    except ValueError:
        raise _wrong_json(one, value, one.type) from None
    if not _in_range(one, number):
        raise RowError(
            "NUMBER_OUTSIDE_VALID_RANGE",
            f"{one.label}: value outside of valid range on numeric field: {value}",
            [one.name],
        )
    if one.type == "int" and not number.is_integer():
        raise _wrong_json(one, value, "int")  # [R: code]
    return int(number) if one.type == "int" else number


def _in_range(one: Field, number: float) -> bool:
    """An int has eight digits (Object Reference, NumberOfEmployees), a place lies on the globe, all others have 18."""
    if not math.isfinite(number) or abs(number) >= (1e8 if one.type == "int" else 1e18):
        return False
    most = next((most for part, most in _GLOBE.items() if one.compound and one.name.endswith(part)), None)
    return most is None or abs(number) <= most


def _moment(one: Field, value: str) -> str:
    try:
        if one.type == "datetime":
            return parse_datetime(value)
        return date.fromisoformat(value[:10]).isoformat()
    except (ValueError, OverflowError):
        raise _wrong_json(one, value, one.type) from None


def _id(one: Field, value: str) -> str:
    try:
        return ids.to18(value)
    except ValueError:
        raise RowError("MALFORMED_ID", f"{one.label}: id value of incorrect type: {value}", [one.name]) from None


def _text(one: Field, value: str) -> str | None:
    value = value.strip() if one.type != "textarea" else value
    if not value:
        return None
    if one.type == "email" and not _EMAIL.fullmatch(value):
        raise RowError("INVALID_EMAIL_ADDRESS", f"{one.label}: invalid email address: {value}", [one.name])
    if one.type == "multipicklist":
        parts = [part.strip() for part in value.split(";") if part.strip()]
        for part in parts:
            _picklist(one, part)
        value = ";".join(parts)
    elif one.type == "picklist":
        value = _picklist(one, value)
    if one.length and len(value) > one.length:
        text = f"{one.label}: data value too large: {value} (max length={one.length})"
        raise RowError("STRING_TOO_LONG", text, [one.name])
    return value


def _picklist(one: Field, value: str) -> str:
    """The value in the picklist's own spelling; one that is no entry is refused where the picklist is restricted."""
    for entry in one.values:
        if entry.lower() == value.lower():
            return entry
    if one.restricted and one.values:
        text = f"{one.label}: bad value for restricted picklist field: {value}"
        raise RowError("INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST", text, [one.name])
    return value


def is_email(value: str) -> bool:
    """Whether the text has the form of an e-mail address."""
    return _EMAIL.fullmatch(value) is not None
