"""The HTTP session that every request to an org goes through: counted, timed out, TLS verified."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import requests
from requests.adapters import HTTPAdapter

from cnxlib.errors import InventoryError

CONNECT_SECONDS = 10.0
READ_SECONDS = 120.0


class CountingAdapter(HTTPAdapter):
    """Counts requests, gives each a time limit, and trusts an org's own CA where it names one."""

    def __init__(self, ca_cert: Path | None = None) -> None:
        super().__init__()
        self._ca_cert = ca_cert
        self._lock = threading.Lock()
        self.requests = 0

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
        return super().send(
            request,
            stream=stream,
            timeout=timeout or (CONNECT_SECONDS, READ_SECONDS),
            # Session.verify would lose to $REQUESTS_CA_BUNDLE, hence here; False is never passed on.
            verify=str(self._ca_cert) if self._ca_cert else (verify or True),
            cert=cert,
            proxies=proxies,
        )


def session(ca_cert: Path | None = None) -> tuple[requests.Session, CountingAdapter]:
    """A session for HTTPS alone, and the adapter that counts its requests.

    Raises
    ------
    InventoryError
        There is no file `ca_cert`.
    """
    if ca_cert is not None and not ca_cert.is_file():
        raise InventoryError(f"ca_cert: there is no file {ca_cert}", hint="Mend the org's entry in the inventory.")
    adapter = CountingAdapter(ca_cert)
    made = requests.Session()
    made.mount("https://", adapter)
    del made.adapters["http://"]
    made.headers["User-Agent"] = "conexiom-runbook"
    return made, adapter
