"""Deploying and retrieving: simple-salesforce's mdapi unmodified, zeep by the WSDL, and the REST door, over TLS."""

from __future__ import annotations

import base64
import io
import json
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
import simple_salesforce
import zeep
from simple_salesforce import Salesforce

from cnxlib.simorg.metadata import jobs
from cnxlib.simorg.metadata.deployment import Options
from cnxlib.simorg.org import Org as SimOrg
from cnxlib.simorg.orgs import Orgs
from cnxlib.simorg.scenarios.seed import Seeder
from tests.simorg.harness import Org, Server

VERSION = "62.0"
NS = 'xmlns="http://soap.sforce.com/2006/04/metadata"'
DESK = f"""<?xml version="1.0" encoding="UTF-8"?>
<PermissionSet {NS}>
    <label>Desk</label>
    <objectPermissions>
        <allowCreate>false</allowCreate><allowDelete>false</allowDelete><allowEdit>true</allowEdit>
        <allowRead>true</allowRead><modifyAllRecords>false</modifyAllRecords><object>Account</object>
        <viewAllRecords>false</viewAllRecords>
    </objectPermissions>
</PermissionSet>"""


def package(version: str = VERSION, **members: str) -> str:
    """package.xml for full names by type, several separated by spaces."""
    types = "".join(
        f"<types>{''.join(f'<members>{each}</members>' for each in names.split())}<name>{name}</name></types>"
        for name, names in members.items()
    )
    return f'<?xml version="1.0"?><Package {NS}>{types}<version>{version}</version></Package>'


def zipped(files: dict[str, str | bytes]) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, data in files.items():
            archive.writestr(path, data)
    return content.getvalue()


DESK_FILES: dict[str, str | bytes] = {
    "package.xml": package(PermissionSet="Desk"),
    "permissionsets/Desk.permissionset": DESK,
}


@pytest.fixture(scope="module")
def org(server: Server) -> Org:
    return server.add_org()


@pytest.fixture(autouse=True)
def fresh(org: Org) -> None:
    org.server.http.post(f"{org.server.url}/_sim/orgs/{org.alias}/reset")


@pytest.fixture(scope="module")
def salesforce(org: Org) -> Iterator[Salesforce]:
    with requests.Session() as session, pytest.MonkeyPatch.context() as patch:
        session.trust_env = False
        session.verify = org.server.ready["ca_cert"]
        patch.setenv("REQUESTS_CA_BUNDLE", org.server.ready["ca_cert"])
        made = Salesforce(session_id=org.about["access_token"], instance_url=org.server.url, session=session)
        yield made
        made.mdapi._client.transport.session.close()


@pytest.fixture(scope="module")
def wsdl(org: Org) -> Iterator[Any]:
    """The calls as the WSDL has them: zeep, strict, refuses requests and answers that do not fit."""
    with requests.Session() as session:
        session.trust_env = False
        session.verify = org.server.ready["ca_cert"]
        client = zeep.Client(
            str(Path(simple_salesforce.__file__).with_name("metadata.wsdl")),
            settings=zeep.Settings(strict=True, xsd_ignore_sequence_order=False),  # type: ignore[call-arg]
            transport=zeep.Transport(session=session),
        )
        binding = "{http://soap.sforce.com/2006/04/metadata}MetadataBinding"
        service = client.create_service(binding, f"{org.server.url}/services/Soap/m/{VERSION}")
        header = {"sessionId": org.about["access_token"]}
        yield Calls(service, {"SessionHeader": header})


class Calls:
    """zeep's service with the session's header on each call."""

    def __init__(self, service: Any, headers: dict[str, Any]) -> None:
        self._service, self._headers = service, headers

    def __getattr__(self, name: str) -> Any:
        def call(*arguments: Any) -> Any:
            answer = getattr(self._service, name)(*arguments, _soapheaders=self._headers)
            # Where the WSDL gives an answer headers, zeep wraps it
            return answer.body.result if hasattr(answer, "body") else answer

        return call


def options(**changed: bool) -> dict[str, Any]:
    off = dict.fromkeys(
        (
            "allowMissingFiles", "autoUpdatePackage", "checkOnly", "ignoreWarnings", "performRetrieve", "purgeOnDelete",
            "rollbackOnError",
        ),
        False,
    )  # fmt: skip
    return {**off, "singlePackage": True, "testLevel": "NoTestRun", "rollbackOnError": True, **changed}


def deployed(wsdl: Any, files: dict[str, str | bytes] | bytes, **changed: bool) -> Any:
    """The DeployResult of a deployment, once it is done."""
    content = files if isinstance(files, bytes) else zipped(files)
    queued = wsdl.deploy(content, options(**changed))
    assert (queued.done, queued.state) == (False, "Queued")
    return finished(lambda: wsdl.checkDeployStatus(queued.id, True))


def finished(check: Any) -> Any:
    deadline = time.monotonic() + 5
    while not (result := check()).done:
        assert time.monotonic() < deadline
        time.sleep(0.02)
    return result


def problems(result: Any) -> list[tuple[str, str]]:
    return [(each.fullName, each.problem) for each in result.details.componentFailures]


# ---- deploy


