"""99 · Undoing a Run. No heading of the guide: it takes back what a run over them did."""

from __future__ import annotations

from collections.abc import Sequence

from pydantic import Field

from cnxlib.engine import CheckGenerator, Resource
from cnxlib.errors import UsageError
from cnxlib.history import PastRun, RunSteps
from cnxlib.model import Check
from cnxlib.phases import api_access, install_package
from cnxlib.phases.base import Phase, PhaseParams
from cnxlib.resources.in_form import EXPERTS, in_form
from cnxlib.resources.setting import Setting
from cnxlib.resources.undo import Kind, Undo
from cnxlib.resources.undo_kinds import GivenAndTaken, Rows, Seats, Stays, Users
from cnxlib.resources.undo_metadata import Apps, ExternalApps, PackageRemoval, RecordTypes, Switches
from cnxlib.resources.undo_profiles import Profiles, Rights
from cnxlib.resources.undo_sets import Sets
from cnxlib.rounds import Asking
from cnxlib.salesforce import Identity


class Params(PhaseParams):
    """Parameters of 99_undo."""

    run_id: str = Field(
        "",
        title="Run to undo",
        description="the run to undo, by its id or the beginning of it",
        json_schema_extra=in_form(offers="runs", keep=False),
    )
    include_package: bool = Field(
        False,
        title="Uninstall the package too",
        description="uninstall the package too, where that run installed it: its data goes with it",
        json_schema_extra=in_form(help="Where that run installed it. The package's data goes with it.", keep=False),
    )
    unverified: bool = Field(
        False,
        title="Trust a changed record",
        description="undo a run whose record is not as it was sealed",
        json_schema_extra=in_form(group=EXPERTS, keep=False),
    )


def _request(params: Params) -> RunSteps:
    return RunSteps(params.run_id, params.unverified)


def _the_run(params: Params) -> Asking[Check]:
    if not params.run_id:
        raise UsageError("run_id: say which run is to be undone", hint="`cnx records list` shows them all.")
    run: PastRun
    (run,) = yield [_request(params)]
    done = sum(step.known for step in run.steps)
    said = f"{run.run_id}, begun {run.at} by {run.user or 'nobody on record'}, {done} changes made"
    sealed = "not looked at (unverified)" if params.unverified else "as it was sealed"
    return Check("the run's record", not params.unverified, "warning", detail=f"{said}; record {sealed}")


def kinds(params: Params, me: Identity) -> dict[str, Kind]:
    """How each kind of thing is taken back, in the order in which they look at the org."""
    return {
        "assignment": GivenAndTaken(),
        "permission_set": Sets(),
        "permission_set_licence": Seats(),
        "profile": Profiles(),
        "object_permissions": Rights("object_permissions", "ObjectPermissions", "SobjectType"),
        "field_permissions": Rights("field_permissions", "FieldPermissions", "Field"),
        "tab_setting": Rows("PermissionSetTabSetting", below_a_set=True),
        "record_type": RecordTypes(),
        "user": Users(),
        "password": Stays("Salesforce takes no password back; the store holds it still (cnx secrets)"),
        "rotation": Stays("the secret of before is gone: nobody has it any more"),
        "sealed_credentials": Stays(
            "a file that was given away cannot be called back: replace what is in it (cnx handoff rotate)"
        ),
        "support_mail": Stays(
            "a mail that was sent cannot be called back: tell its receiver in another one; if credentials were in it, "
            "replace them (cnx handoff rotate)"
        ),
        "connected_app": Apps(),
        "external_client_app": ExternalApps(me),
        "setting": Switches(_settings(me)),
        "package": PackageRemoval(params.include_package, me.url),
    }


def _settings(me: Identity) -> dict[str, Setting]:
    """The settings that phases switch, by name."""
    wanted = (
        *install_package.PHASE.resources(install_package.Params(), me),
        *api_access.PHASE.resources(api_access.Params(), me),
    )
    return {one.name: one for one in wanted if isinstance(one, Setting)}


def _nothing_named(params: Params) -> str:
    """A plan of nothing is no error: a reader opens the notebook without knowing which run they want."""
    named = params.run_id or params.mode != "plan"
    return "" if named else "No run is named. Give run_id: `cnx records list` shows them all."


def _checks(params: Params, me: Identity) -> Sequence[CheckGenerator]:
    return (lambda: _the_run(params),)


def _resources(params: Params, me: Identity) -> Sequence[Resource]:
    return (Undo(_request(params), kinds(params, me)),)


PHASE = Phase(
    id="99_undo",
    title="Undoing a Run",
    params=Params,
    checks=_checks,
    resources=_resources,
    guide=(),
    not_needed=_nothing_named,
)
