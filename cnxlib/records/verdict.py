"""What verifying came to: findings, how each run stands, and how far the records reach."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from cnxlib.records.finding import Finding
from cnxlib.records.statement import Link
from cnxlib.records.trust import Trust

State = Literal["as sealed", "not as sealed", "unsealed", "in progress"]


@dataclass(frozen=True)
class Verdict:
    """What verifying the runs of an org came to.

    Attributes
    ----------
    org, folder:
        Alias and the folder of its runs.
    signer:
        Whose signature counted.
    runs:
        Place in the chain (None: none that can be believed) and state of each run, by its id.
    findings:
        Why something cannot be relied on; empty where everything can.
    notes:
        What else there is to know.
    through:
        The last run up to which everything is there, as it was sealed, in one line; None where that is no run.
    head:
        The number of the statement that the asker gave as head, None where none was given or it is not here.
    highest:
        The highest number here.
    """

    org: str
    folder: Path
    signer: Trust
    runs: Mapping[str, tuple[int | None, State]]
    findings: tuple[Finding, ...]
    notes: tuple[str, ...]
    through: Link | None = None
    head: int | None = None
    highest: int = 0
    alone: bool = False
    """Whether one run was judged by itself."""

    @property
    def said(self) -> str:
        """How far the records reach, one sentence."""
        if self.alone:
            states = "".join(f"run {run} is {state}" for run, (_, state) in self.runs.items())
            return f"{states}; what came before and after it was not looked at"
        link = self.through
        reach = "complete through no run"
        if link is not None:
            reach = f"complete through run {link.number} ({link.run_id}, sha256:{link.sha256})"
        if link is not None and self.head == self.highest == link.number:
            return f"{reach}, the head that was given"
        given = "" if self.head is None else f"; the head that was given is run {self.head}"
        return f"{reach}{given}" if self.head == self.highest else f"{reach}{given}; later runs cannot be excluded"

    @property
    def trustworthy(self) -> list[str]:
        """Ids of the runs that are as they were sealed, in the chain's order."""
        return [run for run, (_, state) in self.runs.items() if state == "as sealed"]

    def as_json(self) -> dict[str, Any]:
        """The published shape."""
        through = self.through and {**self.through.model_dump(), "sha256": f"sha256:{self.through.sha256}"}
        return {
            "org": self.org,
            "folder": str(self.folder),
            "ok": not self.findings,
            "said": self.said,
            "complete_through": through,
            "signer": self.signer.as_json(),
            "runs": [{"run_id": run, "number": no, "state": state} for run, (no, state) in self.runs.items()],
            "findings": [finding.as_json() for finding in self.findings],
            "notes": list(self.notes),
        }
