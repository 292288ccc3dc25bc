"""What is a secret is found and taken out; what is our own is left alone."""

from __future__ import annotations

import base64
import io
import json
import secrets
import string
import zipfile
import zlib
from pathlib import Path
from typing import Any

import nbformat
import pyrage
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from cnxlib.records.scan import REGISTERED, REMOVED, Hit, scan, take_out
from cnxlib.secrets.redaction import Redactor
from tests.processes import CNX, cnx

VALUE = "Tr0ub4dor&3<x>"
SECRET_64 = "".join(secrets.choice(string.ascii_letters + string.digits) for _ in range(64))
SESSION = "00Dq3yw0e4xK2p3!AQ8AQKz1yY_tb7ZxVQ0Ua3mZ.gPLdYq0c"
KEY = Ed25519PrivateKey.generate()
PEM = KEY.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
PUBLIC_PEM = KEY.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def png(text: str) -> bytes:
    """The beginning of an image with a compressed text."""
    packed = b"Title\0\0" + zlib.compress(text.encode())
    return b"\x89PNG\r\n\x1a\n" + len(packed).to_bytes(4, "big") + b"zTXt" + packed


def embedded(image: bytes) -> str:
    """An image within HTML."""
    return f'<p>a</p><img src="data:image/png;base64,{base64.b64encode(image).decode()}" alt="Who holds what">'


def archive(text: str) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as made:
        made.writestr("inner.txt", "x" * 500 + text)
    return file.getvalue()


def notebook(*outputs: Any) -> str:
    cell = nbformat.v4.new_code_cell("run.plan()", outputs=list(outputs))
    return nbformat.writes(nbformat.v4.new_notebook(cells=[cell]))


def shown(**data: str) -> Any:
    return nbformat.v4.new_output("display_data", data={name.replace("_", "/"): text for name, text in data.items()})


def written(folder: Path, name: str, content: str | bytes) -> list[Hit]:
    (folder / name).write_bytes(content.encode() if isinstance(content, str) else content)
    return scan(folder, [VALUE])


REGISTERED_IN = {
    "events.jsonl": f'{{"event": "a"}}\n{json.dumps({"data": {"after": [1, f"x{VALUE}y"]}})}\n',
    "cut-off.jsonl": f'{{"event": "a"}}\n{{"data": "{VALUE}',
    "run.json": json.dumps({"phases": [{"reason": f"said {VALUE}"}]}),
    "names.json": json.dumps({VALUE: {"inner": 1}}),
    "mail.eml": f"Subject: x\n\nthe key\n{base64.b64encode(VALUE.encode()).decode()}\n",
    "stream.ipynb": notebook(nbformat.v4.new_output("stream", text=f"a\nb {VALUE}\n")),
    "pieces.ipynb": notebook(
        *(nbformat.v4.new_output("stream", text=part) for part in (VALUE[:3], VALUE[3:7], VALUE[7:]))
    ),
    "html.ipynb": notebook(shown(text_html="<b>Tr0ub4dor&amp;3&lt;x&gt;</b>")),
    "image.ipynb": notebook(shown(image_png=base64.b64encode(png(VALUE)).decode(), text_plain="<Figure>")),
    "picture.ipynb": notebook(shown(text_html=embedded(png(VALUE)))),
    "image.png": png(VALUE),
    "archive.zip": archive(VALUE),
    "document.pdf": b"%PDF-1.4\n\xff\xfe stream\n" + zlib.compress(VALUE.encode()) + b"\nendstream",
}


@pytest.mark.parametrize("name", REGISTERED_IN)
def test_a_registered_value_is_found_and_taken_out(name: str, tmp_path: Path) -> None:
    hits = written(tmp_path, name, REGISTERED_IN[name])
    assert {(hit.file, hit.kind) for hit in hits} == {(name, REGISTERED)}
    assert VALUE not in repr(hits)
    take_out(tmp_path, hits)
    data = (tmp_path / name).read_bytes()
    assert not Redactor([VALUE]).find(data)
    assert REMOVED.encode() in data
    assert scan(tmp_path, [VALUE]) == []
    match Path(name).suffix:
        case ".json":
            json.loads(data)
        case ".ipynb":
            nbformat.validate(nbformat.reads(data.decode(), as_version=4))


