"""Who is at work on a run is known as long as its process lives, and not a moment longer."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from cnxlib.records import RunRecord
from cnxlib.records.presence import is_present, present

STAYS = """
import sys, time
from cnxlib.records import RunRecord
from cnxlib.records.presence import present
with present(RunRecord.join(sys.argv[1])):
    print("here", flush=True)
    time.sleep(60)
"""


def test_present_as_long_as_it_lasts(tmp_path: Path) -> None:
    record = RunRecord.begin("acme", tmp_path)
    assert not is_present(record.path)
    with present(record), present(RunRecord.join(record.path)):
        assert is_present(record.path)
        assert not is_present(RunRecord.begin("acme", tmp_path).path)
    assert not is_present(record.path)
    assert [path.name for path in record.path.iterdir()] == ["events.jsonl"]


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="needs SIGKILL")
def test_a_killed_process_is_gone(tmp_path: Path) -> None:
    record = RunRecord.begin("acme", tmp_path)
    with subprocess.Popen(
        [sys.executable, "-c", STAYS, str(record.path)], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "here\n"
        assert is_present(record.path)
        os.kill(process.pid, signal.SIGKILL)
    assert not is_present(record.path)
    assert list((record.path.parent / ".present").iterdir()) == []


def test_runs_are_listed_without_it(tmp_path: Path) -> None:
    from cnxlib.records import runs_of

    record = RunRecord.begin("acme", tmp_path)
    with present(record):
        assert runs_of("acme", tmp_path) == [record.path]
