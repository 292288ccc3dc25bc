"""What a metadata call comes with, and the types that it may name."""

from __future__ import annotations

from dataclasses import dataclass

from ..org import Actor, Org
from ..soap import Call, SoapFault
from .components import Kind
from .kinds import KINDS


@dataclass(frozen=True)
class Context:
    """One call of the SOAP door: whose org, who calls, what, and in which API version (the number before `.0`)."""

    org: Org
    actor: Actor
    call: Call
    version: int

    def kind(self, name: str) -> Kind:
        """The metadata type of that name.

        Raises:
            SoapFault: INVALID_TYPE: there is none in this version.
        """
        kind = KINDS.get(name)
        if kind is None or kind.since > self.version:
            raise SoapFault("INVALID_TYPE", "This type of metadata is not available for this organization")
        return kind
