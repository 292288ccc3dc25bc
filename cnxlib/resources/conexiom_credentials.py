"""The credentials that Conexiom needs, by where they lie: nothing here has a secret's value."""

from __future__ import annotations

from dataclasses import dataclass

from cnxlib.errors import NotYet
from cnxlib.handoff import Part
from cnxlib.resources.connected_app import find_consumer
from cnxlib.resources.password import password_name
from cnxlib.rounds import Asking
from cnxlib.salesforce import Query, Secret, SecretHeld, SecretsMark, soql


@dataclass(frozen=True)
class Sources:
    """Which credentials go to Conexiom, and where they lie where the store does not hold them.

    Parameters
    ----------
    with_user:
        Whether the integration user's go too; the connected app's key and secret go in any case.
    username, route:
        The integration user's name, and how it logs in (02): "security_token", "trusted_ip", "client_credentials".
    app:
        Name of the connected app.
    password, security_token, consumer_key, consumer_secret:
        References, "" for the store's own.
    """

    with_user: bool
    username: str
    app: str
    route: str = "security_token"
    password: str = ""
    security_token: str = ""
    consumer_key: str = ""
    consumer_secret: str = ""


@dataclass(frozen=True)
class Credentials:
    """What is at hand, in the guide's order, and what is not.

    Attributes
    ----------
    owner:
        Whose they are, for people: the user name, else the app's name.
    parts:
        Those at hand.
    missing:
        Name and whereabouts of the others.
    mark:
        Another text as soon as one of the secrets is another ("" where there are none).
    """

    owner: str
    parts: tuple[Part, ...]
    missing: tuple[tuple[str, str], ...]
    mark: str

    @property
    def names(self) -> list[str]:
        """The names of those at hand."""
        return [part.name for part in self.parts]

    def told(self) -> str:
        """All of them in a sentence: what they are, and where they lie."""
        held = [
            f"{part.name} ({part.value.reference})" if isinstance(part.value, Secret) else f"{part.name} {part.value}"
            for part in self.parts
        ]
        return ", ".join([*held, *(f"{name} ({where})" for name, where in self.missing)])

    def lacking(self) -> str:
        """Those that are not at hand, in a sentence."""
        return "; ".join(f"{name} ({where})" for name, where in self.missing)


def find_credentials(sources: Sources) -> Asking[Credentials]:
    """Look for each credential.

    Raises
    ------
    NotYet
        The integration user is not there yet.
    SecretError
        A reference leads nowhere.
    """
    users, password = yield [
        Query(soql("SELECT Id FROM User WHERE Username = {} AND IsActive = true", sources.username)),
        SecretHeld(password_name(sources.username)),
    ]
    consumer = yield from find_consumer(sources.app)
    if sources.with_user and not users:
        raise NotYet(
            f"There is no integration user {sources.username} yet", phase="02_integration_user", guide=("G9.2",)
        )
    wanted: list[tuple[str, str, str]] = []
    if sources.with_user and sources.route != "client_credentials":
        not_ours = "not held here: who set it knows it; password_ref says where it lies"
        wanted.append(("Password", sources.password or password, not_ours))
        if sources.route == "security_token":
            mailed = "e-mailed to the user by Reset My Security Token; security_token_ref says where you keep it"
            wanted.append(("Security Token", sources.security_token, mailed))
    in_setup = "not held here: App Manager, View, Manage Consumer Details; {} says where you keep it"
    wanted += [
        ("Consumer Key", sources.consumer_key or consumer.key, in_setup.format("consumer_key_ref")),
        ("Consumer Secret", sources.consumer_secret or consumer.secret, in_setup.format("consumer_secret_ref")),
    ]
    references = tuple(reference for _, reference, _ in wanted if reference)
    mark = ""
    if references:
        (mark,) = yield [SecretsMark(references)]
    user = (Part("Username", sources.username),) if sources.with_user else ()
    return Credentials(
        owner=sources.username if sources.with_user else sources.app,
        parts=user + tuple(Part(name, Secret(reference)) for name, reference, _ in wanted if reference),
        missing=tuple((name, where) for name, reference, where in wanted if not reference),
        mark=mark,
    )
