"""What a phase notebook is given: the parameters cell, what the inventory holds, and what a person types."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cnxlib.errors import UnknownOrg
from cnxlib.inventory import OrgEntry, find_org, read_inventory
from cnxlib.phases.base import Phase
from cnxlib.phases.saved import defaults, saved_parameters
from cnxlib.ui.form import Form
from cnxlib.ui.orgs import first_org


class Inputs:
    """The parameters of a phase, and the form that a person gives them by.

    Where the runner began the run, the parameters are taken as given. Without it, a parameter that still has its
    default takes what the inventory holds for the org; and in mode "plan" a person may change it in the form.

    Parameters
    ----------
    phase:
        The notebook's phase.
    namespace:
        The notebook's `globals()`: the parameters are read from it.
    phases:
        All phases: the inventory's entries may name any of them.

    Raises
    ------
    InventoryError, UnknownOrg, ParameterError
        There is no usable inventory, or it holds no such org (headless; else the form asks), or a malformed entry.
    """

    def __init__(self, phase: Phase[Any], namespace: Mapping[str, Any], phases: tuple[Phase[Any], ...]) -> None:
        self._phase, self._phases = phase, phases
        self._defaults = defaults(phase)
        self._given = {name: namespace.get(name, default) for name, default in self._defaults.items()}
        self._by_runner = bool(self._given["record"])
        if not self._by_runner:
            self._given["org"] = first_org(str(self._given["org"]))
        self.interactive = not self._by_runner and self._given["mode"] == "plan"
        """Whether a person is asked: the runner and the other modes take what they are given."""
        self.form = self._make_form()
        """The form of the parameters."""

    @property
    def phase(self) -> Phase[Any]:
        """The phase whose parameters these are."""
        return self._phase

    @property
    def values(self) -> dict[str, Any]:
        """All parameters by name, as they stand now; not checked."""
        return self.form.values

    @property
    def typed(self) -> dict[str, Any]:
        """What a person changed in the form, by name."""
        return self.form.typed

    @property
    def alias(self) -> str:
        """The org's alias, as it stands now."""
        return str(self.values["org"])

    def own(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """Those of `values` that are the phase's own parameters."""
        return {name: values[name] for name in self._phase.own_parameters}

    def differing(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """Those of the phase's own `values` that batch would not take by itself from the org's entry."""
        base = self._resolved({**self._defaults, "org": values["org"]})
        return {name: value for name, value in self.own(values).items() if value != base[name]}

    def carry_over(self, previous: Inputs) -> None:
        """Keep what was typed when the cells are run again, unless the parameters cell says otherwise now."""
        if self.interactive and previous._phase.id == self._phase.id and previous._given == self._given:
            typed = previous.typed
            if "org" in typed:
                self.form.update(self._resolved({**self._given, "org": typed["org"]}))
            self.form.update(typed, typed=True)

    def _make_form(self) -> Form:
        names = ["org", *self._phase.own_parameters, "ticket"]
        if not self.interactive:
            return Form(self._phase.params, self._resolved(self._given), names, interactive=False)
        orgs = read_inventory()
        try:
            values = self._resolved(self._given)
        except UnknownOrg:
            values = self._given  # the form offers those there are
        form = Form(self._phase.params, values, names, choices={"org": list(orgs)})
        form.on_change(self._form_changed)
        return form

    def _form_changed(self, name: str) -> None:
        """Another org: what it holds takes the place of what nobody typed."""
        if name == "org":
            saved = self._resolved({**self._given, "org": self.typed["org"]})
            self.form.update({field: value for field, value in saved.items() if field not in self.typed})

    def _resolved(self, given: Mapping[str, Any]) -> dict[str, Any]:
        if self._by_runner:
            return dict(given)
        alias = str(given["org"])
        entry: OrgEntry = find_org(alias)
        saved = saved_parameters(self._phase, alias, entry, self._phases)
        return {
            name: saved.get(name, value) if value == self._defaults[name] else value for name, value in given.items()
        }
