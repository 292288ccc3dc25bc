"""The canary: secrets of every kind in a complete run that lets them out in every way. Nothing of them stays behind."""

from __future__ import annotations

import json
import os
import subprocess
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import pyrage
import pytest
import yaml

from cnxlib.inventory import inventory_path
from cnxlib.records.unpacking import unpacked
from cnxlib.secrets.redaction import Redactor
from cnxlib.secrets.store import SecretStore
from tests.processes import CNX

LEAKS = Path(__file__).parent / "canary"
PASSPHRASE = "correct-Horse&battery"
TOKEN = "tK7wQ2zR9xV4bN6mC8pL3sDf"
CONEXIOM = pyrage.x25519.Identity.generate()
"""Whom the credentials are sealed to."""


class Sim(Protocol):
    """The simulated orgs (tests/conftest.py)."""

    def control(self, method: str, path: str, body: Any = None) -> Any: ...
    def new_org(self, scenario: str = "fresh") -> str: ...


@dataclass
class Place:
    """A computer of its own: home, temporary files, records. Only `exempt` may hold secrets."""

    root: Path
    said: list[bytes] = field(default_factory=list)
    arguments: set[bytes] = field(default_factory=set)

    @property
    def exempt(self) -> Path:
        return self.root.with_name(f"{self.root.name}-exempt")

    def environment(self, more: Mapping[str, str]) -> dict[str, str]:
        folders = {name: self.root / name.lower() for name in ("HOME", "TMPDIR", "CNX_RUNS", "CWD")}
        for folder in (*folders.values(), self.exempt):
            folder.mkdir(parents=True, exist_ok=True)
        foreign = ("XDG_", "JUPYTER", "IPYTHON", "PYTEST", "MPL")
        inherited = {name: value for name, value in os.environ.items() if not name.startswith(foreign)}
        return {
            **inherited,
            **{name: str(folder) for name, folder in folders.items()},
            "CNX_SECRETS": str(self.exempt / "store"),
            "CNX_SECRETS_PROTECTION": "passphrase",
            "CNX_SECRETS_PASSPHRASE_REF": "env:CANARY_PASSPHRASE",
            "CANARY_PASSPHRASE": PASSPHRASE,
            "CANARY": str(self.exempt / "touched"),
            "PYTHONPATH": os.pathsep.join([str(LEAKS), str(Path(__file__).parents[1])]),
            **more,
        }

    def run(self, *arguments: str, **more: str) -> int:
        with self._watched():
            ended = subprocess.run(
                [*CNX, *arguments],
                env=self.environment(more),
                cwd=self.root / "cwd",
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=280,
                check=False,
            )
        self.said += [ended.stdout, ended.stderr]
        return ended.returncode

    @contextmanager
    def _watched(self) -> Iterator[None]:
        """Note the arguments of all processes meanwhile (Linux): anybody on the machine may read them."""
        over = threading.Event()

        def look() -> None:
            while not over.wait(0.05):
                for process in Path("/proc").glob("[0-9]*/cmdline"):
                    with suppress(OSError):
                        self.arguments.add(process.read_bytes())

        self.environment({})
        thread = threading.Thread(target=look)
        thread.start()
        try:
            yield
        finally:
            over.set()
            thread.join()

    def touched(self) -> set[str]:
        """All that the product's processes have touched."""
        return {json.loads(line) for line in (self.exempt / "touched").read_text(encoding="utf-8").splitlines()}

    def holders(self, value: str) -> list[str]:
        """Where a value is found, in whatever form."""
        redactor = Redactor([value])
        files = [path for path in self.root.rglob("*") if path.is_file() and not path.is_symlink()]
        found = [str(path) for path in files if any(map(redactor.find, unpacked(path.read_bytes())))]
        found += ["the terminal"] * any(map(redactor.find, self.said))
        return found + ["a process's arguments"] * any(map(redactor.find, self.arguments))


