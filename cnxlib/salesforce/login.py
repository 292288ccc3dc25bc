"""Logging in: from an inventory entry to a session, by the entry's route."""

from __future__ import annotations

from uuid import uuid4

import requests

from cnxlib.errors import SessionExpired
from cnxlib.inventory import ClientCredentialsLogin, JwtLogin, OrgEntry, PasswordLogin, SalesforceCliLogin, SessionLogin
from cnxlib.salesforce import login_oauth, login_soap
from cnxlib.salesforce.login_session import Session
from cnxlib.secrets import SecretStore, resolve
from cnxlib.secrets.salesforce_cli import session_of
from cnxlib.secrets.touched import touch


def log_in(alias: str, entry: OrgEntry, http: requests.Session, store: SecretStore | None = None) -> Session:
    """Open a session by the entry's route, with the secrets of `store`, the user's own by default.

    Raises
    ------
    LoginRefused
        The org said no; says what that means and what to do.
    SecretError
        A reference leads nowhere, or the Salesforce CLI has no session; nothing was sent.
    requests.RequestException
        No answer.
    """
    session = _opened(alias, entry, http, store)
    touch(session.id)
    return session


def _opened(alias: str, entry: OrgEntry, http: requests.Session, store: SecretStore | None) -> Session:
    login = entry.login
    if isinstance(login, SalesforceCliLogin):
        held = session_of(login.alias)
        return Session(held.access_token, held.instance_url)
    url = login.url.rstrip("/")
    if isinstance(login, SessionLogin):
        return Session(resolve(login.session, store), url)
    if isinstance(login, JwtLogin):
        key = resolve(login.private_key, store)
        return login_oauth.by_key(alias, url, login.username, login.client_id, key, login.audience, http)
    if isinstance(login, ClientCredentialsLogin):
        return login_oauth.by_client(alias, url, login.client_id, resolve(login.client_secret, store), http)
    return _by_password(alias, url, login, http, store)


def _by_password(
    alias: str, url: str, login: PasswordLogin, http: requests.Session, store: SecretStore | None
) -> Session:
    token = resolve(login.security_token, store) if login.security_token else ""
    password = resolve(login.password, store) + token
    if login.client_id is None or login.client_secret is None:
        return login_soap.log_in(alias, url, login.username, password, http)
    secret = resolve(login.client_secret, store)
    return login_oauth.by_password(alias, url, login.username, password, login.client_id, secret, http)


def over(alias: str, entry: OrgEntry) -> SessionExpired:
    """The error of a session that has ended where the entry's route brings no other one."""
    login = entry.login
    reference = login.references().get("session", "")
    cli = login.alias if isinstance(login, SalesforceCliLogin) else reference.partition("sf:")[2]
    again = f"sf org login web --alias {cli}" if cli else f"put a new session where {reference} leads"
    return SessionExpired(
        "The session has ended, and the inventory's login brings no other one",
        code="INVALID_SESSION_ID",
        org=alias,
        hint=f"Log in again: {again}. Then run again: what is done is kept.",
    )


def refusal_of_nobody(url: str, door: str, version: str, http: requests.Session) -> str:
    """The code by which a way of logging in refuses a user, or an app, whom no org knows.

    Parameters
    ----------
    url:
        The org's address.
    door:
        "soap" or "oauth".
    version:
        The API version of SOAP login(), or the grant type of the token endpoint.
    http:
        The session that the request goes through.
    """
    nobody = f"nobody-{uuid4().hex}"
    if door == "soap":
        return login_soap.refusal_of(url, version, f"{nobody}@nowhere.invalid", nobody, http)
    form = {"grant_type": version, "client_id": nobody, "client_secret": nobody}
    if version == "password":
        form |= {"username": f"{nobody}@nowhere.invalid", "password": nobody}
    return login_oauth.refusal_of(url, form, http)
