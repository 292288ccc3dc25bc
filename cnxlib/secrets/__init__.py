"""Secrets by reference: what is written down is where a secret lies, never the secret."""

from cnxlib.secrets.making import make_secret
from cnxlib.secrets.references import FORMS, REFERENCE, resolve
from cnxlib.secrets.store import SecretStore

__all__ = ["FORMS", "REFERENCE", "SecretStore", "make_secret", "resolve"]
