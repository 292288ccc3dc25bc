"""A view in a notebook at work: its blocks stand under each other, and those with a live form take it."""

from __future__ import annotations

from typing import Any

from cnxlib.ui.view import Block, View

WIDGET_VIEW = "application/vnd.jupyter.widget-view+json"


class Live:
    """A view that can be renewed in place. A live block that is shown again stays as its reader left it.

    Parameters
    ----------
    view:
        What to show first.

    Attributes
    ----------
    widget:
        What shows it.
    """

    def __init__(self, view: View) -> None:
        import ipywidgets as widgets

        self._widgets = widgets
        self._texts: list[Any] = []
        self._live: list[tuple[Block, Any]] = []
        self.widget = widgets.VBox()
        self.show(view)

    def view(self) -> View:
        """What is shown now."""
        return self._view

    def show(self, view: View) -> None:
        """Show `view` instead."""
        self._view = view
        before, self._live = self._live, []
        texts, children, still = list(self._texts), list[Any](), list[Block]()

        def settle() -> None:
            if still:
                text = texts.pop(0) if texts else self._new_text()
                text.value = View(*still).html()
                children.append(text)
                still.clear()

        for block in view.blocks:
            widget = next((live for known, live in before if known == block), None) or block.widget()
            if widget is None:
                still.append(block)
            else:
                settle()
                self._live.append((block, widget))
                children.append(widget)
        settle()
        self.widget.children = children
        for _, widget in before:
            if not any(widget is kept for _, kept in self._live):
                widget.close()

    def close(self) -> None:
        """Let go of it: what is not closed is saved with the notebook, rows and all."""
        for widget in (*(live for _, live in self._live), *self._texts, self.widget):
            widget.close()

    def _new_text(self) -> Any:
        self._texts.append(self._widgets.HTML(layout=self._widgets.Layout(width="auto")))
        return self._texts[-1]

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, Any]:
        """The view's own forms, and the widget (IPython's rich display)."""
        bundle = self._view._repr_mimebundle_()
        bundle[WIDGET_VIEW] = self.widget._repr_mimebundle_()[WIDGET_VIEW]
        return bundle