def test_statuses_follow_one_another(wsdl: Any) -> None:
    id_ = wsdl.deploy(zipped(DESK_FILES), options()).id
    assert id_.startswith("0Af")
    seen = []
    result = finished(lambda: seen.append(wsdl.checkDeployStatus(id_, False)) or seen[-1])
    told = list(dict.fromkeys(each.status for each in seen))
    # A busy machine may ask too late to see a status, and never sees one twice
    assert told == [each for each in ("Pending", "InProgress", "Succeeded") if each in told]
    assert told[-1] == "Succeeded"
    assert (result.success, result.numberComponentsDeployed, result.numberComponentsTotal) == (True, 1, 1)


def test_a_permission_set_is_made_changed_and_unchanged(wsdl: Any, org: Org) -> None:
    first = deployed(wsdl, DESK_FILES)
    made = {each.fullName: each for each in first.details.componentSuccesses}
    assert made.keys() == {"package.xml", "Desk"}
    desk = made["Desk"]
    assert (desk.created, desk.changed, desk.deleted, desk.componentType) == (True, True, False, "PermissionSet")
    assert desk.fileName == "permissionsets/Desk.permissionset"
    row = org.query("SELECT Id, Label FROM PermissionSet WHERE Name = 'Desk'")[0]
    assert (row["Id"], row["Label"]) == (desk.id, "Desk")
    access = org.query(f"SELECT PermissionsEdit FROM ObjectPermissions WHERE ParentId = '{row['Id']}'")
    assert [each["PermissionsEdit"] for each in access] == [True]
    again = deployed(wsdl, DESK_FILES).details.componentSuccesses[1]
    assert (again.created, again.changed) == (False, False)
    text = DESK.replace("<label>Desk<", "<label>Front desk<")
    other = deployed(wsdl, DESK_FILES | {"permissionsets/Desk.permissionset": text}).details.componentSuccesses[1]
    assert (other.created, other.changed) == (False, True)


def test_check_only_changes_nothing_and_can_be_deployed_after(wsdl: Any, org: Org) -> None:
    checked = deployed(wsdl, DESK_FILES, checkOnly=True)
    assert (checked.status, checked.checkOnly, checked.numberComponentsDeployed) == ("Succeeded", True, 1)
    assert org.query("SELECT Id FROM PermissionSet WHERE Name = 'Desk'") == []
    id_ = wsdl.deployRecentValidation(checked.id)
    assert finished(lambda: wsdl.checkDeployStatus(id_, True)).status == "Succeeded"
    assert len(org.query("SELECT Id FROM PermissionSet WHERE Name = 'Desk'")) == 1


BROKEN: dict[str, str | bytes] = {
    "package.xml": package(PermissionSet="Desk Broken"),
    "permissionsets/Desk.permissionset": DESK,
    "permissionsets/Broken.permissionset": DESK.replace("<label>Desk<", "<label>Broken<").replace("Account", "Nowhere"),
}


def test_a_failure_rolls_everything_back_or_not(wsdl: Any, org: Org) -> None:
    result = deployed(wsdl, BROKEN)
    assert (result.status, result.success, result.numberComponentErrors) == ("Failed", False, 1)
    failure = result.details.componentFailures[0]
    assert (failure.fullName, failure.problemType) == ("Broken", "Error")
    assert (failure.created, failure.changed, failure.deleted) == (False, False, False)
    assert org.query("SELECT Id FROM PermissionSet WHERE Name IN ('Desk', 'Broken')") == []
    result = deployed(wsdl, BROKEN, rollbackOnError=False)
    assert (result.status, result.numberComponentsDeployed) == ("SucceededPartial", 1)
    assert [each["Name"] for each in org.query("SELECT Name FROM PermissionSet WHERE Name IN ('Desk', 'Broken')")] == [
        "Desk"
    ]


def test_what_is_named_and_missing_and_what_is_there_unnamed(wsdl: Any) -> None:
    missing = DESK_FILES | {"package.xml": package(PermissionSet="Desk Absent")}
    text = "An object 'Absent' of type PermissionSet was named in package.xml, but was not found in zipped directory"
    assert problems(deployed(wsdl, missing)) == [("Absent", text)]
    assert deployed(wsdl, missing, allowMissingFiles=True).status == "Succeeded"
    unnamed = DESK_FILES | {"package.xml": package()}
    assert problems(deployed(wsdl, unnamed)) == [("Desk", "Not in package.xml")]
    assert deployed(wsdl, unnamed, autoUpdatePackage=True).status == "Succeeded"
    assert deployed(wsdl, DESK_FILES | {"package.xml": package(PermissionSet="*")}).status == "Succeeded"


def test_destructive_changes(wsdl: Any, org: Org) -> None:
    deployed(wsdl, DESK_FILES)
    away: dict[str, str | bytes] = {
        "package.xml": package(),
        "destructiveChanges.xml": package(PermissionSet="Desk"),
    }
    gone = deployed(wsdl, away).details.componentSuccesses[1]
    assert (gone.fullName, gone.deleted, gone.componentType) == ("Desk", True, "PermissionSet")
    assert org.query("SELECT Id FROM PermissionSet WHERE Name = 'Desk'") == []
    again = deployed(wsdl, away)
    failure = again.details.componentFailures[0]
    assert (again.status, failure.problemType) == ("Failed", "Warning")
    assert failure.problem == "No PermissionSet named: Desk found"
    assert deployed(wsdl, away, ignoreWarnings=True).status == "Succeeded"