@pytest.fixture
def kinds(monkeypatch: pytest.MonkeyPatch) -> Callable[[Place, str], dict[str, str]]:
    """The secrets by their kinds, as who has a right to them knows them: the org's admin and the owner of the store."""

    def known(place: Place, alias: str) -> dict[str, str]:
        for name, value in place.environment({}).items():
            if name.startswith(("CNX_SECRETS", "CANARY_PASS")):
                monkeypatch.setenv(name, value)
        monkeypatch.delenv("CNX_SECRETS_UNLOCKED", raising=False)
        store = SecretStore()
        held = {name.rpartition("/")[2]: store.get(name) for name in store.names()}
        login = yaml.safe_load(inventory_path().read_text(encoding="utf-8"))["orgs"][alias]["login"]
        references = {name: Path(value[5:]) for name, value in login.items() if str(value).startswith("file:")}
        return {
            **{f"login: {name}": path.read_text(encoding="utf-8") for name, path in references.items()},
            **{f"store: {name}": value for name, value in held.items()},
            "passphrase": PASSPHRASE,
            "security token": TOKEN,
            "identity": os.environ["CNX_SECRETS_UNLOCKED"].partition(":")[2],
        }

    return known


def complete_run(place: Place, sim: Sim, scenario: str, **more: str) -> str:
    """A run that fails in the middle, in several ways, and one that is completed."""
    alias = sim.new_org(scenario)
    faults = [
        {"kind": "session_expired", "match": {"method": "GET", "path": ""}, "after": 30, "times": 1},
        {"kind": "lock_row", "match": {"method": "POST", "path": ""}, "after": 3, "times": 1},
    ]
    sim.control("PUT", f"orgs/{alias}/faults", faults if scenario == "fresh" else faults[1:])
    place.environment({})
    (place.exempt / "token").write_text(TOKEN, encoding="utf-8")
    params = {
        "credentials": "sealed",
        "recipient_key": str(CONEXIOM.to_public()),
        "security_token_ref": f"file:{place.exempt / 'token'}",
    }
    sealed = [part for name, value in params.items() for part in ("-p", f"{name}={value}")]
    assert place.run("apply", "--org", alias, *sealed, "--json", CANARY_FAIL="1", **more) == 1
    assert b"RuntimeError" in b"".join(place.said)
    place.run("apply", "--org", alias, *sealed, **more)
    return alias


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.skipif(not Path("/proc/self/cmdline").exists(), reason="reads arguments as Linux shows them")
@pytest.mark.parametrize("scenario", ["fresh", "modern"])
def test_no_secret_stays_behind(
    scenario: str, sim: Sim, tmp_path: Path, kinds: Callable[[Place, str], dict[str, str]]
) -> None:
    place = Place(tmp_path / "computer")
    alias = complete_run(place, sim, scenario)
    known = kinds(place, alias)
    assert {"passphrase", "identity"} < known.keys()
    assert {"login: password", "login: security_token", "login: session"} & known.keys()
    assert {"store: password"} <= known.keys()
    values = {**known, **{f"touched {number}": value for number, value in enumerate(place.touched())}}
    assert {name: places for name, value in values.items() if (places := place.holders(value))} == {}
    assert b"[secret]" in b"".join(place.said)
    if scenario == "fresh":  # the other one lets nobody make a connected app, so there is not all to be sealed
        (sealed,) = max(place.root.glob("cnx_runs/*/*/run.json")).parent.glob("credentials-*.age")
        opened = pyrage.decrypt(sealed.read_bytes(), [CONEXIOM]).decode()
        assert all(known[f"store: {name}"] in opened for name in ("password", "consumer_key", "consumer_secret"))
        assert TOKEN in opened
    failed = min(place.root.glob("cnx_runs/*/*/run.json"))
    told = json.loads(failed.read_text(encoding="utf-8"))["error"]
    assert told["type"] == "SecretFound"
    assert "01_install_package.png" in told["message"]
    assert "01_install_package.ipynb" in told["message"]


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.skipif(not Path("/proc/self/cmdline").exists(), reason="reads arguments as Linux shows them")
def test_without_redaction_the_same_search_finds_them(
    sim: Sim, tmp_path: Path, kinds: Callable[[Place, str], dict[str, str]]
) -> None:
    place = Place(tmp_path / "computer")
    alias = complete_run(place, sim, "fresh", CANARY_BARE="1")
    values = kinds(place, alias)
    assert [name for name, value in values.items() if not place.holders(value)] == []