@pytest.mark.parametrize("packed", [b"PK\x03\x04" + bytes(30) + b"PK\x05\x06" + b"\xff" * 18])
def test_what_only_looks_packed_is_searched_as_it_is(packed: bytes, tmp_path: Path) -> None:
    assert written(tmp_path, "damaged.zip", packed) == []
    (hit,) = written(tmp_path, "damaged.zip", VALUE.encode() + packed)
    assert hit.kind == REGISTERED
    (hit,) = written(tmp_path, "damaged.zip", b"PK\x03\x04" + VALUE.encode() + packed)
    assert hit.kind == REGISTERED


def test_the_place_is_told_and_the_rest_stays(tmp_path: Path) -> None:
    hits = written(tmp_path, "events.jsonl", REGISTERED_IN["events.jsonl"])
    assert [hit.as_json() for hit in hits] == [
        {"file": "events.jsonl", "place": "line 2: data.after[1]", "kind": "registered"}
    ]
    take_out(tmp_path, hits)
    lines = (tmp_path / "events.jsonl").read_text(encoding="utf-8").split("\n")
    assert lines == ['{"event": "a"}', '{"data": {"after": [1, "x[secret removed]y"]}}', ""]


UNREGISTERED = {
    "Salesforce Session Id": {"message": f"refused {SESSION}."},
    "Age Secret Key": {"message": f"{pyrage.x25519.Identity.generate()}"},
    "Private Key": {"lines": f"before\n{PEM}after"},
    "Secret Keyword": {"after": {"consumerSecret": "a1b2c3d4e5"}},
    "Secret Keyword (text)": {"message": "the login failed, password: Sommer2026!"},
    "Secret Keyword (JSON)": {"text": '{"client_secret": "q9-Zm2"}'},
    "Base64 High Entropy String": {"after": SECRET_64},
    "Base64 High Entropy String (text)": {"text": f"it is {SECRET_64} now"},
    "Hex High Entropy String": {"after": secrets.token_hex(24)},
    "AWS Access Key": {"text": "AKIA" + "IOSFODNN7EXAMPLX"},
    "GitHub Token": {"text": "ghp_" + SECRET_64[:36]},
    "Basic Auth Credentials": {"url": "https://admin:hunter22@proxy.example:8080"},
}


@pytest.mark.parametrize("rule", UNREGISTERED)
def test_what_nobody_registered_is_found_by_rule(rule: str, tmp_path: Path) -> None:
    hits = written(tmp_path, "run.json", json.dumps(UNREGISTERED[rule]))
    assert rule.partition(" (")[0] in {hit.kind for hit in hits}
    take_out(tmp_path, hits)
    assert scan(tmp_path, []) == []
    assert REMOVED in (tmp_path / "run.json").read_text(encoding="utf-8")


def test_a_secret_does_not_hide_in_a_field_of_ours(tmp_path: Path) -> None:
    assert written(tmp_path, "run.json", json.dumps({"digest": SECRET_64}))