def test_destructive_changes_before_and_after(wsdl: Any, org: Org) -> None:
    deployed(wsdl, DESK_FILES)
    both = DESK_FILES | {"destructiveChangesPre.xml": package(PermissionSet="Desk")}
    assert deployed(wsdl, both).details.componentSuccesses[-1].created is True, "deleted first, then made anew"
    both = DESK_FILES | {"destructiveChangesPost.xml": package(PermissionSet="Desk")}
    deployed(wsdl, both)
    assert org.query("SELECT Id FROM PermissionSet WHERE Name = 'Desk'") == []


def test_fields_record_types_settings_and_apps_of_one_deployment(wsdl: Any, org: Org) -> None:
    files: dict[str, str | bytes] = {
        "package.xml": package(
            CustomObject="Account Case", Settings="Case OauthOidc", ConnectedApp="Conexiom", Profile="Admin",
            ExternalClientApplication="Eca", ExtlClntAppOauthSettings="Eca_oauth",
        ),
        "objects/Account.object": f"""<CustomObject {NS}><fields><fullName>Region__c</fullName><label>Region</label>
            <length>40</length><type>Text</type></fields></CustomObject>""",
        "objects/Case.object": f"""<CustomObject {NS}><businessProcesses><fullName>Bulk Orders</fullName>
            <isActive>true</isActive><values><fullName>New</fullName><default>true</default></values></businessProcesses>
            <recordTypes><fullName>Orders</fullName><active>true</active><businessProcess>Bulk Orders</businessProcess>
            <label>Orders</label></recordTypes></CustomObject>""",
        "settings/Case.settings": f"""<CaseSettings {NS}><emailToCase><enableEmailToCase>true</enableEmailToCase>
            </emailToCase></CaseSettings>""",
        "settings/OauthOidc.settings": f"""<OauthOidcSettings {NS}><blockOAuthUnPwFlow>false</blockOAuthUnPwFlow>
            </OauthOidcSettings>""",
        "connectedApps/Conexiom.connectedApp": f"""<ConnectedApp {NS}><contactEmail>a@b.example</contactEmail>
            <label>Conexiom</label><oauthConfig><callbackUrl>https://x.example</callbackUrl><scopes>Full</scopes>
            </oauthConfig></ConnectedApp>""",
        "extlClntAppOauthSettings/Eca_oauth.ecaOauth": f"""<ExtlClntAppOauthSettings {NS}>
            <commaSeparatedOauthScopes>Full</commaSeparatedOauthScopes>
            <externalClientApplication>Eca</externalClientApplication></ExtlClntAppOauthSettings>""",
        "externalClientApps/Eca.eca": f"""<ExternalClientApplication {NS}><contactEmail>a@b.example</contactEmail>
            <distributionState>Local</distributionState><label>Eca</label></ExternalClientApplication>""",
        "profiles/Admin.profile": f"""<Profile {NS}><custom>false</custom><fieldPermissions><editable>true</editable>
            <field>Account.Region__c</field><readable>true</readable></fieldPermissions></Profile>""",
    }  # fmt: skip
    result = deployed(wsdl, files)
    assert problems(result) == []
    types = {(each.componentType, each.fullName): each for each in result.details.componentSuccesses}
    assert types["CustomField", "Account.Region__c"].fileName == "objects/Account.object"
    assert types["BusinessProcess", "Case.Bulk Orders"].created is True
    assert types["RecordType", "Case.Orders"].created is True
    fields = {each["name"]: each for each in org.call("GET", "sobjects/Account/describe").json()["fields"]}
    assert (fields["Region__c"]["label"], fields["Region__c"]["length"]) == ("Region", 40)
    assert org.query("SELECT DeveloperName FROM RecordType WHERE SobjectType = 'Case'")[0]["DeveloperName"] == "Orders"
    assert [row["Name"] for row in org.query("SELECT Name FROM ConnectedApplication")] == ["Conexiom"]
    assert wsdl.readMetadata("CaseSettings", ["Case"])[0].emailToCase.enableEmailToCase is True
    where = "Field = 'Account.Region__c' AND Parent.Profile.Name = 'System Administrator'"
    assert len(org.query(f"SELECT Id FROM FieldPermissions WHERE {where}")) == 1


def test_a_package_is_installed_by_its_number(wsdl: Any, org: Org) -> None:
    inside = "<activateRSS>false</activateRSS><versionNumber>1.9</versionNumber>"
    body = f"<InstalledPackage {NS}>{inside}</InstalledPackage>"
    files: dict[str, str | bytes] = {
        "package.xml": package(InstalledPackage="cnxsf"),
        "installedPackages/cnxsf.installedPackage": body,
    }
    assert deployed(wsdl, files).status == "Succeeded"
    found = org.query("SELECT Label FROM PermissionSet WHERE NamespacePrefix = 'cnxsf' ORDER BY Label")
    assert [row["Label"] for row in found][:1] == ["Conexiom Admin User"]
    files["installedPackages/cnxsf.installedPackage"] = body.replace("1.9", "9.9")
    assert problems(deployed(wsdl, files)) == [("cnxsf", "InstalledPackage version number : 9.9 does not exist!")]


