"""The lease: one writer an org at a time, whatever becomes of the one before."""

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from cnxlib.errors import OrgBusy
from cnxlib.records import RunRecord, lease, read_events

HOLD = """
import sys, time
from cnxlib.records import RunRecord, lease
with lease(RunRecord.join(sys.argv[1])):
    print("held", flush=True)
    time.sleep(60)
"""


def hold_elsewhere(record: RunRecord) -> subprocess.Popen[str]:
    holder = subprocess.Popen([sys.executable, "-c", HOLD, str(record.path)], stdout=subprocess.PIPE, text=True)
    assert holder.stdout is not None
    assert holder.stdout.readline() == "held\n"
    return holder


def test_a_second_run_is_refused_and_told_which_holds_the_org(tmp_path: Path) -> None:
    first, second = RunRecord.begin("acme", tmp_path), RunRecord.begin("acme", tmp_path)
    with hold_elsewhere(first) as holder:
        try:
            with pytest.raises(OrgBusy, match=f"run {first.run_id}, process {holder.pid}"), lease(second, wait_s=0.2):
                pass
        finally:
            holder.kill()
    assert [event["event"] for event in read_events(second.path)] == ["progress"]


def test_a_killed_holder_leaves_no_lease(tmp_path: Path) -> None:
    record = RunRecord.begin("acme", tmp_path)
    with hold_elsewhere(record) as holder:
        os.kill(holder.pid, signal.SIGKILL if os.name == "posix" else signal.SIGTERM)
    with lease(RunRecord.begin("acme", tmp_path), wait_s=5):
        pass


def test_a_waiting_run_goes_on_when_the_org_is_free(tmp_path: Path) -> None:
    first, second = RunRecord.begin("acme", tmp_path), RunRecord.begin("acme", tmp_path)
    order: list[str] = []

    def wait() -> None:
        with lease(second, wait_s=10):
            order.append("second")

    with lease(first):
        waiter = threading.Thread(target=wait)
        waiter.start()
        while not read_events(second.path):
            pass
        order.append("first")
    waiter.join()
    assert order == ["first", "second"]


def test_other_orgs_are_free(tmp_path: Path) -> None:
    with lease(RunRecord.begin("acme", tmp_path)), lease(RunRecord.begin("other", tmp_path), wait_s=0):
        pass


def test_an_error_inside_gives_the_lease_back(tmp_path: Path) -> None:
    record = RunRecord.begin("acme", tmp_path)
    with pytest.raises(ZeroDivisionError), lease(record):
        _ = 1 / 0
    with lease(record, wait_s=0):
        pass
