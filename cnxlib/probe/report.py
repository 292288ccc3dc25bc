"""The findings as a text that can be sent back to the project: it holds answers about facts, and nothing of the org."""

from __future__ import annotations

from collections.abc import Sequence

from cnxlib import __version__
from cnxlib.probe.fact import Finding
from cnxlib.salesforce import Identity


def as_text(findings: Sequence[Finding], me: Identity) -> str:
    """One paragraph a fact, behind a line that says with what they were found."""
    head = f"cnx probe {__version__}, API {me.api_version}, {me.org_type} org"
    return "\n\n".join(
        [
            head,
            *(
                f"{one.fact.id}: {one.verdict.value}\n  fact: {one.fact.said}\n"
                f"  expected: {one.fact.expected}\n  found: {one.found}"
                for one in findings
            ),
        ]
    )
