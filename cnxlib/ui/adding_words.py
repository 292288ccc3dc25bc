"""What the forms by which an org is added say beside themselves."""

from __future__ import annotations

import shutil
from collections.abc import Sequence

from cnxlib.errors import CnxError
from cnxlib.inventory import goes_with_the_simulation
from cnxlib.ui.logins import ByBrowser
from cnxlib.ui.view import Block, Code, Grid, Link, Note, Part, View

INSTALLERS = "https://developer.salesforce.com/tools/salesforcecli"
"""Salesforce's page of the CLI's installers."""

_NPM = "npm install --global @salesforce/cli"


def waiting(entered: ByBrowser, lines: Sequence[str]) -> View:
    """While a login with the browser is waited for; `lines` are what the Salesforce CLI said."""
    said = (
        f"A page of {entered.host.removeprefix('https://')} opens in your browser. Log in there, and choose Allow if "
        "you are asked. Then come back here."
    )
    return View(Note("Waiting until you have logged in …", "plain", (said, *(Code(line) for line in lines[-3:]))))


def told(error: CnxError) -> View:
    """What went wrong, and what to do about it."""
    details: tuple[Part, ...] = (f"What to do: {error.hint}",) if error.hint else ()
    return View(Note(error.message, "bad", details))


def refused(error: CnxError) -> View:
    """Why nobody could log in."""
    what = (f"What to do: {error.hint}",) if error.hint else ()
    kept = "Nothing was stored. Mend it above and try again; what you typed unseen is still known until then."
    return View(Note(f"Nobody could log in: {error.message}", "bad", (*what, kept)))


def missing_cli() -> Block | None:
    """How to install the Salesforce CLI; None where it is there."""
    if shutil.which("sf") is not None:
        return None
    page = Link("Salesforce's page of installers", INSTALLERS)
    return Grid(
        ("On", "Install it by", "or, where Node.js is, by this command"),
        (
            ("Windows", ["the installer (.exe) from", page], Code(_NPM)),
            ("macOS", ["the installer (.pkg) from", page], Code(_NPM)),
            ("Linux", ["the archive (.tar.xz) from", page], Code(_NPM)),
        ),
        "The Salesforce CLI (sf) is not installed on this computer, or is not found. After installing it, end "
        "JupyterLab and start it again, so that it is found; then log in here.",
    )


def passing_list() -> Note | None:
    """That what is added goes with the simulated org, where it does."""
    if not goes_with_the_simulation():
        return None
    return Note(
        "This list of orgs goes with the simulated org: an org of yours that you add here is gone when it ends.",
        "warn",
        ("To add an org of yours for good, end this and start it without the simulated org:", Code("cnx lab")),
    )
