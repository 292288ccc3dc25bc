"""Sealing: what the statement says, who may sign, one line of runs, and nothing half done."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from securesystemslib.dsse import Envelope as Dsse
from securesystemslib.exceptions import VerificationError
from securesystemslib.signer import SSlibKey

from cnxlib.errors import RecordError, SecretError
from cnxlib.records import RunRecord
from cnxlib.records.chain import verify_org
from cnxlib.records.keys import PublicKey, signing_key, simulated_key_file
from cnxlib.records.presence import present
from cnxlib.records.sealing import seal, seal_cut_off
from cnxlib.records.trust import Trust, trust
from cnxlib.secrets import SecretStore
from tests.records.making import ALIAS, begun, ended, predicate_of, sealed

STATEMENT = "statement.dsse.json"
NOBODY = Trust(frozenset(), "")


def envelope_of(record: RunRecord) -> dict[str, object]:
    value: dict[str, object] = json.loads((record.path / STATEMENT).read_text())
    return value


def private_pem() -> bytes:
    return Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def test_the_statement_says_what_the_events_and_files_are(tmp_path: Path) -> None:
    record = ended(tmp_path, ticket="CHG-9")
    (record.path / "sub").mkdir()
    (record.path / "sub" / "mail & more.eml").write_text("To: a")
    done = seal(record, by="runner", ending="complete")
    statement = json.loads(base64.b64decode(str(envelope_of(record)["payload"])))
    assert (statement["_type"], statement["predicateType"]) == (
        "https://in-toto.io/Statement/v1",
        "urn:conexiom-runbook:run-record:v1",
    )
    files = {path for path in record.path.rglob("*") if path.is_file() and path.name != STATEMENT}
    assert {one["name"]: one["digest"]["sha256"] for one in statement["subject"]} == {
        path.relative_to(record.path).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in files
    }
    said = statement["predicate"]
    assert said.pop("sealed")["by"] == "runner"
    assert said.pop("started_at") <= said.pop("ended_at")
    assert said.pop("scan") == {"tools": {"detect-secrets": version("detect-secrets")}, "hits": []}
    assert said == {
        "run_id": record.run_id,
        "number": 1,
        "previous": None,
        "org": {"alias": ALIAS, "id": "00D000000000001EAA", "name": "Acme", "type": "sandbox"},
        "simulated": True,
        "host": "127.0.0.1",
        "certificate": "ab" * 32,
        "user": "admin@acme.example",
        "mode": "apply",
        "ticket": "CHG-9",
        "phases": {"07_existing_users": {"status": "changed", "digest": "sha256:" + "c" * 64}},
        "status": "changed",
        "ending": "complete",
        "versions": {"cnxlib": "0.1", "python": "3.11"},
        "key": signing_key().public.fingerprint,
    }
    assert done.head == "sha256:" + hashlib.sha256(done.path.read_bytes()).hexdigest()


def test_each_run_names_the_one_before(tmp_path: Path) -> None:
    first, second = sealed(tmp_path), sealed(tmp_path)
    other = sealed(tmp_path, "other")
    head = hashlib.sha256((first.path / STATEMENT).read_bytes()).hexdigest()
    assert predicate_of(second.path)["previous"] == {"run_id": first.run_id, "number": 1, "sha256": head}
    assert predicate_of(other.path)["previous"] is None


def test_the_envelope_passes_securesystemslibs_own_verifier(tmp_path: Path) -> None:
    record = sealed(tmp_path)
    pem = (record.path / "signing-key.pem").read_bytes()
    fingerprint = PublicKey.from_pem(pem).fingerprint
    key = SSlibKey.from_crypto(PublicKey.from_pem(pem).key, fingerprint)
    envelope = Dsse.from_dict(envelope_of(record))
    assert list(envelope.verify([key], 1)) == [fingerprint]
    envelope.payload += b" "
    with pytest.raises(VerificationError):
        envelope.verify([key], 1)


@pytest.mark.skipif(shutil.which("openssl") is None, reason="needs the openssl command")
def test_the_raw_signature_passes_openssl(tmp_path: Path) -> None:
    record = sealed(tmp_path / "runs")
    envelope = json.loads((record.path / STATEMENT).read_text())
    payload, kind = base64.b64decode(envelope["payload"]), envelope["payloadType"]
    # DSSE's pre-authentication encoding, from its specification
    (tmp_path / "pae").write_bytes(b"DSSEv1 %d %s %d " % (len(kind), kind.encode(), len(payload)) + payload)
    (tmp_path / "sig").write_bytes(base64.b64decode(envelope["signatures"][0]["sig"]))
    command = ["openssl", "pkeyutl", "-verify", "-pubin", "-rawin", "-inkey", str(record.path / "signing-key.pem")]
    command += ["-sigfile", str(tmp_path / "sig"), "-in", str(tmp_path / "pae")]
    good = subprocess.run(command, capture_output=True, text=True, check=False)
    if "unknown option" in good.stderr.lower():
        pytest.skip("this openssl cannot verify Ed25519")
    assert (good.returncode, "Verified Successfully" in good.stdout) == (0, True), good.stderr
    (tmp_path / "pae").write_bytes((tmp_path / "pae").read_bytes() + b" ")
    assert subprocess.run(command, capture_output=True, check=False).returncode != 0
    der = subprocess.run(
        ["openssl", "pkey", "-pubin", "-in", str(record.path / "signing-key.pem"), "-outform", "DER"],
        capture_output=True,
        check=True,
    ).stdout
    assert hashlib.sha256(der).hexdigest() == envelope["signatures"][0]["keyid"]


def test_the_key_is_made_once_and_stays_in_the_store(store: Path, tmp_path: Path) -> None:
    assert trust().fingerprints == frozenset()
    assert not store.exists()  # to look at records makes none
    first = signing_key().public.fingerprint
    assert signing_key().public.fingerprint == first
    assert SecretStore().names() == ["signing-key"]
    record = sealed(tmp_path / "runs")
    private = SecretStore().get("signing-key").splitlines()[1].encode()
    assert all(private not in path.read_bytes() for path in record.path.rglob("*") if path.is_file())
    assert trust().fingerprints == {first}


def test_many_at_once_make_one_key(store: Path) -> None:
    code = "from cnxlib.records.keys import signing_key; print(signing_key().public.fingerprint)"
    made = [subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) for _ in range(4)]
    assert len({process.communicate(timeout=60)[0] for process in made}) == 1


def test_a_key_by_reference_signs_and_the_store_is_not_asked(
    store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "key.pem").write_bytes(private_pem())
    monkeypatch.setenv("CNX_SIGNING_KEY", f"file:{tmp_path / 'key.pem'}")
    record = sealed(tmp_path / "runs")
    assert predicate_of(record.path)["key"] == signing_key().public.fingerprint
    assert not store.exists()


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"no key at all", "no private key"),
        (
            generate_private_key(65537, 2048).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()),
            "no Ed25519 key",
        ),
    ],
)
def test_what_is_no_key_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: bytes, why: str) -> None:
    (tmp_path / "key.pem").write_bytes(content)
    monkeypatch.setenv("CNX_SIGNING_KEY", f"file:{tmp_path / 'key.pem'}")
    with pytest.raises(SecretError, match=why):
        signing_key()


def test_a_pinned_key_alone_may_sign(store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CNX_SIGNING_FINGERPRINT", "sha256:" + "0" * 64)
    record = ended(tmp_path / "runs")
    with pytest.raises(RecordError, match="there is none here yet"):
        seal(record, by="runner", ending="complete")
    assert not store.exists()
    monkeypatch.delenv("CNX_SIGNING_FINGERPRINT")
    own = signing_key().public.fingerprint
    monkeypatch.setenv("CNX_SIGNING_FINGERPRINT", "sha256:" + "0" * 64)
    with pytest.raises(RecordError, match=own):
        seal(record, by="runner", ending="complete")
    assert not (record.path / STATEMENT).exists()
    monkeypatch.setenv("CNX_SIGNING_FINGERPRINT", f"sha256:{'0' * 64}, {own.upper()}")
    seal(record, by="runner", ending="complete")
    monkeypatch.setenv("CNX_SIGNING_FINGERPRINT", "abc")
    with pytest.raises(RecordError, match="CNX_SIGNING_FINGERPRINT: 'abc' is no SHA-256"):
        signing_key()


def test_a_sealed_run_is_not_sealed_again(tmp_path: Path) -> None:
    record = sealed(tmp_path)
    before = (record.path / STATEMENT).read_bytes()
    with pytest.raises(RecordError, match="sealed already"):
        seal(record, by="person", ending="complete")
    assert (record.path / STATEMENT).read_bytes() == before


def _link(path: Path) -> None:
    (path / "link").symlink_to("run.json")


def _pipe(path: Path) -> None:
    os.mkfifo(path / "pipe")


def _no_name(path: Path) -> None:
    Path(os.fsdecode(bytes(path) + b"/\xff")).touch()


@pytest.mark.skipif(os.name != "posix", reason="makes files that Windows has none of")
@pytest.mark.parametrize(
    ("make", "why"), [(_link, "symbolic link"), (_pipe, "no regular file"), (_no_name, "no Unicode")]
)
def test_what_cannot_be_vouched_for_is_named(tmp_path: Path, make: Callable[[Path], None], why: str) -> None:
    record = ended(tmp_path)
    try:
        make(record.path)
    except OSError:
        pytest.skip("this file system has no such names")
    with pytest.raises(RecordError, match=why):
        seal(record, by="runner", ending="complete")
    assert not (record.path / STATEMENT).exists()


def test_events_of_another_run_are_not_vouched_for(tmp_path: Path) -> None:
    copied = tmp_path / "acme" / "20300101T000000Z-0000"
    shutil.copytree(ended(tmp_path, "acme").path, copied)
    with pytest.raises(RecordError, match="that of another run: line 1 says run_id"):
        seal(RunRecord.join(copied), by="person", ending="complete")


LIMITED = """
import resource, sys
from cnxlib.errors import RecordError
from cnxlib.records import RunRecord
from cnxlib.records.keys import signing_key
from cnxlib.records.sealing import seal
record = RunRecord.join(sys.argv[1])
signing_key()
resource.setrlimit(resource.RLIMIT_FSIZE, (400, 400))  # the public key is smaller, a statement larger
try:
    seal(record, by="runner", ending="complete")
