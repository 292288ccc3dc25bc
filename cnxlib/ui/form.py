"""The form of a phase's parameters, made from the same model that checks them headlessly."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from html import escape
from typing import Any

from pydantic import BaseModel

from cnxlib.ui.fields import Field, fields_of, refusals
from cnxlib.ui.view import Badge, Cell, Code, Grid, Note, Part, Small, View

WIDGET_VIEW = "application/vnd.jupyter.widget-view+json"

_LABEL_WIDTH = "13rem"
_FIELD_WIDTH = "38rem"
_HELP = "font-size:90%;opacity:0.85;line-height:1.3;"


class Form:
    """Fields for the parameters `names` of `model`; the others are carried along as they are.

    Headless (`interactive` false) there are no widgets: the values are those given, and the form shows them.

    Parameters
    ----------
    model:
        The parameters' model.
    values:
        By name, for every parameter.
    names:
        Those that the form shows, in its order.
    choices:
        What may be chosen for a text field, by name.
    interactive:
        Whether to make widgets.
    """

    def __init__(
        self,
        model: type[BaseModel],
        values: Mapping[str, Any],
        names: Sequence[str],
        *,
        choices: Mapping[str, Sequence[str]] | None = None,
        interactive: bool = True,
    ) -> None:
        self._model = model
        self._values = dict(values)
        self._fields = {field.name: field for field in fields_of(model, names)}
        self._choices = dict(choices or {})
        self._listeners: list[Callable[[str], None]] = []
        self._typed: set[str] = set()
        self._updating = False
        self._widgets: dict[str, Any] = {}
        self._messages: dict[str, Any] = {}
        self._box: Any = None
        self._submit: Any = None
        self._reason: Any = None
        self._busy = False
        if interactive:
            self._build()

    @property
    def values(self) -> dict[str, Any]:
        """All parameters by name, as they stand now; not checked."""
        return dict(self._values)

    @property
    def typed(self) -> dict[str, Any]:
        """The values that were changed in the form, by name."""
        return {name: self._values[name] for name in self._typed}

    @property
    def widget(self) -> Any:
        """What a person works with, None headless."""
        return self._box

    @property
    def messages(self) -> dict[str, str]:
        """Why values are refused, by field; "" is about several. Empty if all are good."""
        return refusals(self._model, self._values)

    def update(self, values: Mapping[str, Any], *, typed: bool = False) -> None:
        """Set values from elsewhere; `typed` says that a person had chosen them."""
        self._values.update(values)
        if typed:
            self._typed.update(values)
        self._updating = True
        try:
            for name in self._widgets.keys() & values.keys():
                self._widgets[name].value = _to_widget(self._fields[name], values[name])
        finally:
            self._updating = False
        self._show_messages()

    def on_change(self, listener: Callable[[str], None]) -> None:
        """Call `listener` with a field's name after a person changed it."""
        self._listeners.append(listener)

    def on_submit(self, callback: Callable[[], None], label: str = "Check and plan") -> None:
        """Give the form a button that calls `callback`, once: disabled meanwhile, and where a value is refused.

        Headless there is no button, and `callback` is never called.
        """
        if self._box is None:
            return
        if self._submit is not None:
            raise RuntimeError("the form has its button already")
        import ipywidgets

        self._submit = ipywidgets.Button(
            description=label, button_style="primary", layout=ipywidgets.Layout(width="auto", margin="4px 12px 4px 0")
        )
        self._submit.on_click(lambda _: self._submitted(callback))
        self._reason = ipywidgets.HTML()
        row = ipywidgets.Box([self._submit, self._reason], layout=ipywidgets.Layout(flex_flow="row wrap"))
        self._box.children = (*self._box.children, row)
        self._show_submit(self.messages)

    def _submitted(self, callback: Callable[[], None]) -> None:
        if self._busy or self.messages:
            return
        self._busy = True
        self._show_submit({})
        try:
            callback()
        finally:
            self._busy = False
            self._show_submit(self.messages)

    def _show_submit(self, messages: Mapping[str, str]) -> None:
        if self._submit is None:
            return
        self._submit.disabled = self._busy or bool(messages)
        labels = [self._fields[name].label if name in self._fields else name for name in messages if name]
        said = "Working …" if self._busy else ""
        if messages and not self._busy:
            said = f"First mend: {', '.join(labels)}." if labels else "First mend what is said above."
        # A live region: a screen reader tells the change that others see.
        self._reason.value = f'<div role="status" style="padding:6px 0;line-height:1.4;">{escape(said)}</div>'

    def view(self) -> View:
        """The values as they stand, for the saved copy."""
        messages = self.messages
        rows: list[tuple[Cell, ...]] = []
        for name, field in self._fields.items():
            value: list[Part] = [field.shown(self._values[name]) or Small("(empty)")]
            if name in messages and name.endswith("_ref"):
                value = [Small("(not shown: it may be the secret itself)")]
            if name in messages:
                value.append(Badge(f"refused: {messages[name]}", "bad"))
            rows.append(([field.label, Code(name)], value, field.help))
        rest = "; ".join(f"{name}: {text}" if name else text for name, text in self._left_over(messages).items())
        return View(Grid(("Parameter", "Value", "Help"), tuple(rows)), Note(rest, "bad") if rest else None)

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, Any]:
        bundle = self.view()._repr_mimebundle_()
        if self._box is not None:
            bundle[WIDGET_VIEW] = self._box._repr_mimebundle_()[WIDGET_VIEW]
        return bundle

    def _left_over(self, messages: Mapping[str, str]) -> dict[str, str]:
        return {name: text for name, text in messages.items() if name not in self._fields}

    def _build(self) -> None:
        import ipywidgets

        rows = [self._row(ipywidgets, field) for field in self._fields.values()]
        self._messages[""] = ipywidgets.HTML()
        self._box = ipywidgets.VBox([*rows, self._messages[""]])
        self._show_messages()

    def _row(self, widgets: Any, field: Field) -> Any:
        widget = self._widget(widgets, field)
        widget.observe(lambda change: self._changed(field, change["new"]), names="value")
        self._widgets[field.name] = widget
        self._messages[field.name] = widgets.HTML()
        help_text = widgets.HTML(f'<div style="{_HELP}">{escape(field.help)}</div>')
        below = widgets.Layout(margin=f"0 0 6px calc({_LABEL_WIDTH} + 4px)", overflow="visible")
        return widgets.VBox([widget, widgets.VBox([help_text, self._messages[field.name]], layout=below)])

    def _widget(self, widgets: Any, field: Field) -> Any:
        value = _to_widget(field, self._values[field.name])
        common = {
            "description": field.label + (" *" if field.required else ""),
            "style": {"description_width": _LABEL_WIDTH},
            "layout": widgets.Layout(width="100%", max_width=_FIELD_WIDTH),
            "tooltip": field.name,
        }
        choices = tuple(self._choices.get(field.name, field.choices))
        if choices:
            # A value that is not to be chosen is shown all the same: the message beside it says what is wrong.
            options = choices if value in choices else (value, *choices)
            return widgets.Dropdown(value=value, options=options, **common)
        if field.kind == "switch":
            return widgets.Checkbox(value=value, indent=True, **common)
        if field.kind == "number":
            kind = widgets.IntText if isinstance(field.default, int) else widgets.FloatText
            return kind(value=value, **common)
        if field.kind == "yaml":
            return widgets.Textarea(value=value, rows=4, placeholder="none; one entry a line, as YAML", **common)
        if field.examples:
            return widgets.Combobox(value=value, options=field.examples, continuous_update=True, **common)
        return widgets.Text(value=value, **common)

    def _changed(self, field: Field, typed: Any) -> None:
        if self._updating:
            return
        self._values[field.name] = field.read(typed)
        self._typed.add(field.name)
        self._show_messages()
        for listener in self._listeners:
            listener(field.name)

    def _show_messages(self) -> None:
        if not self._messages:
            return
        messages = self.messages
        rest = "; ".join(self._left_over(messages).values())
        for name, widget in self._messages.items():
            text = messages.get(name, "") if name else rest
            widget.value = View(Note(text, "bad")).html() if text else ""
            widget.layout.display = None if text else "none"
        self._show_submit(messages)


def _to_widget(field: Field, value: Any) -> Any:
    """The value as its widget takes it; what does not fit there becomes the default, which the widget shows."""
    if field.kind == "switch":
        return bool(value)
    if field.kind == "number":
        return value if isinstance(value, int | float) and not isinstance(value, bool) else field.default
    return field.shown(value)
