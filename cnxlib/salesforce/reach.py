"""Whether an address answers over TLS that is trusted, before anybody logs in."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

import requests

from cnxlib.salesforce.failures import own_errors
from cnxlib.salesforce.http import session, trust_in_use


@dataclass(frozen=True)
class Reached:
    """An address that answered.

    Parameters
    ----------
    seconds:
        How long that took, connecting included.
    certificate:
        SHA-256 of the server's certificate, in hex; "" where it is not known.
    trusted_by:
        What vouches for it.
    proxy:
        Host and port of the proxy on the way, "" where there is none.
    ahead_s:
        How far this machine's clock is ahead of the server's, in seconds; None where the server told no time.
    """

    seconds: float
    certificate: str
    trusted_by: str
    proxy: str
    ahead_s: float | None


def reach(alias: str, url: str, ca_cert: Path | None) -> Reached:
    """Ask an address for its API versions, which wants no login; any answer will do.

    Raises
    ------
    OrgUnreachable
        No answer, or no TLS that is trusted.
    UsageError
        A file of certificates is not there; nothing was sent.
    """
    http, adapter = session(ca_cert)
    began = time.monotonic()
    with http, own_errors(alias, url):
        http.get(f"{url}/services/data", allow_redirects=False)
    seconds = time.monotonic() - began
    name, path = trust_in_use()
    proxy = urlsplit(requests.utils.select_proxy(url, requests.utils.get_environ_proxies(url)) or "")
    ahead = None
    if adapter.server_time:
        ahead = (datetime.now(UTC) - datetime.fromisoformat(adapter.server_time)).total_seconds()
    return Reached(
        seconds,
        adapter.certificate(url),
        f"{ca_cert} (ca_cert)" if ca_cert else f"{path} ({name})" if name else "certifi",
        proxy.netloc.rpartition("@")[2],
        ahead,
    )
