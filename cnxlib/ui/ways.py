"""The ways to log in to an org, in words: the first is the one to take."""

from __future__ import annotations

from dataclasses import dataclass

from cnxlib.ui.logins import ByApp, ByBrowser, ByCertificate, ByPassword, BySession, Entered


@dataclass(frozen=True)
class Way:
    """A way to log in: what it is called, the gist of it, what else is to be said, its form's model, and its button."""

    title: str
    gist: str
    words: str
    entered: type[Entered]
    button: str


WAYS = (
    Way(
        "With the browser (recommended)",
        "Your browser opens and you log in as always, with single sign-on and a second factor where you have them.",
        "Your password stays between you and Salesforce. It takes the Salesforce CLI, a free program of Salesforce's, "
        "on this computer.",
        ByBrowser,
        "Log in with the browser",
    ),
    Way(
        "With user name and password",
        "For sandboxes and older orgs.",
        "New orgs have this way switched off, and it knows no single sign-on and no "
        "second factor. Outside your company's trusted networks Salesforce asks for the security token, too.",
        ByPassword,
        "Add this org",
    ),
    Way(
        "With a certificate (JWT)",
        "For machines that run without a person.",
        "An app in the org holds your certificate, and its policies admit the "
        "user. Nothing expires but the certificate.",
        ByCertificate,
        "Add this org",
    ),
    Way(
        "With an app's key and secret",
        "For machines, too.",
        "An app in the org has the client credentials flow switched on, and runs as the user whom its policies name.",
        ByApp,
        "Add this org",
    ),
    Way(
        "With a session id",
        "For a short look.",
        "Whoever has a session id can use it until it ends, mostly within two hours.",
        BySession,
        "Add this org",
    ),
)
"""The first is the one to take."""
