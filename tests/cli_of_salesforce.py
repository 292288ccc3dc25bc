"""A stand-in for the Salesforce CLI on the PATH, for tests of what asks it."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

import pytest

FAKE = Path(__file__).parent / "secrets" / "fake_sf.py"


class FakeCli:
    """An `sf` of its own on the PATH, which answers what `holds` says."""

    def __init__(self, folder: Path, patch: pytest.MonkeyPatch) -> None:
        folder.mkdir()
        self.file = folder / "holds.json"
        if sys.platform == "win32":
            (folder / "sf.cmd").write_text(f'@"{sys.executable}" "{FAKE}" %*\n', encoding="ascii")
        else:
            program = folder / "sf"
            program.write_text(f'#!/bin/sh\nexec "{sys.executable}" "{FAKE}" "$@"\n', encoding="ascii")
            program.chmod(0o700)
        patch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")
        patch.setenv("CNX_FAKE_SF", str(self.file))
        self.holds()

    def holds(self, version: str = "new", **more: Any) -> None:
        """From now on it is of that version and holds these orgs (`orgs`), and whatever else the fake knows."""
        self.file.write_text(json.dumps({"version": version, "orgs": {}, **more}), encoding="utf-8")

    def asked(self) -> list[str]:
        """The arguments of each call so far."""
        try:
            return self.file.with_suffix(".asked").read_text(encoding="utf-8").splitlines()
        except FileNotFoundError:
            return []
