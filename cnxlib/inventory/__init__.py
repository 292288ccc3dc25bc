"""The inventory: orgs.yaml, which says how each org is reached and which parameters its set-up takes.

It holds references to secrets ("env:NAME", "file:PATH", "age:NAME", "keyring:SERVICE/NAME" or "sf:ALIAS"), never a
secret.
"""

from cnxlib.inventory.keeping import Kept, add_org, change_org, check_addable, keep_parameters, remove_org
from cnxlib.inventory.logins import (
    ClientCredentialsLogin,
    JwtLogin,
    Login,
    PasswordLogin,
    SalesforceCliLogin,
    SessionLogin,
)
from cnxlib.inventory.owning import own_secrets, stored_secrets, used_by_others
from cnxlib.inventory.reading import OrgEntry, find_org, goes_with_the_simulation, inventory_path, read_inventory

__all__ = [
    "ClientCredentialsLogin",
    "JwtLogin",
    "Kept",
    "Login",
    "OrgEntry",
    "PasswordLogin",
    "SalesforceCliLogin",
    "SessionLogin",
    "add_org",
    "change_org",
    "check_addable",
    "find_org",
    "goes_with_the_simulation",
    "inventory_path",
    "keep_parameters",
    "own_secrets",
    "read_inventory",
    "remove_org",
    "stored_secrets",
    "used_by_others",
]
