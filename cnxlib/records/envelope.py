"""The DSSE envelope around a statement: what was signed, its type and one signature.

Its bytes are a function of these (JSON, no spaces, one line). What differs from them by a single byte is not what was
sealed, even where a lenient reader would find the same signature in it.
Source: github.com/secure-systems-lab/dsse, protocol.md and envelope.md.
"""

from __future__ import annotations

import json
from dataclasses import dataclass

from securesystemslib.dsse import Envelope as Dsse
from securesystemslib.exceptions import VerificationError

from cnxlib.records.keys import PublicKey, SigningKey

PAYLOAD_TYPE = "application/vnd.in-toto+json"
"""What in-toto's attestation framework calls a Statement in an envelope."""


@dataclass(frozen=True)
class Envelope:
    """An envelope, read but not believed yet.

    Attributes
    ----------
    payload:
        What was signed.
    payload_type:
        What the envelope calls it.
    keyid:
        Fingerprint of the key that is said to have signed it.
    """

    payload: bytes
    payload_type: str
    keyid: str
    _dsse: Dsse

    @classmethod
    def read(cls, content: bytes) -> Envelope:
        """Read a file's content.

        Raises
        ------
        ValueError
            It is no envelope of this project; says why.
        """
        try:
            dsse = Dsse.from_dict(json.loads(content))
            (signature,) = dsse.signatures.values()
            written = _bytes(dsse)
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
            raise ValueError("it is no DSSE envelope with one signature") from None
        if signature.unrecognized_fields or written != content:
            raise ValueError("its bytes are not those that were written")
        return cls(dsse.payload, dsse.payload_type, signature.keyid, dsse)

    def is_signed_by(self, key: PublicKey) -> bool:
        """Whether `key` signed exactly this payload and type."""
        try:
            self._dsse.verify([key.for_dsse()], 1)
        except VerificationError:
            return False
        return True


def sign(payload: bytes, key: SigningKey) -> bytes:
    """The content of an envelope around `payload`, signed with `key`."""
    dsse = Dsse(payload, PAYLOAD_TYPE, {})
    dsse.sign(key.for_dsse())
    return _bytes(dsse)


def _bytes(dsse: Dsse) -> bytes:
    return json.dumps(dsse.to_dict(), separators=(",", ":")).encode() + b"\n"
