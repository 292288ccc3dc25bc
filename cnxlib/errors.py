"""Every error that this project raises on purpose.

::

    CnxError                    exit 1
    ├── UsageError              exit 2: what was asked cannot be right; nothing was sent to the org
    │   ├── InventoryError      orgs.yaml is missing, unreadable or malformed
    │   ├── UnknownOrg          no such alias in the inventory
    │   ├── UnknownPhase        no such notebook
    │   ├── ParameterError      unknown parameter, or a value that its model refuses
    │   └── NotConfirmed        a production org whose id was not typed
    ├── SecretError             a reference that leads to no secret, or a store that cannot be read or written
    │   └── StoreLocked         the secret store wants a passphrase, or its keyring is locked
    ├── OrgUnreachable          no answer from the org's address
    ├── LoginRefused            the org answered, and said no
    ├── SalesforceError         Salesforce refused a request: ``code``, ``fields``, ``status``
    │   ├── NotFound            NOT_FOUND, INVALID_CROSS_REFERENCE_KEY, ENTITY_IS_DELETED
    │   ├── Duplicate           DUPLICATE_VALUE, DUPLICATE_USERNAME, DUPLICATE_DEVELOPER_NAME
    │   ├── LicenceExhausted    LICENSE_LIMIT_EXCEEDED
    │   ├── NotPermitted        INSUFFICIENT_ACCESS*, INSUFFICIENT_ACCESS_OR_READONLY, API_DISABLED_FOR_ORG ...
    │   ├── LimitExceeded       REQUEST_LIMIT_EXCEEDED: never retried
    │   ├── SessionExpired      INVALID_SESSION_ID
    │   └── Temporary           UNABLE_TO_LOCK_ROW, SERVER_UNAVAILABLE, 502, 503, 504 ...: worth another try
    ├── MailRefused             the mail server said no, or there is none: the mail did not go out
    ├── MailUncertain           no answer after the mail was handed over: it may have gone out
    ├── OrgBusy                 another run holds the org
    ├── RecordError             the run record could not be written or read
    │   └── SecretFound         a secret was in the record; it was taken out
    └── PhaseError              a phase could not go on
        ├── NotYet              what it needs comes from an earlier phase
        ├── PreflightFailed     a required check is not ok
        ├── StalePlan           the plan is no longer the one that was reviewed
        ├── StepFailed          a change was refused
        │   └── StillRunning    what was begun goes on in Salesforce, and nobody waits for it any more
        └── NotConverged        verify still finds differences
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any


class CnxError(Exception):
    """What happened, in which org, at which step of the guide, and what to do next.

    Parameters
    ----------
    message:
        What happened, one sentence, free of secrets.
    org:
        Alias of the org, "" where none is concerned.
    guide:
        Ids of the guide's steps, such as ``("G1.1",)``.
    hint:
        What to do next, one sentence.
    """

    exit_code = 1

    def __init__(self, message: str, *, org: str = "", guide: Sequence[str] = (), hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.org = org
        self.guide = tuple(guide)
        self.hint = hint

    def __str__(self) -> str:
        where = ", ".join(part for part in (f"org {self.org}" if self.org else "", " ".join(self.guide)) if part)
        text = f"{self.message} [{where}]" if where else self.message
        return f"{text}\nWhat to do: {self.hint}" if self.hint else text

    def as_json(self) -> dict[str, Any]:
        """The published shape of an error."""
        return {
            "type": type(self).__name__,
            "message": self.message,
            "org": self.org,
            "guide": list(self.guide),
            "hint": self.hint,
        }

    def _render_traceback_(self) -> list[str]:
        """What IPython shows instead of a traceback: the reader of a notebook is an admin."""
        return [f"{type(self).__name__}: {self}"]


@contextmanager
def serving(*guide: str) -> Iterator[None]:
    """Within it, an error that names no step of the guide comes to name these; a generator may yield within it."""
    try:
        yield
    except CnxError as error:
        error.guide = error.guide or guide
        raise


class UsageError(CnxError):
    """What was asked cannot be right; nothing was sent to the org."""

    exit_code = 2


class InventoryError(UsageError):
    """orgs.yaml is missing, unreadable or malformed."""


class UnknownOrg(UsageError):
    """No such alias in the inventory."""


class UnknownPhase(UsageError):
    """No such notebook."""


class ParameterError(UsageError):
    """An unknown parameter, or a value that its model refuses."""


class NotConfirmed(UsageError):
    """A production org whose id was not typed."""


class SecretError(CnxError):
    """A reference that leads to no secret, or a store that cannot be read or written."""


class StoreLocked(SecretError):
    """The secret store wants a passphrase, or the keyring that holds its identity is locked."""


class OrgUnreachable(CnxError):
    """No answer from the org's address.

    Parameters
    ----------
    message, org, guide, hint:
        As for `CnxError`.
    cut_off:
        Whether the connection was there and ended before the answer: what was asked may have arrived.
    """

    def __init__(
        self, message: str, *, org: str = "", guide: Sequence[str] = (), hint: str = "", cut_off: bool = False
    ) -> None:
        super().__init__(message, org=org, guide=guide, hint=hint)
        self.cut_off = cut_off


class LoginRefused(CnxError):
    """The org answered the login, and said no."""


class SalesforceError(CnxError):
    """Salesforce refused a request.

    Parameters
    ----------
    message, org, guide, hint:
        As for `CnxError`.
    code:
        Salesforce's errorCode or statusCode. Match this, never the message: messages are translated.
    fields:
        Names of the fields that Salesforce blames.
    status:
        HTTP status, 0 where the answer carried none of its own.
    """

    def __init__(
        self,
        message: str,
        *,
        code: str = "",
        fields: Sequence[str] = (),
        status: int = 0,
        org: str = "",
        guide: Sequence[str] = (),
        hint: str = "",
    ) -> None:
        super().__init__(message, org=org, guide=guide, hint=hint)
        self.code = code
        self.fields = tuple(fields)
        self.status = status


class NotFound(SalesforceError):
    """The thing that was named is not there."""


class Duplicate(SalesforceError):
    """It is there already."""


class LicenceExhausted(SalesforceError):
    """No licence of this kind is left."""


class NotPermitted(SalesforceError):
    """The user who is logged in may not do this."""


class LimitExceeded(SalesforceError):
    """The org's API requests of the day are used up."""


