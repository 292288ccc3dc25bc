"""`Org`: answers the requests of resources, batching what can be batched."""

from __future__ import annotations

import hmac
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any
from urllib.parse import quote, urlsplit

from cnxlib.errors import CnxError, NotFound, SessionExpired
from cnxlib.inventory import OrgEntry, find_org
from cnxlib.salesforce import requests as ask
from cnxlib.salesforce.client import Client, is_refused, page_path, rows_of
from cnxlib.salesforce.metadata import READ_LIMIT
from cnxlib.salesforce.refusals import refusal_from_body
from cnxlib.salesforce.soql import chunks, soql
from cnxlib.secrets import SecretStore, make_secret, resolve

BATCH_LIMIT = 25
"""Subrequests of composite/batch (REST API, Composite Batch)."""

COMPOSITE_QUERY_LIMIT = 5
"""Queries in one composite request (REST API and Tooling API, Composite)."""


class Org:
    """One org, logged in.

    Parameters
    ----------
    client:
        The doors.
    identity:
        Who is logged in where.
    simulated:
        Whether the inventory says that the org is a simulated one.
    store:
        Where secrets made on the way are kept.
    """

    def __init__(self, client: Client, identity: ask.Identity, simulated: bool, store: SecretStore) -> None:
        self._client, self.identity, self.simulated, self._store = client, identity, simulated, store
        self._writers: dict[type, Callable[[Any], Any]] = {
            ask.Insert: self._insert,
            ask.Update: lambda r: self._write("PATCH", f"sobjects/{r.sobject}/{r.id}", r.values),
            ask.Delete: lambda r: self._write("DELETE", f"sobjects/{r.sobject}/{r.id}"),
            ask.InsertRows: self._insert_rows,
            ask.DeleteRows: self._delete_rows,
            ask.SetPassword: self._set_password,
            ask.WriteMetadata: self._write_metadata,
            ask.DeleteMetadata: self._delete_metadata,
            ask.MakeSecret: self._make_secret,
            ask.SecretHeld: self._secret_held,
            ask.SecretMatches: self._secret_matches,
            ask.SecretsMark: self._secrets_mark,
            ask.Get: lambda r: self._client.get(r.path),
            ask.LoginDoor: lambda r: self._client.knock(r.door, r.version),
            ask.AuthorizeDoor: lambda r: self._client.authorize(r.client_id, r.redirect_uri),
            ask.TokenDoor: lambda r: self._client.token(self._revealed(dict(r.form))),
            ask.Deploy: self._deploy,
        }

    @property
    def alias(self) -> str:
        """The name that the org has here."""
        return self._client.alias

    @property
    def api_calls(self) -> int:
        """HTTP requests sent to the org so far, the login included."""
        return self._client.api_calls

    @property
    def host(self) -> str:
        """The org's host, with its port where that is an uncommon one."""
        return urlsplit(self._client.url).netloc

    @property
    def certificate(self) -> str:
        """SHA-256, in hex, of the certificate that the org's server showed; "" where it is not known."""
        return self._client.certificate

    @property
    def server_time(self) -> str:
        """The org's clock in its newest answer, as ISO 8601 in UTC; "" before there is one."""
        return self._client.server_time

    @property
    def api_versions(self) -> tuple[str, ...]:
        """The API versions that the org offers, oldest first."""
        return self._client.api_versions

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def send(self, requests: Sequence[Any]) -> list[Any]:
        """Answer `requests` in their order; a refusal stands in its place as a `CnxError`.

        Queries go out in batches of 25, tooling queries of 5, metadata reads of 10 a type. An expired session and an
        unreachable org are answers too: to every request they befell.
        """
        answers: dict[int, Any] = {}
        batched = (ask.Query, ask.ToolingQuery, ask.ReadMetadata)
        for kind, answer in zip(batched, (self._queries, self._tooling_queries, self._metadata_reads), strict=True):
            group = [(index, request) for index, request in enumerate(requests) if isinstance(request, kind)]
            if group:
                found = answer([request for _, request in group])  # type: ignore[operator]
                answers.update(zip((index for index, _ in group), found, strict=True))
        for index, request in enumerate(requests):
            if index not in answers:
                answers[index] = _answered(lambda request=request: self._writers[type(request)](request))  # type: ignore[misc]
        return [answers[index] for index in range(len(requests))]

    def _queries(self, queries: Sequence[ask.Query]) -> Iterator[Any]:
        version = f"v{self.identity.api_version}"
        for batch in chunks(queries, BATCH_LIMIT):
            urls = [f"{version}/query?q={quote(query.soql)}" for query in batch]
            body = {"batchRequests": [{"method": "GET", "url": url} for url in urls]}
            answer = _answered(lambda body=body: self._client.post_to_read("composite/batch", body))  # type: ignore[misc]
            if isinstance(answer, CnxError):
                yield from [answer] * len(batch)
            else:
                for query, item in zip(batch, answer["results"], strict=True):
                    yield self._pages(item["result"], item["statusCode"], query)

    def _tooling_queries(self, queries: Sequence[ask.ToolingQuery]) -> Iterator[Any]:
        root = f"/services/data/v{self.identity.api_version}/tooling/query?q="
        for batch in chunks(queries, COMPOSITE_QUERY_LIMIT):
            subrequests = [
                {"method": "GET", "url": root + quote(query.soql), "referenceId": f"q{index}"}
                for index, query in enumerate(batch)
            ]
            body = {"allOrNone": False, "compositeRequest": subrequests}
            answer = _answered(lambda body=body: self._client.post_to_read("tooling/composite", body))  # type: ignore[misc]
            if isinstance(answer, CnxError):
                yield from [answer] * len(batch)
            else:
                for query, item in zip(batch, answer["compositeResponse"], strict=True):
                    yield self._pages(item["body"], item["httpStatusCode"], query)

    def _pages(self, first: Any, status: int, query: ask.Query | ask.ToolingQuery) -> Any:
        if is_refused(first) or not isinstance(first, dict):
            return refusal_from_body(first, status, self.alias, query.sobject)
        return _answered(lambda: self._all_rows(first))

    def _all_rows(self, page: Mapping[str, Any]) -> list[dict[str, Any]]:
        rows = rows_of(page)
        while not page["done"]:
            page = self._client.get(page_path(page["nextRecordsUrl"]))
            rows.extend(rows_of(page))
        return rows

    def _metadata_reads(self, reads: Sequence[ask.ReadMetadata]) -> list[Any]:
        found: dict[ask.ReadMetadata, Any] = {}
        for type_name in dict.fromkeys(read.type for read in reads):
            for batch in chunks([read for read in reads if read.type == type_name], READ_LIMIT):
                names = [read.full_name for read in batch]
                answer = _answered(
                    lambda type_name=type_name, names=names: self._client.read(  # type: ignore[misc]
                        lambda: self._client.metadata.read(type_name, names)
                    )
                )
                dealt = [answer] * len(batch) if isinstance(answer, CnxError) else answer
                found.update(zip(batch, dealt, strict=True))
        return [found[read] for read in reads]

    def _insert(self, request: ask.Insert) -> str:
        door = "tooling/sobjects" if request.tooling else "sobjects"
        created: str = self._write("POST", f"{door}/{request.sobject}", request.values)["id"]
        return created

    def _insert_rows(self, request: ask.InsertRows) -> list[ask.RowResult]:
        records = [{"attributes": {"type": request.sobject}, **row} for row in request.rows]
        body = {"allOrNone": False, "records": records}
        return [self._row_result(result) for result in self._write("POST", "composite/sobjects", body)]

    def _delete_rows(self, request: ask.DeleteRows) -> list[ask.RowResult]:
        path = f"composite/sobjects?ids={','.join(request.ids)}&allOrNone=false"
        return [self._row_result(result) for result in self._write("DELETE", path)]

    def _row_result(self, result: Mapping[str, Any]) -> ask.RowResult:
        if result.get("success"):
            return ask.RowResult(str(result.get("id", "")))
        error = (result.get("errors") or [{}])[0]
        code, message = str(error.get("statusCode", "UNKNOWN_EXCEPTION")), str(error.get("message", ""))
        return ask.RowResult(str(result.get("id") or ""), code, message, self.alias)

    def _set_password(self, request: ask.SetPassword) -> None:
        self._store.prepare()  # a password that is set and cannot be kept would be lost
        password = make_secret("password")
        self._client.write("POST", f"sobjects/User/{request.user_id}/password", {"NewPassword": password})
        self._store.put(self._secret_name(request.name), password)

    def _write_metadata(self, request: ask.WriteMetadata) -> None:
        component = self._revealed(request.component)
        self._client.changed(lambda: self._client.metadata.write(request.op, request.type, component))

    def _deploy(self, request: ask.Deploy) -> str:
        components = [replace(one, properties=self._revealed(one.properties)) for one in request.components]
        return self._client.changed(lambda: self._client.deployments.deploy(components))

    def _delete_metadata(self, request: ask.DeleteMetadata) -> None:
        with suppress(NotFound):  # an answer was lost, or somebody was faster
            self._client.changed(lambda: self._client.metadata.delete(request.type, request.full_name))

    def _write(self, method: str, path: str, body: Any = None) -> Any:
        revealed = self._revealed(body)
        return self._client.write(method, path, revealed)

    def _revealed(self, value: Any) -> Any:
        """`value` with every `Secret` in it replaced by what it stands for."""
        if isinstance(value, ask.Secret):
            return resolve(value.reference, self._store)
        if isinstance(value, Mapping):
            return {name: self._revealed(item) for name, item in value.items()}
        if isinstance(value, list | tuple):
            return [self._revealed(item) for item in value]
        return value

    def _secret_name(self, name: str) -> str:
        return f"{self.identity.org_id}/{name}"

    def _make_secret(self, request: ask.MakeSecret) -> ask.Secret:
        return ask.Secret(self._store.put(self._secret_name(request.name), make_secret("alphanumeric")))

    def _secret_held(self, request: ask.SecretHeld) -> str:
        name = self._secret_name(request.name)
        return f"age:{name}" if name in self._store.names() else ""

    def _secret_matches(self, request: ask.SecretMatches) -> bool:
        name = self._secret_name(request.name)
        return name in self._store.names() and self._store.get(name) == request.value

    def _secrets_mark(self, request: ask.SecretsMark) -> str:
        values = [resolve(reference, self._store) for reference in request.references]
        name = self._secret_name("mark_key")
        if name not in self._store.names():
            self._store.put(name, make_secret("alphanumeric"))
        text = json.dumps(values)  # so that where one ends and the next begins counts too
        return hmac.new(self._store.get(name).encode(), text.encode(), "sha256").hexdigest()[:12]