def test_a_package_is_uninstalled_once_nobody_holds_its_sets(wsdl: Any, org: Org) -> None:
    body = f"<InstalledPackage {NS}><activateRSS>false</activateRSS><versionNumber>1.9</versionNumber>"
    installed = {"installedPackages/cnxsf.installedPackage": f"{body}</InstalledPackage>"}
    assert deployed(wsdl, {"package.xml": package(InstalledPackage="cnxsf"), **installed}).status == "Succeeded"
    packaged = org.query("SELECT Id FROM PermissionSet WHERE Name = 'ConexiomUser'")[0]["Id"]
    (me,) = org.query("SELECT Id FROM User WHERE Name = 'Maya Lindqvist'")
    held = {"PermissionSetId": packaged, "AssigneeId": me["Id"]}
    assigned = org.call("POST", "sobjects/PermissionSetAssignment", json=held).json()["id"]
    away: dict[str, str | bytes] = {
        "package.xml": package(),
        "destructiveChanges.xml": package(InstalledPackage="cnxsf"),
    }
    assert "Conexiom User is assigned to users" in problems(deployed(wsdl, away))[0][1]
    assert org.call("DELETE", f"sobjects/PermissionSetAssignment/{assigned}").status_code == 204
    (gone,) = [each for each in deployed(wsdl, away).details.componentSuccesses if each.deleted]
    assert (gone.componentType, gone.fullName) == ("InstalledPackage", "cnxsf")
    for text in (
        "SELECT Id FROM PermissionSet WHERE NamespacePrefix = 'cnxsf'",
        "SELECT Id FROM PackageLicense",
        "SELECT Id FROM FieldPermissions WHERE Field LIKE 'Account.cnxsf%'",
    ):
        assert org.query(text) == []
    described = org.call("GET", "sobjects/Account/describe").json()["fields"]
    assert not [each["name"] for each in described if each["name"].startswith("cnxsf")]
    tooling = {"q": "SELECT Id FROM InstalledSubscriberPackage"}
    assert org.call("GET", "tooling/query", params=tooling).json()["totalSize"] == 0
    assert deployed(wsdl, {"package.xml": package(InstalledPackage="cnxsf"), **installed}).status == "Succeeded"
    (deleted,) = wsdl.deleteMetadata("InstalledPackage", ["cnxsf"])
    assert deleted.success is True


def test_an_object_that_needs_another_may_be_named_before_it(wsdl: Any, org: Org) -> None:
    account = DESK[DESK.index("    <objectPermissions>") : DESK.index("</PermissionSet>")]
    both = account.replace("Account", "Contact") + account
    files = DESK_FILES | {"permissionsets/Desk.permissionset": DESK.replace(account, both)}
    assert problems(deployed(wsdl, files)) == []
    found = org.query("SELECT SobjectType FROM ObjectPermissions WHERE Parent.Name = 'Desk' ORDER BY SobjectType")
    assert [row["SobjectType"] for row in found] == ["Account", "Contact"]


def test_a_deployment_goes_on_after_a_restart(tmp_path: Path) -> None:
    state = str(tmp_path / "orgs.db")
    before = Orgs(Seeder(), state).add("kept", "fresh")
    admin = before.actor(before.rows("User", Name="Maya Lindqvist")[0]["Id"])
    id_ = jobs.deploy(before, admin, zipped(DESK_FILES), Options(singlePackage=True), 62)
    before.store.close()
    after = Orgs(Seeder(), state).add("kept", "fresh")
    assert finished_job(after, id_)["result"]["status"] == "Succeeded"
    assert len(after.rows("PermissionSet", Name="Desk")) == 1


def finished_job(org: SimOrg, id_: str) -> dict[str, Any]:
    deadline = time.monotonic() + 5
    while (job := jobs.find(org, id_))["result"] is None:
        assert time.monotonic() < deadline
        time.sleep(0.02)
    return job


def test_a_deployment_of_a_user_who_is_gone_fails() -> None:
    org = Orgs(Seeder()).add("gone", "fresh")
    user = org.rows("User", Name="Grace Okafor")[0]["Id"]
    id_ = jobs.deploy(org, org.actor(user), zipped(DESK_FILES), Options(singlePackage=True), 62)
    org.store.update("User", user, {"IsActive": 0})
    result = finished_job(org, id_)["result"]
    assert (result["status"], result["errorStatusCode"]) == ("Failed", "INVALID_SESSION_ID")


def test_old_jobs_are_forgotten() -> None:
    org = Orgs(Seeder()).add("many", "fresh")
    admin = org.actor(org.rows("User", Name="Maya Lindqvist")[0]["Id"])
    ids = [jobs.deploy(org, admin, b"no zip", Options(checkOnly=True), 62) for _ in range(30)]
    finished_job(org, ids[-1])
    assert len(org.documents(jobs.KIND)) == 20


