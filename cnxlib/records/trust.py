"""Whose signature counts: the keys that verifying trusts, and who vouches for them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cnxlib.errors import SecretError, UsageError
from cnxlib.records.inspection import Opened
from cnxlib.records.keys import PIN, PublicKey, fingerprint_in, held_key, held_simulated_key, pinned
from cnxlib.records.statement import Statement


@dataclass(frozen=True)
class Trust:
    """The keys that may sign.

    Attributes
    ----------
    fingerprints:
        Theirs; empty where nobody named any, and the records' own key has to do.
    vouched_by:
        Where they come from, "" where nobody named any.
    keys:
        Those that were given whole, by fingerprint.
    why_not_own:
        Why the key of the own secret store could not be looked up, "" where it could.
    simulated:
        Fingerprints of the keys that may sign runs on simulated orgs, and nothing else.
    """

    fingerprints: frozenset[str]
    vouched_by: str
    keys: Mapping[str, PublicKey] = field(default_factory=dict)
    why_not_own: str = ""
    simulated: frozenset[str] = frozenset()

    def may_sign(self, statement: Statement | None) -> frozenset[str]:
        """The keys that may sign a statement."""
        simulated = statement is not None and statement.predicate.simulated is True
        return self.fingerprints | self.simulated if simulated else self.fingerprints

    def settled(self, records: Iterable[Opened]) -> Trust:
        """The same, or else trust in the key that signed most of `records`: so one forged run is told from the rest."""
        records = list(records)
        if self.fingerprints:
            return self
        signers = Counter(one.key.fingerprint for one in records if one.key and one.is_genuine)
        most = signers.most_common(1)
        return Trust(frozenset({most[0][0]} if most else ()), "", {}, self.why_not_own)

    def as_json(self) -> dict[str, Any]:
        """The published shape."""
        prints = [f"sha256:{one}" for one in sorted(self.fingerprints)]
        return {"fingerprints": prints, "vouched_by": self.vouched_by, "note": self.said}

    @property
    def said(self) -> str:
        """One sentence about it."""
        prints = ", ".join(f"sha256:{one}" for one in sorted(self.fingerprints)) or "none"
        if self.vouched_by:
            return f"Signer: {prints}, as {self.vouched_by} says."
        why = f" The own store could not be asked: {self.why_not_own}." if self.why_not_own else ""
        return (
            f"Signer: {prints}, the records' own key. Nobody vouched for it: whoever can write here can have made key "
            f"and records anew. Compare the fingerprint with one that you were told, or give --fingerprint.{why}"
        )


def trust(public_keys: Sequence[Path] = (), fingerprints: Sequence[str] = ()) -> Trust:
    """Whom to trust: the first of these that names a key. None is made.

    1. `public_keys`, files in PEM. 2. `fingerprints`. 3. $CNX_SIGNING_FINGERPRINT. 4. The key that would sign here.

    Raises
    ------
    UsageError
        A file is no public Ed25519 key, or a fingerprint none.
    """
    if public_keys:
        keys = [_read(path) for path in public_keys]
        return Trust(frozenset(key.fingerprint for key in keys), "--public-key", {key.fingerprint: key for key in keys})
    if fingerprints:
        return Trust(frozenset(map(fingerprint_in, fingerprints)), "--fingerprint")
    if pinned():
        return Trust(pinned(), PIN)
    try:
        key = held_key()
    except SecretError as error:
        return Trust(frozenset(), "", why_not_own=error.message)
    if key is None:
        return Trust(frozenset(), "")
    own, demo = key.public, held_simulated_key()
    both = {one.fingerprint: one for one in (own, demo) if one}
    simulated = frozenset({demo.fingerprint} if demo else ())
    return Trust(frozenset({own.fingerprint}), "the own secret store", both, simulated=simulated)


def _read(path: Path) -> PublicKey:
    try:
        return PublicKey.from_pem(path.read_bytes())
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}", hint="Check --public-key.") from None
    except ValueError as error:
        raise UsageError(
            f"{path} holds no key to verify with: {error}",
            hint="`cnx records key` prints it; it also lies in each record, as signing-key.pem.",
        ) from None
