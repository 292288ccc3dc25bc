"""Secrets that were typed and are not kept yet."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress

from cnxlib.errors import CnxError
from cnxlib.secrets.store import SecretStore
from cnxlib.secrets.touched import touch


class PendingSecrets(SecretStore):
    """The user's own store as it would be with some more secrets in it, which are kept in memory alone.

    Parameters
    ----------
    typed:
        The secrets by the names that they would have.
    """

    def __init__(self, typed: Mapping[str, str]) -> None:
        super().__init__()
        self._typed = dict(typed)

    def get(self, name: str) -> str:
        """The secret; raises as that of the store does."""
        return touch(self._typed[name]) if name in self._typed else super().get(name)

    @contextmanager
    def kept(self) -> Iterator[None]:
        """Keep them in the store; where that, or what is done within, fails, the store is as it was."""
        before = dict[str, str]()
        try:
            held = self.names()
            for name, value in self._typed.items():
                before[name] = super().get(name) if name in held else ""
                self.put(name, value)
            yield
        except BaseException:
            with suppress(CnxError):  # what kept it from being written keeps it from being taken back
                for name, value in before.items():
                    if value:
                        self.put(name, value)
                    else:
                        self.remove(name)
            raise
