"""Whatever is done to a chain of 20 runs is caught, and the run and file named."""

from __future__ import annotations

import base64
import json
import os
import shutil
import unicodedata
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from securesystemslib.dsse import Envelope as Dsse

from cnxlib.records import RunRecord
from cnxlib.records.chain import verify_org, verify_run
from cnxlib.records.envelope import sign
from cnxlib.records.inspection import open_statement
from cnxlib.records.keys import PublicKey, signing_key
from cnxlib.records.listing import read_run
from cnxlib.records.sealing import seal
from cnxlib.records.trust import Trust, trust
from cnxlib.records.verdict import Verdict
from tests.records.making import ALIAS, begun, ended, sealed

FILES = ["07_existing_users.ipynb", "events.jsonl", "run.json", "signing-key.pem"]
STATEMENT = "statement.dsse.json"


def trusted(chain: list[Path]) -> Trust:
    """Trust in the key that a person compared with what the signer told."""
    key = (chain[15] / "signing-key.pem").read_bytes()
    public = PublicKey.from_pem(key)
    return Trust(frozenset({public.fingerprint}), "--public-key", {public.fingerprint: public})


def said(verdict: Verdict) -> list[tuple[str, str, str]]:
    return [(finding.kind, finding.run, finding.file) for finding in verdict.findings]


def head_of(chain: list[Path]) -> str:
    opened = open_statement(chain[-1])
    assert opened
    return opened.sha256


def test_untouched_runs_are_complete_through_the_last(chain: list[Path]) -> None:
    verdict = verify_org(chain[0].parent, trusted(chain))
    assert said(verdict) == []
    assert verdict.said == (
        f"complete through run 20 ({chain[-1].name}, sha256:{head_of(chain)}); later runs cannot be excluded"
    )
    assert [number for number, _ in verdict.runs.values()] == list(range(1, 21))
    assert {state for _, state in verdict.runs.values()} == {"as sealed"}
    known = verify_org(chain[0].parent, trusted(chain), head=head_of(chain))
    assert (said(known), "cannot be excluded" in known.said) == ([], False)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    number=st.integers(0, 19), file=st.sampled_from([*FILES, STATEMENT]), at=st.floats(0, 1, exclude_max=True),
    bit=st.integers(0, 7),
)  # fmt: skip
def test_a_flipped_bit_anywhere_is_caught(chain: list[Path], number: int, file: str, at: float, bit: int) -> None:
    path = chain[number] / file
    original = path.read_bytes()
    spoilt = bytearray(original)
    spoilt[int(at * len(spoilt))] ^= 1 << bit
    trust = trusted(chain)
    try:
        path.write_bytes(spoilt)
        verdict = verify_org(chain[0].parent, trust)
    finally:
        path.write_bytes(original)
    ((kind, run, named),) = said(verdict)
    assert (run, named) == (chain[number].name, file)
    assert kind in ("altered", "foreign")
    assert verdict.trustworthy == [one.name for one in chain if one != chain[number]]
    assert (verdict.through.number if verdict.through else 0) == number


@pytest.mark.parametrize("part", ["payload", "signature", "payloadType", "keyid", "space", "twice"])
def test_each_part_of_the_last_envelope_is_guarded(chain: list[Path], part: str) -> None:
    path = chain[-1] / STATEMENT
    envelope = json.loads(path.read_text())
    match part:
        case "payload":
            envelope["payload"] = envelope["payload"].replace("A", "B", 1)
        case "signature":  # the last character before the padding carries bits that a lenient decoder drops
            sig = envelope["signatures"][0]["sig"]
            envelope["signatures"][0]["sig"] = sig[:-3] + chr(ord(sig[-3]) + 1) + sig[-2:]
        case "payloadType":
            envelope["payloadType"] = "application/json"
        case "keyid":
            envelope["signatures"][0]["keyid"] = "0" * 64
        case "twice":
            envelope["signatures"].append({"keyid": "0" * 64, "sig": envelope["signatures"][0]["sig"]})
    text = json.dumps(envelope, separators=None if part == "space" else (",", ":")) + "\n"
    path.write_text(text)
    assert said(verify_org(path.parent.parent, trusted(chain))) == [("altered", chain[-1].name, STATEMENT)]


