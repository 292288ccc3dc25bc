"""The door to Conexiom: answers what hands something over, and leaves a receipt of it.

A receipt says what went to whom, when, and how it is told again (SHA-256, Message-ID). It holds no value.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from cnxlib.errors import CnxError, RecordError
from cnxlib.handoff.mail import compose, send
from cnxlib.handoff.requests import Handed, Part, Seal, SendMail
from cnxlib.handoff.sealing import lines_of, sealed_to_key, sealed_to_passphrase
from cnxlib.rounds import Send
from cnxlib.salesforce import Secret
from cnxlib.secrets import SecretStore, resolve

Keep = Callable[[str, str], Path]
"""Writes a text as a file of the run record: name, text."""


def nothing_kept(name: str, text: str) -> Path:
    """Where there is no run record; raises `RecordError`."""
    raise RecordError(f"{name} has no run record to be kept in", hint="Run the phase as a notebook, or by `cnx apply`.")


def handing_over(send_: Send, keep: Keep = nothing_kept, store: SecretStore | None = None) -> Send:
    """`send_`, with what hands something over answered here.

    Parameters
    ----------
    send_:
        The door to the org.
    keep:
        The run record.
    store:
        What "age:" references lead into; the user's own by default.
    """
    ours: Mapping[type, Callable[[Any], Handed]] = {
        Seal: lambda request: _seal(request, keep, store),
        SendMail: lambda request: _mail(request, keep, store),
    }

    def answer(requests: Sequence[Any]) -> list[Any]:
        others = [request for request in requests if type(request) not in ours]
        sent = iter(send_(others) if others else [])
        return [_answered(ours[type(one)], one) if type(one) in ours else next(sent) for one in requests]

    return answer


def _answered(hand_over: Callable[[Any], Handed], request: Any) -> Handed | CnxError:
    try:
        return hand_over(request)
    except CnxError as error:
        return error


def _seal(request: Seal, keep: Keep, store: SecretStore | None) -> Handed:
    text = f"{request.title}\n\n{lines_of(revealed(request.parts, store))}"
    if request.recipient:
        sealed, to = sealed_to_key(text, request.recipient), request.recipient
    else:
        sealed, to = sealed_to_passphrase(text, resolve(request.passphrase, store)), "a passphrase"
    digest = "sha256:" + hashlib.sha256(sealed.encode()).hexdigest()
    keep(request.file, sealed)
    _receipt(keep, request.file, {"what": _names(request.parts), "sealed_to": to, "file": request.file}, digest)
    return Handed(digest)


def _mail(request: SendMail, keep: Keep, store: SecretStore | None) -> Handed:
    mail, server = request.mail, request.server
    more = lines_of(revealed(request.parts, store))
    password = resolve(server.password, store) if server.password else ""
    receipt = {"to": mail.to, "from": mail.sender, "server": str(server), "message_id": mail.message_id}
    told = {"what": ["the request for the setup file", *_names(request.parts)], **receipt}
    # Before it goes out: a record that cannot be written must not be found out after that
    _receipt(keep, "support-request", {**told, "sent": False}, mail.digest)
    send(server, password, compose(mail, f"\n{more}" if more else ""))
    with suppress(RecordError):  # it is out: that is no reason to send it again
        _receipt(keep, "support-request", {**told, "sent": True}, mail.digest)
    return Handed(mail.digest)


def _receipt(keep: Keep, of: str, what: Mapping[str, Any], digest: str) -> None:
    told = {**what, "at": datetime.now(UTC).isoformat(timespec="seconds"), "sha256": digest}
    keep(f"receipt-{of.removesuffix('.age')}.json", json.dumps(told, ensure_ascii=False, indent=2) + "\n")


def revealed(parts: Sequence[Part], store: SecretStore | None) -> list[tuple[str, str]]:
    """Name and value of each credential; raises `SecretError` where a reference leads nowhere."""
    return [
        (part.name, resolve(part.value.reference, store) if isinstance(part.value, Secret) else part.value)
        for part in parts
    ]


def _names(parts: Sequence[Part]) -> list[str]:
    return [part.name for part in parts]
