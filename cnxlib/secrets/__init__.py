"""Secrets by reference: what is written down is where a secret lies, never the secret."""

from cnxlib.secrets.references import resolve
from cnxlib.secrets.store import SecretStore, make_secret

__all__ = ["SecretStore", "make_secret", "resolve"]
