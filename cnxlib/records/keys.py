"""The key that signs records: Ed25519, known by the SHA-256 of its public half (DER, SubjectPublicKeyInfo)."""

from __future__ import annotations

import hashlib
import os
import re
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from filelock import FileLock
from securesystemslib.signer import CryptoSigner, SSlibKey  # type: ignore[attr-defined]  # it has no __all__

from cnxlib.errors import RecordError, SecretError, UsageError
from cnxlib.secrets import SecretStore, resolve
from cnxlib.secrets.files import replace_private
from cnxlib.secrets.store import PATIENCE_S, store_directory

NAME = "signing-key"
"""Its name in the secret store."""
REFERENCE, PIN = "CNX_SIGNING_KEY", "CNX_SIGNING_FINGERPRINT"
"""Environment variables: where the key is, by reference; and which one it has to be."""
SIMULATED = "simulated-signing-key.pem"
"""Beside the secret store: what signs runs on simulated orgs whose own store goes with them."""


@dataclass(frozen=True)
class PublicKey:
    """The public half: all that it takes to verify."""

    key: Ed25519PublicKey

    @classmethod
    def from_pem(cls, content: bytes) -> PublicKey:
        """Read PEM; raises `ValueError`, saying what it is instead, where it is no public Ed25519 key."""
        if b"PRIVATE KEY" in content:
            raise ValueError("it is a private key")
        try:
            key = serialization.load_pem_public_key(content)
        except (ValueError, UnsupportedAlgorithm):
            raise ValueError("it is no public key in PEM") from None
        if not isinstance(key, Ed25519PublicKey):
            raise ValueError("it is no Ed25519 key")
        return cls(key)

    @cached_property
    def pem(self) -> bytes:
        """SubjectPublicKeyInfo in PEM, as OpenSSL reads it."""
        return self.key.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)

    @cached_property
    def fingerprint(self) -> str:
        """64 hexadecimal digits; the `keyid` of what it signed."""
        der = self.key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
        return hashlib.sha256(der).hexdigest()

    def for_dsse(self) -> SSlibKey:
        """The key as securesystemslib takes it."""
        return SSlibKey.from_crypto(self.key, self.fingerprint)


@dataclass(frozen=True)
class SigningKey:
    """The whole key."""

    private: Ed25519PrivateKey

    @classmethod
    def from_pem(cls, content: bytes) -> SigningKey:
        """Read PEM (PKCS8, not encrypted); raises `ValueError` where it is no private Ed25519 key."""
        try:
            key = serialization.load_pem_private_key(content, password=None)
        except (ValueError, TypeError, UnsupportedAlgorithm):  # TypeError: it is encrypted
            raise ValueError("it is no private key in PEM, or one behind a passphrase") from None
        if not isinstance(key, Ed25519PrivateKey):
            raise ValueError("it is no Ed25519 key")
        return cls(key)

    @cached_property
    def pem(self) -> bytes:
        """PKCS8 in PEM, not encrypted."""
        return self.private.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )

    @cached_property
    def public(self) -> PublicKey:
        """The public half."""
        return PublicKey(self.private.public_key())

    def for_dsse(self) -> CryptoSigner:
        """The key as securesystemslib takes it."""
        return CryptoSigner(self.private, self.public.for_dsse())


def fingerprint_in(text: str) -> str:
    """The 64 digits in "sha256:…", in bare digits or in OpenSSL's form AA:BB:….

    Raises
    ------
    UsageError
        It is no SHA-256.
    """
    digits = text.strip().lower().removeprefix("sha256:").replace(":", "")
    if not re.fullmatch("[0-9a-f]{64}", digits):
        raise UsageError(
            f"{text!r} is no SHA-256", hint="It has 64 hexadecimal digits, after sha256: or by themselves."
        )
    return digits


def pinned() -> frozenset[str]:
    """The fingerprints in $CNX_SIGNING_FINGERPRINT (several with commas between), empty where it is not set."""
    return frozenset(map(fingerprint_in, filter(None, os.environ.get(PIN, "").replace(",", " ").split())))


def signing_key() -> SigningKey:
    """The key that $CNX_SIGNING_KEY refers to, else that of the secret store, where it is made on first use.

    Raises
    ------
    SecretError, StoreLocked
        It cannot be had, or what is there is no such key.
    RecordError
        $CNX_SIGNING_FINGERPRINT asks for another.
    """
    try:
        pins = pinned()
    except UsageError as error:
        raise RecordError(f"{PIN}: {error.message}", hint=error.hint) from None
    key = held_key()
    if key is None and not pins:
        key = _made()
    if key is None or (pins and key.public.fingerprint not in pins):
        here = f"the one here is sha256:{key.public.fingerprint}" if key else "there is none here yet"
        raise RecordError(
            f"{PIN} does not name the key that would sign: {here}",
            hint=f"Give the key that it names by {REFERENCE}, or mend {PIN}. Nothing was signed.",
        )
    return key


def held_key() -> SigningKey | None:
    """The key that would sign, None where none was made yet.

    Raises
    ------
    SecretError, StoreLocked
        It cannot be had, or what is there is no such key.
    """
    reference = os.environ.get(REFERENCE, "")
    if reference:
        return _read(resolve(reference), f"what {REFERENCE} refers to ({reference})")
    store = SecretStore()
    return _read(store.get(NAME), f"{NAME} in the secret store") if NAME in store.names() else None


def simulated_key_file() -> Path:
    """The key that signs runs on simulated orgs which are gone afterwards, with their secret store; made on first use.

    It vouches for nothing else, so it lies in a file that its owner alone can read, and no store is opened for it.

    Raises
    ------
    SecretError
        It cannot be made.
    """
    path = store_directory() / SIMULATED
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with FileLock(path.with_suffix(".lock"), timeout=PATIENCE_S):
            if held_simulated_key() is None:
                replace_private(path, SigningKey(Ed25519PrivateKey.generate()).pem)
    except OSError as error:
        raise SecretError(f"{path} cannot be written: {error.strerror or error}") from None
    return path


def held_simulated_key() -> PublicKey | None:
    """The public half of that key, None where there is none."""
    try:
        return SigningKey.from_pem((store_directory() / SIMULATED).read_bytes()).public
    except (OSError, ValueError):
        return None


def _made() -> SigningKey:
    """A new key in the secret store, or the one that another process has put there meanwhile."""
    store = SecretStore()
    try:
        store.directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        with FileLock(store.directory / f"{NAME}.lock", timeout=PATIENCE_S):
            held = held_key()
            if held is not None:
                return held
            key = SigningKey(Ed25519PrivateKey.generate())
            store.put(NAME, key.pem.decode("ascii"))
            return key
    except OSError as error:
        raise SecretError(
            f"The secret store {store.directory} cannot be written: {error.strerror or error}",
            hint="Make room for it, or name another folder in CNX_SECRETS.",
        ) from None


def _read(pem: str, where: str) -> SigningKey:
    try:
        return SigningKey.from_pem(pem.encode())
    except ValueError as error:
        raise SecretError(
            f"No record can be signed with {where}: {error}", hint="It takes an Ed25519 key: PEM, PKCS8, no passphrase."
        ) from None
