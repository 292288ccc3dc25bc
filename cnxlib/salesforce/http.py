"""The HTTP session that every request to an org goes through: counted, timed out, TLS verified.

The usual environment variables hold for all doors alike: HTTPS_PROXY (ALL_PROXY) and NO_PROXY for a proxy;
REQUESTS_CA_BUNDLE (CURL_CA_BUNDLE), else SSL_CERT_FILE, for a company's own certificate authority.
"""

from __future__ import annotations

import hashlib
import os
import threading
from collections.abc import Mapping
from datetime import UTC
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit
from urllib.request import getproxies

import requests
from requests.adapters import HTTPAdapter

from cnxlib.errors import InventoryError, UsageError
from cnxlib.secrets.touched import touch

CONNECT_SECONDS = 10.0
READ_SECONDS = 120.0

CA_VARIABLES = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE")
"""Variables that name the certificates to trust, the first that is set winning. requests knows the first two; the third
is what OpenSSL, and with it most of Python, goes by."""


class OrgAdapter(HTTPAdapter):
    """Counts requests, gives each a time limit, trusts an org's own CA where it names one, and sees who answered when.

    Parameters
    ----------
    ca_cert:
        The CA of the org, instead of all others.
    """

    def __init__(self, ca_cert: Path | None = None) -> None:
        super().__init__()
        self._ca_cert = ca_cert
        self._lock = threading.Lock()
        self.requests = 0
        self.server_time = ""
        """The Date of the newest answer, as ISO 8601 in UTC; "" before there is one."""
        self._certificates: dict[str, str] = {}

    def certificate(self, url: str) -> str:
        """SHA-256, in hex, of the certificate that the server of `url` showed; "" where it is not known."""
        return self._certificates.get(urlsplit(url).netloc, "")

    def send(
        self,
        request: requests.PreparedRequest,
        stream: bool = False,
        timeout: Any = None,
        verify: bool | str = True,
        cert: Any = None,
        proxies: Mapping[str, str] | None = None,
    ) -> requests.Response:
        """As `HTTPAdapter.send`. Certificates are always verified."""
        with self._lock:
            self.requests += 1
        response = super().send(
            request,
            stream=stream,
            timeout=timeout or (CONNECT_SECONDS, READ_SECONDS),
            # Session.verify would lose to $REQUESTS_CA_BUNDLE, hence here; False is never passed on.
            verify=str(self._ca_cert) if self._ca_cert else _trusted(),
            cert=cert,
            proxies=proxies,
        )
        self._notice(response)
        return response

    def _notice(self, response: requests.Response) -> None:
        """Who answered, and when by its clock. What the answer does not tell stays as it was."""
        # The answer has not been read yet, so that its connection is still there; through a proxy, with the TLS of the
        # org within it.
        socket: Any = getattr(getattr(response.raw, "connection", None), "sock", None)
        shown = socket.getpeercert(binary_form=True) if hasattr(socket, "getpeercert") else None
        if shown:
            self._certificates[urlsplit(response.url).netloc] = hashlib.sha256(shown).hexdigest()
        try:
            date = parsedate_to_datetime(response.headers.get("Date", ""))
        except ValueError:
            return
        date = date.replace(tzinfo=UTC) if date.tzinfo is None else date.astimezone(UTC)
        self.server_time = date.isoformat(timespec="seconds")


def session(ca_cert: Path | None = None) -> tuple[requests.Session, OrgAdapter]:
    """A session for HTTPS alone, and its adapter.

    Raises
    ------
    InventoryError
        There is no file `ca_cert`.
    """
    if ca_cert is not None and not ca_cert.is_file():
        raise InventoryError(f"ca_cert: there is no file {ca_cert}", hint="Mend the org's entry in the inventory.")
    adapter = OrgAdapter(ca_cert)
    made = requests.Session()
    made.mount("https://", adapter)
    del made.adapters["http://"]
    made.headers["User-Agent"] = "conexiom-runbook"
    # Without an `auth` of its own, requests would put a host's password of ~/.netrc in the place of our session.
    made.auth = _as_it_is
    _touch_proxy_passwords()
    return made, adapter


def trust_in_use() -> tuple[str, str]:
    """The variable that names the certificates to trust, and its value; ("", "") where certifi's are trusted."""
    return next(((name, value) for name in CA_VARIABLES if (value := os.environ.get(name, ""))), ("", ""))


def _trusted() -> bool | str:
    """What `verify` is to be: the file or folder that the environment names, True for certifi's.

    Raises
    ------
    UsageError
        It names one that is not there.
    """
    name, path = trust_in_use()
    if path and not Path(path).exists():
        raise UsageError(f"There is no file {path}, which {name} names", hint=f"Mend {name}, or unset it.")
    return path or True


def _touch_proxy_passwords() -> None:
    """A proxy's address may hold a password."""
    for address in getproxies().values():
        try:
            password = urlsplit(address).password
        except ValueError:
            continue
        for value in {password, unquote(password)} if password else ():
            if len(value) >= 4:  # a shorter one cannot be kept out of a record: it is in half the words
                touch(value)


def _as_it_is(request: requests.PreparedRequest) -> requests.PreparedRequest:
    return request
