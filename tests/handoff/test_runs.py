"""Whole runs of 09 with a real mail server: what goes out, once, and what stays behind."""

from __future__ import annotations

from pathlib import Path

import pyrage
import pytest

from cnxlib.records.unpacking import unpacked
from cnxlib.secrets.redaction import Redactor
from tests.conftest import Sim
from tests.handoff.conftest import PASSWORD, Running
from tests.processes import Ended, cnx

SECRETS = {
    "THE_PASSWORD": "Xk3!vR8#qLm2Wz7p",
    "THE_TOKEN": "aB3dE5fG7hJ9kL1mN2pQ4rS6",
    "THE_KEY": "3MVG9kBt168mdaqLq6yW0dDeFgHiJkLm",
    "THE_SECRET": "5D1C7A9E3F5B2D4C6E8A0B1C2D3E4F50",
}
REFERENCES = {
    "password_ref": "env:THE_PASSWORD",
    "security_token_ref": "env:THE_TOKEN",
    "consumer_key_ref": "env:THE_KEY",
    "consumer_secret_ref": "env:THE_SECRET",
}
SUPPORT = "support@conexiom.example"


@pytest.fixture(autouse=True)
def _secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in SECRETS.items():
        monkeypatch.setenv(name, value)


def apply(alias: str, folder: Path, smtp: Running, **more: str) -> Ended:
    server = smtp.server
    params = {
        "deliver": "smtp",
        "support_email": SUPPORT,
        "smtp_host": server.host,
        "smtp_port": str(server.port),
        "smtp_user": server.user,
        "smtp_ref": server.password,
        **REFERENCES,
        **more,
    }
    given = [part for name, value in params.items() for part in ("-p", f"{name}={value}")]
    return cnx("apply", "--org", alias, "--phase", "09", *given, "--json", cwd=folder)


def stepped(ended: Ended) -> list[tuple[str, str]]:
    (phase,) = ended.json["phases"]
    return [(step["kind"], step["result"]) for step in phase["steps"]]


def left(ended: Ended) -> list[str]:
    (phase,) = ended.json["phases"]
    return [step["step"] for step in phase["manual"] if not step["done_at"]]


def holders(folder: Path) -> list[str]:
    redactor = Redactor([*SECRETS.values(), PASSWORD])
    files = [path for path in (folder / "runs").rglob("*") if path.is_file()]
    assert files
    return [path.name for path in files if any(map(redactor.find, unpacked(path.read_bytes())))]


@pytest.mark.slow
def test_sealed_and_sent_once_with_receipts(sim: Sim, smtp: Running, tmp_path: Path) -> None:
    alias = sim.new_org("converged")
    identity = pyrage.x25519.Identity.generate()
    key = {"recipient_key": str(identity.to_public()), "credentials": "sealed"}
    first = apply(alias, tmp_path, smtp, **key)
    assert (first.code, first.json["status"]) == (3, "waiting"), first.err
    assert stepped(first) == [("sealed_credentials", "done"), ("support_mail", "done")]
    assert left(first) == ["hand_over_credentials", "setup_file"]
    (mail,) = smtp.box.mails
    assert not any(value.encode() in mail for value in SECRETS.values())

    again = apply(alias, tmp_path, smtp, **key)
    assert (again.code, stepped(again)) == (3, [])
    assert len(smtp.box.mails) == 1

    shown = cnx("handoff", "show", "--org", alias, "--json", cwd=tmp_path)
    assert shown.code == 0, shown.err
    by_how = {given["how"]: given for given in shown.json["handed_over"]}
    assert by_how.keys() == {"sealed", "mailed"}
    assert by_how["mailed"]["to"] == SUPPORT
    assert by_how["sealed"]["by"] == f"admin@{alias}.example"
    opened = pyrage.decrypt(Path(by_how["sealed"]["file"]).read_bytes(), [identity]).decode()
    assert all(value in opened for value in SECRETS.values())
    receipts = {path.name for path in Path(first.json["record"]).glob("receipt-*.json")}
    assert receipts == {"receipt-support-request.json", f"receipt-{Path(by_how['sealed']['file']).stem}.json"}

    assert holders(tmp_path) == []
    assert cnx("records", "verify", "--org", alias, cwd=tmp_path).code == 0
    assert sim.writes(alias) == 0


@pytest.mark.slow
def test_after_a_lost_answer_a_person_is_asked(sim: Sim, smtp: Running, tmp_path: Path) -> None:
    alias = sim.new_org("converged")
    smtp.box.then = None
    lost = apply(alias, tmp_path, smtp, credentials="live_call")
    assert (lost.code, stepped(lost)) == (1, [("support_mail", "failed")]), lost.err
    message_id = lost.json["phases"][0]["steps"][0]["id"]

    smtp.box.then = "250 OK"
    asked = apply(alias, tmp_path, smtp, credentials="live_call")
    assert (stepped(asked), left(asked)[0]) == ([], "mail_arrived")
    assert len(smtp.box.mails) == 1

    again = apply(alias, tmp_path, smtp, credentials="live_call", resend=message_id)
    assert stepped(again) == [("support_mail", "done")]
    assert "mail_arrived" not in left(again)
    assert len(smtp.box.mails) == 2


@pytest.mark.slow
def test_credentials_in_the_body_are_in_the_mail_alone(sim: Sim, smtp: Running, tmp_path: Path) -> None:
    alias = sim.new_org("converged")
    sent = apply(alias, tmp_path, smtp, credentials="in_body", confirm_in_body=SUPPORT)
    assert stepped(sent) == [("support_mail", "done")], sent.err
    assert left(sent) == ["setup_file"]
    (mail,) = smtp.box.mails
    assert all(value.encode() in mail for value in SECRETS.values())
    assert "CREDENTIALS IN THE CLEAR" in sent.out
    assert holders(tmp_path) == []


@pytest.mark.slow
def test_rotation_once_for_an_occasion(sim: Sim, tmp_path: Path) -> None:
    alias = sim.new_org("converged")
    rotate = ("handoff", "rotate", "--org", alias, "password", "consumer-secret", "--occasion", "CHG-1", "--json")
    first = cnx(*rotate, cwd=tmp_path)
    assert (first.code, stepped(first)) == (3, [("rotation", "done")]), first.err
    assert left(first) == ["rotate_consumer_secret", "hand_over_again"]
    assert sim.writes(alias) == 1
    assert stepped(cnx(*rotate, cwd=tmp_path)) == []
    assert sim.writes(alias) == 1
    shown = cnx("handoff", "show", "--org", alias, cwd=tmp_path)
    assert "password@CHG-1" in shown.out
