"""What a phase notebook is given: the parameters cell, what the inventory holds, and what a person types."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from cnxlib.errors import CnxError, InventoryError, UnknownOrg
from cnxlib.inventory import OrgEntry, find_org, inventory_path, read_inventory
from cnxlib.phases.base import Phase
from cnxlib.phases.saved import defaults, saved_parameters
from cnxlib.salesforce.org import connect
from cnxlib.secrets import SecretStore
from cnxlib.secrets.files import replace_private
from cnxlib.secrets.passphrase import nobody_asked
from cnxlib.secrets.touched import touch
from cnxlib.ui.choices import Choices, Connect
from cnxlib.ui.form import Form
from cnxlib.ui.orgs import first_org


def asks_a_person(namespace: Mapping[str, Any]) -> bool:
    """Whether a person is asked for the parameters: the runner and the other modes take what they are given."""
    return not namespace.get("record") and namespace.get("mode", "plan") == "plan"


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
    connect:
        Logs in to an org, for the choices that the form offers.

    Raises
    ------
    InventoryError, UnknownOrg, ParameterError
        There is no usable inventory, or it holds no such org (headless; else the form asks), or a malformed entry.
    """

    def __init__(
        self,
        phase: Phase[Any],
        namespace: Mapping[str, Any],
        phases: tuple[Phase[Any], ...],
        connect: Connect = connect,
    ) -> None:
        self._phase, self._phases = phase, phases
        self._defaults = defaults(phase)
        self._given = {name: namespace.get(name, default) for name, default in self._defaults.items()}
        self._by_runner = bool(self._given["record"])
        self.interactive = asks_a_person(namespace)
        """Whether a person is asked."""
        if not self._by_runner:
            known = _known() if self.interactive else ()
            self._given["org"] = first_org(str(self._given["org"]), known)
        self.form = self._make_form()
        """The form of the parameters."""
        if self.interactive:
            self._choices = Choices(self.form, lambda: self.alias, connect)
            self.form.on("secret", self._keep_secret)
            self.form.on("file", self._keep_file)

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
    def keepable(self) -> dict[str, Any]:
        """What was typed of the phase's own parameters, is not refused, and serves the next time too."""
        refused, fields = self.form.messages, self.form.fields
        return {
            name: value
            for name, value in self.own({**self.values, **self.typed}).items()
            if name in self.typed and name not in refused and fields[name].keep
        }

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
                self._take_saved(typed["org"])
            self.form.update(typed, typed=True)
            previous._choices.close()

    def _make_form(self) -> Form:
        names = ["org", *self._phase.own_parameters, "ticket"]
        if not self.interactive:
            return Form(self._phase.params, self._resolved(self._given), names, interactive=False)
        orgs = read_inventory()
        try:
            values = self._resolved(self._given)
        except UnknownOrg:
            values = self._given  # the form offers those there are
        origins = self._origins(str(self._given["org"])) if values is not self._given else {}
        form = Form(self._phase.params, values, names, choices={"org": list(orgs)}, origins=origins)
        form.on_change(self._form_changed)
        return form

    def _form_changed(self, name: str) -> None:
        """Another org: what it holds takes the place of what nobody typed."""
        if name == "org":
            self._take_saved(self.typed["org"])
            self._choices.renew()

    def _take_saved(self, alias: str) -> None:
        saved = self._resolved({**self._given, "org": alias})
        fresh = {field: value for field, value in saved.items() if field not in self.typed}
        self.form.update(fresh, origins=self._origins(alias))

    def _origins(self, alias: str) -> dict[str, str]:
        """Where the values come from that are not the defaults, in words."""
        entry = find_org(alias).parameters
        others = {name: other for other, values in entry.items() if other != self._phase.id for name in values}
        origins = {}
        for name in self._phase.own_parameters:
            if self._given[name] != self._defaults[name]:
                origins[name] = "from the parameters cell"
            elif name in entry.get(self._phase.id, {}):
                origins[name] = "kept for this org"
            elif name in others:
                origins[name] = f"from {others[name][:2]}"
        return origins

    def _keep_secret(self, told: Mapping[str, Any]) -> None:
        """What was typed unseen goes to the secret store; its reference becomes the value."""
        name, secret = str(told.get("name", "")), touch(str(told.get("value", "")))
        if name not in self.form.fields or self.form.fields[name].kind != "reference":
            return
        try:
            with nobody_asked():
                reference = SecretStore().put(f"{self.alias}/{name.removesuffix('_ref')}", secret)
        except CnxError as error:
            self.form.trouble(name, f"It was not kept: {error.message}. {error.hint}")
        else:
            self.form.enter(name, reference)

    def _keep_file(self, told: Mapping[str, Any]) -> None:
        """A file that was chosen in the browser goes beside the inventory; its path becomes the value."""
        name, text = str(told.get("name", "")), str(told.get("text", ""))
        if name not in self.form.fields or self.form.fields[name].kind != "file":
            return
        path = inventory_path().resolve().parent / f"{re.sub(r'[^A-Za-z0-9_.-]', '_', self.alias)}-{name}.csv"
        try:
            replace_private(path, text.encode())
        except (CnxError, OSError) as error:
            self.form.trouble(name, f"The file could not be saved as {path}: {error}")
        else:
            self.form.enter(name, str(path))

    def _resolved(self, given: Mapping[str, Any]) -> dict[str, Any]:
        if self._by_runner:
            return dict(given)
        alias = str(given["org"])
        entry: OrgEntry = find_org(alias)
        saved = saved_parameters(self._phase, alias, entry, self._phases)
        return {
            name: saved.get(name, value) if value == self._defaults[name] else value for name, value in given.items()
        }


def _known() -> list[str]:
    """The orgs to choose from; a list that was not begun yet is one without orgs."""
    known = list(read_inventory()) if inventory_path().exists() else []
    if not known:
        raise InventoryError(
            f"There is no org in your list yet ({inventory_path()})", hint="Add one in 00 · Start here, then come back."
        )
    return known
