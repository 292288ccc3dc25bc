"""The benchmarks run and tell what they measured; what that is passes or fails nothing."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).with_name("ratios.py")


def test_the_benchmark_tells_a_ratio_of_each_request() -> None:
    command = [sys.executable, str(SCRIPT), "--rounds", "1", "--json"]
    told = json.loads(subprocess.run(command, capture_output=True, text=True, check=True, timeout=120).stdout)
    assert told["requests"].pop("bare endpoint")["ratio"] == 1.0
    assert len(told["requests"]) >= 5
    assert all(row["ms"] > 0 and row["ratio"] > 0 for row in told["requests"].values())


@pytest.mark.slow
def test_the_guides_requests_are_told_by_phase() -> None:
    command = [sys.executable, str(SCRIPT.with_name("calls.py")), "--json"]
    ended = subprocess.run(command, capture_output=True, text=True, check=True, timeout=280)
    told = json.loads(ended.stdout)["api_calls"]
    for phases in told.values():
        assert phases.pop("all") == sum(phases.values())
        assert len(phases) == 9
        assert min(phases.values()) > 0
    assert sum(told["converged"].values()) < sum(told["fresh"].values())