def test_a_deployment_taken_back(wsdl: Any, org: Org) -> None:
    id_ = wsdl.deploy(zipped(DESK_FILES), options()).id
    assert wsdl.cancelDeploy(id_).done is True
    result = wsdl.checkDeployStatus(id_, True)
    assert (result.status, result.success, result.canceledByName) == ("Canceled", False, "Maya Lindqvist")
    time.sleep(0.3)
    assert org.query("SELECT Id FROM PermissionSet WHERE Name = 'Desk'") == []


def test_several_packages_in_one_zip(wsdl: Any) -> None:
    files = {f"unpackaged/{path}": data for path, data in DESK_FILES.items()}
    result = deployed(wsdl, files, singlePackage=False)
    assert result.details.componentSuccesses[1].fileName == "unpackaged/permissionsets/Desk.permissionset"
    bare = {"classes/A.cls": "x", **files}
    failure = deployed(wsdl, bare, singlePackage=False).details.componentFailures[0]
    assert (failure.fileName, failure.fullName, failure.problem) == (
        "classes/package.xml",
        "package.xml",
        "No package.xml found",
    )


# ---- bad input


@pytest.mark.parametrize(
    ("text", "line", "problem"),
    [
        (DESK.replace("<label>", "<label"), 3, "Error parsing file:"),
        (DESK.replace("<label>", "<nonsense>x</nonsense>\n<label>"), 3, "nonsense invalid at this location in type"),
        (DESK.replace("true", "yes", 1), 5, "'yes' is not valid for the type xsd:boolean"),
        (DESK.replace("PermissionSet", "Profile"), 1, "PermissionSet expected, found Profile"),
        ("", 1, "Error parsing file:"),
        ('<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>' + DESK[39:].replace("Desk", "&e;"), 1, "DOCTYPE"),
        ('<!DOCTYPE x [<!ENTITY a "aaaaaaaa">]>' + DESK[39:].replace("Desk", "&a;" * 10), 1, "DOCTYPE"),
    ],
)
def test_a_file_that_cannot_be_read_names_its_line(wsdl: Any, text: str, line: int, problem: str) -> None:
    failure = deployed(wsdl, DESK_FILES | {"permissionsets/Desk.permissionset": text}).details.componentFailures[0]
    assert failure.fullName == "Desk"
    assert problem in failure.problem
    assert failure.lineNumber == line


def bomb(names: int) -> bytes:
    return zipped({f"permissionsets/{n}.permissionset": b"\0" * 5_000_000 for n in range(names)})


def damaged() -> bytes:
    whole = bytearray(zipped(DESK_FILES))
    whole[45:60] = b"\xff" * 15
    return bytes(whole)


@pytest.mark.parametrize(
    "content",
    [
        b"no zip at all",
        zipped(DESK_FILES)[:-30],
        damaged(),
        zipped({"../../etc/cron.d/x": b"x"}),
        zipped({"/etc/passwd": b"x"}),
        zipped({"a\\..\\..\\b": b"x"}),
        zipped({"C:/x": b"x"}),
        bomb(8),
    ],
    ids=["text", "cut off", "damaged", "upwards", "absolute", "backslashes", "drive", "bomb"],
)
def test_a_zip_that_is_refused_fails_as_a_whole(wsdl: Any, content: bytes) -> None:
    result = deployed(wsdl, content)
    assert (result.status, result.success, result.errorStatusCode) == ("Failed", False, "UNKNOWN_EXCEPTION")
    assert result.errorMessage.startswith("UNKNOWN_EXCEPTION: ")


def test_manifests_that_cannot_be_read(wsdl: Any) -> None:
    for content, problem in [
        ("<Package", "Error parsing file:"),
        (f"<Profile {NS}/>", "Package expected"),
        (package(Nonsense="x"), "Unknown type name 'Nonsense' specified in package.xml"),
    ]:
        result = deployed(wsdl, {"package.xml": content})
        assert problem in result.details.componentFailures[0].problem
    assert problems(deployed(wsdl, {"x.txt": "x"})) == [("package.xml", "No package.xml found")]


def test_calls_that_cannot_be_served(org: Org, wsdl: Any) -> None:
    token = org.about["access_token"]
    for body, code in [
        ("<deploy><ZipFile></ZipFile></deploy>", "sf:INVALID_OPERATION"),
        ("<deploy><ZipFile>***</ZipFile></deploy>", "soapenv:Client"),
        ("<checkDeployStatus><asyncProcessId>0Af</asyncProcessId></checkDeployStatus>", "sf:INVALID_ID_FIELD"),
        ("<checkRetrieveStatus/>", "sf:INVALID_ID_FIELD"),
        ("<cancelDeploy/>", "sf:INVALID_ID_FIELD"),
        ("<retrieve/>", "soapenv:Client"),
        ("<deployRecentValidation/>", "sf:INVALID_ID_FIELD"),
        ("<describeValueType><type>{urn:x}Nonsense</type></describeValueType>", "sf:INVALID_TYPE"),
        ("<renameMetadata><type>Nonsense</type></renameMetadata>", "sf:INVALID_TYPE"),
    ]:
        answer = org.soap("m/62.0", body, token)
        assert (answer.status_code, f"<faultcode>{code}</faultcode>" in answer.text) == (500, True), answer.text


