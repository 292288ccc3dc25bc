"""The control door `/_sim/...`: statistics, orgs, snapshots, faults. Its own requests are not counted."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from .calls import parse_json
from .errors import ApiError
from .faults import Faults
from .gate import BODY
from .inventory import Inventory, describe
from .org import Org
from .orgs import Orgs
from .scenarios import loader
from .scenarios.seed import Seeder
from .stats import Stats

_ALIAS = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,39}")


@dataclass(frozen=True)
class Simulation:
    """A running process: its orgs, how to log in to them, what it wrote for its clients, what it counted."""

    orgs: Orgs
    seeder: Seeder
    inventory: Inventory
    stats: Stats
    faults: Faults

    def add(self, *wanted: tuple[str, str]) -> list[Org]:
        """Make orgs of these aliases and scenarios (or take them over from the state file), and write the inventory.

        Raises:
            ValueError: the alias is malformed or in use, or there is no such scenario.
        """
        made = [self._add(alias, scenario) for alias, scenario in wanted]
        self.inventory.write()
        return made

    def _add(self, alias: str, scenario: str) -> Org:
        if not _ALIAS.fullmatch(alias):
            raise ValueError(f"not an alias: {alias} (letters, digits, - and _, at most 40)")
        kept = self.inventory.kept(alias, loader.login_username(scenario, alias))
        org = self.orgs.add(alias, scenario)
        if loader.load(scenario, alias).connected_apps:
            org.open()  # consumer keys are unique over all orgs, and found in those that are open
        self.seeder.adopt(org, kept)
        self.inventory.add(org, self.seeder.login(org))
        return org


def routes() -> list[Route]:
    """The door's addresses (contract of the simulated org)."""
    return [
        Route("/_sim/stats", stats, methods=["GET"]),
        Route("/_sim/stats/reset", reset_stats, methods=["POST"]),
        Route("/_sim/orgs", add_org, methods=["POST"]),
        Route("/_sim/orgs/{alias}/reset", reset_org, methods=["POST"]),
        Route("/_sim/orgs/{alias}/snapshot", snapshot, methods=["GET"]),
        Route("/_sim/orgs/{alias}/faults", faults, methods=["GET", "PUT"]),
    ]


def stats(request: Request) -> Response:
    """Requests and writes, in all and per org."""
    simulation = _simulation(request)
    return JSONResponse(simulation.stats.as_json(org.alias for org in simulation.orgs))


def reset_stats(request: Request) -> Response:
    """Count from zero."""
    _simulation(request).stats.reset()
    return JSONResponse({})


def add_org(request: Request) -> Response:
    """Make an org: `{"alias", "scenario"}`; answers what the ready line says of an org."""
    simulation = _simulation(request)
    try:
        (org,) = simulation.add(_wanted(parse_json(request.scope[BODY])))
    except ValueError as error:
        raise ApiError("INVALID_INPUT", f"an org cannot be made: {error}") from error
    return JSONResponse(describe(org, simulation.seeder.login(org)), 201)


def _wanted(body: Any) -> tuple[str, str]:
    """Alias and scenario of an org to be made.

    Raises:
        ValueError: they are not told as text.
    """
    alias, scenario = (body.get("alias"), body.get("scenario", "fresh")) if isinstance(body, dict) else (None, None)
    if not isinstance(alias, str) or not isinstance(scenario, str):
        raise ValueError("an object with the texts alias and scenario is expected")
    return alias, scenario


def reset_org(request: Request) -> Response:
    """Put an org back to its scenario; its password, token and session stay good."""
    org = _org(request)
    org.reset()
    return JSONResponse(describe(org, _simulation(request).seeder.login(org)))


def snapshot(request: Request) -> Response:
    """An org's whole state as canonical JSON: keys sorted, nothing secret."""
    content = json.dumps(_org(request).snapshot(), sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return Response(content.encode(), media_type="application/json")


def faults(request: Request) -> Response:
    """The org's faults and how often each struck; PUT replaces them by the list sent."""
    org, ordered = _org(request), _simulation(request).faults
    if request.method == "PUT":
        try:
            ordered.order(org.alias, parse_json(request.scope[BODY]))
        except ValueError as error:
            raise ApiError("INVALID_INPUT", str(error)) from error
    return JSONResponse(ordered.as_json(org.alias))


def _simulation(request: Request) -> Simulation:
    simulation: Simulation = request.app.state.simulation
    return simulation


def _org(request: Request) -> Org:
    alias: Any = request.path_params["alias"]
    org = _simulation(request).orgs.get(alias)
    if org is None:
        raise ApiError("NOT_FOUND", f"there is no org {alias}", status=404)
    return org
