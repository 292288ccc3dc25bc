"""Sealing by a person: a run that no runner sealed, with the notebook that was executed somewhere else."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from cnxlib.errors import RecordError, UsageError
from cnxlib.records.keys import signing_key
from cnxlib.records.presence import is_present
from cnxlib.records.run_record import RunRecord, read_events
from cnxlib.records.sealing import Sealed, scanned, seal
from cnxlib.records.statement import Ending
from cnxlib.records.subjects import STATEMENT
from cnxlib.records.summary import summary


def seal_by_hand(path: Path, notebooks: Sequence[Path] = ()) -> tuple[Sealed, list[dict[str, str]]]:
    """Copy executed notebooks into a record, take secrets out of it, and seal it.

    Parameters
    ----------
    path:
        The record; not sealed, and nobody is at work on it.
    notebooks:
        Executed notebooks, which keep their names.

    Returns
    -------
    The seal, and where secrets were found: file, place and kind of each.

    Raises
    ------
    UsageError
        The run goes on or is sealed, or a file is no executed notebook. Nothing was changed.
    SecretError, StoreLocked
        There is no key to sign with. Nothing was changed.
    RecordError
        The record cannot be written or sealed; says which file.
    """
    record = RunRecord.join(path)
    if (path / STATEMENT).exists():
        raise UsageError(f"{path} is sealed already", org=record.org, hint="`cnx records verify` looks at its seal.")
    if is_present(path):
        raise UsageError(f"Run {record.run_id} is in progress", org=record.org, hint="Seal it when it has ended.")
    content = {source: _executed(source) for source in notebooks}
    for source, text in content.items():
        _check_free(path / source.name, text)
    if len({source.name for source in notebooks}) != len(notebooks):
        raise UsageError("Two notebooks have the same name", hint="Rename one of them.")
    signing_key()
    for source, text in content.items():
        record.write_text(source.name, text)
    hits = scanned(record)
    ending: Ending = "complete" if summary(read_events(path)).ended else "interrupted"
    sealed = seal(record, by="person", ending=ending, hits=hits)
    return sealed, [hit.as_json() for hit in hits]


def _executed(path: Path) -> str:
    """The text of an executed notebook."""
    try:
        text = path.read_bytes().decode("utf-8")
        notebook: Any = json.loads(text)
        cells = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]
        executed = any(cell["execution_count"] for cell in cells)
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}", hint="Check --notebook.") from None
    except (ValueError, TypeError, KeyError, RecursionError):
        raise UsageError(f"{path} is no notebook", hint="Check --notebook.") from None
    if not executed:
        raise UsageError(f"{path} was not executed", hint="Give papermill's output, not the notebook it was made of.")
    return text


def _check_free(path: Path, text: str) -> None:
    """What lies in a record is not replaced; the same notebook may come again, when sealing failed before."""
    if not path.exists():
        return
    try:
        same = path.read_bytes() == text.encode()
    except OSError as error:
        raise RecordError(f"{path} cannot be read: {error.strerror}") from None
    if not same:
        raise UsageError(f"The record holds another {path.name} already", hint="Rename the one that you give.")
