"""A secret store of their own for these tests, and a chain of runs to spoil."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from cnxlib.records.run_record import folder_of
from tests.records.making import ALIAS, sealed

VARIABLES = ("CNX_SIGNING_KEY", "CNX_SIGNING_FINGERPRINT", "CNX_SECRETS_PASSPHRASE_REF")


@pytest.fixture(autouse=True)
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of an empty secret store."""
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("CNX_SECRETS", str(tmp_path / "secrets"))
    monkeypatch.setenv("CNX_SECRETS_PROTECTION", "file")
    return tmp_path / "secrets"


@pytest.fixture(scope="session")
def twenty(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A records root with 20 sealed runs of one org; not to be touched."""
    root = tmp_path_factory.mktemp("twenty")
    with pytest.MonkeyPatch.context() as patch:
        for name in VARIABLES:
            patch.delenv(name, raising=False)
        patch.setenv("CNX_SECRETS", str(root / "secrets"))
        patch.setenv("CNX_SECRETS_PROTECTION", "file")
        order = [sealed(root / "runs", ticket=f"CHG-{number}").run_id for number in range(1, 21)]
    (root / "order.txt").write_text("\n".join(order))
    yield root


@pytest.fixture
def chain(twenty: Path, tmp_path: Path) -> list[Path]:
    """The folders of 20 sealed runs in a root of their own, in the order of their sealing."""
    root = tmp_path / "elsewhere"
    shutil.copytree(twenty / "runs", root)
    return [folder_of(ALIAS, root) / name for name in (twenty / "order.txt").read_text().split()]
