"""environment.yml says for conda what pyproject.toml says for pip."""

import tomllib
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parent.parent
PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
ENVIRONMENT: dict[str, Any] = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))


def test_packages_are_those_of_pyproject() -> None:
    extras = PROJECT["optional-dependencies"].values()
    wanted = {*PROJECT["dependencies"], *(requirement for extra in extras for requirement in extra)}
    listed: list[str] = next(entry["pip"] for entry in ENVIRONMENT["dependencies"] if isinstance(entry, dict))
    assert sorted(listed) == sorted(wanted)


def test_python_is_that_of_pyproject() -> None:
    assert f"python{PROJECT['requires-python']}" in ENVIRONMENT["dependencies"]
    assert "pip" in ENVIRONMENT["dependencies"]


def test_name() -> None:
    assert ENVIRONMENT["name"] == "conexiom-runbook"
