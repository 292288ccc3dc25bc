"""The benchmark runs and tells ratios; what they are passes or fails nothing."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

SCRIPT = Path(__file__).with_name("ratios.py")


def test_the_benchmark_tells_a_ratio_of_each_request() -> None:
    command = [sys.executable, str(SCRIPT), "--rounds", "1", "--json"]
    told = json.loads(subprocess.run(command, capture_output=True, text=True, check=True, timeout=120).stdout)
    assert told["requests"].pop("bare endpoint")["ratio"] == 1.0
    assert len(told["requests"]) >= 5
    assert all(row["ms"] > 0 and row["ratio"] > 0 for row in told["requests"].values())
