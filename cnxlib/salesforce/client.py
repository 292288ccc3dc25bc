"""One org's doors over simple-salesforce: REST, Tooling and Metadata API, with retries and a renewed session.

A read is retried after anything passing. A write is retried only where Salesforce answered that it did nothing
(a locked row): a write whose answer was lost may have arrived, so the next run looks for it first.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

import tenacity
from simple_salesforce.api import Salesforce

from cnxlib.errors import OrgUnreachable, SessionExpired, Temporary
from cnxlib.inventory import OrgEntry
from cnxlib.salesforce import app_doors
from cnxlib.salesforce.deployments import DeployDoor
from cnxlib.salesforce.failures import own_errors
from cnxlib.salesforce.http import session as http_session
from cnxlib.salesforce.login import log_in, over, refusal_of_nobody
from cnxlib.salesforce.login_session import Session
from cnxlib.salesforce.metadata import MetadataDoor
from cnxlib.salesforce.refusals import refusal_from_body
from cnxlib.secrets import SecretStore

T = TypeVar("T")

NEWEST_TESTED = 67
"""REST API version asked for where the org lists it (Summer '26); an older org's newest is taken as it is."""


class Client:
    """Requests to one org.

    Parameters
    ----------
    alias, entry:
        The org and its inventory entry.
    store:
        What "age:" means in the entry; the user's own store by default.
    pause:
        First pause between tries, in seconds; doubles up to ten times itself.

    Raises
    ------
    OrgUnreachable, LoginRefused, SecretError
        From the login, which is made at once.
    """

    def __init__(self, alias: str, entry: OrgEntry, store: SecretStore | None = None, pause: float = 0.5) -> None:
        self.alias, self._entry, self._store, self._pause = alias, entry, store, pause
        self._http, self._adapter = http_session(entry.ca_cert)
        self._at, self._session_id = entry.login.at, ""
        self._open()

    def _open(self) -> None:
        """Log in.

        Raises
        ------
        LoginRefused
            The org said no.
        SessionExpired
            The login brings the session that has ended.
        """
        tries = self._tries(_passes_at_login)
        opened: Session = tries(self.guarded, lambda: log_in(self.alias, self._entry, self._http, self._store))
        if opened.id == self._session_id:
            raise over(self.alias, self._entry)
        self.url, self._session_id, self._at = opened.url, opened.id, opened.url
        listed = tries(self.guarded, self._versions)
        newest = max((version for version in listed if version <= NEWEST_TESTED), default=max(listed))
        self.api_version = f"{newest:.1f}"
        self.api_versions = tuple(f"{version:.1f}" for version in listed)
        self._salesforce = Salesforce(
            session_id=opened.id, instance_url=opened.url, version=self.api_version, session=self._http
        )
        self._metadata: MetadataDoor | None = None

    def _versions(self) -> list[float]:
        """The API versions that the org offers, oldest first."""
        answer = self._http.get(f"{self.url}/services/data")
        told = answer.json()
        if is_refused(told):
            raise refusal_from_body(told, answer.status_code, self.alias)
        try:
            return sorted(float(version["version"]) for version in told)
        except (TypeError, KeyError, ValueError):
            raise OrgUnreachable(
                f"{self.url} does not answer as a Salesforce org does",
                org=self.alias,
                hint="Check the url in the org's entry of the inventory.",
            ) from None

    @property
    def api_calls(self) -> int:
        """HTTP requests sent to the org so far."""
        return self._adapter.requests

    @property
    def server_time(self) -> str:
        """The Date of the newest answer, as ISO 8601 in UTC; "" before there is one."""
        return self._adapter.server_time

    @property
    def certificate(self) -> str:
        """SHA-256, in hex, of the certificate that the org's server showed; "" where it is not known."""
        return self._adapter.certificate(self.url)

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def get(self, path: str) -> Any:
        """GET below /services/data/vXX.0/, retried."""
        return self.read(lambda: self._rest("GET", path))

    def post_to_read(self, path: str, body: Mapping[str, Any]) -> Any:
        """POST that only reads (a batch of queries), retried."""
        return self.read(lambda: self._rest("POST", path, json=body))

    def write(self, method: str, path: str, body: Any = None, **kwargs: Any) -> Any:
        """POST, PATCH or DELETE that changes the org."""
        return self.changed(lambda: self._rest(method, path, json=body, **kwargs))

    def knock(self, door: str, version: str) -> str:
        """The code by which a way of logging in refuses somebody whom no org knows."""
        return self.read(lambda: refusal_of_nobody(self.url, door, version, self._http))

    def authorize(self, client_id: str, redirect_uri: str) -> str:
        """The code by which the authorize endpoint refuses an app with that callback URL, "" where it knows both."""
        return self.read(lambda: app_doors.authorize(self.url, client_id, redirect_uri, self._http))

    def token(self, form: dict[str, str]) -> str:
        """The code by which the token endpoint refuses `form`, "" where it gave a token (revoked at once)."""
        return self.read(lambda: app_doors.token(self.url, form, self._http))

    def user_id(self) -> str:
        """Id of the session's user, from the resource map's identity URL (…/id/00D…/005…).

        Any session may read it; OAuth's userinfo wants a scope.
        """
        return str(self.get("")["identity"]).rstrip("/").rpartition("/")[2]

    @property
    def metadata(self) -> MetadataDoor:
        """The Metadata API, made on first use: its WSDL takes half a second to read."""
        if self._metadata is None:
            self._metadata = MetadataDoor(self.alias, self.url, self._session_id, self._http)
        return self._metadata

    @property
    def deployments(self) -> DeployDoor:
        """The Metadata API's door for what is made together."""
        return DeployDoor(self.alias, self.url, self.api_version, self._session_id, self._http)

    def read(self, ask: Callable[[], T]) -> T:
        """Ask, up to four times after passing errors, once more after a renewed session."""
        return self._retried(ask, lambda error: isinstance(error, Temporary | OrgUnreachable))

    def changed(self, do: Callable[[], T]) -> T:
        """Do, again only where Salesforce said that it did nothing."""
        return self._retried(do, lambda error: isinstance(error, Temporary) and error.nothing_done)

    def _tries(self, worth: Callable[[BaseException], bool]) -> tenacity.Retrying:
        return tenacity.Retrying(
            retry=tenacity.retry_if_exception(worth),
            stop=tenacity.stop_after_attempt(4),
            wait=tenacity.wait_exponential(self._pause, max=10 * self._pause)
            + tenacity.wait_random(0, self._pause / 2),
            reraise=True,
        )

    def _retried(self, call: Callable[[], T], worth: Callable[[BaseException], bool]) -> T:
        def renewed() -> T:
            try:
                return self.guarded(call)
            except SessionExpired:
                self._open()
            try:
                return self.guarded(call)
            except SessionExpired as error:
                raise SessionExpired(
                    f"A session that was opened just now is refused: {error.message}",
                    code=error.code,
                    status=error.status,
                    org=self.alias,
                    hint="API Access Control may admit approved apps alone (Setup, API Access Control): log in by an "
                    "app that the org has installed, or grant the user Use Any API Client.",
                ) from None

        return self._tries(worth)(renewed)

    def _rest(self, method: str, path: str, **kwargs: Any) -> Any:
        return self._salesforce.restful(path, method=method, **kwargs)

    def guarded(self, call: Callable[[], T]) -> T:
        """Call, and raise foreign errors as this project's own."""
        with own_errors(self.alias, self._at):
            return call()


def _passes_at_login(error: BaseException) -> bool:
    """A login whose answer was lost is made again; where nobody ever answered, the address is wrong more often."""
    return isinstance(error, Temporary) or (isinstance(error, OrgUnreachable) and error.cut_off)


def rows_of(result: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The rows of one page of a query's answer, without `attributes` at any depth."""
    return [_bare(row) for row in result["records"]]


def _bare(row: Mapping[str, Any]) -> dict[str, Any]:
    bare: dict[str, Any] = {}
    for name, value in row.items():
        if name == "attributes":
            continue
        if isinstance(value, dict):
            bare[name] = rows_of(value) if "records" in value else _bare(value)
        else:
            bare[name] = value
    return bare


def page_path(next_records_url: str) -> str:
    """Path below /services/data/vXX.0/ of a query's next page."""
    return next_records_url.split("/", 4)[4]


def is_refused(result: Any) -> bool:
    """Whether a subrequest's body is a list of errors."""
    return isinstance(result, Sequence) and bool(result) and isinstance(result[0], dict) and "errorCode" in result[0]
