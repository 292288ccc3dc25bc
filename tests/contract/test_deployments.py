"""Deploying and retrieving: what a zip brings is read back as rows, and what rows say is in the zip."""

from __future__ import annotations

import base64
import io
import time
import zipfile
from collections.abc import Callable, Iterator

import pytest
import requests
from simple_salesforce import Salesforce

from .clients import JsforceComponents, Rows
from .conftest import Target
from .node import Jsforce

Unique = Callable[[str], str]
Tidy = Callable[..., None]
NAMESPACE = 'xmlns="http://soap.sforce.com/2006/04/metadata"'
PATIENCE_S = 60.0


@pytest.fixture
def deployer(target: Target) -> Iterator[Salesforce]:
    """A simple-salesforce of its own: deploying changes the headers of whatever else the client sends."""
    with requests.Session() as http:
        client = Salesforce(session_id=target.session_id, instance_url=target.url, session=http)
        yield client
        client.mdapi._client.transport.session.close()


def manifest(*names: str) -> str:
    members = "".join(f"<members>{name}</members>" for name in names)
    types = f"<types>{members}<name>PermissionSet</name></types>"
    return f"<?xml version='1.0'?><Package {NAMESPACE}>{types}<version>59.0</version></Package>"


def permission_set(label: str, permission: str = "ApiEnabled") -> str:
    granted = f"<userPermissions><enabled>true</enabled><name>{permission}</name></userPermissions>"
    return f"<?xml version='1.0'?><PermissionSet {NAMESPACE}><label>{label}</label>{granted}</PermissionSet>"


def zipped(**sets: str) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr("package.xml", manifest(*sets))
        for name, text in sets.items():
            archive.writestr(f"permissionsets/{name}.permissionset", text)
    return content.getvalue()


def by_simple_salesforce(client: Salesforce, content: bytes, check_only: bool = False) -> tuple[str, list[str]]:
    """Deploy; the status in the end, and what was wrong with components."""
    id_, _ = client.mdapi.deploy(io.BytesIO(content), sandbox=False, checkOnly=str(check_only).lower())
    end = time.monotonic() + PATIENCE_S
    while time.monotonic() < end:
        status, _, detail, _ = client.mdapi.check_deploy_status(id_)
        if status not in ("Pending", "InProgress", None):
            return status, [error["message"] for error in detail["errors"]]
        time.sleep(0.2)
    raise AssertionError("the deployment did not end")


def by_jsforce(js: Jsforce, content: bytes, check_only: bool = False) -> tuple[str, list[str]]:
    """As `by_simple_salesforce`."""
    options = {"checkOnly": check_only, "rollbackOnError": True, "singlePackage": True}
    id_ = js("metadata.deploy", base64.b64encode(content).decode(), options)["id"]
    end = time.monotonic() + PATIENCE_S
    while time.monotonic() < end:
        result = js("metadata.checkDeployStatus", id_, True)
        if result["done"]:
            failures = (result.get("details") or {}).get("componentFailures") or []
            failures = failures if isinstance(failures, list) else [failures]
            return result["status"], [failure["problem"] for failure in failures]
        time.sleep(0.2)
    raise AssertionError("the deployment did not end")


@pytest.fixture(params=["simple-salesforce", "jsforce"])
def deploy(request: pytest.FixtureRequest) -> Callable[..., tuple[str, list[str]]]:
    """Deploying by the one client, then by the other."""
    if request.param == "jsforce":
        js = request.getfixturevalue("js")
        return lambda *args, **more: by_jsforce(js, *args, **more)
    client = request.getfixturevalue("deployer")
    return lambda *args, **more: by_simple_salesforce(client, *args, **more)


Deploy = Callable[..., tuple[str, list[str]]]


def labels(rows: Rows, *names: str) -> list[str]:
    listed = "','".join(names)
    return [
        row["Label"] for row in rows.query(f"SELECT Label FROM PermissionSet WHERE Name IN ('{listed}') ORDER BY Label")
    ]


def test_what_is_deployed_is_there(
    deploy: Deploy, deployer: Salesforce, js: Jsforce, plainly: Rows, unique: Unique, tidy: Tidy
) -> None:
    name = unique("Deployed")
    tidy(JsforceComponents(js).delete, "PermissionSet", name)
    for label in ("First", "Second"):
        assert deploy(zipped(**{name: permission_set(label)})) == ("Succeeded", [])
        assert labels(plainly, name) == [label]
    text = retrieved(deployer, name)
    assert "<label>Second</label>" in text
    assert "<name>ApiEnabled</name>" in text


def retrieved(client: Salesforce, name: str) -> str:
    """The permission set's file, as it is retrieved."""
    id_, _ = client.mdapi.retrieve("", unpackaged={"PermissionSet": [name]})
    end = time.monotonic() + PATIENCE_S
    while time.monotonic() < end:
        status, _, _ = client.mdapi.check_retrieve_status(id_)
        if status == "Succeeded":
            _, _, _, content = client.mdapi.retrieve_zip(id_)
            with zipfile.ZipFile(io.BytesIO(content)) as archive:
                (path,) = [path for path in archive.namelist() if path.endswith(f"{name}.permissionset")]
                return archive.read(path).decode()
        assert status in ("Pending", "InProgress"), status
        time.sleep(0.2)
    raise AssertionError("the retrieval did not end")


def test_a_validation_changes_nothing(deploy: Deploy, plainly: Rows, unique: Unique) -> None:
    name = unique("Validated")
    assert deploy(zipped(**{name: permission_set("Seen")}), check_only=True) == ("Succeeded", [])
    assert labels(plainly, name) == []


def test_one_bad_component_takes_back_all(deploy: Deploy, plainly: Rows, unique: Unique) -> None:
    good, bad = unique("Good"), unique("Bad")
    status, problems = deploy(zipped(**{good: permission_set("Good"), bad: permission_set("Bad", "NoSuchPermission")}))
    assert status == "Failed"
    assert len(problems) == 1
    assert "NoSuchPermission" in problems[0]
    assert labels(plainly, good, bad) == []


def test_a_file_that_is_missing(deploy: Deploy, unique: Unique) -> None:
    name = unique("Missing")
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr("package.xml", manifest(name))
    status, problems = deploy(content.getvalue())
    assert (status, len(problems)) == ("Failed", 1)
    assert name in problems[0]
