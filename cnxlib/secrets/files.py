"""Files that hold what is secret: replaced as a whole, for their owner alone."""

from __future__ import annotations

import logging
import os
import stat
import tempfile
import time
from contextlib import suppress
from pathlib import Path

from cnxlib.errors import SecretError

_FRESH = ".new"
_WINDOWS_TRIES, _WINDOWS_PAUSE_S = 20, 0.05

log = logging.getLogger(__name__)


def replace_private(path: Path, content: bytes, mode: int = 0o600) -> None:
    """Give `path` this content, all of it or none, readable by its owner alone (Windows: by the folder's own rules).

    Parameters
    ----------
    path, content:
        The file, and what it is to hold.
    mode:
        The file's mode, where others may read it (POSIX).

    Raises
    ------
    OSError
        It cannot be written; what was there is there still.
    """
    # mkstemp: mode 0600, and never a file that somebody else put there.
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f"{path.name}.", suffix=_FRESH)
    fresh = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        if mode != 0o600:
            fresh.chmod(mode)
        _rename(fresh, path)
    except BaseException:
        with suppress(OSError):
            fresh.unlink()
        raise
    _sync_folder(path.parent)


def sweep(path: Path) -> None:
    """Remove what writers of `path` that were killed left beside it; for who holds the lock."""
    for leftover in path.parent.glob(f"{path.name}.*{_FRESH}"):
        with suppress(OSError):
            leftover.unlink()


def keep_private(path: Path) -> None:
    """Make sure that nobody but its owner can read `path`.

    POSIX alone has the modes that tell. A mode that lets others read is mended, and said: they may have read it.

    Raises
    ------
    SecretError
        Others can read it, and this cannot be mended.
    OSError
        It cannot be looked at.
    """
    if os.name != "posix" or not stat.S_IMODE(path.stat().st_mode) & 0o077:
        return
    try:
        path.chmod(0o600)
    except OSError as error:
        raise SecretError(
            f"{path} can be read by other users of this computer, and that cannot be mended: {error.strerror}",
            hint="Have its owner take their right away (chmod 600), and change the secrets that they may have read.",
        ) from None
    log.warning(
        "%s could be read by other users of this computer; it no longer can (mode 0600). "
        "If they are not to be trusted, change the secrets of the store.",
        path,
    )


def _rename(fresh: Path, path: Path) -> None:
    """Windows refuses to replace a file in the moment in which another process reads it."""
    for left in reversed(range(_WINDOWS_TRIES)):
        try:
            fresh.replace(path)
            return
        except PermissionError:
            if os.name != "nt" or not left:
                raise
            time.sleep(_WINDOWS_PAUSE_S)


def _sync_folder(folder: Path) -> None:
    """Have the renaming outlive a power cut. Windows cannot open a folder; some file systems refuse to sync one."""
    if os.name != "posix":
        return
    with suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