@pytest.mark.parametrize("number", [0, 9])
def test_a_run_taken_away_is_missed(chain: list[Path], number: int) -> None:
    shutil.rmtree(chain[number])
    verdict = verify_org(chain[0].parent, trusted(chain))
    assert said(verdict) == [("missing", chain[number].name, "")]
    assert verdict.findings[0].number == number + 1
    assert len(verdict.trustworthy) == 19


def test_several_runs_in_a_row_are_missed_one_by_one(chain: list[Path]) -> None:
    for path in chain[4:7]:
        shutil.rmtree(path)
    verdict = verify_org(chain[0].parent, trusted(chain))
    assert [(finding.kind, finding.number) for finding in verdict.findings] == [("missing", n) for n in (5, 6, 7)]
    assert said(verdict)[-1] == ("missing", chain[6].name, "")


def test_runs_altered_in_a_row_are_not_called_missing(chain: list[Path]) -> None:
    for path in chain[4:7]:
        envelope = json.loads((path / STATEMENT).read_text())
        envelope["signatures"][0]["sig"] = envelope["signatures"][0]["sig"][::-1].replace("=", "") + "=="
        (path / STATEMENT).write_text(json.dumps(envelope, separators=(",", ":")) + "\n")
    verdict = verify_org(chain[0].parent, trusted(chain))
    assert said(verdict) == [("altered", name, STATEMENT) for name in sorted(path.name for path in chain[4:7])]


@pytest.mark.parametrize("taken", [1, 5])
def test_runs_cut_off_at_the_end_show_with_the_head_alone(chain: list[Path], taken: int) -> None:
    head, trust = head_of(chain), trusted(chain)
    for path in chain[-taken:]:
        shutil.rmtree(path)
    without = verify_org(chain[0].parent, trust)
    assert said(without) == []
    assert f"complete through run {20 - taken} " in without.said
    assert without.said.endswith("later runs cannot be excluded")
    assert head in without.notes[0]  # the last seal's own note is no proof, and a hint
    (finding,) = verify_org(chain[0].parent, trust, head=head).findings
    assert (finding.kind, head in finding.detail) == ("truncated", True)


def test_an_older_head_is_found_and_leaves_later_runs_open(chain: list[Path]) -> None:
    older = open_statement(chain[11])
    assert older
    verdict = verify_org(chain[0].parent, trusted(chain), head=older.sha256)
    assert said(verdict) == []
    assert "the head that was given is run 12; later runs cannot be excluded" in verdict.said


def test_a_run_gone_before_the_next_was_sealed_is_missed_by_it(tmp_path: Path) -> None:
    first, second = sealed(tmp_path), sealed(tmp_path)
    shutil.rmtree(second.path)
    third = sealed(tmp_path)
    verdict = verify_org(first.path.parent, Trust(frozenset(), ""))
    assert said(verdict) == [("missing", second.run_id, "")]
    assert verdict.runs[third.run_id] == (3, "as sealed")


@pytest.mark.parametrize("file", FILES)
def test_a_file_taken_away_is_missed(chain: list[Path], file: str) -> None:
    trust = trusted(chain)
    (chain[6] / file).unlink()
    assert said(verify_org(chain[0].parent, trust)) == [("missing", chain[6].name, file)]


def test_a_statement_taken_away_is_missed_where_the_next_run_names_it(chain: list[Path]) -> None:
    for path in (chain[6], chain[19]):
        (path / STATEMENT).unlink()
    verdict = verify_org(chain[0].parent, trusted(chain))
    assert said(verdict) == [("missing", chain[6].name, STATEMENT), ("unsealed", chain[19].name, "")]
    assert f"cnx records seal {chain[19].name}" in verdict.findings[1].detail


