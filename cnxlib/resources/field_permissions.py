"""Field-level security of a permission set, for the fields that take it.

Source: Tooling API, FieldDefinition.IsFlsEnabled; Object Reference, FieldPermissions. Fields without field-level
security (Case.Status) are visible to whoever can read the record: there is nothing to grant, and a row is refused.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cnxlib.changes import Change
from cnxlib.engine import Done
from cnxlib.errors import NotYet, ParameterError, SalesforceError, serving
from cnxlib.model import Observation, Table
from cnxlib.resources.bearer import Bearer
from cnxlib.resources.grants import Grants
from cnxlib.resources.package import conexiom_package
from cnxlib.rounds import Asking
from cnxlib.salesforce import ToolingQuery, soql

_PARTS = (
    "Street",
    "City",
    "State",
    "StateCode",
    "PostalCode",
    "Country",
    "CountryCode",
    "Latitude",
    "Longitude",
    "GeocodeAccuracy",
)
"""Parts of an address (Object Reference, Address Compound Fields)."""

_WHOLE = {
    f"account.{address}{part}".casefold(): f"{address}Address" for address in ("Billing", "Shipping") for part in _PARTS
}


def whole(sobject: str, field: str) -> str:
    """The compound field that `field` is a part of, else `field`: an address takes field-level security as a whole."""
    return _WHOLE.get(f"{sobject}.{field}".casefold(), field)


@dataclass(frozen=True)
class Field:
    """A field by API name, or, where a package brings it under a namespace, by its label (never translated)."""

    sobject: str
    name: str = ""
    label: str = ""
    edit: bool = False

    @property
    def said(self) -> str:
        """What people call it: "Account.BillingAddress"."""
        return f"{self.sobject}.{self.name or self.label}"


@dataclass(frozen=True)
class FoundField:
    """A field as the org has it."""

    api_name: str
    """With its object: "Account.BillingAddress"."""
    takes_fls: bool


def find_fields(fields: Sequence[Field]) -> Asking[dict[Field, FoundField]]:
    """The fields as the org has them.

    Raises
    ------
    NotYet
        A field that is sought by label is missing: the package brings it.
    ParameterError
        A field that is sought by name does not exist.
    SalesforceError
        Several fields have that label, and which is the package's cannot be told.
    """
    asked: dict[tuple[str, str], ToolingQuery] = {}
    # FieldDefinition answers no queryMore, hence the LIMIT, and one object a query.
    select = "SELECT QualifiedApiName, MasterLabel, IsFlsEnabled FROM FieldDefinition WHERE "
    for field in fields:
        names = sorted(other.name for other in fields if other.sobject == field.sobject and other.name)
        asked[field.sobject, field.label] = ToolingQuery(
            soql(
                select + "EntityDefinition.QualifiedApiName = {} AND MasterLabel = {} LIMIT 50",
                field.sobject,
                field.label,
            )
            if field.label
            else soql(
                select + "EntityDefinition.QualifiedApiName = {} AND QualifiedApiName IN {} LIMIT 200",
                field.sobject,
                names,
            )
        )
    answers = yield list(asked.values())
    rows_by_query = dict(zip(asked, answers, strict=True))
    found: dict[Field, FoundField] = {}
    for field in fields:
        rows = rows_by_query[field.sobject, field.label]
        fitting = [row for row in rows if field.label or row["QualifiedApiName"].lower() == field.name.lower()]
        if not fitting:
            if field.label:
                raise NotYet(f"{field.sobject} has no field {field.label!r} yet", phase="01_install_package")
            raise ParameterError(
                f"There is no field {field.said}", hint="Give fields by API name: Account.Phone, Case.My_Field__c."
            )
        row = fitting[0] if len(fitting) == 1 or field.name else (yield from _the_packages(field, fitting))
        found[field] = FoundField(f"{field.sobject}.{row['QualifiedApiName']}", bool(row["IsFlsEnabled"]))
    return found


def _the_packages(field: Field, rows: Sequence[Mapping[str, Any]]) -> Asking[Mapping[str, Any]]:
    """Which of several fields of that label the Conexiom package brings: customers and other packages have such, too.

    Raises
    ------
    NotYet
        The package is not installed.
    SalesforceError
        None of them, or more than one, is the package's.
    """
    package = yield from conexiom_package()
    its = [row for row in rows if row["QualifiedApiName"].startswith(f"{package.namespace}__")]
    if len(its) != 1:
        said = ", ".join(f"{field.sobject}.{row['QualifiedApiName']}" for row in rows)
        raise SalesforceError(
            f"Which field {field.sobject} {field.label!r} is Conexiom's cannot be told: {said}; "
            f"the package's namespace is {package.namespace}",
            guide=("G2.6",),
            hint="Ask Conexiom which it is, and give the others another label (Setup, Object Manager, the object, "
            "Fields & Relationships).",
        )
    return its[0]


class FieldPermissions:
    """Read, or Read and Edit, on fields.

    Parameters
    ----------
    bearer:
        The permission set, by API name, or whatever bears the permissions.
    fields:
        The fields; one that takes no field-level security is reported, not refused.
    guide:
        Ids of the guide's steps.
    made_by:
        The class that writes them.
    """

    batch = 200

    def __init__(
        self,
        bearer: str | Bearer,
        fields: Sequence[Field],
        guide: tuple[str, ...],
        made_by: type[Grants] = Grants,
    ) -> None:
        self._bearer, self._fields, self._guide, self._made_by = bearer, tuple(fields), guide, made_by
        self._grants = self._grants_of({})

    def _grants_of(self, wanted: Mapping[str, Mapping[str, bool]]) -> Grants:
        defaults = {name: {"SobjectType": name.partition(".")[0], "PermissionsEdit": False} for name in wanted}
        guide = dict.fromkeys(wanted, self._guide)
        return self._made_by("field_permissions", "FieldPermissions", "Field", self._bearer, wanted, guide, defaults)

    def observe(self) -> Asking[Observation]:
        """Find the fields, then the rows of those that take field-level security."""
        if not self._fields:
            return Observation()
        with serving(*self._guide):
            found = yield from find_fields(self._fields)
        wanted = {
            found[field].api_name: {"PermissionsRead": True, **({"PermissionsEdit": True} if field.edit else {})}
            for field in self._fields
            if found[field].takes_fls
        }
        self._grants = self._grants_of(wanted)
        seen = yield from self._grants.observe()
        free = tuple(
            (found[f].api_name, "always visible to whoever can read the record")
            for f in found
            if not found[f].takes_fls
        )
        tables = (Table("Fields without field-level security", ("field", "access"), free),) if free else ()
        return Observation(seen.items, tables=tables)

    def apply(self, changes: Sequence[Change], ids: Mapping[str, str]) -> Asking[Sequence[Done]]:
        """As `Grants.apply`; a new row without Edit is read-only."""
        return (yield from self._grants.apply(changes, ids))
