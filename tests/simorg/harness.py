"""A simulated org in a process of its own, and requests to it over TLS."""

from __future__ import annotations

import itertools
import json
import subprocess
import sys
from dataclasses import dataclass
from typing import Any

import requests

_numbers = itertools.count(1)


class Server:
    """The process, what its ready line said, and an HTTP session that trusts its CA."""

    def __init__(self, *arguments: str) -> None:
        command = [sys.executable, "-m", "cnxlib.simorg", "serve", "--exit-with-parent", *arguments]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        assert line, f"no ready line; exit code {self.process.wait(10)}"
        self.ready: dict[str, Any] = json.loads(line)
        self.url: str = self.ready["url"]
        self.http = requests.Session()
        self.http.trust_env = False  # an environment's own CA bundle would be taken instead of this one
        self.http.verify = self.ready["ca_cert"]

    def add_org(self, scenario: str = "fresh") -> Org:
        answer = self.http.post(f"{self.url}/_sim/orgs", json={"alias": f"t{next(_numbers)}", "scenario": scenario})
        assert answer.status_code == 201, answer.text
        return Org(self, answer.json())

    def close(self) -> int:
        """End the process as its parent's end would; returns its exit code."""
        self.http.close()
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.close()
        self.process.stdout.close()
        return self.process.wait(15)


@dataclass(frozen=True)
class Org:
    """One org of the server, and requests to it as its administrator."""

    server: Server
    about: dict[str, str]

    @property
    def alias(self) -> str:
        return self.about["alias"]

    def user(self, name: str) -> str:
        """The username of the scenario's user of that name."""
        return f"{name}@{self.alias}.example"

    def call(self, method: str, path: str, *, token: str = "", **options: Any) -> requests.Response:
        """A REST request: `path` from /services on, or below the newest version's root."""
        url = path if path.startswith("/") else f"/services/data/v62.0/{path}"
        headers = {"Authorization": f"Bearer {token or self.about['access_token']}", **options.pop("headers", {})}
        return self.server.http.request(method, self.server.url + url, headers=headers, **options)

    def query(self, soql: str, **options: Any) -> list[dict[str, Any]]:
        answer = self.call("GET", "query", params={"q": soql}, **options)
        assert answer.status_code == 200, answer.text
        records: list[dict[str, Any]] = answer.json()["records"]
        return records

    def token(self, **form: str) -> requests.Response:
        """A request to the token endpoint."""
        return self.server.http.post(f"{self.server.url}/services/oauth2/token", data=form)

    def soap(self, door: str, body: str, token: str = "") -> requests.Response:
        """A SOAP request; `body` is the call's element, with no prefix."""
        header = f"<SessionHeader><sessionId>{token}</sessionId></SessionHeader>" if token else ""
        envelope = (
            '<Envelope xmlns="http://schemas.xmlsoap.org/soap/envelope/">'
            f"<Header>{header}</Header><Body>{body}</Body></Envelope>"
        )
        headers = {"Content-Type": "text/xml", "SOAPAction": '""'}
        return self.server.http.post(f"{self.server.url}/services/Soap/{door}", data=envelope, headers=headers)

    def stats(self) -> dict[str, Any]:
        found: dict[str, Any] = self.server.http.get(f"{self.server.url}/_sim/stats").json()["orgs"][self.alias]
        return found
