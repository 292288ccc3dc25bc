"""Connected apps and external client apps: the rules about names, keys, secrets, and where apps may be made."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, ClassVar

from ..errors import ApiError
from ..identity import clients, jwt
from ..names import check_api_name
from ..org import Actor, Org
from ..scenarios import flags
from .components import Document, Value, merge

_CREDENTIAL = re.compile(r"[A-Za-z0-9]{8,256}")
# HTTPS or a scheme of one's own (REST API, "Defining Connected Apps"); [R] that HTTP passes on localhost
_URL = re.compile(r"https://\S+|http://localhost\S*|(?!https?:)[a-z][\w.+-]*:\S+", re.IGNORECASE)

_ROWS = "ConnectedApplicationRow"  # kind of the documents that say which row belongs to which app

APPS = ("CustomizeApplication", "ManageRemoteAccess")
"""Permissions one of which is needed to write an app (Help, "Create a Connected App")."""

CREATION_BLOCKED = (
    "You can't create a connected app. To enable connected app creation, contact Salesforce Customer Support."
)


@dataclass(frozen=True)
class ConnectedApp(Document):
    """ConnectedApp: its key, given or made at creation, is unique over all orgs and fixed; its secret is hidden."""

    needs: ClassVar[tuple[str, ...]] = APPS

    def names(self, org: Org) -> dict[str, str]:
        """The apps by their full names, with the ids of their ConnectedApplication rows."""
        return {name: str(found["id"]) for name, found in org.documents(_ROWS).items()}

    def create(self, org: Org, actor: Actor, name: str, value: Value, version: int) -> None:
        """Make the app and its ConnectedApplication row."""
        if not flags.read(org).connected_app_creation:
            # [R] the status code that goes with this message is not known
            raise ApiError("INSUFFICIENT_ACCESS_OR_READONLY", CREATION_BLOCKED)
        check_name(name)
        if org.document(self.name, name) is not None:
            raise self.duplicate(name)
        self.require(value)
        if oauth := value.get("oauthConfig"):
            _check_callbacks(oauth.get("callbackUrl", ""), "oauthConfig.callbackUrl")
            _check_certificate(oauth, "oauthConfig.certificate")
        add_connected_app(org, name, value)

    def update(self, org: Org, actor: Actor, name: str, value: Value, version: int) -> None:
        """Change the app; its key may not be given again."""
        before = org.document(self.name, name)
        if before is None:
            raise self.unknown(name)
        oauth: Value = dict(value.get("oauthConfig", {}))
        if "consumerKey" in oauth:
            raise ApiError("INVALID_FIELD_FOR_INSERT_UPDATE", "You cannot provide a Consumer Key", ["consumerKey"])
        secret = oauth.pop("consumerSecret", None)
        after = merge(before, value | ({"oauthConfig": oauth} if oauth else {}))
        self.require(after)
        if oauth:
            _check_callbacks(after["oauthConfig"].get("callbackUrl", ""), "oauthConfig.callbackUrl")
            _check_certificate(oauth, "oauthConfig.certificate")
            if "consumerKey" not in after["oauthConfig"]:
                register(org, after["oauthConfig"])
            if secret is not None:
                check_credential("Consumer Secret", secret)
                clients.keep_secret(org, after["oauthConfig"]["consumerKey"], secret)
        org.put_document(self.name, name, after)
        org.store.update("ConnectedApplication", self.names(org)[name], _row(after))

    def delete(self, org: Org, actor: Actor, name: str) -> None:
        """Take the app, its row and its secret away."""
        before = org.document(self.name, name)
        if before is None:
            raise self.unknown(name)
        org.drop_document(self.name, name)
        org.drop_document(clients.SECRETS, before.get("oauthConfig", {}).get("consumerKey", ""))
        org.store.delete("ConnectedApplication", self.names(org)[name])
        org.drop_document(_ROWS, name)

    def rename(self, org: Org, actor: Actor, old: str, new: str) -> None:
        """Give the app another API name; it keeps its row and its key."""
        check_name(new)
        super().rename(org, actor, old, new)
        row = org.document(_ROWS, old)
        assert row is not None
        org.drop_document(_ROWS, old)
        org.put_document(_ROWS, new, row)


def add_connected_app(org: Org, name: str, value: Value) -> None:
    """Put a connected app into the org, whether or not one may be created there: for scenarios too.

    Raises:
        ApiError: its key is of the wrong shape or taken.
    """
    oauth: Value = dict(value.get("oauthConfig", {}))
    if oauth:
        register(org, oauth)
    org.put_document("ConnectedApp", name, value | ({"oauthConfig": oauth} if oauth else {}))
    org.put_document(_ROWS, name, {"id": org.put("ConnectedApplication", _row(value))})


@dataclass(frozen=True)
class ExternalClientApplication(Document):
    """The head of an external client app; its parts refer to it by name and go with it."""

    needs: ClassVar[tuple[str, ...]] = APPS

    parts: tuple[str, ...] = ()

    def check(self, org: Org, name: str, after: Value, before: Value | None) -> None:
        """A valid developer name, a label, a contact e-mail and a distribution state are asked for at creation."""
        check_name(name)
        _needed(after, ["label", "contactEmail", "distributionState"])

    def create(self, org: Org, actor: Actor, name: str, value: Value, version: int) -> None:
        """Make the app; what it does not say takes Salesforce's default."""
        super().create(org, actor, name, {"isProtected": False, **value}, version)

    def delete(self, org: Org, actor: Actor, name: str) -> None:
        """Take the app and its parts away."""
        super().delete(org, actor, name)
        for part in self.parts:
            for part_name, value in org.documents(part).items():
                if value.get("externalClientApplication") == name:
                    if key := value.get("consumerKey"):
                        org.drop_document(clients.SECRETS, key)
                    org.drop_document(part, part_name)

    def rename(self, org: Org, actor: Actor, old: str, new: str) -> None:
        """Give the app another API name, and its parts the reference to it."""
        super().rename(org, actor, old, new)
        for part in self.parts:
            for name, value in org.documents(part).items():
                if value.get("externalClientApplication") == old:
                    org.put_document(part, name, value | {"externalClientApplication": new})


