"""What is wanted of the app for single sign-on, of whichever kind it is, and what OAuth's doors say to it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from cnxlib.errors import OrgUnreachable, Temporary
from cnxlib.model import ManualStep, Table
from cnxlib.rounds import Asking, Pause, Progress
from cnxlib.salesforce import AuthorizeDoor, Identity, Secret, TokenDoor

SCOPES = ("Full", "Web")
"""ConnectedAppOauthAccessScope of "Full access" and "Provide access to your data via the Web"."""

API = "Api"
"""That of "Manage user data via APIs". A login by client credentials leaves Full and Web out, so it needs this one."""

_SAID = {"Full": "Full Access", "Api": "Manage user data via APIs (api)"}

_FIRST_PAUSE, _LONGEST_PAUSE = 2.0, 30.0


@dataclass(frozen=True)
class App:
    """The app that the guide asks for.

    Parameters
    ----------
    name:
        Label and API name.
    callback_url:
        Where Conexiom's portal receives the users.
    contact_email:
        "" means the e-mail of who is logged in, and leaves another one in an existing app alone.
    me:
        Who is logged in where.
    guide:
        Ids of the guide's steps.
    patience:
        How long an app that was just written is waited for at OAuth's doors, in seconds.
    scopes:
        The scopes that it is to have.
    """

    name: str
    callback_url: str
    contact_email: str
    me: Identity
    guide: tuple[str, ...]
    patience: float = 900.0
    scopes: tuple[str, ...] = SCOPES

    def state(self, urls: Sequence[str], scopes: Sequence[str]) -> dict[str, Any]:
        """What an app with those callback URLs and scopes is to have: further ones in it are left alone."""
        return {
            "callbackUrl": list(urls) if self.callback_url in urls else [*urls, self.callback_url],
            "scopes": sorted({*scopes, *self.scopes}),
        }

    def new(self) -> dict[str, Any]:
        """What an app is to have that is not there yet."""
        return {**self.state((), ()), "contactEmail": self.contact_email or self.me.mailbox}

    def lacks(self, actual: Mapping[str, Any]) -> list[str]:
        """What an app lacks, in words for people."""
        urls = actual["callbackUrl"]
        lacking = [] if self.callback_url in urls else [f"the callback URL {self.callback_url}"]
        return lacking + [f"the scope {name}" for name in self.scopes if name not in actual["scopes"]]

    @property
    def scopes_said(self) -> str:
        """The scopes as Setup names them: "Full Access and Web"."""
        *others, last = (_SAID.get(name, name) for name in self.scopes)
        return f"{', '.join(others)} and {last}" if others else last

    def app_manager(self) -> str:
        """Address of the Setup page where connected apps are."""
        return f"{self.me.url}/lightning/setup/NavigationMenus/home"


def lines(text: str) -> list[str]:
    """Callback URLs, which stand one a line."""
    return [line.strip() for line in text.splitlines() if line.strip()]


def callback_table(urls: Sequence[str], wanted: str) -> tuple[Table, ...]:
    """The app's callback URLs beside the one that Conexiom gave; none where that is the only one."""
    if list(urls) == [wanted]:
        return ()
    rows = tuple((url, _compared(url, wanted)) for url in urls)
    return (Table("Callback URLs of the app", ("Callback URL", "Compared with the one given"), rows),)


def _compared(url: str, wanted: str) -> str:
    if url == wanted:
        return "the same"
    if _loosely(url) == _loosely(wanted):
        return "differs in capitals or a slash at the end, and so does not work for it: left alone"
    if urlsplit(url).hostname == urlsplit(wanted).hostname:
        return "another one of the same host: left alone"
    return "another one: left alone"


def _loosely(url: str) -> str:
    return url.rstrip("/").casefold()


def door_codes(app: App, key: str, secret: str) -> Asking[tuple[str, str]]:
    """How the authorize and the token endpoint refuse the app, "" where they know it; nobody logs in for it.

    An endpoint that does not answer at all, however often it is asked, is not known to know it.

    Parameters
    ----------
    key:
        The consumer key.
    secret:
        Reference to the consumer secret; where it is "", the token endpoint is not asked.
    """
    requests: list[Any] = [AuthorizeDoor(key, app.callback_url)]
    if secret:
        # Key and secret are checked before the code, which nobody was ever given.
        requests.append(
            TokenDoor(
                (
                    ("grant_type", "authorization_code"),
                    ("client_id", key),
                    ("client_secret", Secret(secret)),
                    ("redirect_uri", app.callback_url),
                    ("code", "never-issued"),
                )
            )
        )
    try:
        authorize, *token = yield requests
    except (Temporary, OrgUnreachable) as error:
        return getattr(error, "code", "") or "no answer", ""
    # invalid_grant is about the code: it comes after key and secret were found right (RFC 6749, 5.2).
    return authorize, token[0] if token and token[0] != "invalid_grant" else ""


def wait_until_known(app: App, key: str, secret: str) -> Asking[None]:
    """Ask the doors until they know the app, as long as its patience lasts; what is left then, observing tells."""
    (started,) = yield [Pause(0)]
    now, pause = started, _FIRST_PAUSE
    while True:
        codes = yield from door_codes(app, key, secret)
        if not any(codes) or now - started >= app.patience:
            return
        passed = now - started
        said = f"Salesforce is spreading the app, which takes 2 to 10 minutes: {passed:.0f} s so far"
        yield [Progress(said, min(1.0, passed / app.patience))]
        (now,) = yield [Pause(min(pause, app.patience - passed))]
        pause = min(_LONGEST_PAUSE, pause * 1.5)


def left_at_the_doors(app: App, key: str, secret: str) -> Asking[tuple[ManualStep, ...]]:
    """The manual steps where the doors do not know an app that has all it is to have."""
    if not key:
        return ()
    authorize, token = yield from door_codes(app, key, secret)
    if token == "invalid_client" and not authorize:
        return (secret_step(app, "the token endpoint refuses the secret that is held here: somebody made a new one"),)
    if authorize or token:
        said = "; ".join(
            f"the {door} endpoint says {code}" for door, code in (("authorize", authorize), ("token", token)) if code
        )
        step = ManualStep(
            "app_known",
            ("G3.3",),
            f"Wait until Salesforce knows the app {app.name} everywhere, which takes some ten minutes after a change "
            f"({said}). Then verify again. If it lasts, look at the app's OAuth settings and policies.",
            url=app.app_manager(),
            closed_by="reading",
        )
        return (step,)
    return ()


def secret_step(app: App, why: str) -> ManualStep:
    """The secret has to be got from Setup by a person.

    The Metadata API tells no secret. The Connect REST API (apps/oauth/credentials) tells that of an External Client App
    where ExternalClientAppSettings.enableClientSecretInRestApiAccess is on and the user has View Client Secret. As
    Salesforce advises to leave that off, the runbook does not go that way.
    """
    return ManualStep(
        "consumer_secret",
        ("G3.4",),
        f"Get key and secret of the app {app.name} from Setup ({why}): in App Manager (an External Client App: in "
        "External Client App Manager, Settings, OAuth Settings) choose Consumer Key and Secret, and share both with "
        "Conexiom's Customer Success team.",
        url=app.app_manager(),
    )
