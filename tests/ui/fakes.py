"""A phase about lamps, and an org that holds them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pydantic import Field

from cnxlib.changes import Change, Item
from cnxlib.engine import Done
from cnxlib.errors import CnxError, NotPermitted, NotYet
from cnxlib.model import Check, Document, ManualStep, Observation
from cnxlib.phases.base import Phase, PhaseParams
from cnxlib.salesforce import Identity

ORG_ID = "00D5x000000LampEAK"


def identity(org_type: str = "sandbox") -> Identity:
    return Identity(
        ORG_ID,
        "Acme",
        org_type,
        "0055x",
        "ann@acme.example",
        "ann@acme.example",
        "https://acme.my.salesforce.com",
        "66.0",
    )


@dataclass
class FakeOrg:
    """Holds lamps; answers ("read",) and ("switch", name, on)."""

    lamps: dict[str, bool]
    identity: Identity = field(default_factory=identity)
    alias: str = "acme"
    simulated: bool = True
    api_calls: int = 2
    server_time: str = "2026-11-23T20:00:00+00:00"
    host: str = "acme.my.salesforce.com"
    certificate: str = "c0ffee"
    closed: bool = False
    refuses: tuple[str, ...] = ()
    breaks: BaseException | None = None
    writes: list[str] = field(default_factory=list)

    def send(self, requests: Sequence[Any]) -> list[Any]:
        if self.breaks is not None:
            raise self.breaks
        self.api_calls += 1
        return [self._answer(request) for request in requests]

    def _answer(self, request: Any) -> Any:
        if request == ("read",):
            return dict(self.lamps)
        _, name, on = request
        self.writes.append(name)
        if name in self.refuses:
            return NotPermitted(f"{name} may not be switched", code="INSUFFICIENT_ACCESS")
        self.lamps[name] = on
        return None

    def close(self) -> None:
        self.closed = True


class LampParams(PhaseParams):
    lamps: list[str] = Field(default_factory=lambda: ["hall"], description="lamps that must burn")
    brightness: int = Field(3, ge=1, le=9, description="how bright")
    dark: bool = Field(False, description="whether no lamp is wanted")
    wired: bool = Field(True, description="whether the house is wired")


class Lamps:
    batch = 10

    def __init__(self, names: Sequence[str]) -> None:
        self._names = names

    def observe(self) -> Any:
        (lamps,) = yield [("read",)]
        items = tuple(
            Item("lamp", name, {"on": lamps.get(name, False)}, {"on": True}, ("G1.1",)) for name in self._names
        )
        broken = tuple(
            ManualStep(name, ("G1.2",), f"Buy a bulb for {name}") for name in self._names if name == "cellar"
        )
        return Observation(items, broken, documents=(Document("letter.txt", "Dear lamp"),))

    def apply(self, changes: Sequence[Change], ids: Mapping[str, str]) -> Any:
        done = []
        for change in changes:
            try:
                yield [("switch", change.key, True)]
                done.append(Done())
            except CnxError as error:
                done.append(Done(error=error))
        return done


def _checks(params: LampParams, me: Identity) -> Sequence[Any]:
    def wired() -> Any:
        yield from ()
        if params.brightness == 9:
            raise NotYet("The mains come first", phase="01_mains")
        return Check("wired", params.wired, detail="no wires" if not params.wired else "", hint="Call an electrician.")

    return (wired,)


LAMPS: Phase[LampParams] = Phase(
    id="02_lamps",
    title="Lamps",
    params=LampParams,
    checks=_checks,
    resources=lambda params, me: (Lamps(params.lamps),),
    guide=("G1.1", "G1.2"),
    not_needed=lambda params: "no lamp is wanted" if params.dark else "",
)
