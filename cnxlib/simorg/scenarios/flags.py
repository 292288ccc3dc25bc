"""How a simulated org behaves where real orgs differ: switches that a scenario sets and no API of Salesforce shows."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..org import Org

KIND, NAME = "Simulation", "flags"


@dataclass(frozen=True)
class Flags:
    """The switches.

    Attributes:
        soap_login: SOAP login() is allowed (new orgs have had it off since Winter '26).
        connected_app_creation: connected apps may be created (blocked since Spring '26, unless Support allows it).
        trusted_ip: the client's address is in a trusted range, so that no security token is asked for.
    """

    soap_login: bool = False
    connected_app_creation: bool = False
    trusted_ip: bool = False


def read(org: Org) -> Flags:
    """The org's switches."""
    return Flags(**(org.document(KIND, NAME) or {}))


def write(org: Org, flags: Flags) -> None:
    """Set the org's switches."""
    org.put_document(KIND, NAME, asdict(flags))
