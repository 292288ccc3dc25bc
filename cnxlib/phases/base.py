"""What a phase is: its parameters, its checks, the resources it wants. One module per notebook holds one."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Generic, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from cnxlib.engine import CheckGenerator, Resource
from cnxlib.errors import ParameterError
from cnxlib.resources.in_form import in_form
from cnxlib.salesforce import Identity
from cnxlib.secrets import FORMS, REFERENCE

EMAIL = r"^[^@\s,;<>\"']+@[^@\s,;<>\"']+\.[^@\s,;<>\"'.]+$"

REFERENCE_OR_BLANK = rf"^({REFERENCE})?$"
PACKAGE_VERSION_ID = r"^04t([A-Za-z0-9]{12}|[A-Za-z0-9]{15})$"
MAPPED_FIELD = r"^(Account|Case)\.[A-Za-z]\w*(:edit)?$"
DEVELOPER_NAME = r"^[A-Za-z](_?[A-Za-z0-9])*$"
AGE_RECIPIENT_OR_BLANK = r"^(age1[02-9ac-hj-np-z]+)?$"
HOST_OR_BLANK = r"^[A-Za-z0-9.:\-]*$"
OCCASION = r"^(password|consumer_secret)@[\w.:-]+$"
DIGEST_OR_BLANK = r"^(sha256:[0-9a-f]{64})?$"

_FORMS = {
    EMAIL: "of the form name@company.example",
    f"{EMAIL}|^$": "empty, or of the form name@company.example",
    REFERENCE_OR_BLANK: f"empty, or a reference: {FORMS}",
    AGE_RECIPIENT_OR_BLANK: "empty, or an age recipient: age1…, the public key, never AGE-SECRET-KEY-…",
    PACKAGE_VERSION_ID: "an id that begins with 04t and has 15 or 18 letters and digits",
    MAPPED_FIELD: "a field such as Account.Phone, with :edit after it if it is to be edited",
    DEVELOPER_NAME: "a name of letters, digits and single underscores that begins with a letter",
    HOST_OR_BLANK: "empty, or the name of a server such as smtp.company.example, without https://",
    OCCASION: "password@NAME or consumer_secret@NAME; the name is yours and says on which occasion: password@CHG-4711",
    DIGEST_OR_BLANK: "empty, or the digest of a plan: sha256: and 64 digits of 0-9, a-f",
}
"""What the patterns ask for, in words."""

_SAID = {
    "missing": "is required",
    "extra_forbidden": "there is no such entry",
    "string_type": "must be a text",
    "string_too_short": "is required",
    "string_too_long": "takes {max_length} characters at most",
    "int_type": "must be a whole number",
    "int_parsing": "must be a whole number",
    "int_from_float": "must be a whole number",
    "bool_type": "must be true or false",
    "bool_parsing": "must be true or false",
    "greater_than_equal": "must be {ge} or more",
    "less_than_equal": "must be {le} or less",
    "literal_error": "must be one of {expected}",
}
"""What pydantic's other errors ask for, by their type."""

Email = Annotated[str, StringConstraints(pattern=EMAIL, max_length=80)]
EmailOrBlank = Annotated[str, StringConstraints(pattern=f"{EMAIL}|^$", max_length=80)]
Username = Annotated[str, StringConstraints(pattern=EMAIL, max_length=80)]
"""A Salesforce user name has the form of an e-mail address (User.Username, 80 characters)."""
UsernameOrBlank = EmailOrBlank


class PhaseParams(BaseModel):
    """The parameters that every phase takes. Each field's description is its help: in forms, notebooks and docs."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    common: ClassVar[tuple[str, ...]] = ("org", "mode", "expected_digest", "confirm_org_id", "ticket", "record")

    org: str = Field(
        "demo",
        min_length=1,
        title="Org",
        description="alias of the org in orgs.yaml",
        json_schema_extra=in_form(help="One of those in your orgs.yaml; 00 · Start here adds others."),
    )
    mode: Literal["plan", "apply", "verify"] = Field(
        "plan", description="plan reads only; apply changes; verify re-reads"
    )
    expected_digest: str = Field(
        "",
        pattern=DIGEST_OR_BLANK,
        description='apply only this reviewed plan ("" is whatever is found now)',
    )
    confirm_org_id: str = Field("", description="the org's id, typed, to apply to a production org")
    ticket: str = Field(
        "",
        title="Change number",
        description="change number, kept in the record",
        json_schema_extra=in_form(
            group="For the record",
            help="Of your change management, where you have one. It is kept in the record.",
            keep=False,
        ),
    )
    record: str = Field("", description='folder of the run record ("" begins a new one)')


P = TypeVar("P", bound=PhaseParams)


@dataclass(frozen=True)
class Phase(Generic[P]):
    """One heading of the guide, one notebook.

    Parameters
    ----------
    id, title:
        Name of the notebook without its ending, and its heading.
    params:
        The model of its parameters.
    checks, resources:
        What must hold before, and what the phase wants: from the parameters and who is logged in where.
    guide:
        Ids of the guide's steps that it serves.
    needs:
        Ids of the phases whose failure blocks this one.
    setup_path:
        Path of the Setup page where a person would do the same by hand.
    not_needed:
        Why the phase does not apply with these parameters, "" where it does.
    """

    id: str
    title: str
    params: type[P]
    checks: Callable[[P, Identity], Sequence[CheckGenerator]]
    resources: Callable[[P, Identity], Sequence[Resource]]
    guide: tuple[str, ...]
    needs: tuple[str, ...] = ()
    setup_path: str = ""
    not_needed: Callable[[P], str] = lambda params: ""

    def parse(self, values: Mapping[str, Any]) -> P:
        """The parameters as a checked model.

        Raises
        ------
        ParameterError
            A name is unknown or a value refused; names the field and says what it takes.
        """
        try:
            return self.params.model_validate(dict(values))
        except ValidationError as error:
            raise ParameterError(
                f"{self.id}: " + "; ".join(_said(item) for item in error.errors(include_url=False)),
                org=str(values.get("org", "")),
                hint=f"`cnx schema --phase {self.id[:2]}` lists the parameters and what they take.",
            ) from None

    @property
    def own_parameters(self) -> list[str]:
        """Names of the parameters that are this phase's own, in the notebook's order."""
        return [name for name in self.params.model_fields if name not in PhaseParams.common]


def _said(item: Any) -> str:
    place = ".".join(str(part) for part in item["loc"]) or "parameters"
    if item["type"] == "extra_forbidden":
        return f"there is no parameter {place}"
    given = item.get("input")
    # Where a reference, a key or a URL is asked for, somebody may have given a secret itself.
    hidden = any(part in place for part in ("_ref", "_key", "_url"))
    shown = f" (given: {given!r})" if isinstance(given, str | int | float | bool) and not hidden else ""
    return f"{place}: {in_plain_words(item)}{shown}"


def in_plain_words(item: Mapping[str, Any]) -> str:
    """One error of a `ValidationError`, for people who have never seen a regular expression."""
    if item["type"] == "string_pattern_mismatch":
        pattern = item["ctx"]["pattern"]
        return f"must be {_FORMS[pattern]}" if pattern in _FORMS else f"must have the form {pattern}"
    if item["type"] in ("tuple_type", "list_type"):
        return "must be a list: [first, second], also where it has one entry"
    if item["type"] in _SAID:
        return _SAID[item["type"]].format(**item.get("ctx", {}))
    return str(item["msg"]).removeprefix("Value error, ")
