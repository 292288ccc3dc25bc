"""The four permission sets that the Conexiom package brings, found in its namespace by label, else by API name.

A label may be a translation; the API name that Setup proposes is the label of before, with underscores.
"""

from __future__ import annotations

from dataclasses import dataclass

from cnxlib.errors import NotYet
from cnxlib.resources.package import conexiom_package
from cnxlib.rounds import Asking
from cnxlib.salesforce import Query, soql

READ_ONLY = "Conexiom Read Only"
USER = "Conexiom User"
SUPER_USER = "Conexiom SuperUser"
ADMIN_USER = "Conexiom Admin User"

LABELS = (READ_ONLY, USER, SUPER_USER, ADMIN_USER)
"""In the guide's order, from the most restrictive."""

MINIMUM = "Minimum Permissions for Conexiom"
"""The set that phase 06 makes for those who lack access."""


def folded(label: str) -> str:
    """What labels are compared by: the guide itself spells one both "SuperUser" and "Super User"."""
    return "".join(label.split()).casefold()


def known_label(label: str) -> str:
    """The set that `label` means, in the spelling used here.

    Raises
    ------
    ValueError
        It means none of the four, nor the Minimum set.
    """
    by_folded = {folded(known): known for known in (*LABELS, MINIMUM)}
    if folded(label) not in by_folded:
        raise ValueError(f"{label!r} is no Conexiom permission set; there are: {', '.join((*LABELS, MINIMUM))}")
    return by_folded[folded(label)]


@dataclass(frozen=True)
class ConexiomSet:
    """One of the four sets as the org has it."""

    id: str
    name: str
    label: str
    """As spelt in `LABELS`."""
    licence_id: str


def conexiom_sets() -> Asking[dict[str, ConexiomSet]]:
    """The four sets by label, as spelt in `LABELS`.

    Raises
    ------
    NotYet
        The package is not installed, or the installed one does not bring all four.
    """
    package = yield from conexiom_package()
    query = soql(
        "SELECT Id, Name, Label, LicenseId FROM PermissionSet WHERE IsOwnedByProfile = false AND NamespacePrefix = {}",
        package.namespace,
    )
    (rows,) = yield [Query(query)]
    by_name = {folded(row["Name"].replace("_", " ")): row for row in rows}
    by_label = by_name | {folded(row["Label"]): row for row in rows}
    missing = [label for label in LABELS if folded(label) not in by_label]
    if missing:
        raise NotYet(
            f"The installed package {package.name} brings no permission set {', '.join(missing)}",
            phase="01_install_package",
            guide=("G5.1",),
            hint="Install the guide's version of the package or a newer one: apply 01_install_package.",
        )
    return {
        label: ConexiomSet(row["Id"], row["Name"], label, row["LicenseId"] or "")
        for label in LABELS
        for row in (by_label[folded(label)],)
    }
