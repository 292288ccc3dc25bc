"""New random secrets, of the kinds that Salesforce takes."""

from __future__ import annotations

import secrets
import string
from typing import Literal

from cnxlib.secrets.touched import touch


def make_secret(kind: Literal["password", "alphanumeric"]) -> str:
    """A new random secret.

    "password": 24 characters with letters of both cases, digits and marks, which Salesforce's strictest policy takes.
    "alphanumeric": 64 letters and digits, as ConnectedApp's consumerKey and consumerSecret must be (8-256).
    """
    alphabet = string.ascii_letters + string.digits
    if kind == "alphanumeric":
        return touch("".join(secrets.choice(alphabet) for _ in range(64)))
    marks = "!#%*+-=?_"
    needed = [secrets.choice(part) for part in (string.ascii_lowercase, string.ascii_uppercase, string.digits, marks)]
    drawn = needed + [secrets.choice(alphabet + marks) for _ in range(20)]
    secrets.SystemRandom().shuffle(drawn)
    return touch("".join(drawn))
