"""The file-based calls of the SOAP door: deploy and retrieve, and what has become of them."""

from __future__ import annotations

import base64
import binascii
from typing import Any
from xml.etree.ElementTree import Element

from .. import soap
from ..errors import ApiError
from ..soap import SoapFault
from . import jobs, results
from .context import Context
from .deployment import Options
from .retrieval import Request
from .xml_files import of_package


def deploy(context: Context) -> str:
    """Queue a deployment."""
    text = soap.text(context.call.element, "ZipFile") or ""
    given = soap.child(context.call.element, "DeployOptions")
    options = {} if given is None else {soap.local(each): (each.text or "") for each in given}
    tests = [] if given is None else soap.texts(given, "runTests")
    id_ = jobs.deploy(
        context.org, context.actor, decoded(text), Options.read(options | {"runTests": tests}), context.version
    )
    return _queued(context, id_)


def deploy_recent_validation(context: Context) -> str:
    """Queue what a validation has found good; answers the new id alone."""
    try:
        validated = soap.text(context.call.element, "validationId") or ""
        return soap.xml("result", jobs.redeploy(context.org, context.actor, validated, context.version))
    except ApiError as error:
        raise SoapFault(error.code, error.message) from error


def cancel_deploy(context: Context) -> str:
    """Take a deployment back."""
    id_ = _id(context)
    try:
        done = jobs.cancel(context.org, context.actor, id_)
        return soap.xml("result", {"done": done, "id": jobs.find(context.org, id_)["id"]})
    except ApiError as error:
        raise SoapFault(error.code, error.message) from error


def retrieve(context: Context) -> str:
    """Queue a retrieval; some clients name the request's element `request`, others as the WSDL does."""
    element = soap.child(context.call.element, "retrieveRequest")
    element = soap.child(context.call.element, "request") if element is None else element
    if element is None:
        raise SoapFault("Client", "Element retrieveRequest expected in retrieve")
    return _queued(context, jobs.retrieve(context.org, context.actor, _request(context, element)))


def check_deploy_status(context: Context) -> str:
    """DeployResult."""
    job = _job(context, "deploy")
    details = (soap.text(context.call.element, "includeDetails") or "").lower() in ("true", "1")
    return soap.xml("result", results.deployed(context.org, job, details=details))


def check_retrieve_status(context: Context) -> str:
    """RetrieveResult; with the zip unless `includeZip` is false."""
    job = _job(context, "retrieve")
    wanted = (soap.text(context.call.element, "includeZip") or "true").lower() in ("true", "1")
    content = jobs.zip_of(context.org, job["id"]) if wanted and job["result"] else ""
    return soap.xml("result", results.retrieved(job, content))


def check_status(context: Context) -> str:
    """AsyncResult of a job of either sort, as clients of before API version 31 ask."""
    return soap.xml("result", results.asynchronous(_job(context, "")))


def decoded(text: str) -> bytes:
    """The bytes of a Base64 text.

    Raises:
        SoapFault: INVALID_OPERATION where there are none; Client where it is no Base64.
    """
    if not text:
        raise SoapFault("INVALID_OPERATION", "No zip file content passed in")
    try:
        return base64.b64decode("".join(text.split()), validate=True)
    except (binascii.Error, ValueError):
        raise SoapFault("Client", "ZipFile is not valid for the type xsd:base64Binary") from None


def _request(context: Context, element: Element) -> Request:
    package = soap.child(element, "unpackaged")
    version = soap.text(element, "apiVersion") or str(context.version)
    return Request(
        apiVersion=float(soap.api_version(version if "." in version else f"{version}.0")),
        singlePackage=(soap.text(element, "singlePackage") or "").lower() in ("true", "1"),
        packageNames=tuple(each for each in soap.texts(element, "packageNames") if each),
        specificFiles=tuple(each for each in soap.texts(element, "specificFiles") if each),
        unpackaged={} if package is None else of_package(package).members,
    )


def _queued(context: Context, id_: str) -> str:
    return soap.xml("result", results.asynchronous(jobs.find(context.org, id_)))


def _id(context: Context) -> str:
    """The id that the call names: `asyncProcessId`, `String` (cancelDeploy), or whatever its only element is."""
    return next(((each.text or "").strip() for each in context.call.element if (each.text or "").strip()), "")


def _job(context: Context, kind: str) -> dict[str, Any]:
    try:
        return jobs.find(context.org, _id(context), kind)
    except ApiError as error:
        raise SoapFault(error.code, error.message) from error