@pytest.mark.parametrize(
    "name", ["extra.txt", "sub/extra.txt", ".hidden", "a\nb\x1b[31m", "Ünï\u0301.ipynb", "Run.json"]
)
def test_a_file_that_was_added_is_named(chain: list[Path], name: str) -> None:
    (chain[3] / name).parent.mkdir(exist_ok=True)
    (chain[3] / name).write_text("forged")
    assert said(verify_org(chain[0].parent, trusted(chain))) == [("added", chain[3].name, name)]


def test_a_file_among_the_runs_is_named(chain: list[Path]) -> None:
    (chain[0].parent / "notes.txt").write_text("nobody vouches for this")
    assert said(verify_org(chain[0].parent, trusted(chain))) == [("added", "", "notes.txt")]


@pytest.mark.parametrize("make", [lambda path: path.symlink_to("run.json"), lambda path: path.mkdir() or None])
def test_links_are_added_files_and_empty_folders_nothing(chain: list[Path], make: Callable[[Path], None]) -> None:
    make(chain[3] / "thing")
    found = said(verify_org(chain[0].parent, trusted(chain)))
    assert found == ([("added", chain[3].name, "thing")] if (chain[3] / "thing").is_symlink() else [])


def test_a_file_replaced_by_a_link_to_itself_is_altered(chain: list[Path], tmp_path: Path) -> None:
    shutil.move(chain[3] / "run.json", tmp_path / "run.json")
    (chain[3] / "run.json").symlink_to(tmp_path / "run.json")
    assert said(verify_org(chain[0].parent, trusted(chain))) == [("altered", chain[3].name, "run.json")]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs pipes with a name")
@pytest.mark.parametrize("file", [STATEMENT, "signing-key.pem", "events.jsonl"])
def test_nobody_waits_at_a_pipe(chain: list[Path], file: str) -> None:
    trust = trusted(chain)
    (chain[3] / file).unlink()
    os.mkfifo(chain[3] / file)
    assert said(verify_org(chain[0].parent, trust)) == [("altered", chain[3].name, file)]
    assert read_run(chain[3]).path == chain[3]


def test_a_run_replaced_by_a_link_to_itself_is_altered(chain: list[Path], tmp_path: Path) -> None:
    shutil.move(chain[3], tmp_path / "hidden")
    chain[3].symlink_to(tmp_path / "hidden")
    assert said(verify_org(chain[0].parent, trusted(chain))) == [("altered", chain[3].name, "")]


def test_a_copied_run_is_added(chain: list[Path]) -> None:
    copy = chain[3].with_name("20300101T000000Z-0000")
    shutil.copytree(chain[3], copy)
    verdict = verify_org(chain[0].parent, trusted(chain))
    assert said(verdict) == [("added", copy.name, "")]
    assert chain[3].name in verdict.findings[0].detail
    assert verdict.through
    assert verdict.through.number == 20


def test_a_run_of_another_org_is_foreign(chain: list[Path], tmp_path: Path) -> None:
    other = tmp_path / "elsewhere" / "other"
    shutil.copytree(chain[0], other / chain[0].name)
    assert said(verify_org(other, trusted(chain))) == [("foreign", chain[0].name, "")]


def test_a_renamed_run_is_reordered(chain: list[Path]) -> None:
    renamed = chain[3].with_name("20200101T000000Z-0000")
    chain[3].rename(renamed)
    verdict = verify_org(chain[0].parent, trusted(chain))
    assert said(verdict) == [("reordered", renamed.name, "")]
    assert chain[3].name in verdict.findings[0].detail


def test_swapped_runs_are_both_reordered(chain: list[Path]) -> None:
    one, other, between = chain[3], chain[8], chain[3].with_name("between")
    one.rename(between)
    other.rename(one)
    between.rename(other)
    found = said(verify_org(chain[0].parent, trusted(chain)))
    assert found == [("reordered", name, "") for name in sorted((one.name, other.name))]


def test_swapped_statements_are_both_reordered(chain: list[Path]) -> None:
    one, other = chain[3] / STATEMENT, chain[8] / STATEMENT
    content = one.read_bytes()
    one.write_bytes(other.read_bytes())
    other.write_bytes(content)
    found = said(verify_org(chain[0].parent, trusted(chain)))
    assert found == [("reordered", name, "") for name in sorted((chain[3].name, chain[8].name))]


