"""Taking an org out of the inventory: what that means is said first, and a second press does it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from cnxlib.errors import CnxError
from cnxlib.inventory import SalesforceCliLogin, find_org, inventory_path, own_secrets, remove_org
from cnxlib.records import runs_root
from cnxlib.ui.adding_words import told
from cnxlib.ui.changing import removed_secrets
from cnxlib.ui.live import Live
from cnxlib.ui.view import Code, Note, Part, Small, View


class RemoveOrg:
    """The buttons by which an org is taken out of the list.

    Parameters
    ----------
    alias:
        An org of the inventory.
    removed:
        Called when it was taken out.

    Attributes
    ----------
    widget:
        What a person works with.
    """

    def __init__(self, alias: str, removed: Callable[[], None]) -> None:
        import ipywidgets as widgets

        def button(said: str, act: Callable[[], None]) -> Any:
            made = widgets.Button(description=said, layout=widgets.Layout(width="auto"))
            made.on_click(lambda _: act())
            return made

        self._alias, self._removed = alias, removed
        self._said = Live(View())
        self._ask = button(f"Take {alias} out of the list …", self.ask)
        self._do, self._leave = button("Take it out", self.remove), button("Leave it there", self.leave)
        self._buttons = widgets.HBox([self._ask])
        self.widget = widgets.VBox([self._said.widget, self._buttons])

    @property
    def said(self) -> View:
        """What it means, or what came of it."""
        return self._said.view()

    def ask(self) -> None:
        """Say what it means, and offer to do it."""
        try:
            self._said.show(View(self._meaning()))
        except CnxError as error:
            self._said.show(told(error))
            return
        self._buttons.children = [self._do, self._leave]

    def leave(self) -> None:
        """Leave it in the list."""
        self._said.show(View())
        self._buttons.children = [self._ask]

    def remove(self) -> None:
        """Take it out, if it was asked whether to."""
        if self._do not in self._buttons.children:
            return
        try:
            own = list(own_secrets(self._alias))
            path = remove_org(self._alias)
        except CnxError as error:
            self._said.show(told(error))
            self._buttons.children = [self._ask]
            return
        where = Small(f"Its entry is no longer in {path}. The records of its runs are still in {runs_root()}")
        self._buttons.children = []
        self._said.show(View(Note(f"{self._alias} was taken out of the list", "good", (where, *removed_secrets(own)))))
        self._removed()

    def _meaning(self) -> Note:
        entry, own = find_org(self._alias), own_secrets(self._alias)
        answers = ", with the answers that are kept there for its set-up" if entry.parameters else ""
        parts: list[Part] = [
            f"Its entry goes out of {inventory_path()}{answers}. In the org nothing is changed.",
            f"The records of its runs stay in {runs_root()}, and with them what a run made and can undo.",
            f"These secrets go out of the store, since nothing else refers to them: {', '.join(own)}."
            if own
            else "No secret goes with it.",
            "What the runbook made in the org (the integration user's password, the app's key and secret) stays in the "
            "store, under the org's id: cnx secrets list names it.",
        ]
        if isinstance(entry.login, SalesforceCliLogin):
            parts += ["The Salesforce CLI stays logged in to it. To end that:", Code(_logout(entry.login.alias))]
        return Note(f"To take {self._alias} out of the list means:", "warn", tuple(parts))


def _logout(alias: str) -> str:
    """`sf org logout` (Salesforce CLI command reference)."""
    return f"sf org logout --target-org {alias}"