# ---- retrieve


def retrieved(wsdl: Any, single: bool = True, **members: str) -> tuple[Any, dict[str, str]]:
    types = [{"members": names.split(), "name": name} for name, names in members.items()]
    request = {"apiVersion": 62.0, "singlePackage": single, "unpackaged": {"types": types, "version": VERSION}}
    id_ = wsdl.retrieve(request).id
    assert id_.startswith("09S")
    result = finished(lambda: wsdl.checkRetrieveStatus(id_, True))
    with zipfile.ZipFile(io.BytesIO(result.zipFile)) as archive:
        return result, {name: archive.read(name).decode() for name in archive.namelist()}


def test_what_was_deployed_is_retrieved_and_can_be_deployed_again(wsdl: Any) -> None:
    deployed(wsdl, DESK_FILES)
    result, files = retrieved(wsdl, PermissionSet="Desk Absent", Settings="Case", Profile="*", CustomObject="Case")
    assert {"package.xml", "permissionsets/Desk.permissionset", "settings/Case.settings"} < files.keys()
    assert "<object>Account</object>" in files["permissionsets/Desk.permissionset"]
    assert {"profiles/Admin.profile", "profiles/Sales Basic.profile", "objects/Case.object"} < files.keys()
    assert [each.problem for each in result.messages] == [
        "Entity of type 'PermissionSet' named 'Absent' cannot be found"
    ]
    properties = {each.fullName: each for each in result.fileProperties}
    assert (properties["Desk"].fileName, properties["Desk"].type) == (
        "permissionsets/Desk.permissionset",
        "PermissionSet",
    )
    again = deployed(wsdl, dict(files))
    assert problems(again) == []
    assert not any(each.changed for each in again.details.componentSuccesses if each.fullName != "package.xml")


def test_processes_are_retrieved_with_record_types(wsdl: Any) -> None:
    part = """<businessProcesses><fullName>Support</fullName><isActive>true</isActive><values><fullName>New</fullName>
        <default>true</default></values></businessProcesses><recordTypes><fullName>Orders</fullName><active>true</active>
        <businessProcess>Support</businessProcess><label>Orders</label></recordTypes>"""
    one = {
        "package.xml": package(BusinessProcess="Case.Support", RecordType="Case.Orders"),
        "objects/Case.object": f"<CustomObject {NS}>{part}</CustomObject>",
    }
    alone = part[part.index("<recordTypes>") :]
    without = {**one, "objects/Case.object": f"<CustomObject {NS}>{alone}</CustomObject>"}
    assert ("Case.Orders", "In field: businessProcess - no BusinessProcess named Case.Support found") in problems(
        deployed(wsdl, {**without})
    )
    assert problems(deployed(wsdl, {**one})) == []
    _, files = retrieved(wsdl, BusinessProcess="*")
    assert "objects/Case.object" not in files, "* means nothing without record types"
    _, files = retrieved(wsdl, BusinessProcess="*", RecordType="*")
    assert "<businessProcess>Support</businessProcess>" in files["objects/Case.object"]
    assert "<fullName>New</fullName>" in files["objects/Case.object"]
    _, files = retrieved(wsdl, CustomObject="Case")
    assert "<businessProcesses>" in files["objects/Case.object"]
    listed = wsdl.listMetadata([{"type": "BusinessProcess"}], 62.0)
    assert [(each.fullName, each.fileName) for each in listed] == [("Case.Support", "objects/Case.object")]


def test_parts_of_an_object_alone_and_below_unpackaged(wsdl: Any) -> None:
    deployed(
        wsdl,
        {
            "package.xml": package(CustomField="Account.Region__c"),
            "objects/Account.object": f"""<CustomObject {NS}><fields><fullName>Region__c</fullName><label>Region</label>
            <length>40</length><type>Text</type></fields></CustomObject>""",
        },
    )
    _, files = retrieved(wsdl, single=False, CustomField="*")
    assert files.keys() == {"unpackaged/package.xml", "unpackaged/objects/Account.object"}
    assert "<fullName>Region__c</fullName>" in files["unpackaged/objects/Account.object"]
    assert "recordTypes" not in files["unpackaged/objects/Account.object"]


def test_an_unknown_type_is_told(wsdl: Any) -> None:
    result, files = retrieved(wsdl, ApexClass="*")
    assert [each.problem for each in result.messages] == ["Entity type 'ApexClass' is unknown"]
    assert list(files) == ["package.xml"]


def test_the_element_request_and_the_legacy_status(org: Org) -> None:
    token = org.about["access_token"]
    types = "<types><members>Case</members><name>Settings</name></types>"
    body = f"<retrieve><request><apiVersion>62.0</apiVersion><unpackaged>{types}</unpackaged></request></retrieve>"
    answer = org.soap("m/62.0/00D000000000001", body, token).text
    id_ = answer.split("<id>")[1].split("</id>")[0]
    check = f"<checkStatus><asyncProcessId>{id_}</asyncProcessId></checkStatus>"
    deadline = time.monotonic() + 5
    while "<done>true</done>" not in (text := org.soap("m/62.0", check, token).text):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    assert "<state>Completed</state>" in text
    assert "<zipFile>" in org.soap("m/62.0", f"<checkRetrieveStatus><id>{id_}</id></checkRetrieveStatus>", token).text


