"""The steps of the guide by id, each in a few words: what tables show as the reason of a change."""

from __future__ import annotations

from collections.abc import Sequence

STEPS: dict[str, str] = {
    "G1.1": "the package is installed, in the guide's version or a newer one",
    "G1.2": "Email-to-Case is on",
    "G1.3": "the link to install the package by hand",
    "G2.1": "an integration user, where cases are made by e-mail or for alerts",
    "G2.2": "a permission set or profile of its own, clearly labelled",
    "G2.3": "Apex REST Services and API Enabled; API Only User at will",
    "G2.4": "the record types of Case that are to be edited",
    "G2.5": "Account Read, Edit; Case Read, Create, Edit",
    "G2.6": "the fields of Account and Case that the integration reads and writes",
    "G2.7": "the integration user itself",
    "G2.8": "the integration user holds Conexiom Admin User and Conexiom SuperUser",
    "G3.1": "the callback URL, which Conexiom gives",
    "G3.2": "an app named Conexiom, with the admin as its contact",
    "G3.3": "single sign-on of users into the Conexiom portal by OAuth",
    "G3.4": "consumer key and secret for Conexiom's Customer Success",
    "G4.1": "OAuth username-password flows are allowed",
    "G5.1": "Conexiom's four permission sets",
    "G5.2": "the admin holds Conexiom Admin User and Conexiom SuperUser first",
    "G6.1": "every Conexiom user can work with accounts and cases",
    "G6.2": "a permission set that fills the gaps on accounts",
    "G6.3": "cases and their tab, where alerts come by Service Cloud",
    "G6.4": "the further fields that are mapped",
    "G7.1": "existing users hold the sets they need",
    "G7.2": "a confirmation of who holds what",
    "G7.3": "the gaps are filled for the Conexiom users who have them",
    "G8.1": "new users get their sets when they are set up",
    "G9.1": "the mail to Conexiom support",
    "G9.2": "the credentials for Email-to-Case",
    "G9.3": "the setup file that Conexiom sends back",
}


def reasons(steps: Sequence[str]) -> list[str]:
    """Each step's id with its words, such as "G1.2 Email-to-Case is on"."""
    return [f"{step} {STEPS[step]}" if step in STEPS else step for step in steps]


def told_below(guide: Sequence[str], hint: str) -> list[str]:
    """What is said below an error's message: the steps of the guide that it is about, and what to do."""
    steps = [f"Guide: {'; '.join(reasons(guide))}"] if guide else []
    return [*steps, *([f"What to do: {hint}"] if hint else [])]
