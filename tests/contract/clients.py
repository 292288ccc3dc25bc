"""The two clients under one pair of interfaces, so that a test can write by one and read by the other.

Nothing of the clients is changed or gone around: each method is the call that their users write.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, Protocol, TypeVar

from simple_salesforce import Salesforce
from simple_salesforce.exceptions import SalesforceError, SalesforceResourceNotFound
from zeep.exceptions import Fault
from zeep.helpers import serialize_object

from .node import Jsforce, Refused

T = TypeVar("T")


class Rows(Protocol):
    """Rows by the REST API. Refusals are `Refused`."""

    def create(self, sobject: str, values: Mapping[str, Any]) -> str: ...

    def update(self, sobject: str, row_id: str, values: Mapping[str, Any]) -> None: ...

    def upsert(self, sobject: str, field: str, value: str, values: Mapping[str, Any]) -> None: ...

    def delete(self, sobject: str, row_id: str) -> None: ...

    def get(self, sobject: str, row_id: str) -> dict[str, Any]: ...

    def query(self, soql: str, *, deleted: bool = False) -> list[dict[str, Any]]: ...

    def post(self, path: str, body: Any) -> Any: ...

    def describe(self, sobject: str) -> dict[str, Any]: ...

    def tooling(self, soql: str) -> list[dict[str, Any]]: ...


class Components(Protocol):
    """Components by the Metadata API, of one type at a time. Refusals are `Refused`."""

    def create(self, kind: str, value: Mapping[str, Any]) -> None: ...

    def update(self, kind: str, value: Mapping[str, Any]) -> None: ...

    def upsert(self, kind: str, value: Mapping[str, Any]) -> None: ...

    def delete(self, kind: str, name: str) -> None: ...

    def read(self, kind: str, name: str) -> dict[str, Any] | None: ...

    def names(self, kind: str) -> list[str]: ...


def plain(value: Any) -> Any:
    """A row without `attributes`, as deep as it goes; a child query's rows stand for its page."""
    if isinstance(value, Mapping):
        if "records" in value and "totalSize" in value:
            return plain(value["records"])
        return {name: plain(item) for name, item in value.items() if name != "attributes"}
    return [plain(item) for item in value] if isinstance(value, list) else value


def _said(call: Callable[[], T]) -> T:
    """What the call returns; simple-salesforce's error and zeep's as `Refused`."""
    try:
        return call()
    except SalesforceResourceNotFound as error:
        raise Refused(error.content[0]["errorCode"], error.content[0]["message"]) from error
    except SalesforceError as error:
        first = error.content[0] if isinstance(error.content, list) else {}
        raise Refused(str(first.get("errorCode", "")), str(first.get("message", error))) from error
    except Fault as error:
        raise Refused(str(error.code), str(error.message)) from error
    except Exception as error:  # all that simple-salesforce raises when a component is refused
        found = re.search(r"\((\w+), (.*)\), ", str(error), re.DOTALL)
        if not found:
            raise
        raise Refused(found[1], found[2]) from error


class SimpleRows:
    """simple-salesforce."""

    def __init__(self, salesforce: Salesforce) -> None:
        self.salesforce = salesforce

    def create(self, sobject: str, values: Mapping[str, Any]) -> str:
        return str(_said(lambda: getattr(self.salesforce, sobject).create(values))["id"])

    def update(self, sobject: str, row_id: str, values: Mapping[str, Any]) -> None:
        assert _said(lambda: getattr(self.salesforce, sobject).update(row_id, values)) == 204

    def upsert(self, sobject: str, field: str, value: str, values: Mapping[str, Any]) -> None:
        assert _said(lambda: getattr(self.salesforce, sobject).upsert(f"{field}/{value}", values)) in (200, 201, 204)

    def delete(self, sobject: str, row_id: str) -> None:
        assert _said(lambda: getattr(self.salesforce, sobject).delete(row_id)) == 204

    def get(self, sobject: str, row_id: str) -> dict[str, Any]:
        return dict(_said(lambda: getattr(self.salesforce, sobject).get(row_id)))

    def query(self, soql: str, *, deleted: bool = False) -> list[dict[str, Any]]:
        return [
            plain(row) for row in _said(lambda: self.salesforce.query_all(soql, include_deleted=deleted))["records"]
        ]

    def post(self, path: str, body: Any) -> Any:
        return _said(lambda: self.salesforce.restful(path, method="POST", json=body))

    def describe(self, sobject: str) -> dict[str, Any]:
        return dict(_said(lambda: getattr(self.salesforce, sobject).describe()))

    def tooling(self, soql: str) -> list[dict[str, Any]]:
        return [plain(row) for row in _said(lambda: self.salesforce.restful("tooling/query", {"q": soql}))["records"]]


