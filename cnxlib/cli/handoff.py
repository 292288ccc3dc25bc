"""`cnx handoff`: what Conexiom is to be told, what it was given, when and by whom; and replacing it afterwards."""

from __future__ import annotations

import json as json_
import shlex
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer
from rich.text import Text

from cnxlib.cli import options, phases, telling
from cnxlib.cli.output import console, print_json, table
from cnxlib.cli.undo import WAITS_FOR_A_PERSON
from cnxlib.errors import SecretError, UsageError

app = typer.Typer(
    name="handoff",
    help="What Conexiom is given: told to a person, listed without values, replaced.",
    no_args_is_help=True,
)

if TYPE_CHECKING:
    from cnxlib.phases.support_params import Params
    from cnxlib.resources.conexiom_credentials import Credentials


class Credential(StrEnum):
    """What can be replaced."""

    PASSWORD = "password"
    CONSUMER_SECRET = "consumer-secret"


class Told(StrEnum):
    """What can be told, each by the guide's name for it in small letters."""

    USERNAME = "username"
    PASSWORD = "password"
    SECURITY_TOKEN = "security-token"
    CONSUMER_KEY = "consumer-key"
    CONSUMER_SECRET = "consumer-secret"

    @property
    def of_the_user(self) -> bool:
        """Whether it is the integration user's, which 09 leaves out where Email-to-Case is not used."""
        return self in (Told.USERNAME, Told.PASSWORD, Told.SECURITY_TOKEN)

    @property
    def called(self) -> str:
        """As the guide calls it: "Security Token"."""
        return self.value.replace("-", " ").title()


@app.command("tell", epilog="Example: cnx handoff tell --org acme-sandbox")
def tell(
    org: options.Org,
    only: Annotated[
        list[Told] | None,
        typer.Option("--only", metavar="WHAT", help=f"Show this alone: {', '.join(Told)}. Repeat it for several."),
    ] = None,
    param: options.Given = None,
    json: options.Json = False,
) -> int:
    """Show you the credentials that Conexiom is due, to be told on a live call, and wipe them at Enter.

    At a terminal alone, after a yes. The values go to its alternate screen and nowhere else: into no record, no log and
    no --json, which is refused. Reads the org, to find what is due, and changes nothing.
    """
    if json:
        raise UsageError(
            "Credentials are told to a person at a terminal, never to a program: --json is refused",
            hint="`cnx secrets list --json` names what is held, for a program to refer to.",
        )
    from cnxlib.handoff import revealed
    from cnxlib.secrets import SecretStore

    telling.require_terminal()
    params = _parameters(org, param or [])
    found, kind = _due(org, params, only or [])
    wanted = [one.called for one in only or []]
    parts = [part for part in found.parts if not wanted or part.name in wanted]
    out = console()
    for name, where in found.missing:
        if not wanted or name in wanted:
            out.print(f"Not to be shown: {name} ({where}).", soft_wrap=True)
    if not parts:
        held = ", ".join(found.names) or "none"
        raise SecretError(
            f"Nothing of {' and '.join(wanted) or 'what Conexiom is due'} is held here",
            org=org,
            hint=f"Held here: {held}. Where the others lie is said by the parameters of 09 (password_ref and so on).",
        )
    names = ", ".join(part.name for part in parts)
    out.print(f"To be shown: {names}. Whoever knows them has {found.owner}'s access to {org} ({kind}).", soft_wrap=True)
    out.print("See that nobody looks on and that no screen is shared or recorded.", soft_wrap=True)
    out.print("Type yes to have them shown: ", end="", soft_wrap=True)
    if sys.stdin.readline().strip() != "yes":
        out.print("Nothing was shown.")
        return WAITS_FOR_A_PERSON
    telling.tell(f"{found.owner} in {org} ({kind})", revealed(parts, SecretStore()))
    out.print("The screen is wiped; nothing of it was kept.")
    if wanted:
        return 0
    pairs = [pair for pair in param or [] if not pair.startswith("credentials=")]
    pairs += [] if params.credentials == "live_call" else ["credentials=live_call"]
    confirm = ["cnx", "confirm", "--org", org, "09.hand_over_credentials", "--note", "told on a call"]
    confirm += [part for pair in pairs for part in ("-p", pair)]
    out.print(f"Once Conexiom has them all, put that on record: {shlex.join(confirm)}", soft_wrap=True)
    if params.credentials != "live_call":
        out.print(
            "Keep credentials: live_call for 09 in orgs.yaml, or the next plan asks how to seal them.", soft_wrap=True
        )
    return 0