def _answered(call: Callable[[], Any]) -> Any:
    try:
        return call()
    except CnxError as error:
        return error


def connect(alias: str, entry: OrgEntry | None = None, store: SecretStore | None = None) -> Org:
    """Log in to an org, of the inventory or as `entry` says; "age:" in it means `store`, the user's own by default.

    Raises
    ------
    UnknownOrg, InventoryError
        The inventory has no such alias or cannot be read.
    SecretError
        A reference leads nowhere; nothing was sent.
    OrgUnreachable, LoginRefused, SessionExpired
        No answer, or a no.
    """
    entry = entry or find_org(alias)
    client = Client(alias, entry, store)
    version = client.api_version
    queries = [
        "SELECT Id, Name, IsSandbox, OrganizationType, TrialExpirationDate FROM Organization",
        soql("SELECT Id, Username, Email FROM User WHERE Id = {}", client.user_id()),
    ]
    body = {"batchRequests": [{"method": "GET", "url": f"v{version}/query?q={quote(query)}"} for query in queries]}
    results = client.post_to_read("composite/batch", body)["results"]
    for item in results:
        if is_refused(item["result"]):
            raise refusal_from_body(item["result"], item["statusCode"], alias)
    if not results[0]["result"]["records"] or not results[1]["result"]["records"]:
        raise SessionExpired("The session's org or user cannot be read", org=alias, hint="Log in as an administrator.")
    organization, user = results[0]["result"]["records"][0], results[1]["result"]["records"][0]
    identity = ask.Identity(
        org_id=str(organization["Id"]),
        org_name=str(organization["Name"]),
        org_type=_org_type(organization),
        user_id=str(user["Id"]),
        username=str(user["Username"]),
        email=str(user["Email"]),
        url=client.url,
        api_version=version,
    )
    return Org(client, identity, entry.simulated, store or SecretStore())


def _org_type(organization: Mapping[str, Any]) -> str:
    if organization["IsSandbox"]:
        return "sandbox"
    if organization["OrganizationType"] == "Developer Edition":
        return "developer"
    return "trial" if organization["TrialExpirationDate"] else "production"
