"""The start notebook: an org of the inventory, and how far each phase is there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import BaseModel, Field

from cnxlib.errors import CnxError, ParameterError, PhaseError
from cnxlib.inventory import find_org, read_inventory
from cnxlib.model import Outcome, Status
from cnxlib.phases import PHASES
from cnxlib.phases.base import Phase
from cnxlib.phases.saved import defaults, saved_parameters
from cnxlib.salesforce.org import Org, connect
from cnxlib.ui.attempt import Connect, engine_for
from cnxlib.ui.display import identity_view, status_badge
from cnxlib.ui.form import Form
from cnxlib.ui.kernel import guard
from cnxlib.ui.orgs import first_org
from cnxlib.ui.view import Badge, Cell, Grid, Link, Note, Part, Small, View

_SETTLED = (Status.CONVERGED, Status.NOT_NEEDED)


class _Choice(BaseModel):
    org: str = Field("demo", min_length=1, description="alias of the org in your inventory")


class Overview:
    """Looks at all phases of one org. Writes nothing, neither to the org nor on record.

    Parameters
    ----------
    namespace:
        The notebook's `globals()`: `org` is read from it.
    phases:
        All phases, in the guide's order.
    connect:
        Logs in to an org.

    Raises
    ------
    InventoryError
        There is no usable inventory.
    """

    def __init__(
        self, namespace: Mapping[str, Any], *, phases: Sequence[Phase[Any]] = PHASES, connect: Connect = connect
    ) -> None:
        guard()
        self._phases, self._connect = tuple(phases), connect
        self._given = {"org": first_org(str(namespace.get("org", "demo")))}
        self._form = Form(_Choice, self._given, ["org"], choices={"org": list(read_inventory())})
        self._org: Org | None = None
        for previous in namespace.values():
            if isinstance(previous, Overview) and previous._given == self._given:
                self._form.update(previous._form.typed, typed=True)

    @property
    def alias(self) -> str:
        """The org that is chosen."""
        return str(self._form.values["org"])

    def choose(self) -> Form:
        """The orgs of the inventory, to choose from."""
        return self._form

    def connect(self) -> View:
        """Log in, and show where.

        Raises
        ------
        UnknownOrg, OrgUnreachable, LoginRefused, SecretError
            There is no such org, no answer, or a no.
        """
        if self._org is not None:
            self._org.close()
        self._org = self._connect(self.alias)
        return identity_view(self._org.identity, alias=self.alias, simulated=self._org.simulated)

    def phases(self) -> View:
        """Read the org phase by phase: the state of each, and what is next."""
        if self._org is None or self._org.alias != self.alias:
            self.connect()
        if self._org is None:
            raise PhaseError("No org is connected", hint="Run the Connect cell first.")
        org = self._org
        outcomes = [survey(phase, self.alias, self._phases, org) for phase in self._phases]
        rows: list[tuple[Cell, ...]] = [
            (
                Link(f"{outcome.phase[:2]} · {outcome.title}", f"{outcome.phase}.ipynb"),
                _badge(outcome),
                _remark(outcome),
            )
            for outcome in outcomes
        ]
        return View(_next(outcomes), Grid(("Phase", "Status", "Remark"), tuple(rows)))


def survey(phase: Phase[Any], alias: str, phases: Sequence[Phase[Any]], org: Org) -> Outcome:
    """How far `phase` is, with the parameters that the inventory holds. Reads only; an error is an outcome."""
    engine = None
    try:
        values = {**defaults(phase), **saved_parameters(phase, alias, find_org(alias), phases), "org": alias}
        params = phase.parse(values)
        reason = phase.not_needed(params)
        if reason:
            return Outcome(phase.id, phase.title, "plan", Status.NOT_NEEDED, reason=reason)
        engine = engine_for(phase, params, org)
        engine.preflight()
        return engine.plan()[1]
    except CnxError as error:
        if engine is not None:
            return engine.failed(error, "plan")
        return Outcome(phase.id, phase.title, "plan", Status.FAILED, reason=error.message, error=error)


def _badge(outcome: Outcome) -> Badge:
    return (
        Badge("needs your input", "warn") if isinstance(outcome.error, ParameterError) else status_badge(outcome.status)
    )


def _remark(outcome: Outcome) -> list[Part]:
    if outcome.status is Status.PENDING:
        count = len(outcome.changes)
        return ["1 change to apply" if count == 1 else f"{count} changes to apply"]
    hint = outcome.error.hint if isinstance(outcome.error, CnxError) else ""
    remarks: list[Part] = [outcome.reason] if outcome.reason else []
    return [*remarks, Small(f"What to do: {hint}")] if hint else remarks


def _next(outcomes: Sequence[Outcome]) -> Note:
    todo = next((outcome for outcome in outcomes if outcome.status not in _SETTLED), None)
    if todo is None:
        return Note("Everything is as the guide asks.", "good")
    where = Link(f"{todo.phase[:2]} · {todo.title}", f"{todo.phase}.ipynb")
    return Note("Next:", "plain", (where,))
