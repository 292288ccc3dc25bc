"""How often the integration user logs in as a proof: each time is an entry in its history."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from cnxlib.model import Observation
from cnxlib.resources.api_login import LoginProof
from cnxlib.rounds import Rounds
from cnxlib.salesforce import Query, ReadMetadata, SecretHeld, SecretMatches, TokenDoor
from tests.phases.test_cases import ME


class Asked:
    """An org whose user is refused for a reason that its history tells; counts the logins."""

    def __init__(self, status: str) -> None:
        self.status, self.logins = status, 0
        self.changed = "2026-11-20T10:00:00.000+0000"
        self.active = True
        self.history: list[dict[str, str]] = []

    def send(self, requests: Sequence[Any]) -> list[Any]:
        return [self._answer(request) for request in requests]

    def _answer(self, request: Any) -> Any:
        match request:
            case ReadMetadata("ConnectedApp"):
                return {"fullName": "Conexiom", "oauthConfig": {"consumerKey": "3MVG", "scopes": ["Full"]}}
            case ReadMetadata():
                return {"blockOAuthUnPwFlow": False}
            case SecretHeld(name):
                return f"age:{name}"
            case SecretMatches():
                return True
            case Query(soql) if "LoginHistory" in soql:
                return self.history[: int(soql.rsplit(" ", 1)[1])]
            case Query():
                return [{"Id": "0055f", "IsActive": self.active, "LastPasswordChangeDate": self.changed}]
            case TokenDoor():
                self.logins += 1
                row = {"Id": f"0Ya{self.logins}", "LoginTime": f"2026-11-24T09:00:0{self.logins}.000+0000"}
                self.history.insert(0, {**row, "Status": self.status, "LoginType": "Remote Access 2.0"})
                return "invalid_grant"
        raise AssertionError(request)

    def observe(self, proof: LoginProof) -> Observation:
        return Rounds(self.send, lambda name, data: None).perform(proof.observe())


def proof() -> LoginProof:
    return LoginProof("int@acme.example", "Conexiom", ME)


def test_plan_and_verify_of_one_run_log_in_once() -> None:
    org, one = Asked("Restricted IP"), proof()
    planned, verified = org.observe(one), org.observe(one)
    assert (planned, org.logins) == (verified, 1)
    assert [step.step for step in verified.manual] == ["api_login"]
    org.observe(proof())
    assert org.logins == 2, "another run: the ranges may be others by now"


def test_another_password_is_tried_in_the_same_run() -> None:
    org, one = Asked("Restricted IP"), proof()
    org.observe(one)
    org.changed = "2026-11-24T09:30:00.000+0000"
    org.observe(one)
    assert org.logins == 2


def test_where_the_history_tells_it_no_other_run_logs_in() -> None:
    for status, done in (("Failed: API security token required", ("api_login",)), ("Invalid Password", ())):
        org = Asked(status)
        found = [org.observe(proof()) for _ in range(3)]
        assert ([one.done for one in found], org.logins) == ([done] * 3, 1)


def test_a_user_who_was_deactivated_since_is_not_said_to_be_proven() -> None:
    org = Asked("Failed: API security token required")
    org.observe(proof())
    org.active, org.status = False, "User is Inactive"
    assert [step.step for step in org.observe(proof()).manual] == ["api_login"]
    assert org.logins == 2
