"""Changing how an org is reached: the form by which one is added, filled with what may be shown of its entry.

No secret is shown: its field is empty, and its reference stays until another one is typed.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from cnxlib.errors import CnxError
from cnxlib.inventory import (
    JwtLogin,
    Login,
    OrgEntry,
    SalesforceCliLogin,
    change_org,
    find_org,
    own_secrets,
    stored_secrets,
)
from cnxlib.secrets import SecretStore
from cnxlib.ui.adding import AddOrg, LogIn, ca_of, log_in_once
from cnxlib.ui.form import Form
from cnxlib.ui.logins import HOSTS, ByBrowser, Entered, may_be_renewed
from cnxlib.ui.view import Note, Part, Small, View
from cnxlib.ui.ways import Way


class ChangeOrg(AddOrg):
    """The forms by which an org's entry is changed, and what comes of it.

    Parameters
    ----------
    alias:
        An org of the inventory.
    changed:
        Called with the alias when it was changed; in another thread, after a browser's login.
    log_in:
        How a login is tried.
    """

    all_the_same = "Change it all the same"
    kept_when = "✓ typed: it is stored, encrypted, when the change is kept"

    def __init__(self, alias: str, changed: Callable[[str], None], log_in: LogIn = log_in_once) -> None:
        self._alias, self._before = alias, find_org(alias)
        super().__init__(changed, log_in)

    def view(self) -> View:
        """For the saved file: nothing can be changed there."""
        return View()

    def _first_way(self) -> str:
        return self._before.login.route

    def _intro(self) -> Note:
        own = ", ".join(own_secrets(self._alias))
        goes = [f"Where you choose another way, what only this one needs goes out of the store: {own}."] if own else []
        return Note(
            f"How {self._alias} is reached is changed here, in your list; nothing is changed in the org. The login is "
            "tried first.",
            "plain",
            (
                "Its records stay, and so do the answers that are kept for it. A secret that you leave empty stays.",
                *goes,
            ),
        )

    def _made_form(self, way: Way) -> Form:
        entered = _changeable(way.entered)
        defaults = {name: field.get_default() for name, field in entered.model_fields.items()}
        values = {**defaults, **{n: v for n, v in _shown(self._before).items() if n in defaults}, "alias": self._alias}
        held = [name for name in self._before.login.references() if name in values]
        origins = dict.fromkeys(held, "as it is, unless you type another")
        return Form(entered, values, [name for name in values if name != "alias"], origins=origins)

    def _button(self, way: Way) -> str:
        return way.button if way.entered is ByBrowser else "Change this org"

    def _entered(self) -> Entered:
        return _changeable(self._way().entered).model_validate(self.form.values)

    def _login_of(self, entered: Entered) -> Login:
        login, before = entered.login(), self._before.login
        if isinstance(login, JwtLogin) and isinstance(before, JwtLogin) and login.url == before.url:
            return login.model_copy(update={"audience": before.audience})  # which the form does not ask for
        if isinstance(login, SalesforceCliLogin):
            return login.model_copy(update={"alias": self._called_there(login.alias)})
        return login

    def _cli_alias(self, entered: ByBrowser) -> str:
        return self._called_there(entered.alias)

    def _called_there(self, alias: str) -> str:
        """What the Salesforce CLI calls the org, which need not be its name in the list."""
        before = self._before.login
        return before.alias if isinstance(before, SalesforceCliLogin) else alias

    def _write(self, entered: Entered) -> tuple[Path, list[Part]]:
        own = own_secrets(self._alias)
        path = change_org(self._alias, self._login_of(entered), ca_of(entered))
        self._before = find_org(self._alias)
        still = stored_secrets(self._before)
        return path, removed_secrets([name for name in own if name not in still])

    def _write_browsed(self, entered: ByBrowser) -> tuple[Path | None, list[Part]]:
        same = may_be_renewed(self._alias) and ca_of(entered) == self._before.ca_cert
        return (None, []) if same else self._write(entered)

    def _verb(self) -> str:
        return "was changed"


def removed_secrets(names: list[str]) -> list[Part]:
    """Take out of the store what nothing refers to any more; says which, and what could not be taken out."""
    store, gone, left = SecretStore(), list[str](), list[str]()
    for name in names:
        try:
            if store.remove(name):
                gone.append(name)
        except CnxError:
            left.append(name)
    said: list[Part] = []
    if gone:
        said.append(Small(f"Taken out of the secret store, for nothing else refers to it: {', '.join(gone)}"))
    if left:
        said.append(Small(f"Still in the secret store, and of no use: {', '.join(left)} (cnx secrets rm NAME)"))
    return said


def _changeable(entered: type[Entered]) -> type[Entered]:
    """The same form for an org that is there already."""

    class Changeable(entered):  # type: ignore[valid-type, misc]
        @classmethod
        def _may_be_there(cls, alias: str) -> bool:
            return True

    return Changeable


def _shown(entry: OrgEntry) -> dict[str, Any]:
    """What the forms ask for, as the entry has it; references stand for secrets."""
    given = entry.login.model_dump(mode="json", exclude_none=True)
    url = str(given.get("url", "")).rstrip("/")
    where = next((name for name, host in HOSTS.items() if host == url), "own" if url else "production")
    return {**given, "url": url, "where": where, "ca_cert": str(entry.ca_cert or "")}
