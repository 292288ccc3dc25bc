"""DeployResult, RetrieveResult and AsyncResult: a job as the SOAP and REST doors tell it, in the order of the WSDL."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..org import Org

_STATES = {"Pending": "Queued", "InProgress": "InProgress", "Failed": "Error"}


def deployed(org: Org, job: Mapping[str, Any], *, details: bool) -> dict[str, Any]:
    """DeployResult of a deployment; None stands for an element that is left out."""
    result = job["result"] or {}
    maker = org.rows("User", Id=job["user"])
    done = job["result"] is not None
    told: dict[str, Any] = {
        "canceledBy": result.get("canceledBy"),
        "canceledByName": result.get("canceledByName"),
        "checkOnly": job["options"]["checkOnly"],
        "completedDate": job.get("completed"),
        "createdBy": job["user"][:15],
        "createdByName": maker[0]["Name"] if maker else "",
        "createdDate": job["created"],
        "details": _details(result if details else {}),
        "done": done,
        "errorMessage": result.get("errorMessage"),
        "errorStatusCode": result.get("errorStatusCode"),
        "id": job["id"],
        "ignoreWarnings": job["options"]["ignoreWarnings"],
        "lastModifiedDate": job.get("completed") or job["created"],
        "numberComponentErrors": result.get("numberComponentErrors", 0),
        "numberComponentsDeployed": result.get("numberComponentsDeployed", 0),
        "numberComponentsTotal": result.get("numberComponentsTotal", 0),
        # There is no Apex here, and so no test to run
        "numberTestErrors": 0,
        "numberTestsCompleted": 0,
        "numberTestsTotal": 0,
        "rollbackOnError": job["options"]["rollbackOnError"],
        "runTestsEnabled": job["options"]["testLevel"] not in ("", "NoTestRun"),
        "startDate": job["started"] if job["status"] != "Pending" else None,
        "stateDetail": None,
        "status": job["status"],
        "success": bool(result.get("success", False)),
    }
    return told


def retrieved(job: Mapping[str, Any], content: str) -> dict[str, Any]:
    """RetrieveResult of a retrieval; `content` is its zip in Base64, empty where it was not asked for."""
    result = job["result"] or {}
    return {
        "done": job["result"] is not None,
        "errorMessage": result.get("errorMessage"),
        "errorStatusCode": result.get("errorStatusCode"),
        "fileProperties": result.get("fileProperties", []),
        "id": job["id"],
        "messages": result.get("messages", []),
        "status": job["status"],
        "success": bool(result.get("success", False)),
        "zipFile": content,
    }


def asynchronous(job: Mapping[str, Any]) -> dict[str, Any]:
    """AsyncResult of a job of either sort."""
    result = job["result"] or {}
    return {
        "done": job["result"] is not None,
        "id": job["id"],
        "message": result.get("errorMessage"),
        "state": _STATES.get(job["status"], "Completed"),
        "statusCode": result.get("errorStatusCode"),
    }


def _details(result: Mapping[str, Any]) -> dict[str, Any]:
    """DeployDetails, which are always there: without the components where these were not asked for."""
    return {
        "componentFailures": result.get("componentFailures", []),
        "componentSuccesses": result.get("componentSuccesses", []),
        "runTestResult": {"numFailures": 0, "numTestsRun": 0, "totalTime": "0.0"},
    }
