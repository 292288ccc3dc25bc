"""Proxy and certificates by the usual environment variables, at every door alike."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from cnxlib.errors import CnxError, OrgUnreachable, UsageError
from cnxlib.inventory import OrgEntry
from cnxlib.salesforce import Delete, Insert, Query, ReadMetadata, ToolingQuery, WriteMetadata
from cnxlib.salesforce.http import CA_VARIABLES, session
from cnxlib.salesforce.org import Org, connect
from cnxlib.secrets.touched import touched
from tests.conftest import Sim
from tests.proxy import Proxy
from tests.salesforce.apps import Apps

LOGINS = {"jwt": "/services/oauth2/token", "soap_password": "/services/Soap/u/"}


@pytest.fixture(scope="module")
def apps(sim: Sim, tmp_path_factory: pytest.TempPathFactory) -> Apps:
    return Apps(sim.new_org("fresh"), tmp_path_factory.mktemp("secrets"))


@pytest.fixture
def bare(sim: Sim, monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """An environment without anything of proxies and certificates."""
    names = ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy", "NO_PROXY", "no_proxy", *CA_VARIABLES)
    for name in names:
        monkeypatch.delenv(name, raising=False)
    return monkeypatch


def without_ca(entry: OrgEntry) -> OrgEntry:
    """The entry trusting what the environment says, as that of a real org does."""
    return entry.model_copy(update={"ca_cert": None})


def at_every_door(org: Org) -> None:
    app = {"fullName": "Runbook", "label": "Runbook", "contactEmail": "c@b.c"}
    answers = org.send(
        [
            Query("SELECT Id FROM Organization"),
            ToolingQuery("SELECT Id FROM PackageInstallRequest"),
            ReadMetadata("CaseSettings", "Case"),
            WriteMetadata("update", "ConnectedApp", app),
            Insert("Account", {"Name": "Behind a proxy"}),
        ]
    )
    assert [answer for answer in answers if isinstance(answer, CnxError)] == []
    org.send([Delete("Account", answers[-1])])


@pytest.fixture
def inspecting(apps: Apps) -> Iterator[Proxy]:
    assert apps.given.ca_cert
    with Proxy(opens=apps.given.ca_cert) as proxy:
        yield proxy


@pytest.mark.parametrize("route", LOGINS)
@pytest.mark.parametrize("variable", CA_VARIABLES)
def test_every_door_goes_through_the_proxy_and_trusts_its_authority(
    apps: Apps, inspecting: Proxy, bare: pytest.MonkeyPatch, tmp_path: Path, variable: str, route: str
) -> None:
    (tmp_path / "company.pem").write_bytes(inspecting.ca_pem)
    bare.setenv("HTTPS_PROXY", inspecting.url)
    bare.setenv(variable, str(tmp_path / "company.pem"))
    org = connect(apps.alias, without_ca(apps.entry(route)))
    at_every_door(org)
    assert len(inspecting.requests) == org.api_calls, "each request that was sent"
    paths = " ".join(inspecting.requests)
    for door in (LOGINS[route], "/composite/batch", "/tooling/composite", "/Soap/m/", "/sobjects/Account"):
        assert door in paths
    direct = connect(apps.alias, apps.entry(route).model_copy(update={"ca_cert": tmp_path / "company.pem"}))
    assert direct.certificate == org.certificate != ""
    for each in (org, direct):
        each.close()


@pytest.mark.parametrize("route", LOGINS)
def test_a_proxy_that_opens_tls_is_not_trusted_unasked(
    apps: Apps, inspecting: Proxy, bare: pytest.MonkeyPatch, route: str
) -> None:
    bare.setenv("HTTPS_PROXY", inspecting.url)
    for entry in (without_ca(apps.entry(route)), apps.entry(route)):
        with pytest.raises(OrgUnreachable, match="not trusted") as caught:
            connect(apps.alias, entry)
        assert "REQUESTS_CA_BUNDLE" in caught.value.hint
    assert inspecting.requests == []


def test_a_proxy_that_passes_tls_through_shows_the_org_s_own_certificate(apps: Apps, bare: pytest.MonkeyPatch) -> None:
    seen = apps.admin.certificate
    with Proxy(password="proxy-canary-1") as proxy:
        bare.setenv("HTTPS_PROXY", proxy.url)
        org = connect(apps.alias, apps.entry("jwt"))
        at_every_door(org)
        assert org.certificate == seen
        assert set(proxy.tunnels) == {org.host}
        org.close()
    assert "proxy-canary-1" in touched()


def test_a_proxy_that_is_gone_around(apps: Apps, bare: pytest.MonkeyPatch) -> None:
    with Proxy() as proxy:
        bare.setenv("HTTPS_PROXY", proxy.url)
        bare.setenv("NO_PROXY", "example.com,127.0.0.1")
        org = connect(apps.alias, apps.entry("jwt"))
        at_every_door(org)
        assert proxy.tunnels == []
        org.close()


def test_a_proxy_that_wants_a_password(apps: Apps, bare: pytest.MonkeyPatch) -> None:
    with Proxy(password="proxy-canary-2") as proxy:
        bare.setenv("HTTPS_PROXY", proxy.url.replace("proxy-canary-2", "wrong-canary-3"))
        with pytest.raises(OrgUnreachable) as caught:
            connect(apps.alias, apps.entry("jwt"))
    assert "407" in caught.value.message
    assert "HTTPS_PROXY" in caught.value.hint
    assert "canary" not in str(caught.value)


@pytest.mark.parametrize("variable", CA_VARIABLES)
def test_a_file_of_certificates_that_is_not_there(apps: Apps, bare: pytest.MonkeyPatch, variable: str) -> None:
    bare.setenv(variable, "/nowhere/company.pem")
    with pytest.raises(UsageError, match=rf"/nowhere/company\.pem, which {variable} names"):
        connect(apps.alias, without_ca(apps.entry("jwt")))


def test_a_file_of_certificates_that_holds_none(apps: Apps, bare: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "empty.pem").write_text("nothing")
    bare.setenv("SSL_CERT_FILE", str(tmp_path / "empty.pem"))
    with pytest.raises(OrgUnreachable) as caught:
        connect(apps.alias, without_ca(apps.entry("jwt")))
    assert "SSL_CERT_FILE" in caught.value.hint


def test_a_password_of_netrc_does_not_take_the_session_s_place(
    apps: Apps, bare: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "netrc").write_text("default login somebody password something\n")
    bare.setenv("NETRC", str(tmp_path / "netrc"))
    connect(apps.alias, apps.entry("jwt")).close()


def test_plain_http_is_never_spoken() -> None:
    http, _ = session()
    with http, pytest.raises(Exception, match="No connection adapters"):
        http.get("http://127.0.0.1:9/services/data")
