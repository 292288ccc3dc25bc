"""What the code imports is declared in pyproject.toml, and what is declared is locked, for every system, by hash."""

import ast
import re
import sys
import tomllib
from collections import defaultdict
from collections.abc import Iterator
from importlib.metadata import packages_distributions
from pathlib import Path
from typing import Any

import pytest
from packaging.markers import default_environment
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parent.parent
PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
EXTRAS: dict[str, list[str]] = PROJECT["optional-dependencies"]
LOCK = (ROOT / "requirements.lock").read_text(encoding="utf-8")


def names(requirements: list[str]) -> set[str]:
    """The names of the distributions that requirements ask for."""
    return {canonicalize_name(Requirement(line).name) for line in requirements}


def imported(source: str) -> set[str]:
    """The top-level packages that a module imports, here or there in it, of the standard library none."""
    found = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            found.add(node.module.partition(".")[0])
    return found - sys.stdlib_module_names - {"cnxlib"}


@pytest.mark.parametrize(
    ("pattern", "declared"),
    [
        ("cnxlib/**/*.py", [*PROJECT["dependencies"], *EXTRAS["fleet"], *EXTRAS["lab"]]),
        ("cnxlib/simorg/**/*.py", EXTRAS["sim"]),
    ],
    ids=["product", "simulated org"],
)
def test_imports_are_declared(pattern: str, declared: list[str]) -> None:
    simulated = "simorg" in pattern
    distributions = packages_distributions()
    missing = {
        f"{path.relative_to(ROOT).as_posix()} imports {package}"
        for path in ROOT.glob(pattern)
        if ("simorg" in path.parts) == simulated
        for package in imported(path.read_text(encoding="utf-8"))
        if not {canonicalize_name(name) for name in distributions.get(package, [])} & names(declared)
    }
    assert missing == set()


def test_every_folder_of_modules_is_a_package() -> None:
    """What has no __init__.py, import-linter passes over in silence."""
    folders = {path.parent for path in (ROOT / "cnxlib").rglob("*.py")}
    assert [str(folder) for folder in folders if not (folder / "__init__.py").exists()] == []


def locked() -> Iterator[tuple[Requirement, list[str]]]:
    """The requirements of the lock with the hashes of their files."""
    lines = LOCK.replace("\\\n", " ").splitlines()
    for line in lines:
        if line and not line.lstrip().startswith("#"):
            requirement, *options = line.split(" --hash=")
            yield Requirement(requirement), [option.strip() for option in options]


def test_every_version_is_exact_and_every_file_has_its_hash() -> None:
    loose = [
        str(requirement) for requirement, _ in locked() if not re.fullmatch(r"==[^*]+", str(requirement.specifier))
    ]
    assert loose == []
    bare = [
        str(requirement)
        for requirement, hashes in locked()
        if not hashes or not all(re.fullmatch(r"sha256:[0-9a-f]{64}", digest) for digest in hashes)
    ]
    assert bare == []


def test_lock_names_no_place() -> None:
    """Where the files come from is the business of the machine that installs them."""
    assert not re.search(r"://|--(extra-)?index-url|--find-links|(^|\s)/\w", LOCK, re.MULTILINE)


@pytest.mark.parametrize(
    "system", [("linux", "Linux", "posix"), ("darwin", "Darwin", "posix"), ("win32", "Windows", "nt")]
)
@pytest.mark.parametrize("python", ["3.11", "3.12", "3.13", "3.14"])
def test_one_version_satisfies_what_is_declared_on_each_system(python: str, system: tuple[str, str, str]) -> None:
    sys_platform, platform_system, os_name = system
    environment: dict[str, str] = {
        **{name: str(value) for name, value in default_environment().items()},
        "python_version": python,
        "python_full_version": f"{python}.9",
        "sys_platform": sys_platform,
        "platform_system": platform_system,
        "os_name": os_name,
    }
    versions: dict[str, list[str]] = defaultdict(list)
    for requirement, _ in locked():
        if requirement.marker is None or requirement.marker.evaluate(environment):
            versions[canonicalize_name(requirement.name)].append(str(requirement.specifier).removeprefix("=="))
    assert {name: found for name, found in versions.items() if len(found) > 1} == {}
    declared = [*PROJECT["dependencies"], *(line for extra in EXTRAS.values() for line in extra)]
    unmet = [
        line
        for line in declared
        if not any(Requirement(line).specifier.contains(v) for v in versions[canonicalize_name(Requirement(line).name)])
    ]
    assert unmet == []