# ---- simple-salesforce as it is


def test_simple_salesforce_deploys_and_retrieves(salesforce: Salesforce, org: Org, tmp_path: Path) -> None:
    path = tmp_path / "package.zip"
    path.write_bytes(zipped(DESK_FILES))
    api: Any = salesforce.mdapi
    id_, state = api.deploy(str(path), sandbox=True, singlePackage=True, allowMissingFiles=True)
    assert state == "Queued"
    deadline = time.monotonic() + 5
    while (found := api.check_deploy_status(id_))[0] in ("Pending", "InProgress"):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    assert found[0] == "Succeeded", found
    assert (found[2]["total_count"], found[2]["deployed_count"], found[2]["failed_count"]) == ("1", "1", "0")
    assert len(org.query("SELECT Id FROM PermissionSet WHERE Name = 'Desk'")) == 1
    id_, _ = api.retrieve("", single_package=True, unpackaged={"PermissionSet": ["Desk"]})
    while api.check_retrieve_status(id_)[0] != "Succeeded":
        assert time.monotonic() < deadline
        time.sleep(0.02)
    state, _, _, content = api.retrieve_zip(id_)
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert "permissionsets/Desk.permissionset" in archive.namelist()


def test_simple_salesforce_is_told_of_failures(salesforce: Salesforce, tmp_path: Path) -> None:
    path = tmp_path / "package.zip"
    path.write_bytes(zipped(BROKEN))
    api: Any = salesforce.mdapi
    id_, _ = api.deploy(str(path), sandbox=False, singlePackage=True)
    deadline = time.monotonic() + 5
    while (found := api.check_deploy_status(id_))[0] in ("Pending", "InProgress"):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    assert found[0] == "Failed"
    assert [each["type"] for each in found[2]["errors"]] == ["PermissionSet"]


# ---- the REST door


def post_zip(org: Org, content: bytes, name: str = "json", **chosen: Any) -> requests.Response:
    parts = {
        name: (None, json.dumps({"deployOptions": chosen}), "application/json"),
        "file": ("deploy.zip", content, "application/zip"),
    }
    return org.call("POST", "metadata/deployRequest", files=parts)


def test_the_rest_door_knows_its_options(org: Org) -> None:
    answer = post_zip(org, zipped(DESK_FILES), singlePackage=True, checkonly=True)
    assert (answer.status_code, answer.json()[0]["errorCode"]) == (400, "JSON_PARSER_ERROR")
    assert "checkonly" in answer.json()[0]["message"]


@pytest.mark.parametrize("name", ["json", "entity_content"])
def test_the_rest_door(org: Org, name: str) -> None:
    answer = post_zip(org, zipped(DESK_FILES), name, singlePackage=True, rollbackOnError=True)
    assert answer.status_code == 201, answer.text
    id_ = answer.json()["id"]
    assert answer.json()["deployOptions"]["rollbackOnError"] is True
    assert answer.json()["deployResult"]["status"] == "Pending"
    deadline = time.monotonic() + 5
    while not (result := org.call("GET", f"metadata/deployRequest/{id_}").json()["deployResult"])["done"]:
        assert time.monotonic() < deadline
        time.sleep(0.02)
    assert (result["status"], result["details"]["componentSuccesses"]) == ("Succeeded", [])
    whole = org.call("GET", f"metadata/deployRequest/{id_}", params={"includeDetails": "true"}).json()
    assert [each["fullName"] for each in whole["deployResult"]["details"]["componentSuccesses"]] == [
        "package.xml",
        "Desk",
    ]
    assert len(org.query("SELECT Id FROM PermissionSet WHERE Name = 'Desk'")) == 1


def test_the_rest_door_takes_back_and_refuses(org: Org) -> None:
    id_ = post_zip(org, zipped(DESK_FILES), singlePackage=True).json()["id"]
    answer = org.call("PATCH", f"metadata/deployRequest/{id_}", json={"deployResult": {"status": "Canceling"}})
    assert (answer.status_code, answer.json()["deployResult"]["status"]) == (202, "Canceled")
    for method, path, body, status in [
        ("GET", "metadata/deployRequest/0Af000000000001", None, 404),
        ("GET", "metadata/deployRequest", None, 405),
        ("POST", "metadata/deployRequest", {"validatedDeployRequestId": "nonsense"}, 400),
        ("POST", "metadata/deployRequest", {}, 400),
        ("PATCH", f"metadata/deployRequest/{id_}", {"deployResult": 1}, 400),
    ]:
        answer = org.call(method, path, json=body)
        assert (answer.status_code, answer.json()[0].keys() >= {"errorCode", "message"}) == (status, True), answer.text
    for head in ["multipart/form-data", "multipart/form-data; boundary=x"]:
        answer = org.call("POST", "metadata/deployRequest", data=b"--x\r\nnonsense", headers={"Content-Type": head})
        assert answer.status_code == 400, answer.text


# ---- who may, and what is told of types


