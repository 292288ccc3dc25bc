"""A form in a real kernel: a secret that is typed into it is in nothing that the kernel says."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from jupyter_client.blocking.client import BlockingKernelClient
from jupyter_client.manager import start_new_kernel

from cnxlib.secrets import resolve

SECRET = "s3cr3t-of-the-server"

MAKE = """
from cnxlib.phases import PHASES, find_phase
from cnxlib.ui.inputs import Inputs
from cnxlib.ui.kernel import guard
guard()
form = Inputs(find_phase("09_support_request"), {"org": "acme"}, PHASES).form
form.on_submit(lambda: None)
form
"""


@pytest.fixture
def kernel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[BlockingKernelClient]:
    login = {"route": "session", "url": "https://acme.my.salesforce.com", "session": "env:TOKEN"}
    (tmp_path / "orgs.yaml").write_text(yaml.safe_dump({"orgs": {"acme": {"login": login}}}))
    monkeypatch.setenv("CNX_ORGS", str(tmp_path / "orgs.yaml"))
    monkeypatch.setenv("CNX_SECRETS", str(tmp_path / "secrets"))
    monkeypatch.setenv("CNX_SECRETS_PROTECTION", "file")
    monkeypatch.delenv("PYTEST_CURRENT_TEST")  # by which ipykernel knows that it is tested
    manager, client = start_new_kernel(kernel_name="python3")
    try:
        yield client
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)


def said(kernel: BlockingKernelClient, to: str) -> list[dict[str, Any]]:
    """All that the kernel publishes until it has answered the message `to`."""
    messages = []
    while True:
        message = kernel.get_iopub_msg(timeout=60)
        messages.append(message)
        ends = message["msg_type"] == "status" and message["content"]["execution_state"] == "idle"
        if ends and message["parent_header"].get("msg_id") == to:
            return messages


@pytest.mark.slow
def test_a_secret_typed_into_a_form_is_in_nothing_that_the_kernel_says(kernel: BlockingKernelClient) -> None:
    shown = said(kernel, kernel.execute(MAKE))
    (bundle,) = [message["content"]["data"] for message in shown if message["msg_type"] == "execute_result"]
    model = bundle["application/vnd.jupyter.widget-view+json"]["model_id"]
    typed = {"kind": "secret", "name": "smtp_ref", "value": SECRET}
    message = kernel.session.msg("comm_msg", {"comm_id": model, "data": {"method": "custom", "content": typed}})
    kernel.shell_channel.send(message)
    answers = said(kernel, message["header"]["msg_id"])
    (state,) = [one["content"]["data"]["state"]["state"] for one in answers if one["msg_type"] == "comm_msg"]
    assert state["values"]["smtp_ref"] == "age:acme/smtp"
    repeated = said(kernel, kernel.execute("form", store_history=True))
    everything = json.dumps([*shown, *answers, *repeated], default=str)
    assert "age:acme/smtp" in everything
    assert SECRET not in everything
    assert resolve("age:acme/smtp") == SECRET
