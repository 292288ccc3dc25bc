"""Verifying the records of an org: each run by itself, then the line that their statements make.

With the public key alone: neither org nor inventory nor secret store is asked.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from urllib.parse import unquote

from cnxlib.records.finding import Finding, Kind
from cnxlib.records.head import HEAD, note_of
from cnxlib.records.inspection import (
    Opened,
    differing_files,
    events_of_another,
    fault_of_statement,
    is_whole,
    open_statement,
)
from cnxlib.records.keys import PublicKey
from cnxlib.records.presence import is_present
from cnxlib.records.run_record import EVENTS
from cnxlib.records.statement import Link, Predicate
from cnxlib.records.subjects import STATEMENT
from cnxlib.records.trust import Trust
from cnxlib.records.verdict import State, Verdict

_NAMED_SINGLY = 100
"""How many numbers in a row that are missing are findings of their own."""


def verify_org(folder: Path, trusted: Trust, *, head: str = "") -> Verdict:
    """Judge all runs in an org's folder.

    Parameters
    ----------
    folder:
        The org's folder of runs, wherever it was copied to.
    trusted:
        Whose signature counts.
    head:
        SHA-256 of the newest statement that the asker knows of, 64 digits; "" where none is known.

    Raises
    ------
    OSError
        The folder cannot be read.
    """
    paths = sorted(path for path in folder.iterdir() if not path.name.startswith("."))  # hidden: locks and notes
    judged = _Judgement(unquote(folder.name), [path for path in paths if path.is_dir()], trusted)
    for path in paths:
        if not path.is_dir():
            judged.find("added", "", None, "it lies among the runs, and nothing vouches for it", path.name)
    judged.judge()
    return judged.verdict(folder, head, note_of(folder))


def verify_run(path: Path, trusted: Trust) -> Verdict:
    """Judge one run by itself, wherever it was copied to. Of its neighbours nothing is said."""
    opened = open_statement(path)
    alias = opened.statement.predicate.org.alias if opened and opened.statement else unquote(path.parent.name)
    judged = _Judgement(alias, [path], trusted)
    judged.judge(alone=True)
    return replace(judged.verdict(path, "", None), alone=True)


class _Judgement:
    """The runs of an org, and what is found out about them.

    Parameters
    ----------
    org:
        Alias, as the folder says it.
    folders:
        Those that should be runs.
    trusted:
        Whose signature counts.
    """

    def __init__(self, org: str, folders: list[Path], trusted: Trust) -> None:
        self._org = org
        self._folders = {folder.name: folder for folder in folders}
        self._opened = {folder.name: open_statement(folder) for folder in folders}
        there = [opened for opened in self._opened.values() if opened]
        self._signer = trusted.settled(there)
        in_records = {opened.key.fingerprint: opened.key for opened in there if opened.key}
        self._keys: Mapping[str, PublicKey] = in_records | dict(self._signer.keys)
        self._findings: list[Finding] = []
        self._notes: list[str] = []
        self._in_progress: set[str] = set()
        self._line: dict[int, list[Opened]] = {}
        """The statements that are believed, by number, each once."""

    def find(self, kind: Kind, run: str, number: int | None, detail: str, file: str = "") -> None:
        """Add a finding."""
        self._findings.append(Finding(kind, self._org, run, number, file, detail))

    def judge(self, *, alone: bool = False) -> None:
        """Find what there is to find; for one run `alone` nothing is expected before or after it."""
        misplaced = [one for one in self._opened.values() if one and self._is_misplaced(one)]
        for opened in misplaced:
            self._judge_misplaced(opened)
        if not alone:
            self._judge_line()
        unsealed = [name for name, there in self._opened.items() if there is None]
        named = {finding.run for finding in self._findings}
        for name in unsealed:
            if name not in named:
                self._judge_unsealed(name)

    def _is_misplaced(self, opened: Opened) -> bool:
        """Judge a sealed run by itself; whether its statement is to be believed, and belongs to another folder."""
        name, said = opened.folder.name, _said(opened)
        fault = fault_of_statement(opened, self._keys, self._signer.may_sign(opened.statement))
        if opened.folder.is_symlink():
            self.find("altered", name, None, "its folder is a symbolic link")
        elif fault:
            self.find(fault[0], name, None, fault[1], STATEMENT)
        elif said is None or said.run_id != name:
            return True
        elif said.org.alias != self._org:
            self.find("foreign", name, said.number, f"it is a run of the org {said.org.alias!r}")
        else:
            self._findings += differing_files(opened, self._org)
            self._line.setdefault(said.number, []).append(opened)
        return False

    def _judge_misplaced(self, opened: Opened) -> None:
        """A believed statement in a folder of another name: copied, renamed, or put where another's was."""
        name, said = opened.folder.name, _believed(opened)
        run = f"run {said.number} ({said.run_id})"
        here = self._line.setdefault(said.number, [])
        if any(one.sha256 == opened.sha256 for one in here):
            self.find("added", name, None, f"it is a copy of {run}")
            return
        what = "it is" if is_whole(opened) else "it holds the statement of"
        self.find("reordered", name, None, f"{what} {run}, under another name")
        here.append(opened)

    def _judge_line(self) -> None:
        """Compare the statements with each number to what the statements with the next number say came before."""
        before = 0
        for number in sorted({*self._line, *(number - 1 for number in self._line)} - {0}):
            self._judge_gap(range(before + 1, number))
            before = number
            here = self._line.get(number, [])
            named = {_believed(one).previous for one in self._line.get(number + 1, [])}
            for link in sorted((link for link in named if link), key=lambda link: link.run_id):
                self._judge_link(link, here)
            for one in here if len(here) > 1 else ():
                others = ", ".join(other.folder.name for other in here if other is not one)
                self.find("fork", one.folder.name, number, f"this place in the chain is claimed by {others} too")

    def _judge_gap(self, numbers: range) -> None:
        """Name the numbers that nothing here has or speaks of: each, but for what a forged note made of them."""
        for number in numbers[:_NAMED_SINGLY]:
            if not self._is_claimed(number):
                self.find("missing", "", number, "no statement that can be believed has this number")
        if rest := numbers[_NAMED_SINGLY:]:
            detail = f"no statement that can be believed has a number from {rest[0]} to {rest[-1]}"
            self.find("missing", "", None, detail)

    def _judge_link(self, link: Link, here: list[Opened]) -> None:
        number, after = link.number, f"run {link.number + 1}"
        if any(one.sha256 == link.sha256 for one in here):
            return
        for one in here:
            detail = f"{after} names another as the one before it: {link.run_id}, sha256:{link.sha256}"
            self.find("altered", one.folder.name, number, detail, STATEMENT)
        if any(finding.run == link.run_id for finding in self._findings):
            return
        if link.run_id not in self._opened:
            self.find("missing", link.run_id, number, f"{after} names it as the one before it")
        elif self._opened[link.run_id] is None:
            self.find("missing", link.run_id, number, f"{after} names it: the run was sealed", STATEMENT)
        else:
            self.find("reordered", link.run_id, number, f"{after} names it, which has another number")

    def _is_claimed(self, number: int) -> bool:
        """Whether a statement that was found altered says that it has this number."""
        altered = {one.run for one in self._findings if (one.kind, one.file) == ("altered", STATEMENT)}
        said = [_said(opened) for name, opened in self._opened.items() if opened and name in altered]
        return any(one is not None and one.number == number for one in said)

    def _believed(self) -> list[Opened]:
        return [opened for _, here in sorted(self._line.items()) for opened in here]

    def _judge_unsealed(self, name: str) -> None:
        folder = self._folders[name]
        if is_present(folder):
            self._in_progress.add(name)
            self._notes.append(f"Run {name} is in progress; it is sealed when it ends.")
            return
        if not (folder / EVENTS).is_file():
            self.find("unsealed", name, None, "it is no run record, and nothing vouches for it")
            return
        self.find("unsealed", name, None, f"nothing vouches for it; `cnx records seal {name}` if you do")
        for sentence in events_of_another(folder, name, self._org):
            self.find("foreign", name, None, sentence, EVENTS)

    def verdict(self, folder: Path, head: str, note: Link | None) -> Verdict:
        """All of it, with the statement that the asker gave as `head` looked for."""
        given = next((_believed(one).number for one in self._believed() if one.sha256 == head), None)
        if head and given is None:
            detail = f"the head that was given, sha256:{head}, is not here: it was taken away or altered"
            self.find("truncated", "", None, detail)
        highest = max(self._line, default=0)
        if note and not head and all(one.sha256 != note.sha256 for one in self._believed()):
            self._notes.append(
                f"{HEAD}, for which nothing vouches, says that run {note.number} ({note.run_id}) was sealed here, and "
                f"what is here does not show it: --head sha256:{note.sha256} asks for it."
            )
        return Verdict(
            self._org,
            folder,
            self._signer,
            dict(self._states()),
            tuple(self._findings),
            tuple(self._notes),
            self._reached(),
            given,
            highest,
        )

    def _states(self) -> Iterator[tuple[str, tuple[int | None, State]]]:
        numbers = {one.folder.name: _believed(one).number for one in self._believed()}
        bad = {finding.run for finding in self._findings}
        for name in [*numbers, *(name for name in self._opened if name not in numbers)]:
            state: State = "not as sealed" if name in bad else "as sealed"
            if self._opened[name] is None:
                state = "in progress" if name in self._in_progress else "unsealed"
            yield name, (numbers.get(name), state)

    def _reached(self) -> Link | None:
        """The last run up to which everything is there and as it was sealed."""
        bad = {finding.run for finding in self._findings}
        reached: Link | None = None
        for number in range(1, len(self._line) + 1):
            here = self._line.get(number, [])
            if len(here) != 1 or here[0].folder.name in bad or _believed(here[0]).previous != reached:
                break
            reached = Link(run_id=_believed(here[0]).run_id, number=number, sha256=here[0].sha256)
        return reached


def _said(opened: Opened) -> Predicate | None:
    return opened.statement.predicate if opened.statement else None


def _believed(opened: Opened) -> Predicate:
    """What a statement says whose fault was looked for; one that is believed is whole."""
    assert opened.statement is not None
    return opened.statement.predicate
