"""Deployments and retrievals as jobs: queued, begun and done by the clock, in documents that outlive a restart.

Nothing runs in the background. What is due is done when the org is next looked at, as the installing of packages is, so
that nobody can see an org in which a deployment that is over has not happened.
"""

from __future__ import annotations

import base64
import logging
from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any

from .. import dml, ids
from ..errors import ApiError
from ..identity.history import stamp
from ..org import Actor, Org
from . import archive
from .deployment import PACKAGE, Deployment, Options
from .retrieval import Request, Retrieval

KIND = "_MetadataJob"
"""Kind of the documents that hold a job by its id: its request, and its result once it is done."""

QUEUE = "_MetadataQueue"
"""Kind of the documents of jobs that are not done: when each is due."""

_ZIPS = "_MetadataZip"
_PENDING = 0.05  # seconds that a job waits before it begins
_WORKING = 0.15  # seconds that it then takes
_KEPT = 20  # jobs that are done and still answer; Salesforce keeps them for days

_log = logging.getLogger("uvicorn.error")


class Rollback(Exception):
    """Undoes a deployment that failed, or was only checked."""


def deploy(org: Org, actor: Actor, content: bytes, options: Options, version: int) -> str:
    """Queue a deployment; returns its id."""
    job = {"type": "deploy", "options": asdict(options), "version": version}
    return _begin(org, actor, "0Af", job, content)


def redeploy(org: Org, actor: Actor, id_: str, version: int) -> str:
    """Queue what a deployment with checkOnly has found good; returns the new deployment's id.

    Raises:
        ApiError: no such validation, or one that failed.
    """
    job = find(org, id_, "deploy")
    content = org.document(_ZIPS, job["id"])
    if not job["options"]["checkOnly"] or content is None or not (job.get("result") or {}).get("success"):
        raise ApiError("INVALID_ID_FIELD", f"no recent validation with id: {id_}")  # [R: text]
    options = Options.read(job["options"] | {"checkOnly": False})
    return deploy(org, actor, base64.b64decode(content["zip"]), options, version)


def retrieve(org: Org, actor: Actor, request: Request) -> str:
    """Queue a retrieval; returns its id."""
    return _begin(org, actor, "09S", {"type": "retrieve", "request": asdict(request)}, None)


def cancel(org: Org, actor: Actor, id_: str) -> bool:
    """Take a deployment back that has not been done; whether it has been.

    Raises:
        ApiError: no such deployment.
    """
    job = find(org, id_, "deploy")
    if job.get("result") is None:
        org.drop_document(QUEUE, job["id"])
        by = {"canceledBy": actor.user_id[:15], "canceledByName": _name(org, actor.user_id)}
        _finish(org, job, _ended("Canceled", [], []) | by)
        return True
    return bool(job["result"]["status"] == "Canceled")


def find(org: Org, id_: str, kind: str = "") -> dict[str, Any]:
    """The job of an id in either length, with what is due done first; its `id` and its `status` of the moment added.

    Raises:
        ApiError: INVALID_ID_FIELD, where there is none.
    """
    settle(org)
    job = org.document(KIND, ids.to18(id_)) if ids.is_id(id_) else None
    if job is None or kind not in ("", job["type"]):
        raise ApiError("INVALID_ID_FIELD", f"invalid asyncProcessId: {id_}" if id_ else "asyncProcessId is required")
    begun = org.now() >= datetime.fromisoformat(job["begins"])
    status = job["result"]["status"] if job["result"] else "InProgress" if begun else "Pending"
    return job | {"status": status}


def zip_of(org: Org, id_: str) -> str:
    """The zip of a retrieval that is done, in Base64."""
    found = org.document(_ZIPS, id_)
    return str(found["zip"]) if found else ""


def settle(org: Org) -> None:
    """Do the jobs that are due."""
    for id_, queued in org.store.documents(QUEUE).items():
        if org.now() < datetime.fromisoformat(queued["due"]):
            continue
        org.drop_document(QUEUE, id_)  # before the work, which looks at the org and so comes here again
        job = org.document(KIND, id_)
        if job is not None:
            _finish(org, job, _work(org, job))
            _forget(org)


