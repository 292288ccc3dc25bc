"""Apps to log in by, made in a simulated org; and inventory entries of each route."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID

from cnxlib.inventory import OrgEntry, find_org
from cnxlib.salesforce import Delete, Insert, Query, WriteMetadata, soql
from cnxlib.salesforce.org import Org, connect

SECRET = "ConsumerSecretCanary1"


def pem(key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey, passphrase: bytes = b"") -> str:
    """The key as text."""
    lock = serialization.BestAvailableEncryption(passphrase) if passphrase else serialization.NoEncryption()
    form = serialization.PrivateFormat.PKCS8
    return key.private_bytes(serialization.Encoding.PEM, form, lock).decode()


def certificate(key: rsa.RSAPrivateKey) -> str:
    """A certificate of the key, signed by itself."""
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "runbook")])
    now = datetime.now(UTC)
    builder = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
    made = builder.not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=1))
    return made.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM).decode()


class Apps:
    """Routes into an org of scenario fresh, all as its administrator.

    Parameters
    ----------
    alias:
        The org.
    folder:
        Where the secrets that the entries refer to are written.
    """

    def __init__(self, alias: str, folder: Path) -> None:
        self.alias, self.folder = alias, folder
        self.given = find_org(alias)
        self.username = f"admin@{alias}.example"
        self.key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        admin = connect(alias)
        oauth = {
            "callbackUrl": "https://x.example",
            "consumerKey": self.client_id,
            "consumerSecret": SECRET,
            "certificate": certificate(self.key),
            "isClientCredentialEnabled": True,
            "oauthClientCredentialUser": self.username,
            "scopes": ["Full", "Api"],
        }
        self.write(admin, "create", "ConnectedApp", "Runbook", label="Runbook", contactEmail="a@b.c", oauthConfig=oauth)
        self.write(admin, "update", "OauthOidcSettings", "OauthOidc", blockOAuthUnPwFlow=False)
        self.admin = admin

    @property
    def client_id(self) -> str:
        """The app's consumer key."""
        return f"ConsumerKey{self.alias}".replace("-", "")

    def write(self, org: Org, op: Any, kind: str, name: str, **component: Any) -> None:
        """Write one metadata component."""
        assert org.send([WriteMetadata(op, kind, {"fullName": name, **component})]) == [None]

    def grant(self, user_id: str, **permissions: bool) -> None:
        """Give a user a permission set of these permissions."""
        name = "_".join(permissions)[:40]
        columns = {f"Permissions{permission}": value for permission, value in permissions.items()}
        (made,) = self.admin.send([Insert("PermissionSet", {"Name": name, "Label": name, **columns})])
        self.admin.send([Insert("PermissionSetAssignment", {"AssigneeId": user_id, "PermissionSetId": made})])

    def revoke(self, set_name: str) -> None:
        """Take away all assignments of a permission set."""
        select = "SELECT Id FROM PermissionSetAssignment WHERE PermissionSet.Name = {}"
        for row in self.admin.send([Query(soql(select, set_name))])[0]:
            self.admin.send([Delete("PermissionSetAssignment", row["Id"])])

    def secret(self, name: str, value: str) -> str:
        """A reference to that value."""
        (self.folder / name).write_text(value, encoding="utf-8")
        return f"file:{self.folder / name}"

    def session(self) -> str:
        """An access token of the administrator."""
        from cnxlib.salesforce.http import session
        from cnxlib.salesforce.login import log_in

        http, _ = session(self.given.ca_cert)
        with http:
            return log_in(self.alias, self.given, http).id

    def entry(self, route: str, **changed: Any) -> OrgEntry:
        """An entry of that route: jwt, client_credentials, oauth_password, soap_password or session."""
        login = {"url": self.given.login.url, **self._login(route), **changed}
        content = {"login": login, "ca_cert": self.given.ca_cert, "simulated": True}
        return OrgEntry.model_validate(content)

    def _login(self, route: str) -> dict[str, Any]:
        client = {"client_id": self.client_id}
        if route == "jwt":
            return {
                "route": "jwt",
                "username": self.username,
                "private_key": self.secret("pem", pem(self.key)),
                **client,
            }
        secret = {"client_secret": self.secret("client", SECRET)}
        if route == "client_credentials":
            return {"route": route, **client, **secret}
        if route == "session":
            return {"route": route, "session": self.secret("session", self.session())}
        given = self.given.login.references()
        password = {"route": "password", "username": self.username, **given}
        return {**password, **client, **secret} if route == "oauth_password" else password
