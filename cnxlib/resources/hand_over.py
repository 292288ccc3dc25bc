"""Handing the credentials over: sealed to Conexiom, on a live call, or (insisted on) in the mail's body."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from cnxlib.changes import Change, Item
from cnxlib.engine import Done
from cnxlib.errors import serving
from cnxlib.handoff import Seal
from cnxlib.history import Made
from cnxlib.model import ManualStep, Observation
from cnxlib.resources.conexiom_credentials import Credentials, Sources, find_credentials
from cnxlib.rounds import Asking

KIND = "sealed_credentials"
GUIDE = ("G9.2", "G3.4")
TEAM = "Conexiom's Customer Success team"

Way = Literal["sealed", "live_call", "in_body"]


@dataclass(frozen=True)
class Lock:
    """What opens the sealed file: an age key of Conexiom's, or a passphrase by reference; neither is known yet."""

    recipient: str = ""
    passphrase: str = ""

    def __bool__(self) -> bool:
        return bool(self.recipient or self.passphrase)

    def __str__(self) -> str:
        return self.recipient or "a passphrase"


class HandOver:
    """The credentials on their way to Conexiom.

    A file that was sealed stays good until a credential is another one: then the next run seals the new ones.

    Parameters
    ----------
    sources:
        Which credentials, and where they lie.
    way:
        How they go.
    lock:
        What opens the sealed file.
    title:
        Its first line.
    alias:
        The org, for the command that tells the credentials to a person.
    """

    batch = 1

    def __init__(self, sources: Sources, way: Way, lock: Lock, title: str, alias: str) -> None:
        self._sources, self._way, self._lock, self._title, self._alias = sources, way, lock, title, alias

    def observe(self) -> Asking[Observation]:
        """What is sealed already, and what a person has to do."""
        with serving("G9.2"):
            found = yield from find_credentials(self._sources)
        if self._way == "live_call":
            as_of = f" (as they are now: mark {found.mark})" if found.mark else ""
            shown = f"`cnx handoff tell --org {self._alias}` shows them to you, in a terminal." if found.mark else ""
            what = f"Share with {TEAM} on a live call: {found.told()}{as_of}. {shown}"
            return _left("hand_over_credentials", what.rstrip())
        if found.missing:
            return _decided(
                "find_credentials",
                f"These are not at hand to be given to Conexiom: {found.lacking()}.",
                "the runbook hands no credentials over, for some are not at hand",
            )
        if self._way == "in_body":
            return Observation(done=("find_credentials",))
        if not self._lock:
            key = _decided(
                "recipient_key",
                f"Ask {TEAM} for their age key and give it as recipient_key, to seal the credentials to; or give "
                "seal_passphrase_ref, or choose credentials=live_call.",
                "the credentials are not sealed to anybody",
            )
            return replace(key, done=("find_credentials",))
        (made,) = yield [Made(KIND)]
        return replace(self._sealed(found, made), done=("find_credentials", "recipient_key"))

    def _sealed(self, found: Credentials, made: Mapping[str, str]) -> Observation:
        key = f"{found.owner}, mark {found.mark}, to {self._lock}"
        state = {"file": _file(found), "sealed_to": str(self._lock), "contents": found.names}
        digest = made.get(key, "")
        item = Item(KIND, key, state if key in made else None, state, GUIDE, reversible=False, found=digest)
        opens = "their key alone opens it" if self._lock.recipient else "tell them the passphrase by telephone"
        which = f"{_file(found)} ({digest})" if digest else f"{_file(found)}, once it is sealed"
        step = ManualStep(
            "hand_over_credentials",
            GUIDE,
            f"Give {TEAM} the file {which}, with {', '.join(found.names)} of {found.owner} in it: {opens}. "
            "`cnx handoff show` says where the file lies.",
        )
        return Observation((item,), manual=(step,))

    def apply(self, changes: Sequence[Change], ids: Mapping[str, str]) -> Asking[Sequence[Done]]:
        """Seal them."""
        found = yield from find_credentials(self._sources)
        (handed,) = yield [Seal(_file(found), self._title, found.parts, self._lock.recipient, self._lock.passphrase)]
        return [Done(handed.digest) for _ in changes]


def _file(found: Credentials) -> str:
    return f"credentials-{found.mark}.age"


def _left(step: str, what: str) -> Observation:
    return Observation(manual=(ManualStep(step, GUIDE, what),))


def _decided(step: str, what: str, as_it_is: str) -> Observation:
    return Observation(manual=(ManualStep(step, GUIDE, what, closed_by="decision", as_it_is=as_it_is),))