class SessionExpired(SalesforceError):
    """The session has ended; a new login is needed."""


class Temporary(SalesforceError):
    """Worth another try after a pause."""

    @property
    def nothing_done(self) -> bool:
        """Whether Salesforce says with it that it changed nothing."""
        return self.code in ("UNABLE_TO_LOCK_ROW", "ALREADY_IN_PROCESS")


class MailRefused(CnxError):
    """The mail server said no, or could not be reached; the mail did not go out."""


class MailUncertain(CnxError):
    """The mail server was given the whole mail and did not answer: it may have gone out."""


class OrgBusy(CnxError):
    """Another run holds the org."""


class RecordError(CnxError):
    """The run record could not be written or read."""


class SecretFound(RecordError):
    """A secret was in the run record. It was taken out; what the run did to the org stands."""


class PhaseError(CnxError):
    """A phase could not go on."""


class NotYet(PhaseError):
    """What the phase needs comes from an earlier phase.

    Parameters
    ----------
    message, org, guide, hint:
        As for `CnxError`.
    phase:
        Id of the earlier phase, such as "01_install_package".
    """

    def __init__(
        self,
        message: str,
        *,
        phase: str,
        org: str = "",
        guide: Sequence[str] = (),
        hint: str = "",
    ) -> None:
        super().__init__(message, org=org, guide=guide, hint=hint or f"Apply {phase} first.")
        self.phase = phase


class PreflightFailed(PhaseError):
    """A required check is not ok."""


class StalePlan(PhaseError):
    """The plan is no longer the one that was reviewed."""


class StepFailed(PhaseError):
    """A change was refused."""


class StillRunning(StepFailed):
    """What was begun goes on in Salesforce, and nobody waits for it any more."""


class NotConverged(PhaseError):
    """Verify still finds differences."""


def leaves_open(error: CnxError) -> bool:
    """Whether what ended in `error` may have been done all the same, or be done yet.

    Lost may be the answer to the write itself, or to a question about it afterwards. So a limit that was reached and a
    session that ended count too: they may have met such a question.
    """
    if isinstance(error, Temporary):
        return not error.nothing_done
    return isinstance(error, OrgUnreachable | LimitExceeded | SessionExpired | MailUncertain | StillRunning)
