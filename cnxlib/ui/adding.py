"""Adding an org to the inventory: the way to log in is chosen, its form filled in, the login tried, the entry written.

A secret that is typed stays in this process until the login has worked, or the person insists; then it goes to the
secret store, and the entry has its reference.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, Field

from cnxlib.errors import CnxError, InventoryError, SecretError
from cnxlib.inventory import Login, OrgEntry, add_org, goes_with_the_simulation, used_by_others
from cnxlib.resources.in_form import in_form
from cnxlib.salesforce.org import connect
from cnxlib.secrets import SecretStore
from cnxlib.secrets.pending import PendingSecrets
from cnxlib.secrets.places import checked
from cnxlib.secrets.web_login import WebLogin
from cnxlib.ui.adding_words import missing_cli, passing_list, refused, told, waiting
from cnxlib.ui.form import Form
from cnxlib.ui.live import Live
from cnxlib.ui.logins import ByBrowser, Entered, aliases
from cnxlib.ui.view import Cell, Grid, Note, Part, Small, View
from cnxlib.ui.ways import WAYS, Way

LogIn = Callable[[str, OrgEntry, SecretStore], None]
"""Logs in to an org as its entry would say, with the secrets of a store, and out again; raises `CnxError`."""

_UNNAMED = "cnx-unnamed"
"""The style class of forms whose fields have no names of their own (`form.css`)."""
_TITLES = {way.entered.way: way.title for way in WAYS}


class _Choice(BaseModel):
    way: Literal["sf", "password", "jwt", "client_credentials", "session"] = Field(
        "sf", title="How do you log in to it?", json_schema_extra=in_form(choices=_TITLES)
    )


def log_in_once(alias: str, entry: OrgEntry, store: SecretStore) -> None:
    """Log in, and close the connection."""
    connect(alias, entry, store).close()


class AddOrg:
    """The forms by which an org is added, and what comes of it.

    Parameters
    ----------
    added:
        Called with the alias when an org was added, or logged in to anew; in another thread, after a browser's login.
    log_in:
        How a login is tried.

    Attributes
    ----------
    widget:
        What a person works with.
    """

    all_the_same = "Add it all the same"
    """What the button says that keeps what could not be logged in with."""
    kept_when = "✓ typed: it is stored, encrypted, when the org is added"

    def __init__(self, added: Callable[[str], None], log_in: LogIn = log_in_once) -> None:
        import ipywidgets as widgets

        self._widgets, self._added, self._log_in = widgets, added, log_in
        self._choice = Form(_Choice, {"way": self._first_way()}, ["way"])
        self._choice.widget.add_class(_UNNAMED)
        self._choice.on_change(lambda name: self._show_way())
        self._words, self._said = Live(View()), Live(View())
        self._place = widgets.VBox()
        self._typed: dict[str, str] = {}
        self._login: WebLogin | None = None
        self._stop = widgets.Button(
            description="Stop waiting for the login", layout=widgets.Layout(width="auto", align_self="flex-start")
        )
        self._stop.on_click(lambda button: self._give_up())
        self._anyway = widgets.Button(
            description=self.all_the_same, layout=widgets.Layout(width="auto", align_self="flex-start")
        )
        self._anyway.on_click(lambda button: self.insist())
        self.form: Form
        """The form of the chosen way."""
        self._below = widgets.VBox()
        parts = [self._choice.widget, self._words.widget, self._place, self._said.widget, self._below]
        self.widget = widgets.VBox(parts)
        self._show_way()

    @property
    def said(self) -> View:
        """What came of the last press."""
        return self._said.view()

    @property
    def busy(self) -> bool:
        """Whether a login with the browser is waited for."""
        return self._login is not None

    def choose(self, way: str) -> None:
        """Choose a way to log in, as a person would."""
        self._choice.enter("way", way)

    def renew(self, alias: str) -> None:
        """Offer to log in again, with the browser, to an org of the Salesforce CLI."""
        self.choose(ByBrowser.way)
        self.form.enter("alias", alias)

    def view(self) -> View:
        """For the saved file, in which nothing can be typed."""
        rows: list[tuple[Cell, ...]] = [(way.title, [way.gist, Small(way.words)]) for way in WAYS]
        return View(Note("Ways to add an org"), Grid(("Way to log in", "What it is"), tuple(rows), widths=(28, 72)))

    def insist(self) -> None:
        """What the button does that is offered where nobody could log in: keep what was entered all the same."""
        if self._anyway in self._below.children and not self.form.messages:
            self._below.children = []
            self._keep(self._entered(), "but nobody could log in with it yet")

    def _first_way(self) -> str:
        return ByBrowser.way

    def _intro(self) -> Note | None:
        return passing_list()

    def _show_way(self) -> None:
        self._typed.clear()
        way = self._way()
        self._words.show(
            View(
                self._intro(),
                Note(way.gist, "plain", (way.words,)),
                missing_cli() if way.entered is ByBrowser else None,
            )
        )
        self._said.show(View())
        self.form = self._new_form(way)
        self._place.children, self._below.children = [self.form.widget], []

    def _way(self) -> Way:
        chosen = self._choice.values["way"]
        return next(way for way in WAYS if way.entered.way == chosen)

    def _new_form(self, way: Way) -> Form:
        form = self._made_form(way)
        form.widget.add_class(_UNNAMED)
        form.on("secret", lambda message: self._hear_secret(str(message["name"]), str(message["value"])))
        form.on_change(self._changed)
        form.on_submit(self._browse if way.entered is ByBrowser else self._try, self._button(way))
        return form

    def _made_form(self, way: Way) -> Form:
        defaults = {name: field.get_default() for name, field in way.entered.model_fields.items()}
        return Form(way.entered, defaults, list(defaults))

    def _button(self, way: Way) -> str:
        return way.button

    def _hear_secret(self, name: str, value: str) -> None:
        try:
            checked(value, f"the field {name}")
        except SecretError as error:
            self.form.trouble(name, f"{error.hint}")
            return
        self._typed[name] = value
        self._name_typed()
        self._forget_refusal()

    def _changed(self, name: str) -> None:
        self._typed.pop(name, None)  # a reference was given instead
        if name == "alias":
            self._name_typed()
        self._forget_refusal()

    def _forget_refusal(self) -> None:
        """What is entered now has not been tried."""
        if self._anyway in self._below.children:
            self._below.children = []
            self._said.show(View())

    def _name_typed(self) -> None:
        """References to what was typed: by the org's name, which may change until it is added."""
        named = {name: f"age:{self.form.values['alias'] or 'NAME'}/{name}" for name in self._typed}
        self.form.update(named, origins=dict.fromkeys(named, self.kept_when))

    def _entered(self) -> Entered:
        return self._way().entered.model_validate(self.form.values)

    def _secrets(self, alias: str) -> dict[str, str]:
        """What was typed, by the names that it has in the store."""
        return {f"{alias}/{name}": value for name, value in self._typed.items()}

    def _try(self) -> None:
        """Log in with what was entered, and keep it where that works."""
        entered = self._entered()
        self._below.children = []
        self._said.show(View(Note("Logging in …")))
        entry = OrgEntry(login=self._login_of(entered), ca_cert=ca_of(entered))
        try:
            self._log_in(entered.alias, entry, PendingSecrets(self._secrets(entered.alias)))
        except CnxError as error:
            self._said.show(refused(error))
            self._below.children = [self._anyway]
        except Exception as error:  # the press's end would be silence
            self._said.show(View(Note(f"The login ended by an unforeseen {type(error).__name__}.", "bad")))
        else:
            self._keep(entered)

    def _keep(self, entered: Entered, but: str = "") -> None:
        """Store the secrets and write the entry; where one of them fails, the store is as it was."""
        secrets = self._secrets(entered.alias)
        try:
            if others := used_by_others(entered.alias, secrets):
                raise InventoryError(
                    f"Another org of your list logs in with {' and '.join(others)}, which would be overwritten",
                    hint="Add this org under another name, or give the other one a secret of its own first.",
                )
            with PendingSecrets(secrets).kept():
                path, details = self._write(entered)
        except CnxError as error:
            self._said.show(told(error))
            return
        stored: list[Part] = [Small(f"In the secret store: {', '.join(secrets)}")] if secrets else []
        self._done(entered.alias, path, [*stored, *details], but)

    def _login_of(self, entered: Entered) -> Login:
        return entered.login()

    def _write(self, entered: Entered) -> tuple[Path, list[Part]]:
        """Write the entry; returns where it is, and what else is to be said."""
        return add_org(entered.alias, self._login_of(entered), ca_of(entered)), []

    def _write_browsed(self, entered: ByBrowser) -> tuple[Path | None, list[Part]]:
        """The same after a login with the browser; None where the entry says so already."""
        return (None, []) if entered.alias in aliases() else self._write(entered)

    def _cli_alias(self, entered: ByBrowser) -> str:
        """What the Salesforce CLI calls the org."""
        return entered.alias

    def _browse(self) -> None:
        """Log in with the browser, in a thread: meanwhile the person may give it up."""
        if self._login is not None:
            return
        entered = self._entered()
        assert isinstance(entered, ByBrowser)
        try:
            self._login = WebLogin(self._cli_alias(entered), entered.host)
        except SecretError as error:
            self._said.show(told(error))
            return
        self._place.children, self._below.children = [], [self._stop]
        self._said.show(waiting(entered, []))
        threading.Thread(target=self._wait_for, args=(self._login, entered), daemon=True).start()

    def _give_up(self) -> None:
        if self._login is not None:
            self._login.give_up()

    def _wait_for(self, login: WebLogin, entered: ByBrowser) -> None:
        lines: list[str] = []

        def tell(line: str) -> None:
            lines.append(line)
            self._said.show(waiting(entered, lines))

        try:
            session = login.wait(tell)
            path, details = self._write_browsed(entered)
        except CnxError as error:
            self._said.show(told(error))
        except Exception as error:  # the thread's end would be silence
            self._said.show(View(Note(f"The login ended by an unforeseen {type(error).__name__}.", "bad")))
        else:
            self._done(entered.alias, path, [f"Logged in as {session.username} at {session.instance_url}", *details])
        finally:
            self._login = None
            self._place.children, self._below.children = [self.form.widget], []

    def _done(self, alias: str, path: Path | None, details: Sequence[Part], but: str = "") -> None:
        self._show_way()
        what = f"{alias} {self._verb()}" if path else f"{alias} is logged in again"
        where: list[Part] = [Small(f"Its entry is in {path}")] if path else []
        passing = path is not None and goes_with_the_simulation()
        if passing:
            where.append("It is gone when this simulated org ends: the list goes with it.")
        said = f"{what}, {but}." if but else what
        self._said.show(View(Note(said, "warn" if but or passing else "good", (*details, *where))))
        self._added(alias)

    def _verb(self) -> str:
        return "was added"


def ca_of(entered: Entered) -> Path | None:
    """The file of certificates that was named, None where none was."""
    return Path(entered.ca_cert).expanduser().resolve() if entered.ca_cert else None