@dataclass(frozen=True)
class ExternalClientAppPart(Document):
    """A part of an external client app, which has at most one of each type."""

    needs: ClassVar[tuple[str, ...]] = APPS

    def check(self, org: Org, name: str, after: Value, before: Value | None) -> None:
        """The app must be there, and have no other part of this type."""
        app = after["externalClientApplication"]
        if org.document("ExternalClientApplication", app) is None:
            raise ApiError(
                "INVALID_CROSS_REFERENCE_KEY",
                f"In field: externalClientApplication - no ExternalClientApplication named {app} found",
                ["externalClientApplication"],
            )
        for other, value in org.documents(self.name).items():
            if other != name and value["externalClientApplication"] == app:
                raise ApiError(
                    "DUPLICATE_VALUE", f"{app} already has {other} of type {self.name}", ["externalClientApplication"]
                )


@dataclass(frozen=True)
class GlobalOauthSettings(ExternalClientAppPart):
    """ExtlClntAppGlobalOauthSettings: callback URL, key and (apart) secret; PKCE unless it is switched off."""

    def create(self, org: Org, actor: Actor, name: str, value: Value, version: int) -> None:
        """Make the settings, with a new key and secret where none are given."""
        # [R] sources disagree whether metadata may supply key and secret; here it may
        value = {"isPkceRequired": True, **value}
        self.require(value)
        _check_callbacks(value.get("callbackUrl", ""), "callbackUrl")
        _check_certificate(value, "certificate")
        self.check(org, name, value, None)
        if org.document(self.name, name) is None:
            register(org, value)
        super().create(org, actor, name, value, version)

    def update(self, org: Org, actor: Actor, name: str, value: Value, version: int) -> None:
        """Change the settings; the key is fixed, `shouldRotateConsumerSecret` makes a new secret."""
        before = org.document(self.name, name)
        if before is None:
            raise self.unknown(name)
        if value.get("consumerKey", before["consumerKey"]) != before["consumerKey"]:
            raise ApiError("INVALID_FIELD_FOR_INSERT_UPDATE", "You cannot provide a Consumer Key", ["consumerKey"])
        secret = value.pop("consumerSecret", None)
        if secret is not None:
            check_credential("Consumer Secret", secret)
        elif value.pop("shouldRotateConsumerSecret", False):
            secret = clients.new_secret()
        if "callbackUrl" in value:
            _check_callbacks(value["callbackUrl"], "callbackUrl")
        _check_certificate(value, "certificate")
        super().update(org, actor, name, value, version)
        if secret is not None:
            clients.keep_secret(org, before["consumerKey"], secret)


def check_name(name: str) -> None:
    """Refuse a full name that is no developer name: letters, digits, single underscores, a letter first, at most 80."""
    check_api_name(name, "fullName", "Name", "Application")  # [R] that external client apps are "Application" too


def check_credential(what: str, value: str) -> None:
    """Refuse a consumer key or secret that is not 8 to 256 letters and digits (Metadata API). [R: text]"""
    if not _CREDENTIAL.fullmatch(value):
        raise ApiError(
            "FIELD_INTEGRITY_EXCEPTION",
            f"{what} must be alphanumeric and between 8 and 256 characters",
            [what.replace(" ", "")],
        )


def register(org: Org, oauth: dict[str, Any]) -> None:
    """Settle key and secret of a new app's OAuth settings: given or made, checked; the secret is kept apart from them.

    Raises:
        ApiError: of the wrong shape, or a key that some app of some org has.
    """
    key, secret = oauth.get("consumerKey"), oauth.pop("consumerSecret", None)
    if key is not None:
        check_credential("Consumer Key", key)
        if clients.taken(org.directory.live() if org.directory else [org], key):
            raise ApiError("DUPLICATE_VALUE", "The consumer key is already taken", ["consumerKey"])
    if secret is not None:
        check_credential("Consumer Secret", secret)
    oauth["consumerKey"] = key or clients.new_key()
    clients.keep_secret(org, oauth["consumerKey"], secret or clients.new_secret())


def _check_callbacks(text: str, field: str) -> None:
    """Refuse callback URLs, one a line, that are none. [R: code and text]"""
    if not text.split() or not all(_URL.fullmatch(url) for url in text.split()):
        raise ApiError("FIELD_INTEGRITY_EXCEPTION", "Enter a valid callback URL. It must use HTTPS.", [field])


def _check_certificate(oauth: Value, field: str) -> None:
    """Refuse a certificate that is none. [R: code and text]"""
    if text := oauth.get("certificate", ""):
        try:
            jwt.certificate(text)
        except ValueError:
            raise ApiError("FIELD_INTEGRITY_EXCEPTION", "The certificate is no X.509 certificate", [field]) from None


def _needed(value: Value, names: Iterable[str]) -> None:
    absent = [name for name in names if not value.get(name)]
    if absent:
        raise ApiError("REQUIRED_FIELD_MISSING", f"Required fields are missing: [{', '.join(absent)}]", absent)


def _row(app: Value) -> dict[str, Any]:
    policy = app.get("oauthConfig", {})
    return {"Name": app["label"], "OptionsAllowAdminApprovedUsersOnly": policy.get("isAdminApproved", False)}
