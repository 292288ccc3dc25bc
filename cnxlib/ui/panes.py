"""A pane of a notebook: what one cell shows while a person works with it, renewed in place.

Two outputs stand for it. One is a widget, which any later call renews wherever it is shown: in a tab that was opened
again too. The other is what was shown, in HTML and plain text, for whoever reads the saved file without a kernel; a
rule of style hides it where the widget is alive, and hides the widget's "Error displaying widget" where it is not.
"""

from __future__ import annotations

import secrets
from datetime import UTC, datetime
from html import escape
from typing import Any, Protocol

from cnxlib.ui.live import WIDGET_VIEW, Live
from cnxlib.ui.pictures import Picture
from cnxlib.ui.view import Note, View


class Interactive(Protocol):
    """What a person works with, such as a form or a panel."""

    @property
    def widget(self) -> Any:
        """The widget."""

    def view(self) -> View:
        """How it stands now, for the saved file."""


_ERROR = '.jp-OutputArea-child:has([data-mime-type="application/vnd.jupyter.stderr"])'
"""How JupyterLab draws the error of a cell."""

Shown = View | Picture | Interactive
"""What a pane shows, one below the other."""


class Pane:
    """A place in the notebook.

    Parameters
    ----------
    message:
        What it shows to begin with.
    for_error:
        Whether it stands for the error that its cell ends by, which is then hidden as the saved form is.
    """

    def __init__(self, message: str = "", *, for_error: bool = False) -> None:
        import ipywidgets

        self._widgets = ipywidgets
        self._name = f"cnx-saved-{secrets.token_hex(6)}"
        output = f".jp-OutputArea-child:has(.{self._name})"
        self._hidden = (f".{self._name}", output, *((f"{output} ~ {_ERROR}",) if for_error else ()))
        self._shown: tuple[Shown, ...] = ()
        self._live: list[Live] = []
        self._saved: Any = None
        self._head = ipywidgets.HTML()
        self._body = ipywidgets.VBox()
        self._box = ipywidgets.VBox([self._head, self._body])
        self.mark(None)
        if message:
            self.show(View(Note(message)))

    @property
    def shown(self) -> tuple[Shown, ...]:
        """What it shows."""
        return self._shown

    @property
    def marked(self) -> str:
        """What stands above it, as text; "" where nothing does."""
        return self._mark.text() if self._mark else ""

    def show(self, *shown: Shown) -> None:
        """Show this instead, with nothing above it."""
        if [*shown] != [*self._shown]:
            before, self._live = self._live, []
            self._shown = shown
            self._body.children = [self._child(one) for one in shown]
            for live in before:
                live.close()
        self.mark(None)
        self.save()

    def mark(self, note: Note | None) -> None:
        """Put a note above what is shown, such as that it is out of date or being renewed; None takes it away."""
        self._mark = note
        # A live region: a screen reader tells what others see change.
        text = f'<div role="status">{View(note).html()}</div>' if note else ""
        self._head.value = f"<style>{''.join(f'{rule}{{display:none;}}' for rule in self._hidden)}</style>{text}"

    def save(self) -> None:
        """Renew the saved form, where what is shown has changed by itself."""
        if self._saved is not None:
            self._saved.update(self._saved_form(), raw=True)

    def text(self) -> str:
        """The content as plain text."""
        return "\n\n".join(part for part in (self.marked, *(_view(one).text() for one in self._shown)) if part)

    def html(self) -> str:
        """The content as HTML that stands for itself."""
        mark = View(self._mark).html() if self._mark else ""
        return mark + "".join(_view(one).html() for one in self._shown)

    def __repr__(self) -> str:
        return self.text()

    def _ipython_display_(self) -> None:
        """Both outputs (IPython's rich display). The widget's has no words of its own: the other one has them."""
        from IPython.display import display

        bundle = {WIDGET_VIEW: self._box._repr_mimebundle_()[WIDGET_VIEW], "text/html": "", "text/plain": ""}
        display(bundle, raw=True)  # type: ignore[no-untyped-call]
        self._saved = display(self._saved_form(), raw=True, display_id=self._name)  # type: ignore[no-untyped-call]

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        """The content alone, for who asks for no display."""
        return {"text/html": self.html(), "text/plain": self.text()}

    def _saved_form(self) -> dict[str, str]:
        at = f"As it stood on {datetime.now(UTC):%Y-%m-%d at %H:%M} UTC. To work with it, choose Run → Run All Cells."
        # JupyterLab's output of a widget whose kernel is gone: a sentence and nothing else
        dead = f".jp-OutputArea-child:has(+ .jp-OutputArea-child .{self._name}) > .jupyter-widgets:not(:has(*))"
        html = (
            f"<style>{dead}{{display:none;}}</style>"
            f'<div class="{self._name}"><div style="font-size:90%;">{escape(at)}</div>{self.html()}</div>'
        )
        return {"text/html": html, "text/plain": self.text()}

    def _child(self, one: Shown) -> Any:
        if isinstance(one, View | Picture):
            self._live.append(Live(_view(one)))
            return self._live[-1].widget
        return one.widget


def _view(one: Shown) -> View:
    if isinstance(one, Picture):
        return View(one)
    return one if isinstance(one, View) else one.view()
