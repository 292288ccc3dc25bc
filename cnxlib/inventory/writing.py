"""orgs.yaml while it is written: by one process alone, in one step, and only what was meant to be changed."""

from __future__ import annotations

import stat
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml
from filelock import FileLock, Timeout

from cnxlib.errors import InventoryError
from cnxlib.inventory.reading import content_of, entries, inventory_path, unreadable
from cnxlib.inventory.splicing import with_value, without
from cnxlib.secrets.files import replace_private, sweep

PATIENCE_S = 30.0
"""How long another process may take to write the file, in seconds."""

BEGINNING = """\
# Your orgs. It holds no secret: a secret is named by where it is, such as age:NAME, the runbook's own store.
orgs:
"""
_BY_HAND = "Write it into the file by hand; orgs.example.yaml shows the shape."


class InventoryFile:
    """The inventory's text while it is changed, by who holds the lock."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._mode = 0o600
        self._marked = False
        try:
            self._was = path.read_bytes().decode("utf-8")
            self._mode = stat.S_IMODE(path.stat().st_mode)
        except FileNotFoundError:
            self._was = ""
        except (OSError, UnicodeDecodeError) as error:
            raise unreadable(path, error) from None
        self.text = self._was.removeprefix("\ufeff")

    def put(self, place: Sequence[str], value: Any) -> None:
        """Have `place`, the keys from the root on, hold `value`."""
        self._edit(lambda: with_value(self.text, place, value))

    def remove(self, place: Sequence[str]) -> None:
        """Take `place` out, where it is."""
        self._edit(lambda: without(self.text, place))

    def save(self, change: Callable[[Any], None]) -> None:
        """Write the text, if it says what it said before but for `change`, which does the same to the content."""
        mark = "\ufeff" if self._was.startswith("\ufeff") else ""
        if mark + self.text == self._was:
            return
        meant = content_of(self.path, self._was.removeprefix("\ufeff") or BEGINNING)
        change(meant)
        try:
            says_so = content_of(self.path, self.text) == meant
        except InventoryError:  # what was taken away held the anchor of something else
            says_so = False
        if not says_so:
            raise self._beyond_me()
        entries(self.path, meant)
        if not self._mode & stat.S_IWUSR:
            raise InventoryError(
                f"{self.path} is read-only, so nothing can be kept there",
                hint="Make it writable, or name another file in CNX_ORGS.",
            )
        try:
            replace_private(self.path, (mark + self.text).encode(), self._mode)
        except OSError as error:
            raise _unwritable(self.path, error) from None

    def _edit(self, edit: Callable[[], str]) -> None:
        try:
            self.text = edit()
        except yaml.YAMLError:
            raise self._beyond_me() from None

    def _beyond_me(self) -> InventoryError:
        return InventoryError(
            f"{self.path} is written in a way in which this cannot be changed without changing something else",
            hint=_BY_HAND,
        )


@contextmanager
def writing(path: Path | None) -> Iterator[InventoryFile]:
    """Alone among the processes; a link is followed, so that it stays one."""
    path = (path or inventory_path()).resolve()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(path.with_name(f".{path.name}.lock"), timeout=PATIENCE_S, mode=0o600):
            sweep(path)
            yield InventoryFile(path)
    except Timeout:
        raise InventoryError(
            f"Another process has been writing {path} for {PATIENCE_S:.0f} s", hint="Try again. Nothing was changed."
        ) from None
    except OSError as error:
        raise _unwritable(path, error) from None


def _unwritable(path: Path, error: OSError) -> InventoryError:
    return InventoryError(
        f"{path} cannot be written: {error.strerror}", hint="Name a file in CNX_ORGS that you may write. " + _BY_HAND
    )


def orgs_of(file: InventoryFile) -> dict[Any, Any]:
    """The orgs of a file that is not empty, which may list none."""
    content = content_of(file.path, file.text)
    if not isinstance(content, dict) or not isinstance(content.get("orgs", False), dict | None):
        raise InventoryError(f"{file.path} has no `orgs:` mapping", hint="See orgs.example.yaml for the shape.")
    return content["orgs"] or {}
