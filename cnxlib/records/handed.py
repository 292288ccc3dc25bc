"""What was handed over to Conexiom, as the records of an org's runs hold it: never a value."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from cnxlib.records.run_record import read_events, runs_of

_PHASE = "09_support_request"
_TOLD = ("hand_over_credentials", "send_request", "mail_arrived", "setup_file")
"""Manual steps whose confirmation says that something went to Conexiom, or came from them."""


@dataclass(frozen=True)
class Given:
    """One thing that went to Conexiom, was replaced since, or came back.

    Attributes
    ----------
    at, by, run, org_id:
        When (ISO 8601, UTC), by whose login, in which run, of which org.
    how:
        sealed: into a file that a person gives them. mailed: by the runbook. uncertain: a mail whose answer was lost.
        rotated: a credential that is another one since. confirmed: by hand, says who is logged in.
    what:
        Names of the credentials, or of the manual step.
    to:
        The key or address.
    sha256:
        Of the sealed file, or of the evidence that was given, as "sha256:…"; "" where there is none.
    file:
        Where the sealed file lies, "" where there is none.
    note:
        Message-ID of a mail; what was said with a confirmation.
    asked:
        What the confirmed step asked for, in its words: they name the receiver and the credentials.
    """

    at: str
    by: str
    run: str
    org_id: str
    how: Literal["sealed", "mailed", "uncertain", "rotated", "confirmed"]
    what: tuple[str, ...]
    to: str = ""
    sha256: str = ""
    file: str = ""
    note: str = ""
    asked: str = ""

    def as_json(self) -> dict[str, Any]:
        """The published shape."""
        return {**vars(self), "what": list(self.what)}


def handed_over(alias: str, root: Path | None = None) -> list[Given]:
    """All that was handed over, oldest first.

    Parameters
    ----------
    alias, root:
        The org, and the records' root (the usual one by default).

    Raises
    ------
    RecordError
        A record cannot be read.
    """
    found = [given for path in runs_of(alias, root) for event in read_events(path) for given in _of(event, path)]
    return sorted(found, key=lambda given: given.at)


def _of(event: Mapping[str, Any], path: Path) -> Iterator[Given]:
    data = event.get("data")
    if event.get("phase") != _PHASE or not isinstance(data, dict):
        return
    begun = (str(event.get("at")), str(event.get("user")), path.name, str(event.get("org_id")))
    after = data.get("after") or {}
    match event.get("event"), data.get("kind"):
        case "step-done", "sealed_credentials":
            file = str(path / str(after.get("file")))
            yield Given(*begun, "sealed", tuple(after["contents"]), str(after["sealed_to"]), str(data["id"]), file)
        case ("step-done" | "step-failed") as name, "support_mail" if data.get("id"):
            in_body = ("the credentials",) if after["credentials"] == "in_body" else ()
            how: Literal["mailed", "uncertain"] = "mailed" if name == "step-done" else "uncertain"
            what = ("the request for the setup file", *in_body)
            yield Given(*begun, how, what, str(after["to"]), note=str(data["id"]))
        case "step-done", "rotation":
            yield Given(*begun, "rotated", (str(data["key"]),))
        case "confirmed", _ if data.get("step") in _TOLD:
            evidence = data.get("evidence") or {}
            digest = f"sha256:{evidence['sha256']}" if evidence else ""
            said = {"note": str(data.get("note", "")), "asked": str(data.get("what", ""))}
            yield Given(*begun, "confirmed", (str(data["step"]),), sha256=digest, **said)
