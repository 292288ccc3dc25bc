"""What a kernel's secrets are handed down by, to the runner that started it and must search the record for them.

The runner makes an age identity that never leaves its memory. The kernel encrypts each value that it touches to that
identity's recipient and appends it to a file outside the record. So nothing of it can be read on the disk, and what a
killed runner leaves there can be read by nobody.
"""

from __future__ import annotations

import base64
import os
import shutil
import tempfile
import threading
from contextlib import suppress
from pathlib import Path
from types import TracebackType

import pyrage

from cnxlib.errors import SecretError
from cnxlib.secrets.touched import tell_of_each, touch

_FILE, _RECIPIENT = "CNX_HERITAGE_FILE", "CNX_HERITAGE_RECIPIENT"

_inheriting: set[str] = set()
"""The files that this process writes to."""
_appending = threading.Lock()


class Heritage:
    """A context in which a runner learns what secrets its kernels touch.

    Attributes
    ----------
    environment:
        Variables that the kernels need.
    """

    def __enter__(self) -> Heritage:
        self._identity = pyrage.x25519.Identity.generate()
        self._folder = Path(tempfile.mkdtemp(prefix="cnx-heritage-"))
        self._file = self._folder / "values"
        self._file.touch(mode=0o600)
        self._read = 0
        self._values: set[str] = set()
        self.environment = {_FILE: str(self._file), _RECIPIENT: str(self._identity.to_public())}
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        shutil.rmtree(self._folder, ignore_errors=True)

    def values(self) -> frozenset[str]:
        """The values so far. They count as touched by this process too, so that it keeps them out of what it writes.

        A kernel that was killed may have left its last value half written: that one is left out.

        Raises
        ------
        SecretError
            The file cannot be read, so nobody knows what the kernels touched.
        """
        try:
            with self._file.open("rb") as file:
                file.seek(self._read)
                fresh = file.read()
        except OSError as error:
            raise SecretError(f"{self._file} cannot be read: {error.strerror}") from None
        whole = fresh[: fresh.rfind(b"\n") + 1]
        self._read += len(whole)
        for line in whole.splitlines():
            with suppress(ValueError, pyrage.DecryptError):
                sealed = base64.b64decode(line, validate=True)
                self._values.add(touch(pyrage.decrypt(sealed, [self._identity]).decode("utf-8", "surrogatepass")))
        return frozenset(self._values)


def inherit_to_runner() -> None:
    """Hand every value that this process touches, now and later, to the runner that started it; no runner, nothing.

    Raises
    ------
    SecretError
        A value cannot be handed down: a secret that the runner does not know of must not be used.
    """
    file, recipient = os.environ.get(_FILE, ""), os.environ.get(_RECIPIENT, "")
    if not file or not recipient or file in _inheriting:
        return
    _inheriting.add(file)
    key = pyrage.x25519.Recipient.from_str(recipient)
    path = Path(file)

    def hand_down(value: str) -> None:
        sealed = pyrage.encrypt(value.encode("utf-8", "surrogatepass"), [key])
        try:
            with _appending, os.fdopen(os.open(path, os.O_WRONLY | os.O_APPEND), "ab", buffering=0) as values:
                # The line break before it ends what a process that was killed left half written.
                values.write(b"\n" + base64.b64encode(sealed) + b"\n")
        except FileNotFoundError:
            pass  # the runner is gone, and its folder with it: nobody is left who would seal this record
        except OSError as error:
            raise SecretError(
                f"{path} cannot be written: {error.strerror}", hint="Make room for temporary files, then run again."
            ) from None

    tell_of_each(hand_down)
