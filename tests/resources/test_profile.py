"""What is written into a profile: never less than it grants already."""

from __future__ import annotations

import pytest

from cnxlib.changes import Change
from cnxlib.errors import SalesforceError
from cnxlib.resources.grants import object_permissions
from cnxlib.resources.profile import ProfileGrants, profile_bearer
from cnxlib.salesforce import WriteMetadata

READ = {"Case": ("Read", "Edit")}
GUIDE = {"Case": ("G2.5",)}
LACKS_EDIT = Change(
    "update", "object_permissions", "Mine/Case", {"PermissionsEdit": False}, {"PermissionsEdit": True}, ("G2.5",)
)


def test_what_the_profile_grants_already_is_written_back() -> None:
    writing = object_permissions(profile_bearer("Mine"), READ, GUIDE, ProfileGrants).apply([LACKS_EDIT], {})
    next(writing)
    shown = {"object": "Case", "allowRead": True, "allowDelete": True}
    (write,) = writing.send([{"fullName": "Mine", "objectPermissions": [shown]}])
    assert isinstance(write, WriteMetadata)
    (part,) = write.component["objectPermissions"]
    assert {name for name, value in part.items() if value is True} == {"allowRead", "allowDelete", "allowEdit"}


def test_a_profile_that_is_not_shown_whole_is_not_written() -> None:
    writing = object_permissions(profile_bearer("Mine"), READ, GUIDE, ProfileGrants).apply([LACKS_EDIT], {})
    next(writing)
    with pytest.raises(SalesforceError, match="does not show what the profile Mine grants on Case") as caught:
        writing.send([{"fullName": "Mine"}])
    assert "Setup, Profiles" in caught.value.hint
