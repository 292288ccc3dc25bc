"""Installing a managed package, and waiting until it is there.

Source: Tooling API, PackageInstallRequest.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from cnxlib.changes import Change, Item
from cnxlib.engine import Done
from cnxlib.errors import NotFound, OrgUnreachable, ParameterError, StepFailed, StillRunning, Temporary, serving
from cnxlib.model import Observation
from cnxlib.resources.package import NAME, package_state, version_text
from cnxlib.rounds import Asking, Pause, Progress
from cnxlib.salesforce import Insert, Secret, ToolingQuery, soql

_POLL_SECONDS = 5.0
_TRIES = 3
_BETWEEN_TRIES_SECONDS = 60.0
_PASSING_WORDS = ("not yet available", "doesn't yet exist", "unable to obtain exclusive access")
"""PackageInstallRequest.Errors has no codes, only words. That a version is still being spread is told by a code of the
version itself (InstallValidationStatus), which is looked at first; that the org's own locks were in the way is told by
words alone: in another language than English it is told at once, with the advice to run again."""
_FIRST_POLLS = 3
"""The first polls can answer "invalid cross reference id": the request is not visible yet."""


class Package:
    """The package, installed in this version or a newer one.

    Parameters
    ----------
    version_id:
        04t id of the least version wanted.
    key_reference:
        Reference to the installation key, "" where the version needs none.
    security_type:
        "None" (administrators only) or "Full" (all users): PackageInstallRequest.SecurityType.
    allow_remote_sites:
        PackageInstallRequest.EnableRss.
    timeout_seconds:
        How long an installation is waited for.
    """

    batch = 1
    guide = ("G1.1",)

    def __init__(
        self,
        version_id: str,
        key_reference: str = "",
        security_type: str = "None",
        allow_remote_sites: bool = False,
        timeout_seconds: float = 1800.0,
    ) -> None:
        self._version_id, self._key_reference, self._security_type = version_id, key_reference, security_type
        self._allow_remote_sites, self._timeout = allow_remote_sites, timeout_seconds

    def observe(self) -> Asking[Observation]:
        """Compare what is installed with what is offered; a newer version satisfies too."""
        with serving(*self.guide):
            offered, installed = yield from package_state(self._version_id)
        if offered is None:
            raise ParameterError(
                f"package_version_id: Salesforce knows no package version {self._version_id}",
                guide=self.guide,
                hint="Copy the id that begins with 04t from the install link which Conexiom gave you.",
            )
        wanted = offered.version if installed is None else max(installed.version, offered.version)
        actual = None if installed is None else {"version": version_text(installed.version)}
        desired = {"version": version_text(wanted)}
        return Observation((Item("package", NAME, actual, desired, self.guide, reversible=False),))

    def apply(self, changes: Sequence[Change], ids: Mapping[str, str]) -> Asking[Sequence[Done]]:
        """Install and wait. A request that already runs, of a run that was cut off, is waited for, not doubled."""
        newest, running = yield from self._newest()
        tries = 0
        while True:
            tries += 1
            try:
                yield from self._wait(newest if running else (yield from self._begin(newest)))
                return [Done()]
            except _WorthAnother as error:
                if tries == _TRIES:
                    raise
                yield [Progress(f"{error.message}. Trying again in a minute ({tries} of {_TRIES - 1})")]
                yield [Pause(_BETWEEN_TRIES_SECONDS)]
                newest, running = yield from self._newest()

    def _begin(self, before: str) -> Asking[str]:
        """Ask for the installation; where the answer was lost, the request that arrived is found again.

        `before` is the newest request until then: another one is ours, even if it has ended by now.
        """
        values: dict[str, Any] = {
            "SubscriberPackageVersionKey": self._version_id,
            "NameConflictResolution": "Block",
            "SecurityType": self._security_type,
            "EnableRss": self._allow_remote_sites,
        }
        if self._key_reference:
            values["Password"] = Secret(self._key_reference)
        try:
            (request_id,) = yield [Insert("PackageInstallRequest", values, tooling=True)]
        except (OrgUnreachable, Temporary) as error:
            newest, _ = yield from self._newest()
            request_id = newest if newest != before else ""
            if not request_id and getattr(error, "code", "").startswith("PACKAGE_UNAVAILABLE"):
                raise _WorthAnother(error.message, guide=self.guide, hint=error.hint) from None
            if not request_id:
                raise
        return str(request_id)

    def _newest(self) -> Asking[tuple[str, bool]]:
        """The newest request to install this version ("" where there was none), and whether it still runs."""
        query = soql(
            # Status cannot be filtered on. That this key can is [R]: where not, INVALID_FIELD comes before any write.
            "SELECT Id, Status FROM PackageInstallRequest WHERE SubscriberPackageVersionKey = {} "
            "ORDER BY CreatedDate DESC LIMIT 1",
            self._version_id,
        )
        (rows,) = yield [ToolingQuery(query)]
        return (str(rows[0]["Id"]), _is_running(rows[0]["Status"])) if rows else ("", False)

    def _is_spreading(self) -> Asking[bool]:
        """Whether Salesforce is still spreading the version: told by a code, in whatever language the org is."""
        offered, _ = yield from package_state(self._version_id)
        return offered is not None and offered.status.startswith("PACKAGE_UNAVAILABLE")

    def _wait(self, request_id: str) -> Asking[None]:
        query = ToolingQuery(soql("SELECT Status, Errors FROM PackageInstallRequest WHERE Id = {}", request_id))
        (now,) = yield [Pause(0)]
        started, polls, pause = now, 0, 0.5
        while True:
            polls += 1
            try:
                (rows,) = yield [query]
            except NotFound:
                if polls > _FIRST_POLLS:
                    raise
                rows = []
            status = rows[0]["Status"] if rows else "IN_PROGRESS"
            if not _is_running(status):
                break
            if now - started > self._timeout:
                raise StillRunning(
                    f"The installation is still running after {self._timeout / 60:.0f} minutes",
                    guide=self.guide,
                    hint="Run again to go on waiting for the same installation, or raise install_timeout_minutes.",
                )
            # Salesforce tells no percentage, only that it is at it: the bar is that of the time there is.
            said = f"Salesforce is installing the package: {now - started:.0f} s of at most {self._timeout:.0f} s"
            yield [Progress(said, min(1.0, (now - started) / self._timeout))]
            (now,) = yield [Pause(pause)]
            pause = min(_POLL_SECONDS, pause * 1.5)
        if status != "SUCCESS":
            listed = ((rows[0].get("Errors") or {}).get("errors")) or []
            said = "; ".join(str(error.get("message", "")) for error in listed) or f"status {status}"
            again = (yield from self._is_spreading()) or any(words in said.lower() for words in _PASSING_WORDS)
            raise (_WorthAnother if again else StepFailed)(
                f"Salesforce could not install the package: {said}",
                guide=self.guide,
                hint="Mend what Salesforce names, then run again; or install by the link and run again.",
            )


class _WorthAnother(StepFailed):
    """The installation failed for a reason that passes."""


def _is_running(status: str) -> bool:
    # The documentation prints InProgress, the wire says IN_PROGRESS; UNKNOWN means still running.
    return status.replace("_", "").upper() in ("INPROGRESS", "UNKNOWN")
