"""All facts, and looking all of them up."""

from __future__ import annotations

from cnxlib.errors import CnxError
from cnxlib.probe import access, fields, packages, routes, settings
from cnxlib.probe.fact import Fact, Finding, looked_up
from cnxlib.rounds import Rounds, Send
from cnxlib.salesforce import Identity

FACTS: tuple[Fact, ...] = tuple(
    one for module in (fields, access, packages, settings, routes) for one in vars(module).values() if type(one) is Fact
)
"""In the order in which the modules have them."""


def probe(send: Send, me: Identity) -> list[Finding]:
    """Look up all facts in one org. Nothing is changed.

    Raises
    ------
    CnxError
        The org cannot be reached any more, or the session is over.
    """
    rounds = Rounds(send, emit=lambda name, data: None)
    found = rounds.drive([looked_up(one, me) for one in FACTS])
    for one in found:
        if isinstance(one, CnxError):
            raise one
    return [one for one in found if isinstance(one, Finding)]