class JsforceRows:
    """jsforce."""

    def __init__(self, js: Jsforce) -> None:
        self.js = js

    def create(self, sobject: str, values: Mapping[str, Any]) -> str:
        return str(self.js(f"sobject({sobject}).create", values)["id"])

    def update(self, sobject: str, row_id: str, values: Mapping[str, Any]) -> None:
        assert self.js(f"sobject({sobject}).update", {"Id": row_id, **values})["success"]

    def upsert(self, sobject: str, field: str, value: str, values: Mapping[str, Any]) -> None:
        assert self.js(f"sobject({sobject}).upsert", {field: value, **values}, field)["success"]

    def delete(self, sobject: str, row_id: str) -> None:
        assert self.js(f"sobject({sobject}).destroy", row_id)["success"]

    def get(self, sobject: str, row_id: str) -> dict[str, Any]:
        return dict(self.js(f"sobject({sobject}).retrieve", row_id))

    def query(self, soql: str, *, deleted: bool = False) -> list[dict[str, Any]]:
        options = {"autoFetch": True, "maxFetch": 20_000, "scanAll": deleted}
        return [plain(row) for row in self.js("query", soql, options)["records"]]

    def post(self, path: str, body: Any) -> Any:
        return self.js("requestPost", f"/{path}", body)

    def describe(self, sobject: str) -> dict[str, Any]:
        return dict(self.js(f"sobject({sobject}).describe"))

    def tooling(self, soql: str) -> list[dict[str, Any]]:
        return [plain(row) for row in self.js("tooling.query", soql)["records"]]


class SimpleComponents:
    """simple-salesforce's mdapi, which is zeep over the WSDL that it ships."""

    def __init__(self, salesforce: Salesforce) -> None:
        self.salesforce = salesforce

    def _write(self, call: str, kind: str, value: Mapping[str, Any]) -> None:
        door = getattr(self.salesforce.mdapi, kind)
        _said(lambda: getattr(door, call)([door(**value)]))

    def create(self, kind: str, value: Mapping[str, Any]) -> None:
        self._write("create", kind, value)

    def update(self, kind: str, value: Mapping[str, Any]) -> None:
        self._write("update", kind, value)

    def upsert(self, kind: str, value: Mapping[str, Any]) -> None:
        self._write("upsert", kind, value)

    def delete(self, kind: str, name: str) -> None:
        _said(lambda: getattr(self.salesforce.mdapi, kind).delete([name]))

    def read(self, kind: str, name: str) -> dict[str, Any] | None:
        found = _filled(serialize_object(_said(lambda: getattr(self.salesforce.mdapi, kind).read([name])), dict))
        return found if found.get("fullName") else None

    def names(self, kind: str) -> list[str]:
        query = self.salesforce.mdapi._client.get_type("ns0:ListMetadataQuery")(type=kind)
        return [each.fullName for each in _said(lambda: self.salesforce.mdapi.list_metadata([query])) or ()]


class JsforceComponents:
    """jsforce's metadata client."""

    def __init__(self, js: Jsforce) -> None:
        self.js = js

    def _write(self, call: str, *args: Any) -> None:
        result = self.js(f"metadata.{call}", *args)
        if not result["success"]:
            errors = result["errors"]
            first = errors[0] if isinstance(errors, list) else errors
            raise Refused(first["statusCode"], first["message"])

    def create(self, kind: str, value: Mapping[str, Any]) -> None:
        self._write("create", kind, value)

    def update(self, kind: str, value: Mapping[str, Any]) -> None:
        self._write("update", kind, value)

    def upsert(self, kind: str, value: Mapping[str, Any]) -> None:
        self._write("upsert", kind, value)

    def delete(self, kind: str, name: str) -> None:
        self._write("delete", kind, name)

    def read(self, kind: str, name: str) -> dict[str, Any] | None:
        found = _filled(self.js("metadata.read", kind, name) or {})
        return found if found.get("fullName") else None

    def names(self, kind: str) -> list[str]:
        return [each["fullName"] for each in self.js("metadata.list", [{"type": kind}])]


def _filled(value: Any) -> Any:
    """A component without what it does not have (zeep shows every element of the type), truth values as such.

    jsforce knows the types of some components alone; of the others it leaves all values as texts.
    """
    if value in ("true", "false"):
        return value == "true"
    if isinstance(value, Mapping):
        inside = {name: _filled(item) for name, item in value.items()}
        return {name: item for name, item in inside.items() if item not in (None, [], {}) and name != "$"}
    return [_filled(item) for item in value] if isinstance(value, list) else value
