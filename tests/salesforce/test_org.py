"""The only door to Salesforce, against a simulated org: batches, pages, refusals, retries, a renewed session."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from cnxlib.errors import (
    Duplicate,
    InventoryError,
    LimitExceeded,
    LoginRefused,
    NotFound,
    OrgUnreachable,
    SalesforceError,
    SecretError,
    SessionExpired,
    Temporary,
)
from cnxlib.inventory import OrgEntry, PasswordLogin, SessionLogin, find_org
from cnxlib.salesforce import (
    Delete,
    DeleteRows,
    Insert,
    InsertRows,
    MakeSecret,
    Query,
    ReadMetadata,
    SecretHeld,
    SecretsMark,
    SetPassword,
    ToolingQuery,
    Update,
    WriteMetadata,
    soql,
)
from cnxlib.salesforce.client import Client
from cnxlib.salesforce.org import Org, connect
from cnxlib.secrets import SecretStore, resolve
from tests.conftest import Sim

Faults = Callable[..., None]


@pytest.fixture(scope="module")
def alias(sim: Sim) -> str:
    return sim.new_org("fresh")


@pytest.fixture
def org(alias: str, tmp_path: Path) -> Iterator[Org]:
    one = connect(alias, store=SecretStore(tmp_path / "store"))
    yield one
    one.close()


@pytest.fixture
def faults(sim: Sim, alias: str) -> Iterator[Faults]:
    def order(kind: str, path: str = "", **more: Any) -> None:
        fault = {"kind": kind, "match": {"path": path} if path else {}, "times": 1, **more}
        sim.control("PUT", f"orgs/{alias}/faults", [fault])

    yield order
    sim.control("PUT", f"orgs/{alias}/faults", [])


def test_who_is_logged_in_where(org: Org, alias: str) -> None:
    me = org.identity
    assert (me.org_type, me.username) == ("developer", f"admin@{alias}.example")
    assert len(me.org_id) == len(me.user_id) == 18
    assert org.api_calls == 4


def test_a_round_of_reads_costs_one_request_a_door(org: Org) -> None:
    before = org.api_calls
    org.send([ReadMetadata("CaseSettings", "Case")])  # the WSDL is read from a file: no request
    assert org.api_calls == before + 1
    queries = [Query(soql("SELECT Id FROM User WHERE Username = {}", f"nobody{n}@x.example")) for n in range(25)]
    answers = org.send(
        [*queries, ToolingQuery("SELECT Id FROM PackageInstallRequest"), ReadMetadata("CaseSettings", "Case")]
    )
    assert org.api_calls == before + 4
    assert answers[:26] == [[]] * 26
    assert answers[26]["fullName"] == "Case"


def test_a_refused_query_says_which_object_it_asked_for(org: Org) -> None:
    hidden, wrong = org.send(
        [Query("SELECT Id FROM Hidden"), ToolingQuery("SELECT Nothing FROM PackageInstallRequest")]
    )
    assert (hidden.code, wrong.code) == ("INVALID_TYPE", "INVALID_FIELD")
    assert "Hidden" in hidden.hint
    assert "no such field of PackageInstallRequest" in wrong.hint


def test_refusals_stand_in_their_place(org: Org) -> None:
    good, bad, worse = org.send(
        [
            Query("SELECT Id FROM Organization"),
            Query("SELECT Nothing FROM User"),
            ToolingQuery("SELECT Id FROM Nowhere"),
        ]
    )
    assert len(good) == 1
    assert isinstance(bad, SalesforceError)
    assert (bad.code, bad.org) == ("INVALID_FIELD", org.alias)
    assert isinstance(worse, SalesforceError)
    assert worse.code == "INVALID_TYPE"


def test_rows_of_parents_and_children_are_bare(org: Org) -> None:
    (rows,) = org.send(
        [Query("SELECT Name, (SELECT Subject FROM Cases ORDER BY Subject) FROM Account WHERE Name LIKE 'Calloway%'")]
    )
    assert rows == [{"Name": "Calloway Fasteners Inc.", "Cases": [{"Subject": "Order 7731: delivery date"}]}]
    (users,) = org.send([Query("SELECT Profile.Name FROM User WHERE Name = 'Maya Lindqvist'")])
    assert users == [{"Profile": {"Name": "System Administrator"}}]


def test_every_page_is_read(org: Org) -> None:
    for start in range(0, 2200, 200):
        (results,) = org.send([InsertRows("Account", [{"Name": f"Paged {start + n}"} for n in range(200)])])
        assert all(result.ok for result in results)
    (rows,) = org.send([Query("SELECT Id FROM Account WHERE Name LIKE 'Paged %'")])
    assert len({row["Id"] for row in rows}) == 2200
    for start in range(0, 2200, 200):
        org.send([DeleteRows([row["Id"] for row in rows[start : start + 200]])])
    assert org.send([Query("SELECT Id FROM Account WHERE Name LIKE 'Paged %'")]) == [[]]


def test_one_row(org: Org) -> None:
    (made,) = org.send([Insert("Account", {"Name": "One"})])
    assert org.send([Update("Account", made, {"Name": "Two"})]) == [None]
    assert org.send([Query(soql("SELECT Name FROM Account WHERE Id = {}", made))]) == [[{"Name": "Two"}]]
    assert org.send([Delete("Account", made)]) == [None]
    (gone,) = org.send([Update("Account", made, {"Name": "Three"})])
    assert isinstance(gone, NotFound)


def test_a_collection_reports_row_by_row(org: Org) -> None:
    (results,) = org.send([InsertRows("Account", [{"Name": "Good"}, {"Phone": "1"}])])
    assert [result.ok for result in results] == [True, False]
    assert results[1].code == "REQUIRED_FIELD_MISSING"
    org.send([Delete("Account", results[0].id)])


def test_metadata(org: Org) -> None:
    missing, settings = org.send(
        [ReadMetadata("ConnectedApp", "Nowhere"), ReadMetadata("OauthOidcSettings", "OauthOidc")]
    )
    assert missing is None
    assert settings["blockOAuthUnPwFlow"] is True
    app = {
        "fullName": "Twice",
        "label": "Twice",
        "contactEmail": "a@b.example",
        "oauthConfig": {"callbackUrl": "https://x.example"},
    }
    assert org.send([WriteMetadata("create", "ConnectedApp", app)]) == [None]
    (again,) = org.send([WriteMetadata("create", "ConnectedApp", app)])
    assert isinstance(again, Duplicate)
    (unknown,) = org.send([WriteMetadata("create", "NoSuchType", {"fullName": "x"})])
    assert isinstance(unknown, SalesforceError)
    assert "NoSuchType" in str(unknown)


def test_secrets_are_looked_up_only_while_a_write_is_sent(org: Org, tmp_path: Path) -> None:
    assert org.send([SecretHeld("app/X/consumer_key")]) == [""]
    (key,) = org.send([MakeSecret("app/X/consumer_key")])
    assert org.send([SecretHeld("app/X/consumer_key")]) == [key.reference]
    oauth = {"callbackUrl": "https://x.example", "consumerKey": key, "scopes": ["Full"]}
    app = {"fullName": "Keyed", "label": "Keyed", "contactEmail": "a@b.example", "oauthConfig": oauth}
    assert org.send([WriteMetadata("create", "ConnectedApp", app)]) == [None]
    (read,) = org.send([ReadMetadata("ConnectedApp", "Keyed")])
    assert read["oauthConfig"]["consumerKey"] == resolve(key.reference, SecretStore(tmp_path / "store"))
    assert "consumerSecret" not in read["oauthConfig"]


def test_a_password_that_could_not_be_kept_is_not_set(org: Org, sim: Sim, alias: str, tmp_path: Path) -> None:
    (tmp_path / "store").write_text("in the place of the folder")
    before = sim.writes(alias)
    (answer,) = org.send([SetPassword(org.identity.user_id, "user/me/password")])
    assert isinstance(answer, SecretError)
    assert str(tmp_path / "store") in str(answer)
    assert sim.writes(alias) == before


def test_a_read_is_tried_again(org: Org, faults: Faults, fast: None) -> None:
    faults("http_503", "composite/batch", times=2)
    assert len(org.send([Query("SELECT Id FROM Organization")])[0]) == 1


@pytest.mark.parametrize("kind", ["lost_answer", "http_503"])
def test_a_write_that_may_have_arrived_is_not_sent_again(org: Org, faults: Faults, fast: None, kind: str) -> None:
    before = org.api_calls
    faults(kind, "sobjects/Account")
    (error,) = org.send([Insert("Account", {"Name": f"Lost {kind}"})])
    assert isinstance(error, SalesforceError | OrgUnreachable)
    assert org.api_calls == before + 1
    (rows,) = org.send([Query(f"SELECT Id FROM Account WHERE Name = 'Lost {kind}'")])
    assert len(rows) == (1 if kind == "lost_answer" else 0)


def test_a_locked_row_is_tried_again(org: Org, faults: Faults, fast: None) -> None:
    faults("lock_row", "sobjects/Account", times=2)
    (made,) = org.send([Insert("Account", {"Name": "Locked"})])
    assert isinstance(made, str)
    assert len(org.send([Query("SELECT Id FROM Account WHERE Name = 'Locked'")])[0]) == 1


def test_the_request_limit_is_not_tried_again(org: Org, faults: Faults, fast: None) -> None:
    before = org.api_calls
    faults("request_limit", times=5)
    (error,) = org.send([Query("SELECT Id FROM Organization")])
    assert isinstance(error, LimitExceeded)
    assert org.api_calls == before + 1


@pytest.mark.parametrize(("kind", "error"), [("http_503", Temporary), ("http_429", LimitExceeded)])
def test_an_answer_at_the_metadata_door_that_is_no_soap(
    org: Org, faults: Faults, fast: None, kind: str, error: type[SalesforceError]
) -> None:
    faults(kind, "/Soap/m/", times=9)
    (told,) = org.send([ReadMetadata("CaseSettings", "Case")])
    assert type(told) is error
    assert told.hint


def test_a_ca_file_that_is_not_there(alias: str, sim: Sim, tmp_path: Path) -> None:
    with pytest.raises(InventoryError, match=r"nope\.pem"):
        connect(alias, find_org(alias).model_copy(update={"ca_cert": tmp_path / "nope.pem"}))


def test_an_expired_session_is_renewed_once_where_there_is_a_password(org: Org, faults: Faults, fast: None) -> None:
    faults("session_expired", "composite/batch")
    assert len(org.send([Query("SELECT Id FROM Organization")])[0]) == 1


def test_an_expired_session_by_session_id_is_told(alias: str, sim: Sim, monkeypatch: pytest.MonkeyPatch) -> None:
    entry = find_org(alias)
    monkeypatch.setenv("CNX_TEST_SESSION", "00D000000000001!nonsense")
    login = SessionLogin(route="session", url=entry.login.url, session="env:CNX_TEST_SESSION")
    with pytest.raises(SessionExpired) as caught:
        connect(alias, entry.model_copy(update={"login": login}))
    assert "Log in again" in caught.value.hint
    assert "nonsense" not in str(caught.value)


def test_a_refused_login_says_whose_and_where(alias: str, sim: Sim, monkeypatch: pytest.MonkeyPatch) -> None:
    entry = find_org(alias)
    assert isinstance(entry.login, PasswordLogin)
    monkeypatch.setenv("CNX_TEST_PASSWORD", "wrong-canary")
    login = entry.login.model_copy(update={"password": "env:CNX_TEST_PASSWORD"})
    with pytest.raises(LoginRefused) as caught:
        connect(alias, entry.model_copy(update={"login": login}))
    assert entry.login.username in str(caught.value)
    assert "wrong-canary" not in str(caught.value)


def test_an_address_where_nobody_answers() -> None:
    login = {"route": "session", "url": "https://127.0.0.1:9", "session": "env:PATH"}
    entry = OrgEntry.model_validate({"login": login})
    with pytest.raises(OrgUnreachable, match=r"127\.0\.0\.1:9"):
        connect("nowhere", entry)


def test_a_certificate_that_nobody_vouches_for(alias: str, sim: Sim, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("REQUESTS_CA_BUNDLE")
    with pytest.raises(OrgUnreachable, match="not trusted"):
        connect(alias, find_org(alias).model_copy(update={"ca_cert": None}))


def test_a_reference_that_leads_nowhere_sends_nothing(alias: str, sim: Sim) -> None:
    entry = find_org(alias)
    login = SessionLogin(route="session", url=entry.login.url, session="env:CNX_NOT_SET_ANYWHERE")
    before = sim.control("GET", "stats")["requests"]
    with pytest.raises(SecretError):
        connect(alias, entry.model_copy(update={"login": login}))
    assert sim.control("GET", "stats")["requests"] == before


@pytest.fixture
def fast(org: Org, monkeypatch: pytest.MonkeyPatch) -> None:
    """Pauses between tries are long for a test."""
    client: Client = org._client
    monkeypatch.setattr(client, "_pause", 0.01)


class TestTheMarkOfSecrets:
    """A text that says whether secrets are those of before, and nothing else about them."""

    @staticmethod
    def mark(org: Org, *references: str) -> str:
        (told,) = org.send([SecretsMark(references)])
        assert isinstance(told, str), told
        return told

    @pytest.fixture
    def kept(self, org: Org, tmp_path: Path) -> SecretStore:
        store = SecretStore(tmp_path / "store")
        store.put("one", "correct horse")
        store.put("two", "battery staple")
        return store

    def test_it_is_the_same_as_long_as_they_are(self, org: Org, kept: SecretStore) -> None:
        before = org.api_calls
        first = self.mark(org, "age:one", "age:two")
        assert self.mark(org, "age:one", "age:two") == first
        assert len(first) == 12 and set(first) <= set("0123456789abcdef")
        assert org.api_calls == before

    def test_it_is_another_as_soon_as_one_of_them_is(self, org: Org, kept: SecretStore) -> None:
        first = self.mark(org, "age:one", "age:two")
        kept.put("two", "battery stapler")
        assert self.mark(org, "age:one", "age:two") != first

    def test_where_one_ends_and_the_next_begins_counts(self, org: Org, kept: SecretStore) -> None:
        kept.put("three", "correct horseb")
        kept.put("four", "attery staple")
        assert self.mark(org, "age:one", "age:two") != self.mark(org, "age:three", "age:four")
        assert self.mark(org, "age:one", "age:two") != self.mark(org, "age:two", "age:one")

    def test_it_tells_nothing_to_who_has_not_this_orgs_key(self, org: Org, kept: SecretStore, tmp_path: Path) -> None:
        other_store = SecretStore(tmp_path / "elsewhere")
        other_store.put("one", "correct horse")
        other = connect(org.alias, store=other_store)
        assert self.mark(other, "age:one") != self.mark(org, "age:one")
        other.close()
