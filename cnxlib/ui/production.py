"""The guard of production orgs: their id is typed before anything is written to them."""

from __future__ import annotations

from cnxlib.errors import NotConfirmed
from cnxlib.salesforce.requests import Identity


def is_confirmed(identity: Identity, typed: str) -> bool:
    """Whether the org may be written to: it is no production org, or `typed` is its id in 15 or 18 characters."""
    if identity.org_type != "production":
        return True
    # The last 3 of 18 characters are a checksum of the first 15 (Salesforce record ids).
    typed = typed.strip()
    return typed == identity.org_id or (len(typed) == 15 and identity.org_id.startswith(typed))


def require_confirmed(identity: Identity, alias: str, typed: str) -> None:
    """Refuse to go on towards a production org that is not confirmed.

    Raises
    ------
    NotConfirmed
        Nothing, or another id, was typed.
    """
    if not is_confirmed(identity, typed):
        raise NotConfirmed(
            f"{identity.org_name} is a production org, and its id was not confirmed",
            org=alias,
            # Not the id itself: what is typed is to be looked up, not copied from here.
            hint=f"To apply to it, give its id as confirm_org_id (`cnx doctor --org {alias}` shows it, as does Setup → "
            "Company Information).",
        )