def _begin(org: Org, actor: Actor, prefix: str, job: Mapping[str, Any], content: bytes | None) -> str:
    with org.transaction():
        id_ = ids.record_id(prefix, org.org_id, org.store.next_number(prefix))
        now = org.now()
        begins, due = now + timedelta(seconds=_PENDING), now + timedelta(seconds=_PENDING + _WORKING)
        times = {"created": _moment(now), "begins": begins.isoformat(), "started": _moment(begins)}
        org.put_document(KIND, id_, {**job, **times, "id": id_, "user": actor.user_id, "result": None})
        if content is not None:
            org.put_document(_ZIPS, id_, {"zip": base64.b64encode(content).decode()})
        org.put_document(QUEUE, id_, {"due": due.isoformat()})
    return id_


def _work(org: Org, job: Mapping[str, Any]) -> dict[str, Any]:
    """The result of a job; a defect of the simulated org itself is one too, and is logged."""
    try:
        actor = org.actor(job["user"])
        return _deployed(org, actor, job) if job["type"] == "deploy" else _retrieved(org, job)
    except ApiError as error:
        text, code = error.message, error.code
    except archive.BadArchive as error:
        text, code = str(error), "UNKNOWN_EXCEPTION"
    except Exception:
        _log.exception("job %s", job["id"])
        text, code = "An unexpected error occurred. Please contact Salesforce Support.", "UNKNOWN_EXCEPTION"
    problem = {"errorMessage": f"{code}: {text}", "errorStatusCode": code}
    return (_ended("Failed", [], []) if job["type"] == "deploy" else {"status": "Failed", "success": False}) | problem


def _deployed(org: Org, actor: Actor, job: Mapping[str, Any]) -> dict[str, Any]:
    stored = org.document(_ZIPS, job["id"])
    files = archive.read(base64.b64decode(stored["zip"] if stored else ""))
    options = Options.read(job["options"])
    run = Deployment(org, actor, options, job["version"])
    try:
        with org.transaction():
            run.run(files)
            if options.checkOnly or (run.failures and options.rollbackOnError):
                raise Rollback
            _trace(org, actor, job, run)
    except Rollback:
        pass
    written = [each for each in run.successes if each["fullName"] != PACKAGE]
    if not run.failures:
        status = "Succeeded"
    else:
        status = "SucceededPartial" if written and not options.rollbackOnError else "Failed"
    return _ended(status, run.successes, run.failures)


def _retrieved(org: Org, job: Mapping[str, Any]) -> dict[str, Any]:
    run = Retrieval(org, Request(**job["request"]))
    content = run.run()
    org.put_document(_ZIPS, job["id"], {"zip": base64.b64encode(content).decode()})
    return {"status": "Succeeded", "success": True, "fileProperties": run.found, "messages": run.messages}


def _ended(status: str, successes: list[dict[str, Any]], failures: list[dict[str, Any]]) -> dict[str, Any]:
    written = sum(each["fullName"] != PACKAGE for each in successes)
    return {
        "status": status,
        # "The deployment succeeded, but some components might not ..." (Apex Reference, DeployStatus): so a success [R]
        "success": status in ("Succeeded", "SucceededPartial"),
        "componentSuccesses": successes,
        "componentFailures": failures,
        "numberComponentErrors": len(failures),
        "numberComponentsDeployed": written,
        "numberComponentsTotal": written + len(failures),
    }


def _finish(org: Org, job: Mapping[str, Any], result: dict[str, Any]) -> None:
    kept = {name: value for name, value in job.items() if name != "status"}
    org.put_document(KIND, job["id"], {**kept, "completed": _moment(org.now()), "result": result})
    if job["type"] == "deploy" and not job["options"]["checkOnly"]:
        org.drop_document(_ZIPS, job["id"])


def _forget(org: Org) -> None:
    """Drop the oldest jobs that are done, so that a long life does not fill the memory."""
    done = sorted((job["created"], id_) for id_, job in org.store.documents(KIND).items() if job["result"] is not None)
    for _, id_ in done[:-_KEPT]:
        org.drop_document(KIND, id_)
        org.drop_document(_ZIPS, id_)


def _trace(org: Org, actor: Actor, job: Mapping[str, Any], run: Deployment) -> None:
    """A row of the setup audit trail. [R: the words]"""
    text = f"Deployment {job['id']}: {len(run.successes)} components"
    dml.trace(org, actor.user_id, "deployedMetadata", "Deploy", text)


def _name(org: Org, user_id: str) -> str:
    return str(org.get("User", user_id, ["Name"])["Name"])


def _moment(moment: datetime) -> str:
    return stamp(moment).replace("+0000", "Z")
