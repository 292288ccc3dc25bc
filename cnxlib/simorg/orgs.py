"""All the orgs of a process: what is unique among them, and who is where."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

from . import ids
from .org import Org
from .store import orgs_in


def domain(alias: str) -> str:
    """The domain of the usernames that an org of that alias begins with."""
    return f"{alias}.example"


class Orgs:
    """The orgs of a process, found by alias, by id in either length, or by the username of one of their users.

    Args:
        seed: fills a new org according to its scenario.
        path: a state file for all of them; without one they live in memory.
        birth: what tells orgs that are born now from those of the same aliases that were born at another time.

    Raises:
        StateFileError: the file is no state file of this version.
    """

    def __init__(self, seed: Callable[[Org], None] | None = None, path: str | None = None, birth: str = "") -> None:
        self._seed = seed
        self._path = path
        self._birth = birth
        self._in_file = {each["alias"]: each for each in orgs_in(path)} if path else {}
        self._by_id: dict[str, Org] = {}

    def add(self, alias: str, scenario: str) -> Org:
        """Make the org of that alias.

        Raises:
            ValueError: there is one already.
        """
        if self.get(alias):
            raise ValueError(f"there is an org {alias} already")
        known = self._in_file.get(alias)
        org_id = known["org_id"] if known else ids.org_id(alias, self._birth)
        org = Org(org_id, alias, scenario, self._seed, self._path, self)
        if self._path:
            org.open()
        self._by_id[org.org_id] = org
        return org

    def kept(self) -> list[tuple[str, str]]:
        """Alias and scenario of each org that the state file brought, in the order of their aliases."""
        return sorted((each["alias"], each["scenario"]) for each in self._in_file.values())

    def get(self, alias: str) -> Org | None:
        """The org of that alias."""
        return next((org for org in self if org.alias == alias), None)

    def by_org_id(self, org_id: str) -> Org | None:
        """The org of that id, in either length."""
        return self._by_id.get(ids.to18(org_id)) if ids.is_id(org_id) else None

    def username_taken(self, username: str, except_user: str | None = None) -> bool:
        """Whether a user of any org has that username.

        It reads without the orgs' locks: a writer in one org never waits for another.
        """
        sql = 'SELECT 1 FROM "User" WHERE org = ? AND Username = ? AND Id IS NOT ?'
        return any(org.store.peek(sql, [org.org_id, username, except_user]) for org in self._may_have(username))

    def live(self) -> Iterator[Org]:
        """The orgs that have been used."""
        return (org for org in self if org.opened)

    def _may_have(self, username: str) -> Iterator[Org]:
        """The orgs in which that username can be: the users that a scenario begins with are of the org's own domain."""
        return (org for org in self if org.opened or username.lower().endswith(f"@{domain(org.alias)}".lower()))

    def peek_documents(self, kind: str) -> Iterator[tuple[Org, str, dict[str, Any]]]:
        """The documents of a kind in all orgs, for what is unique among them, as consumer keys are.

        It reads without the orgs' locks, as ``username_taken``.
        """
        for org in self.live():
            sql = "SELECT name, value FROM _document WHERE org = ? AND kind = ? ORDER BY name"
            for name, value in org.store.peek(sql, [org.org_id, kind]):
                yield org, name, json.loads(value)

    def by_username(self, username: str) -> tuple[Org, dict[str, Any]] | None:
        """The org in which the username is, and the user's row. No two users of all orgs have the same."""
        for org in self._may_have(username):
            found = org.store.peek('SELECT Id FROM "User" WHERE org = ? AND Username = ?', [org.org_id, username])
            if found:
                return org, org.get("User", found[0][0])
        return None

    def __iter__(self) -> Iterator[Org]:
        return iter(list(self._by_id.values()))

    def __len__(self) -> int:
        return len(self._by_id)