OURS: dict[str, Any] = {
    "digest": "sha256:" + "0456d1c7b6e4e01832e56a91fae97fbd520e85c5e7033af2b3294288bafe459c",
    "message": "The plan sha256:0456d1c7b6e4e01832e56a91fae97fbd520e85c5e7033af2b3294288bafe459c is stale",
    "run_id": "20261123T204006Z-9f3c",
    "record": "/home/Ann7/Projects_2026/conexiom-Runbook_xQ/runs/ACME-prod42/20261123T204006Z-9f3c",
    "id": "00Dq3yw0e4xK2p3EAC",
    "certificate": "9c56cc51b374c3ba189210d5b6d4bf57790d351c96c47c02190ecf1e430635ab",
    "password": "age:00Dq3yw0e4xK2p3EAC/user/conexiom.integration@demo.example/password",
    "security_token": "[secret]",
    "credential_route": "security_token",
    "installation_key_ref": "env:INSTALLATION_KEY",
    "hint": "password (age:00Dq3yw0e4xK2p3EAC/app/Conexiom/consumer_secret), security token: e-mailed",
    "url": "https://login.salesforce.com/packaging/installPackage.apexp?p0=04t5x000000YKbXAAW",
    "model_id": "b1946ac92492d2347c6235b4d2611184",
    "kernel_id": "7d4d5e9c-1f1b-4a34-9d8e-0c9a2b1f3e55",
}


@pytest.mark.parametrize("field", OURS)
def test_our_own_is_no_secret(field: str, tmp_path: Path) -> None:
    assert written(tmp_path, "run.json", json.dumps({field: OURS[field]})) == []


def test_the_digest_of_another_run_s_evidence_is_no_secret_and_bare_digits_may_be_one(tmp_path: Path) -> None:
    digits = secrets.token_hex(32)
    assert written(tmp_path, "told.ipynb", notebook(shown(text_html=f"<td><code>sha256:{digits}</code></td>"))) == []
    assert written(tmp_path, "told.ipynb", notebook(shown(text_html=f"<td><code>{digits}</code></td>"))) != []
    assert written(tmp_path, "told.ipynb", notebook(shown(text_html=f"sha256:{digits}0123456789abcdef"))) != []


def test_public_keys_and_sealed_files_are_no_secret(tmp_path: Path) -> None:
    recipient = pyrage.x25519.Identity.generate().to_public()
    assert written(tmp_path, "signing-key.pem", PUBLIC_PEM) == []
    assert written(tmp_path, "credentials.age", pyrage.encrypt(b"x" * 100, [recipient])) == []
    assert written(tmp_path, "plot.ipynb", notebook(shown(image_png=base64.b64encode(png("x")).decode()))) == []


def test_an_image_within_html_is_no_secret_and_what_only_says_it_is_one_is(tmp_path: Path) -> None:
    noise = secrets.token_bytes(300)
    image = b"\x89PNG\r\n\x1a\n" + noise
    assert written(tmp_path, "a.ipynb", notebook(shown(text_html=embedded(image)))) == []
    assert written(tmp_path, "a.ipynb", notebook(shown(text_html=embedded(noise)))) != []
    aside = notebook(shown(text_html=f"{embedded(image)} {SECRET_64}"))
    (hit,) = written(tmp_path, "a.ipynb", aside)
    take_out(tmp_path, [hit])
    (output,) = nbformat.read(tmp_path / "a.ipynb", as_version=4).cells[0].outputs
    assert output.data["text/html"] == f"{embedded(image)} {REMOVED}"


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize(
    ("mode", "scenario"),
    [
        ("apply", "fresh"),
        ("apply", "modern"),
        ("apply", "translated"),
        ("apply", "record-types"),
        ("plan", "many-users"),
    ],
)
def test_no_false_hit_in_a_run(mode: str, scenario: str, tmp_path: Path) -> None:
    command = ["sim", "run", "--scenario", scenario, "--", *CNX, mode, "--org", scenario]
    ended = cnx(*command, cwd=tmp_path)
    assert ended.code in (0, 3), ended.err
    records = [path.parent for path in tmp_path.glob("runs/*/*/run.json")]
    assert records
    assert [hit for record in records for hit in scan(record, ["no-value-of-any-run"])] == []


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("/home/ann/test_a_secret_that_is_missing_0/runs/acme/run.json", False),
        ("The secret is Tr0ub4dor7x", True),
        ("secret: Tr0ub4dor7x", True),
    ],
)
def test_is_says_a_secret_only_as_a_word(text: str, found: bool, tmp_path: Path) -> None:
    assert bool(written(tmp_path, "run.json", json.dumps({"reason": text}))) is found