def _parameters(alias: str, given: Sequence[str]) -> Params:
    """Those of 09, as the inventory has them and `given` (-p) says."""
    from cnxlib.inventory import find_org
    from cnxlib.phases import support_request
    from cnxlib.phases.support_params import Params
    from cnxlib.runs import resolve, typed_in

    phase = support_request.PHASE
    params = resolve(alias, find_org(alias), [phase], typed_in(given), {"mode": "plan"})[phase.id]
    assert isinstance(params, Params)
    return params


def _due(alias: str, params: Params, only: Sequence[Told]) -> tuple[Credentials, str]:
    """The credentials that are due, and the kind of org; the integration user's among them where they are named."""
    from cnxlib.phases.support_request import sources_of
    from cnxlib.resources.conexiom_credentials import find_credentials
    from cnxlib.rounds import Rounds
    from cnxlib.salesforce.org import connect
    from cnxlib.secrets import SecretStore

    if any(one.of_the_user for one in only):
        params = params.model_copy(update={"email_to_case_integration": True})
    SecretStore().unlock()
    org = connect(alias)
    try:
        found = Rounds(org.send, lambda name, data: None).perform(find_credentials(sources_of(params, org.identity)))
        return found, f"a {org.identity.org_type} org"
    finally:
        org.close()


@app.command("show", epilog="Example: cnx handoff show --org acme-sandbox")
def show(org: options.Org, json: options.Json = False) -> int:
    """List what was handed over: when, by whom, what, to whom, and the hash of it. Reads the records alone."""
    from cnxlib.inventory import find_org
    from cnxlib.records.handed import handed_over

    find_org(org)
    given = handed_over(org)
    out = console(stderr=json)
    if given:
        rows = [(one.at[:19], one.by, one.how, ", ".join(one.what), one.to or one.note) for one in given]
        out.print(table(("When (UTC)", "By", "How", "What", "To, or what was said"), rows))
    else:
        out.print(f"Nothing was handed over for {org}, by the records here.", soft_wrap=True)
    for one in given:
        if one.file or one.sha256 or one.asked:
            out.print(f"\nRun {one.run}: {one.file or ', '.join(one.what)}", soft_wrap=True)
            for line in filter(None, (one.asked, one.sha256)):
                out.print(Text(f"  {line}"), soft_wrap=True)
    if any(one.how in ("sealed", "mailed", "confirmed") for one in given):
        out.print(
            f"\nTo replace what they were given: cnx handoff rotate --org {org} password consumer-secret",
            soft_wrap=True,
        )
    if json:
        print_json({"org": org, "handed_over": [one.as_json() for one in given]})
    return 0


@app.command("rotate", epilog="Example: cnx handoff rotate --org acme-sandbox password")
def rotate(
    org: options.Org,
    what: Annotated[
        list[Credential],
        typer.Argument(help="The integration user's password, the connected app's key and secret, or both."),
    ],
    occasion: Annotated[
        str, typer.Option("--occasion", metavar="NAME", help="A name: under one name it is done once. Now, by default.")
    ] = "",
    ticket: options.Ticket = "",
    confirm_org_id: options.ConfirmOrgId = "",
    json: options.Json = False,
) -> int:
    """Replace what Conexiom was given: the password at once, key and secret by a step that is told.

    The new password is drawn, set and kept in the secret store; nobody sees it. Until Conexiom is given the new ones
    (`cnx apply --phase 09`) their connection does not work. Ends as `cnx apply` does, with 3 where a person has to act.
    """
    if len(set(what)) != len(what):
        raise UsageError("The same thing is named twice", hint="cnx handoff rotate --help says more.")
    name = occasion or f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}"
    wanted = [f"{one.replace('-', '_')}@{name}" for one in what]
    return phases.apply(
        org=org,
        phase=["09"],
        param=[f"rotate={json_.dumps(wanted)}"],
        ticket=ticket,
        confirm_org_id=confirm_org_id,
        json=json,
    )
