from pathlib import Path

from cnxlib.changes import Change, Plan
from cnxlib.errors import StepFailed
from cnxlib.model import Check, Document, ManualStep, Outcome, Status, Step, Table
from cnxlib.salesforce import Identity
from cnxlib.ui.differences import shown
from cnxlib.ui.display import checks_view, identity_view, outcome_view, plan_view, steps_view, verified_view

UPDATE = Change("update", "setting", "Email-to-Case", {"on": False}, {"on": True}, ("G1.2",), reversible=False)
CREATE = Change("create", "permission_set", "Conexiom", None, {"label": "Conexiom", "fields": []}, ("G2.2",))
DELETE = Change("delete", "assignment", "ann", {"set": "Conexiom User"}, None, ("G7.1",))


def planned(*changes: Change, **more: object) -> Outcome:
    plan = Plan.of("00D", "01_install_package", changes)
    status = Status.PENDING if changes else Status.CONVERGED
    return Outcome("01", "One", "plan", status, digest=plan.digest, changes=plan.changes, **more)  # type: ignore[arg-type]


def test_a_plan_shows_before_after_why_and_whether_it_can_be_undone() -> None:
    text = plan_view(planned(UPDATE)).text()
    assert "1 change waits" in text
    assert "On: no → yes" in text
    assert "G1.2 Email-to-Case is on" in text
    assert "for good" in text
    assert planned(UPDATE).digest in text


def test_properties_read_like_setup() -> None:
    rights = {"PermissionsApiEnabled": True, "LastName": "User", "is_on": False}
    text = plan_view(planned(Change("create", "permission_set", "Conexiom", None, rights))).text()
    for part in ("API Enabled: yes", "Last Name: User", "Is on: no"):
        assert part in text


def test_a_plan_tells_what_appears_and_what_goes() -> None:
    text = plan_view(planned(CREATE, DELETE)).text()
    assert "+ create" in text
    assert "not there →" in text
    assert "− remove" in text
    assert "held → not held" in text.replace("\n", " ")


def test_an_empty_plan_says_so() -> None:
    view = plan_view(planned())
    assert "The org is as the guide asks." in view.text()
    assert "<table" not in view.html()


def test_a_plan_shows_what_is_left_to_a_person_and_the_facts() -> None:
    outcome = planned(
        manual=(ManualStep("mail", ("G9.3",), "Wait for the setup file", url="https://acme.example/setup"),),
        tables=(Table("Who holds what", ("User", "Set"), (("ann", "Conexiom User"),)),),
        documents=(Document("mail.txt", "Hello,\nI WILL be enabling"),),
    )
    text = plan_view(outcome).text()
    for part in ("! open", "Wait for the setup file", "Who holds what", "ann", "mail.txt", "I WILL be enabling"):
        assert part in text
    assert 'href="https://acme.example/setup"' in plan_view(outcome).html()


def test_a_confirmed_manual_step_names_who_and_when() -> None:
    step = ManualStep("mail", ("G9.3",), "Wait", done_by="Ann", done_at="2026-11-23")
    text = plan_view(planned(manual=(step,))).text()
    assert "✓ done" in text
    assert "Ann, 2026-11-23" in text


def test_checks_show_what_to_do_only_where_something_is_wrong() -> None:
    good = Check("package", True, detail="1.2 is available", hint="never shown", guide=("G1.1",))
    bad = Check("licence", False, detail="none left", hint="Buy one.", guide=("G2.7",))
    warning = Check("retirement", False, "warning", hint="Plan ahead.")
    link = Check("link", True, "info", detail="https://acme.example/install")
    view = checks_view([good, bad, warning, link])
    text = view.text()
    assert "✓ ok" in text
    assert "✗ not ok" in text
    assert "! look" in text
    assert "What to do: Buy one." in text
    assert "never shown" not in text
    assert 'href="https://acme.example/install"' in view.html()


def test_steps_show_result_error_and_id() -> None:
    steps = [
        Step(CREATE, "done", id="0PS000000000001"),
        Step(UPDATE, "failed", error="No."),
        Step(DELETE, "not-run", error="what it requires was not done"),
    ]
    text = steps_view(steps).text()
    assert "✓ done" in text
    assert "0PS000000000001" in text
    assert "✗ failed" in text
    assert "No." in text
    assert "! not run" in text


def test_verify_shows_what_is_still_different() -> None:
    error = StepFailed("It was refused", guide=("G1.2",), hint="Ask for the licence.")
    outcome = Outcome(
        "01",
        "One",
        "apply",
        Status.FAILED,
        reason="It was refused",
        changes=(UPDATE,),
        remaining=(UPDATE,),
        error=error,
    )
    text = verified_view(outcome).text()
    assert "✗ The phase failed." in text
    assert "Guide: G1.2 Email-to-Case is on" in text
    assert "What to do: Ask for the licence." in text
    assert "Still different" in text


def test_the_outcome_counts_by_mode() -> None:
    steps = (Step(UPDATE, "done"), Step(CREATE, "failed", "No."))
    applied = Outcome("01", "One", "apply", Status.FAILED, changes=(UPDATE, CREATE), steps=steps, remaining=(CREATE,))
    assert "1 of 2 made, 1 left" in outcome_view(applied, Path("/r")).text()
    assert "1 planned, none made" in outcome_view(planned(UPDATE), None).text()
    verified = Outcome("01", "One", "verify", Status.FAILED, remaining=(UPDATE,))
    assert "1 differences from the guide" in outcome_view(verified, None).text()


def test_a_production_org_is_announced() -> None:
    def view(org_type: str) -> str:
        me = Identity(
            "00D000000000001EAA", "Acme", org_type, "005", "a@b.example", "a@b.example", "https://x.example", "66.0"
        )
        return identity_view(me, alias="acme", simulated=False).text()

    assert "its id has to be typed" in view("production")
    assert "its id has to be typed" not in view("sandbox")


def test_values_read_like_peoples() -> None:
    assert [shown(value) for value in (None, True, False, "", [], ["a", True], {"r": True}, 3)] == [
        "—",
        "yes",
        "no",
        "(empty)",
        "(empty)",
        "a, yes",
        "r: yes",
        "3",
    ]
