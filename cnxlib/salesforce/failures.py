"""What goes wrong between here and an org, as errors of this project."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

import requests
from simple_salesforce.exceptions import SalesforceError as RefusedBySalesforce
from urllib3.exceptions import ProtocolError

from cnxlib.errors import OrgUnreachable
from cnxlib.salesforce.http import trust_in_use
from cnxlib.salesforce.refusals import refusal_from_body


@contextmanager
def own_errors(alias: str, at: str) -> Iterator[None]:
    """Within it, errors of simple-salesforce and requests are raised as this project's own.

    Parameters
    ----------
    alias, at:
        The org, and where it is reached, for people.

    Raises
    ------
    OrgUnreachable
        No answer, or none that can be read.
    SalesforceError
        Salesforce refused.
    """
    try:
        yield
    except RefusedBySalesforce as error:
        raise refusal_from_body(error.content, error.status, alias) from None
    except requests.exceptions.SSLError:
        name, path = trust_in_use()
        trusted = f"{path}, which {name} names, does not vouch for it. " if name else ""
        raise OrgUnreachable(
            f"The certificate of {at} is not trusted",
            org=alias,
            hint=f"{trusted}Behind a proxy that opens TLS, name a file with its CA in REQUESTS_CA_BUNDLE. TLS is "
            "always verified.",
        ) from None
    except requests.exceptions.ProxyError as error:
        # No more of its text, which may hold the proxy's address with a password.
        refused = re.search(r"Tunnel connection failed: (\d{3}[\w -]*)", str(error))
        raise OrgUnreachable(
            f"The proxy does not connect to {at}" + (f": {refused[1].strip()}" if refused else ""),
            org=alias,
            hint="Check HTTPS_PROXY (with user and password, where it wants them), or name the host in NO_PROXY.",
        ) from None
    except requests.exceptions.JSONDecodeError:
        raise OrgUnreachable(
            f"{at} answered with something that is no JSON",
            org=alias,
            hint="Check the url in the org's entry: it must be the org's own address, without a path.",
        ) from None
    except requests.RequestException as error:
        raise OrgUnreachable(
            f"No answer from {at} ({type(error).__name__})",
            org=alias,
            hint="Check the url in the org's entry, the network and the proxy (HTTPS_PROXY), then run again.",
            cut_off=_is_cut_off(error),
        ) from None


def _is_cut_off(error: requests.RequestException) -> bool:
    """Whether there was a connection, which ended early: urllib3 wraps what it never reached in another error."""
    if isinstance(error, requests.exceptions.ChunkedEncodingError):
        return True
    return isinstance(error, requests.exceptions.ConnectionError) and any(
        isinstance(cause, ProtocolError) for cause in error.args
    )