except RecordError as error:
    print(error)
"""


@pytest.mark.skipif(os.name != "posix", reason="limits the size of files as POSIX does")
def test_a_statement_that_cannot_be_written_whole_is_not_there(tmp_path: Path) -> None:
    record = ended(tmp_path / "runs")
    done = subprocess.run([sys.executable, "-c", LIMITED, str(record.path)], capture_output=True, text=True, check=True)
    assert "cannot be sealed: File too large" in done.stdout
    assert f"cnx records seal {record.run_id}" in done.stdout
    assert not (record.path / STATEMENT).exists()
    assert not list(record.path.parent.glob(".*.new"))
    seal(record, by="person", ending="complete")
    assert verify_org(record.path.parent, NOBODY).findings == ()


@pytest.mark.skipif(os.name != "posix" or os.geteuid() != 0, reason="only root may mount a small disk")
def test_a_full_disk_leaves_the_run_unsealed_and_says_so(tmp_path: Path) -> None:
    signing_key()
    (tmp_path / "small").mkdir()
    mount = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(tmp_path / "small")], check=False)
    if mount.returncode:
        pytest.skip("nothing can be mounted here")
    try:
        record = ended(tmp_path / "small")
        with pytest.raises(OSError, match="No space"), (record.path / "filling").open("wb", buffering=0) as file:
            while True:
                file.write(b"x" * 1024)
        with pytest.raises(RecordError, match="No space left"):
            seal(record, by="runner", ending="complete")
        assert not (record.path / STATEMENT).exists()
    finally:
        subprocess.run(["umount", str(tmp_path / "small")], check=True)


def test_runs_that_end_at_once_are_one_line(tmp_path: Path) -> None:
    records = [ended(tmp_path) for _ in range(8)]
    signing_key()
    code = (
        "import sys; from cnxlib.records import RunRecord; from cnxlib.records.sealing import seal\n"
        "for path in sys.argv[1:]: seal(RunRecord.join(path), by='runner', ending='complete')"
    )
    halves = [[str(record.path) for record in records[start::2]] for start in (0, 1)]
    at_work = [subprocess.Popen([sys.executable, "-c", code, *half]) for half in halves]
    assert [process.wait(timeout=120) for process in at_work] == [0, 0]
    more = [ended(tmp_path) for _ in range(4)]
    threads = [
        threading.Thread(target=seal, args=(one,), kwargs={"by": "runner", "ending": "complete"}) for one in more
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    verdict = verify_org(records[0].path.parent, NOBODY)
    assert verdict.findings == ()
    assert verdict.through
    assert verdict.through.number == 12


def test_the_line_goes_on_where_the_note_of_the_last_seal_is_gone_or_late(tmp_path: Path) -> None:
    first = sealed(tmp_path)
    note = first.path.parent / ".head.json"
    late = note.read_bytes()
    sealed(tmp_path)
    note.write_bytes(late)  # as when the machine stopped between statement and note
    sealed(tmp_path)
    note.unlink()
    sealed(tmp_path)
    note.write_text("{")
    last = sealed(tmp_path)
    assert predicate_of(last.path)["number"] == 5
    assert verify_org(first.path.parent, NOBODY).findings == ()


def test_an_altered_predecessor_holds_up_nobody_and_shows(tmp_path: Path) -> None:
    first = sealed(tmp_path)
    (first.path / STATEMENT).write_text("{}")
    second = sealed(tmp_path)
    assert predicate_of(second.path)["number"] == 2
    (finding,) = verify_org(first.path.parent, NOBODY).findings
    assert (finding.kind, finding.run, finding.file) == ("altered", first.run_id, STATEMENT)


def test_a_forged_run_with_a_high_number_draws_no_line_to_itself(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, store: Path
) -> None:
    sealed(tmp_path / "runs", "acme")
    monkeypatch.setenv("CNX_SECRETS", str(tmp_path / "attacker"))
    for _ in range(3):
        forged = sealed(tmp_path / "elsewhere", "acme")
    shutil.copytree(forged.path, tmp_path / "runs" / "acme" / forged.run_id)
    monkeypatch.setenv("CNX_SECRETS", str(store))
    (tmp_path / "runs" / "acme" / ".head.json").unlink()
    assert predicate_of(sealed(tmp_path / "runs", "acme").path)["number"] == 2


def test_a_forged_note_of_the_last_seal_is_told_in_a_moment(tmp_path: Path) -> None:
    folder = sealed(tmp_path).path.parent
    forged = {"run_id": "20261124T000000Z-ffff", "number": 10**12, "sha256": "0" * 64}
    (folder / ".head.json").write_text(json.dumps(forged))
    after = sealed(tmp_path)
    verdict = verify_org(folder, NOBODY)
    assert verdict.through
    assert verdict.through.number == 1
    assert ("missing", "20261124T000000Z-ffff", 10**12) in [(one.kind, one.run, one.number) for one in verdict.findings]
    assert any(one.detail.endswith("has a number from 102 to 999999999999") for one in verdict.findings)
    assert len(verdict.findings) < 200
    assert predicate_of(after.path)["number"] == 10**12 + 1


def test_cut_off_runs_are_sealed_as_interrupted_by_the_next(tmp_path: Path) -> None:
    cut_off = begun(tmp_path)
    done = sealed(tmp_path)
    by_itself = RunRecord.begin(ALIAS, tmp_path)  # a notebook that no runner began: a person's to seal
    by_itself.event("phase-started", {}, phase="07_existing_users")
    at_work = begun(tmp_path)
    with present(at_work):
        assert seal_cut_off(ALIAS, tmp_path) == [cut_off.run_id]
    said = predicate_of(cut_off.path)
    assert (said["ending"], said["status"], said["number"]) == ("interrupted", "failed", 2)
    assert said["phases"] == {"07_existing_users": {"status": None, "digest": "sha256:" + "c" * 64}}
    assert said["sealed"]["by"] == "next-run"  # type: ignore[index]
    assert seal_cut_off(ALIAS, tmp_path) == [at_work.run_id]
    verdict = verify_org(done.path.parent, NOBODY)
    assert [(finding.kind, finding.run) for finding in verdict.findings] == [("unsealed", by_itself.run_id)]


@pytest.mark.parametrize("ended", [True, False])
def test_a_plan_that_was_read_in_a_notebook_by_itself_is_sealed_by_the_next(tmp_path: Path, ended: bool) -> None:
    read = RunRecord.begin(ALIAS, tmp_path)
    read.event("phase-started", {"versions": {"python": "3.11"}}, phase="03_connected_app", mode="plan")
    if ended:
        read.event("phase-ended", {"status": "pending", "digest": ""}, phase="03_connected_app", mode="plan")
    assert seal_cut_off(ALIAS, tmp_path) == [read.run_id]
    said = predicate_of(read.path)
    assert said["ending"] == ("complete" if ended else "interrupted")
    assert said["sealed"]["by"] == "next-run"  # type: ignore[index]
    assert said["versions"] == {"python": "3.11"}


def test_what_no_key_can_be_had_for_holds_up_the_next_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cut_off = begun(tmp_path)
    monkeypatch.setenv("CNX_SIGNING_KEY", "env:NOT_SET_HERE")
    with pytest.raises(SecretError, match="NOT_SET_HERE"):
        seal_cut_off(ALIAS, tmp_path)
    assert not (cut_off.path / STATEMENT).exists()


def test_a_secret_that_a_cut_off_run_left_is_taken_out_and_written_down(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The run's process is gone and with it what it knew; the references among its parameters still lead there."""
    monkeypatch.setenv("INSTALL_KEY", "a-key-that-no-rule-knows")
    record = RunRecord.begin(ALIAS, tmp_path)
    parameters = {"01_install_package": {"installation_key_ref": "env:INSTALL_KEY"}}
    record.event("run-started", {"phases": ["01_install_package"], "parameters": parameters}, mode="apply")
    record.event("progress", {"message": "sent a-key-that-no-rule-knows"}, phase="01_install_package")
    assert seal_cut_off(ALIAS, tmp_path) == [record.run_id]
    assert all(b"no-rule-knows" not in path.read_bytes() for path in record.path.iterdir())
    (hit,) = predicate_of(record.path)["scan"]["hits"]  # type: ignore[index]
    assert (hit["file"], hit["kind"]) == ("events.jsonl", "registered")
    assert verify_org(record.path.parent, NOBODY).findings == ()


