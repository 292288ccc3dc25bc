"""The form of a phase's parameters, made from the same model that checks them headlessly."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from pydantic import BaseModel

from cnxlib.resources.in_form import EXPERTS
from cnxlib.ui.fields import Field, by_field, fields_of, refused_at
from cnxlib.ui.form_values import read, shown, told
from cnxlib.ui.live import WIDGET_VIEW
from cnxlib.ui.view import Badge, Cell, Code, Grid, Note, Part, Small, View

Offer = tuple[str, str]
"""A value that may be chosen, and its label."""


class Form:
    """Fields for the parameters `names` of `model`; the others are carried along as they are.

    Headless (`interactive` false) there is no widget: the values are those given, and the form shows them.

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
        Whether to make a widget.
    origins:
        Where values come from, in words, by name.
    """

    def __init__(
        self,
        model: type[BaseModel],
        values: Mapping[str, Any],
        names: Sequence[str],
        *,
        choices: Mapping[str, Sequence[str]] | None = None,
        interactive: bool = True,
        origins: Mapping[str, str] | None = None,
    ) -> None:
        self._model = model
        self._values = dict(values)
        self._refused: dict[str, str] | None = None  # by place; None where it has to be found anew
        self._fields = {field.name: field for field in fields_of(model, names)}
        self._choices = dict(choices or {})
        self._origins = dict(origins or {})
        self._listeners: list[Callable[[str], None]] = []
        self._typed: set[str] = set()
        self._submit: Callable[[], None] | None = None
        self._submits = 0
        self._busy = False
        self._troubles: dict[str, str] = {}
        self._heard: Any = None
        self._hooks: dict[str, Callable[[Mapping[str, Any]], None]] = {}
        self._box: Any = self._made() if interactive else None
        self._show()

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
    def fields(self) -> dict[str, Field]:
        """The fields that it shows, by name."""
        return dict(self._fields)

    @property
    def messages(self) -> dict[str, str]:
        """Why values are refused, by field; "" is about several. Empty if all are good."""
        return by_field(self._places)

    @property
    def hidden(self) -> set[str]:
        """The fields that are not shown, because with these values they are of no use. A refused one is shown."""
        messages = self.messages
        return {n for n, field in self._fields.items() if not field.applies(self._values) and n not in messages}

    def choices_of(self, name: str) -> tuple[str, ...]:
        """What may be chosen for a field; empty where anything may be typed."""
        value, choices = str(self._values[name]), tuple(self._choices.get(name, ()))
        # A value that is not to be chosen is shown all the same: the message beside it says what is wrong.
        return choices if not choices or value in choices else (value, *choices)

    def update(
        self, values: Mapping[str, Any], *, typed: bool = False, origins: Mapping[str, str] | None = None
    ) -> None:
        """Set values from elsewhere; `typed` says that a person had chosen them, `origins` where they come from."""
        self._values.update(values)
        self._refused = None
        for name in values:
            self._origins[name] = (origins or {}).get(name, "")
        if typed:
            self._typed.update(values)
        self._show()

    def enter(self, name: str, value: Any) -> None:
        """Set a value as if a person had typed it: the listeners hear of it."""
        self._values[name] = value
        self._refused = None
        self._typed.add(name)
        self._origins[name] = self._troubles[name] = ""
        self._show()
        for listener in self._listeners:
            listener(name)

    def trouble(self, name: str, said: str) -> None:
        """Say beside a field what went wrong there, until something is typed into it."""
        self._troubles[name] = said
        self._show()

    def on_change(self, listener: Callable[[str], None]) -> None:
        """Call `listener` with a field's name after a person changed it."""
        self._listeners.append(listener)

    def on(self, kind: str, hook: Callable[[Mapping[str, Any]], None]) -> None:
        """Call `hook` with what the browser tells: of kind "shown", "search", "secret" or "file"."""
        self._hooks[kind] = hook

    def on_submit(self, callback: Callable[[], None], label: str = "Check and plan") -> None:
        """Give the form a button that calls `callback`, once: disabled meanwhile, and where a value is refused.

        Headless there is no button, and `callback` is never called.
        """
        if self._box is None:
            return
        if self._submit is not None:
            raise RuntimeError("the form has its button already")
        self._submit = callback
        self._box.button = label
        self._show()

    def submit(self) -> None:
        """What pressing the button does."""
        if self._submit is None or self._busy:
            return
        self._submits += 1
        self._refused = None  # a file that a value names may have been mended
        if self.messages:
            self._show()
            return
        self._busy = True
        self._show()
        try:
            self._submit()
        finally:
            self._busy = False
            self._show()

    def offer(self, offers: Mapping[str, Sequence[Offer]], said: str = "") -> None:
        """What the org offers, by source; `said` tells how the reading stands."""
        if self._box is not None:
            self._box.offers = {name: [list(one) for one in some] for name, some in offers.items()}
            self._box.reading = said

    def found(self, text: str, offers: Sequence[Offer], said: str = "") -> None:
        """What a search for `text` found."""
        if self._box is not None:
            self._box.found = {"text": text, "offers": [list(one) for one in offers], "said": said}

    @property
    def reason(self) -> str:
        """Why the button cannot be pressed, in words; "" where it can."""
        messages = self.messages
        if self._busy:
            return "Working …"
        if not messages:
            return ""
        labels = [self._fields[name].label for name in messages if name in self._fields]
        return f"First mend: {', '.join(labels)}." if labels else "First mend what is said above."

    def view(self) -> View:
        """The values as they stand, for the saved copy."""
        messages, hidden = self.messages, self.hidden
        rows: list[tuple[Cell, ...]] = []
        for name, field in self._fields.items():
            if name in hidden:
                continue
            value: list[Part] = [*field.lines(self._values[name])] or [Small("(empty)")]
            if name in messages and field.kind in ("reference", "secret"):
                value = [Small("(not shown: it may be the secret itself)")]
            if self._origins.get(name):
                value.append(Small(self._origins[name]))
            if name in messages:
                value.append(Badge(f"refused: {messages[name]}", "bad"))
            rows.append(([field.label, Code(name)], value, field.help))
        rest = self._rest(messages)
        return View(
            Grid(("Parameter", "Value", "Help"), tuple(rows), widths=(28, 30, 42)), Note(rest, "bad") if rest else None
        )

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, Any]:
        bundle = self.view()._repr_mimebundle_()
        if self._box is not None:
            bundle[WIDGET_VIEW] = self._box._repr_mimebundle_()[0][WIDGET_VIEW]
        return bundle

    def _rest(self, messages: Mapping[str, str]) -> str:
        """What is said of no field that is here."""
        rest = {name: text for name, text in messages.items() if name not in self._fields}
        return "; ".join(f"{name}: {text}" if name else text for name, text in rest.items())

    @property
    def _places(self) -> dict[str, str]:
        """Why values are refused, by place."""
        if self._refused is None:
            self._refused = refused_at(self._model, self._values)
        return self._refused

    def _made(self) -> Any:
        from cnxlib.ui.form_widget import FormWidget

        box = FormWidget(groups=self._groups())
        box.on_msg(lambda _, told, buffers: self._hear(told))
        return box

    def _groups(self) -> list[dict[str, Any]]:
        titles = dict.fromkeys(field.group for field in self._fields.values())
        ordered = sorted(titles, key=lambda title: (title == EXPERTS, title != ""))  # stable: else as they come
        return [
            {
                "title": title,
                "closed": title == EXPERTS,
                "fields": [self._told(field) for field in self._fields.values() if field.group == title],
            }
            for title in ordered
        ]

    def _told(self, field: Field) -> dict[str, Any]:
        own = tuple((one, one) for one in self.choices_of(field.name)) if field.name in self._choices else ()
        return {**told(field), **({"kind": "choice", "choices": own} if own else {})}

    def _hear(self, message: Mapping[str, Any]) -> None:
        """What the browser says: a value that was typed, the button, or what others listen to."""
        kind, name = message.get("kind"), str(message.get("name", ""))
        if kind == "typed" and name in self._fields:
            self._heard = message.get("mark")
            self.enter(name, read(self._fields[name], message.get("value")))
        elif kind == "submit":
            self.submit()
        elif kind in self._hooks:
            self._hooks[kind](message)

    def _show(self) -> None:
        if self._box is None:
            return
        places, messages = self._places, self.messages
        own = {place: text for place, text in places.items() if place.partition(".")[0] in self._fields}
        own.update({name: text for name, text in self._troubles.items() if text})
        self._box.state = {
            "values": {
                name: shown(field, self._values[name], name in messages) for name, field in self._fields.items()
            },
            "messages": own,
            "rest": self._rest(messages),
            "origins": {name: text for name, text in self._origins.items() if text},
            "hidden": sorted(self.hidden),
            "busy": self._busy,
            "submits": self._submits,
            "reason": self.reason,
            "refused": bool(messages),
            "heard": self._heard,
        }
