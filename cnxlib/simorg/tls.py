"""A throwaway certificate authority and the loopback server's certificate, made at each start (trustme)."""

from __future__ import annotations

import ssl
from pathlib import Path

import trustme


def server_context(ca_file: Path) -> ssl.SSLContext:
    """Make a new authority, write its certificate (PEM, alone) to `ca_file`, and return the TLS context of the server.

    The certificate names 127.0.0.1, ::1 and localhost. The keys never leave this process, but for a temporary file of
    trustme's own, which is removed at once.
    """
    authority = trustme.CA(organization_name="Simulated org", organization_unit_name="Throwaway CA")
    certificate = authority.issue_cert("127.0.0.1", "::1", "localhost")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate.configure_cert(context)
    authority.cert_pem.write_to_path(str(ca_file))
    return context