def test_a_copied_run_without_its_statement_is_not_sealed_by_the_next(tmp_path: Path) -> None:
    record = begun(tmp_path)
    copied = record.path.with_name("20300101T000000Z-0000")
    shutil.copytree(record.path, copied)
    assert seal_cut_off(ALIAS, tmp_path) == [record.run_id]
    assert not (copied / STATEMENT).exists()


def test_a_record_with_large_files_is_hashed_in_parts(tmp_path: Path) -> None:
    import tracemalloc

    record = ended(tmp_path)
    with (record.path / "large.bin").open("wb") as file:
        file.truncate(64 * 1024 * 1024)
    tracemalloc.start()
    seal(record, by="runner", ending="complete")
    assert verify_org(record.path.parent, NOBODY).findings == ()
    assert tracemalloc.get_traced_memory()[1] < 16 * 1024 * 1024
    tracemalloc.stop()


@pytest.mark.parametrize(("simulated", "kinds"), [(True, []), (False, ["foreign"])])
def test_the_key_of_simulated_orgs_signs_runs_on_these_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, simulated: bool, kinds: list[str]
) -> None:
    own = sealed(tmp_path / "runs", simulated=simulated)
    with monkeypatch.context() as patch:
        patch.setenv("CNX_SIGNING_KEY", f"file:{simulated_key_file()}")
        other = sealed(tmp_path / "runs", simulated=simulated)
    assert predicate_of(own.path)["key"] != predicate_of(other.path)["key"]
    verdict = verify_org(own.path.parent, trust())
    assert [(finding.kind, finding.run) for finding in verdict.findings] == [(kind, other.run_id) for kind in kinds]


def test_the_key_of_simulated_orgs_is_made_once_for_its_owner_alone() -> None:
    path = simulated_key_file()
    content = path.read_bytes()
    assert simulated_key_file() == path
    assert path.read_bytes() == content
    if os.name == "posix":
        assert path.stat().st_mode & 0o077 == 0
