"""Fills empty orgs from their scenarios, and knows how to log in to them."""

from __future__ import annotations

import secrets
import string
from dataclasses import dataclass

from ..identity import passwords, sessions
from ..org import Org
from .filling import Filling
from .loader import load, login_username


@dataclass(frozen=True)
class Login:
    """What one needs to log in to an org as the scenario's `login`, as a rule its administrator."""

    username: str
    password: str
    security_token: str
    access_token: str


class Seeder:
    """Fills orgs, and remembers how to log in to each: after a reset the same password, token and session are good."""

    def __init__(self) -> None:
        self._logins: dict[str, Login] = {}

    def __call__(self, org: Org) -> None:
        """Fill an empty org."""
        Filling(org, load(org.scenario, org.alias)).fill()
        self._apply(org, self.login(org))

    def login(self, org: Org) -> Login:
        """How to log in to the org, which need not be opened yet."""
        if org.alias not in self._logins:
            self._logins[org.alias] = self._new(org)
        return self._logins[org.alias]

    def adopt(self, org: Org, kept: Login | None) -> None:
        """Take over an org that a state file brought, with the login that was kept beside it (None: with a new one)."""
        if org.restored:
            self._apply(org, kept or self._new(org))

    def _new(self, org: Org) -> Login:
        alphabet = string.ascii_letters + string.digits
        password = "".join(secrets.choice(alphabet) for _ in range(14)) + "7x"
        return Login(
            login_username(org.scenario, org.alias), password, passwords.new_security_token(), sessions.new_token(org)
        )

    def _apply(self, org: Org, login: Login) -> None:
        user_id = org.rows("User", Username=login.username)[0]["Id"]
        passwords.store(org, user_id, password=login.password, security_token=login.security_token)
        sessions.open_session(org, user_id, token=login.access_token)
        self._logins[org.alias] = login