def forged(chain: list[Path], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> RunRecord:
    """A run sealed by somebody else's key, on top of the chain."""
    monkeypatch.setenv("CNX_SECRETS", str(tmp_path / "attacker"))
    return sealed(chain[0].parent.parent)


@pytest.mark.parametrize("vouched", [True, False])
def test_a_run_that_another_signed_is_foreign(
    chain: list[Path], monkeypatch: pytest.MonkeyPatch, tmp_path: Path, vouched: bool
) -> None:
    trust = trusted(chain) if vouched else Trust(frozenset(), "")
    record = forged(chain, monkeypatch, tmp_path)
    verdict = verify_org(chain[0].parent, trust)
    assert said(verdict) == [("foreign", record.run_id, STATEMENT)]
    assert verdict.through
    assert verdict.through.number == 20


def test_a_chain_made_anew_with_another_key_is_foreign_to_who_knows_the_right_one(
    chain: list[Path], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    trust = trusted(chain)
    monkeypatch.setenv("CNX_SECRETS", str(tmp_path / "attacker"))
    (chain[0].parent / ".head.json").unlink()
    for path in chain:
        (path / STATEMENT).unlink()
    for path in chain:
        seal(RunRecord.join(path), by="runner", ending="complete")
    assert {kind for kind, _, _ in said(verify_org(chain[0].parent, trust))} == {"foreign"}
    alone = verify_org(chain[0].parent, Trust(frozenset(), ""))
    assert said(alone) == []
    assert "Nobody vouched for it" in alone.signer.said


def test_a_run_sealed_anew_by_the_right_key_no_longer_fits_the_chain(
    twenty: Path, chain: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CNX_SECRETS", str(twenty / "secrets"))
    folder = chain[0].parent
    note = (folder / ".head.json").read_bytes()
    (folder / ".head.json").write_bytes(_link_of(chain[8]))
    (chain[9] / "run.json").write_text("rewritten by an insider")
    (chain[9] / STATEMENT).unlink()
    seal(RunRecord.join(chain[9]), by="runner", ending="complete")
    (folder / ".head.json").write_bytes(note)
    verdict = verify_org(folder, trusted(chain))
    assert said(verdict) == [("altered", chain[9].name, STATEMENT)]
    assert "run 11 names another" in verdict.findings[0].detail


def test_two_runs_in_one_place_are_a_fork(twenty: Path, chain: list[Path], monkeypatch: pytest.MonkeyPatch) -> None:
    """As when two machines sealed without seeing each other, and their records were put together."""
    monkeypatch.setenv("CNX_SECRETS", str(twenty / "secrets"))
    (chain[0].parent / ".head.json").write_bytes(_link_of(chain[18]))
    for path in chain[19:]:
        (path / STATEMENT).rename(path / "kept")
    second = sealed(chain[0].parent.parent)
    (chain[19] / "kept").rename(chain[19] / STATEMENT)
    verdict = verify_org(chain[0].parent, trusted(chain))
    assert sorted(said(verdict)) == sorted(("fork", run, "") for run in (chain[19].name, second.run_id))
    assert verdict.through
    assert verdict.through.number == 19


def _link_of(path: Path) -> bytes:
    opened = open_statement(path)
    assert opened
    assert opened.statement
    number = opened.statement.predicate.number
    return json.dumps({"run_id": path.name, "number": number, "sha256": opened.sha256}).encode()


def test_unsealed_runs_are_named_and_their_events_looked_at(chain: list[Path]) -> None:
    root = chain[0].parent.parent
    unsealed = ended(root)
    copied = chain[0].parent / "20300101T000000Z-0000"
    shutil.copytree(unsealed.path, copied)
    (chain[0].parent / "20300101T000000Z-0001").mkdir()
    found = said(verify_org(chain[0].parent, trusted(chain)))
    assert found == [
        ("unsealed", unsealed.run_id, ""),
        ("unsealed", copied.name, ""),
        ("foreign", copied.name, "events.jsonl"),
        ("unsealed", "20300101T000000Z-0001", ""),
    ]


Spoil = Callable[[dict[str, Any]], None]
FOREIGN: dict[str, Spoil] = {
    "predicate type": lambda statement: statement.update(predicateType="https://slsa.dev/provenance/v1"),
    "no https://in-toto.io/Statement/v1": lambda statement: statement.update(_type="https://in-toto.io/Statement/v0.1"),
    "subject.0.digest.sha256": lambda statement: statement["subject"][0]["digest"].update(sha256="abc"),
    "its subject": lambda statement: statement["subject"].append(statement["subject"][0]),
    "its predicate": lambda statement: statement["predicate"].update(number=7),
}


@pytest.mark.parametrize("why", FOREIGN)
def test_what_the_right_key_signed_and_is_no_statement_is_foreign(tmp_path: Path, why: str) -> None:
    first, record = sealed(tmp_path), sealed(tmp_path)
    envelope = json.loads((record.path / STATEMENT).read_text())
    statement = json.loads(base64.b64decode(envelope["payload"]))
    FOREIGN[why](statement)
    (record.path / STATEMENT).write_bytes(sign(json.dumps(statement).encode(), signing_key()))
    (finding,) = verify_org(first.path.parent, trust()).findings
    assert (finding.kind, finding.run, finding.file) == ("foreign", record.run_id, STATEMENT)
    assert why in finding.detail


def test_another_payload_type_is_foreign(tmp_path: Path) -> None:
    record = sealed(tmp_path)
    dsse = Dsse(b"{}", "application/json", {})
    dsse.sign(signing_key().for_dsse())
    text = json.dumps(dsse.to_dict(), separators=(",", ":")) + "\n"
    (record.path / STATEMENT).write_text(text)
    (finding,) = verify_org(record.path.parent, trust()).findings
    assert (finding.kind, finding.run, "'application/json'" in finding.detail) == ("foreign", record.run_id, True)


def test_a_file_system_without_cases_finds_the_same_files(chain: list[Path], monkeypatch: pytest.MonkeyPatch) -> None:
    (chain[3] / "run.json").rename(chain[3] / "RUN.JSON")
    found = said(verify_org(chain[0].parent, trusted(chain)))
    assert found == [("added", chain[3].name, "RUN.JSON"), ("missing", chain[3].name, "run.json")]
    monkeypatch.setattr(Path, "samefile", lambda one, other: one.name.casefold() == other.name.casefold())
    assert said(verify_org(chain[0].parent, trusted(chain))) == []


def test_a_run_in_progress_is_no_finding(chain: list[Path]) -> None:
    from cnxlib.records.presence import present

    record = begun(chain[0].parent.parent)
    with present(record):
        verdict = verify_org(chain[0].parent, trusted(chain))
    assert said(verdict) == []
    assert verdict.runs[record.run_id] == (None, "in progress")
    assert record.run_id in verdict.notes[0]


def test_names_in_another_normal_form_are_the_same_files(tmp_path: Path) -> None:
    record = ended(tmp_path)
    composed = unicodedata.normalize("NFC", "Größe é.txt")
    record.write_text(composed, "as sealed")
    seal(record, by="runner", ending="complete")
    nobody = Trust(frozenset(), "")
    (record.path / composed).rename(record.path / unicodedata.normalize("NFD", composed))
    assert said(verify_org(record.path.parent, nobody)) == []
    record.write_text(composed, "as sealed")  # where a file system takes both for different files, one was added
    found = said(verify_org(record.path.parent, nobody))
    assert [kind for kind, _, _ in found] == (["added"] if len(list(record.path.glob("*.txt"))) == 2 else [])


def test_a_run_by_itself_is_judged_without_its_neighbours(chain: list[Path], tmp_path: Path) -> None:
    alone = tmp_path / "mailed" / chain[7].name
    shutil.copytree(chain[7], alone)
    verdict = verify_run(alone, trusted(chain))
    assert (said(verdict), verdict.runs[alone.name], verdict.org) == ([], (8, "as sealed"), ALIAS)
    (alone / "run.json").write_text("{}")
    assert said(verify_run(alone, trusted(chain))) == [("altered", alone.name, "run.json")]