def as_user(org: Org, name: str, *permissions: str) -> str:
    """The access token of a user who has these permissions besides what the profile gives."""
    user = org.query(f"SELECT Id FROM User WHERE Username = '{org.user(name)}'")[0]["Id"]
    if permissions:
        row = {"Name": "Extra", "Label": "Extra", **{f"Permissions{each}": True for each in permissions}}
        made = org.call("POST", "sobjects/PermissionSet", json=row).json()
        held = {"AssigneeId": user, "PermissionSetId": made["id"]}
        assert org.call("POST", "sobjects/PermissionSetAssignment", json=held).status_code == 201
    org.call("POST", f"sobjects/User/{user}/password", json={"NewPassword": "Valves5Pumps"})
    security = "<networkAccess><ipRanges><start>127.0.0.1</start><end>127.0.0.1</end></ipRanges></networkAccess>"
    xsi = "http://www.w3.org/2001/XMLSchema-instance"
    inside = f'<metadata xmlns:x="{xsi}" x:type="SecuritySettings"><fullName>Security</fullName>{security}</metadata>'
    org.soap("m/62.0", f"<updateMetadata>{inside}</updateMetadata>", org.about["access_token"])
    login = f"<login><username>{org.user(name)}</username><password>Valves5Pumps</password></login>"
    return org.soap("u/59.0", login).text.split("<sessionId>")[1].split("<")[0]


def test_who_may_not_is_refused(org: Org) -> None:
    token = as_user(org, "csr1")
    body = f"<deploy><ZipFile>{base64.b64encode(zipped(DESK_FILES)).decode()}</ZipFile></deploy>"
    assert "sf:INSUFFICIENT_ACCESS" in org.soap("m/62.0", body, token).text
    answer = org.call("POST", "metadata/deployRequest", json={}, token=token)
    assert (answer.status_code, answer.json()[0]["errorCode"]) == (403, "INSUFFICIENT_ACCESS")


def test_the_metadata_api_alone_does_not_open_what_setup_would_not(org: Org) -> None:
    token = as_user(org, "csr1", "ModifyMetadata", "ViewSetup")
    files = DESK_FILES | {
        "package.xml": package(PermissionSet="Desk", Settings="Case"),
        "settings/Case.settings": f"<CaseSettings {NS}><enableDraftEmails>true</enableDraftEmails></CaseSettings>",
    }
    text = base64.b64encode(zipped(files)).decode()
    chosen = "<DeployOptions><singlePackage>True</singlePackage></DeployOptions>"
    answer = org.soap("m/62.0", f"<deploy><ZipFile>{text}</ZipFile>{chosen}</deploy>", token).text
    id_ = answer.split("<id>")[1].split("</id>")[0]
    asked = f"<asyncProcessId>{id_}</asyncProcessId><includeDetails>1</includeDetails>"
    status = f"<checkDeployStatus>{asked}</checkDeployStatus>"
    deadline = time.monotonic() + 5
    while "<done>true</done>" not in (told := org.soap("m/62.0", status, token).text):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    assert "<status>Failed</status>" in told
    assert told.count("<componentFailures>") == 2
    assert org.query("SELECT Id FROM PermissionSet WHERE Name = 'Desk'") == []


def test_value_types_are_described(wsdl: Any) -> None:
    found = wsdl.describeValueType("{http://soap.sforce.com/2006/04/metadata}CaseSettings")
    fields = {each.name: each for each in found.valueTypeFields}
    assert (found.apiCreatable, found.apiUpdatable) == (False, True)
    assert fields["emailToCase"].soapType == "EmailToCaseSettings"
    assert "enableEmailToCase" in {each.name for each in fields["emailToCase"].fields}
    found = wsdl.describeValueType("{http://soap.sforce.com/2006/04/metadata}ExternalClientApplication")
    state = next(each for each in found.valueTypeFields if each.name == "distributionState")
    assert "Local" in {each.value for each in state.picklistValues}


def test_renaming(wsdl: Any, org: Org) -> None:
    deployed(wsdl, DESK_FILES)
    assert wsdl.renameMetadata("PermissionSet", "Desk", "FrontDesk").success is True
    assert len(org.query("SELECT Id FROM PermissionSet WHERE Name = 'FrontDesk'")) == 1
    refused = wsdl.renameMetadata("CaseSettings", "Case", "Else")
    assert (refused.success, refused.errors[0].statusCode) == (False, "INSUFFICIENT_ACCESS_OR_READONLY")
    assert wsdl.renameMetadata("PermissionSet", "Absent", "Other").errors[0].statusCode == "INVALID_CROSS_REFERENCE_KEY"


def test_types_are_described_and_listed(wsdl: Any) -> None:
    described = {each.xmlName: each for each in wsdl.describeMetadata(62.0).metadataObjects}
    assert described["CustomObject"].childXmlNames == ["CustomField", "BusinessProcess", "RecordType"]
    assert described["Settings"].directoryName == "settings"
    listed = wsdl.listMetadata([{"type": "Settings"}], 62.0)
    assert {"Case", "OauthOidc", "Security"} <= {each.fullName for each in listed}
    listed = wsdl.listMetadata([{"type": "Profile"}], 62.0)
    assert {"Admin", "Standard", "Sales Basic"} <= {each.fullName for each in listed}
