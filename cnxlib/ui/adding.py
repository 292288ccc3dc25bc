"""Adding an org to the inventory: the way to log in is chosen, its form filled in, and the entry written.

A secret that is typed stays in this process until the org is added; then it goes to the secret store, and the entry
has its reference.
"""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, Field

from cnxlib.errors import CnxError, SecretError
from cnxlib.inventory import add_org
from cnxlib.resources.in_form import in_form
from cnxlib.secrets import SecretStore
from cnxlib.secrets.places import checked
from cnxlib.secrets.web_login import WebLogin
from cnxlib.ui.form import Form
from cnxlib.ui.live import Live
from cnxlib.ui.logins import ByBrowser, Entered, aliases
from cnxlib.ui.view import Block, Cell, Code, Grid, Link, Note, Part, Small, View
from cnxlib.ui.ways import WAYS, Way

INSTALLERS = "https://developer.salesforce.com/tools/salesforcecli"
"""Salesforce's page of the CLI's installers."""

_NPM = "npm install --global @salesforce/cli"
_UNNAMED = "cnx-unnamed"
"""The style class of forms whose fields have no names of their own (`form.css`)."""
_TITLES = {way.entered.way: way.title for way in WAYS}


class _Choice(BaseModel):
    way: Literal["sf", "password", "jwt", "client_credentials", "session"] = Field(
        "sf", title="How do you log in to it?", json_schema_extra=in_form(choices=_TITLES)
    )


class AddOrg:
    """The forms by which an org is added, and what comes of it.

    Parameters
    ----------
    added:
        Called with the alias when an org was added, or logged in to anew; in another thread, after a browser's login.

    Attributes
    ----------
    widget:
        What a person works with.
    """

    def __init__(self, added: Callable[[str], None]) -> None:
        import ipywidgets as widgets

        self._widgets, self._added = widgets, added
        self._choice = Form(_Choice, {"way": "sf"}, ["way"])
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

    def _show_way(self) -> None:
        self._typed.clear()
        way = self._way()
        self._words.show(
            View(Note(way.gist, "plain", (way.words,)), _missing_cli() if way.entered is ByBrowser else None)
        )
        self._said.show(View())
        self.form = self._new_form(way)
        self._place.children = [self.form.widget]

    def _way(self) -> Way:
        chosen = self._choice.values["way"]
        return next(way for way in WAYS if way.entered.way == chosen)

    def _new_form(self, way: Way) -> Form:
        names = list(way.entered.model_fields)
        defaults = {name: field.get_default() for name, field in way.entered.model_fields.items()}
        form = Form(way.entered, defaults, names)
        form.widget.add_class(_UNNAMED)
        form.on("secret", lambda message: self._hear_secret(str(message["name"]), str(message["value"])))
        form.on_change(self._changed)
        form.on_submit(self._browse if way.entered is ByBrowser else self._add, way.button)
        return form

    def _hear_secret(self, name: str, value: str) -> None:
        try:
            checked(value, f"the field {name}")
        except SecretError as error:
            self.form.trouble(name, f"{error.hint}")
            return
        self._typed[name] = value
        self._name_typed()

    def _changed(self, name: str) -> None:
        self._typed.pop(name, None)  # a reference was given instead
        if name == "alias":
            self._name_typed()

    def _name_typed(self) -> None:
        """References to what was typed: by the org's name, which may change until it is added."""
        named = {name: f"age:{self.form.values['alias'] or 'NAME'}/{name}" for name in self._typed}
        self.form.update(named, origins=dict.fromkeys(named, "✓ typed: it is stored, encrypted, when you add the org"))

    def _entered(self) -> Entered:
        return self._way().entered.model_validate(self.form.values)

    def _add(self) -> None:
        entered = self._entered()
        store = SecretStore()
        kept: list[str] = []
        try:
            for name, value in self._typed.items():
                store.put(f"{entered.alias}/{name}", value)
                kept.append(f"{entered.alias}/{name}")
            path = add_org(entered.alias, entered.login(), _ca(entered))
        except CnxError as error:
            for name in kept:
                store.remove(name)
            self._said.show(_told(error))
            return
        secrets: list[Part] = [Small(f"In the secret store: {', '.join(kept)}")] if kept else []
        self._done(entered.alias, path, secrets)

    def _browse(self) -> None:
        """Log in with the browser, in a thread: meanwhile the person may give it up."""
        if self._login is not None:
            return
        entered = self._entered()
        assert isinstance(entered, ByBrowser)
        try:
            self._login = WebLogin(entered.alias, entered.host)
        except SecretError as error:
            self._said.show(_told(error))
            return
        self._place.children, self._below.children = [], [self._stop]
        self._said.show(_waiting(entered, []))
        threading.Thread(target=self._log_in, args=(self._login, entered), daemon=True).start()

    def _give_up(self) -> None:
        if self._login is not None:
            self._login.give_up()

    def _log_in(self, login: WebLogin, entered: ByBrowser) -> None:
        lines: list[str] = []

        def tell(line: str) -> None:
            lines.append(line)
            self._said.show(_waiting(entered, lines))

        try:
            session = login.wait(tell)
            known = entered.alias in aliases()
            path = None if known else add_org(entered.alias, entered.login(), _ca(entered))
        except CnxError as error:
            self._said.show(_told(error))
        except Exception as error:  # the thread's end would be silence
            self._said.show(View(Note(f"The login ended by an unforeseen {type(error).__name__}.", "bad")))
        else:
            self._done(entered.alias, path, [f"Logged in as {session.username} at {session.instance_url}"])
        finally:
            self._login = None
            self._place.children, self._below.children = [self.form.widget], []

    def _done(self, alias: str, path: Path | None, details: Sequence[Part]) -> None:
        self._show_way()
        what = f"{alias} was added" if path else f"{alias} is logged in again"
        where: list[Part] = [Small(f"Its entry is in {path}")] if path else []
        self._said.show(View(Note(what, "good", (*details, *where))))
        self._added(alias)


def _ca(entered: Entered) -> Path | None:
    return Path(entered.ca_cert).expanduser().resolve() if entered.ca_cert else None


def _waiting(entered: ByBrowser, lines: Sequence[str]) -> View:
    said = (
        f"A page of {entered.host.removeprefix('https://')} opens in your browser. Log in there, and choose Allow if "
        "you are asked. Then come back here."
    )
    return View(Note("Waiting until you have logged in …", "plain", (said, *(Code(line) for line in lines[-3:]))))


def _told(error: CnxError) -> View:
    details: tuple[Part, ...] = (f"What to do: {error.hint}",) if error.hint else ()
    return View(Note(error.message, "bad", details))


def _missing_cli() -> Block | None:
    """How to install the Salesforce CLI; None where it is there."""
    if shutil.which("sf") is not None:
        return None
    page = Link("Salesforce's page of installers", INSTALLERS)
    return Grid(
        ("On", "Install it by", "or, where Node.js is, by this command"),
        (
            ("Windows", ["the installer (.exe) from", page], Code(_NPM)),
            ("macOS", ["the installer (.pkg) from", page], Code(_NPM)),
            ("Linux", ["the archive (.tar.xz) from", page], Code(_NPM)),
        ),
        "The Salesforce CLI (sf) is not installed on this computer, or is not found. After installing it, end "
        "JupyterLab and start it again, so that it is found; then log in here.",
    )
