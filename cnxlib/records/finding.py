"""What is wrong with a record, and where."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

Kind = Literal["altered", "missing", "added", "reordered", "fork", "foreign", "unsealed", "unreadable", "truncated"]


@dataclass(frozen=True)
class Finding:
    """Why a run, or a file of it, cannot be relied on.

    Attributes
    ----------
    kind:
        altered, missing, added: of a file, or of a run where `file` is "". reordered: it lies where another belongs.
        fork: two runs claim one place. foreign: of another org, run, signer or kind. unsealed: nothing vouches for it.
        unreadable: nobody can tell. truncated: the head that was asked for is missing.
    org, run, number:
        Alias; run id, as its folder is called, "" where nobody knows it; place in the chain, None likewise.
    file:
        Name below the run's folder.
    detail:
        One sentence.
    """

    kind: Kind
    org: str
    run: str
    number: int | None
    file: str
    detail: str

    def as_json(self) -> dict[str, Any]:
        """The published shape."""
        return dict(vars(self))

    def __str__(self) -> str:
        run = f"({self.run})" if self.run and self.number else self.run
        words = ["run", str(self.number or ""), run] if self.run or self.number else ["org", self.org]
        where = " ".join(filter(None, words)) + (f", {self.file}" if self.file else "")
        return f"{where}: {self.kind}: {self.detail}"
