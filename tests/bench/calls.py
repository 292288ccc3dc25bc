"""What the guide costs an org: HTTP requests of each phase, through the runner, as `api_calls` counts them.

    make bench            python tests/bench/calls.py --json

An org's requests of a day are limited, so these figures are part of what the product promises: the README has them.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from typing import Any

SCENARIOS = ("fresh", "converged")


def main(arguments: Sequence[str] | None = None) -> int:
    """Carry out the guide and print what it took."""
    parser = argparse.ArgumentParser(description="HTTP requests of each phase.")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    options = parser.parse_args(arguments)
    found = {scenario: _calls(scenario) for scenario in SCENARIOS}
    if options.json:
        print(json.dumps({"api_calls": found}))
        return 0
    print(f"{'API calls of cnx apply':28}" + "".join(f"{scenario:>12}" for scenario in SCENARIOS))
    for phase in found[SCENARIOS[0]]:
        print(f"{phase:28}" + "".join(f"{found[scenario][phase]:>12}" for scenario in SCENARIOS))
    return 0


def _calls(scenario: str) -> dict[str, int]:
    """Requests by phase, and of all, of a complete apply on a new org."""
    cnx = [sys.executable, "-m", "cnxlib"]
    command = [*cnx, "sim", "run", "--scenario", scenario, "--", *cnx, "apply", "--org", scenario, "--json"]
    with tempfile.TemporaryDirectory() as runs:
        ended = subprocess.run(command, env={**os.environ, "CNX_RUNS": runs}, capture_output=True, text=True)
    if ended.returncode not in (0, 3):
        raise RuntimeError(f"{scenario}: exit code {ended.returncode}\n{ended.stderr}")
    run: dict[str, Any] = json.loads(ended.stdout)
    return {**{phase["phase"]: phase["api_calls"] for phase in run["phases"]}, "all": run["api_calls"]}


if __name__ == "__main__":
    sys.exit(main())
