"""`cnx records`: what runs left, whether it is as it was sealed, and the key that seals it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.text import Text

from cnxlib.cli import options
from cnxlib.cli.output import STYLES, console, print_json, table
from cnxlib.errors import RecordError, UsageError

if TYPE_CHECKING:
    from cnxlib.records.verdict import Verdict

app = typer.Typer(
    name="records", help="The records of runs: look at them, verify them, seal them.", no_args_is_help=True
)

Run = Annotated[str, typer.Argument(metavar="RUN", help="A run's id, the beginning of one, or its folder.")]
Org = Annotated[str, typer.Option("--org", metavar="ALIAS", help="Only the runs of this org.")]

_SEALS = {"sealed": "green", "unsealed": "yellow", "in progress": "cyan", "unreadable": "bold red"}
_SIGNS = {"create": "+", "update": "~", "delete": "-"}


@app.command("list", epilog="Example: cnx records list --org acme-sandbox")
def list_(org: Org = "", json: options.Json = False) -> int:
    """List the runs of each org, oldest first, and whether they are sealed."""
    from cnxlib.records.listing import org_folders, runs_in
    from cnxlib.records.run_record import runs_root

    found = {folder: [run.as_json() for run in runs_in(folder)] for folder in org_folders(org)}
    out = console(stderr=json)
    columns = ("Run", "No.", "Mode", "Status", "Ticket", "Seal")
    for runs in filter(None, found.values()):
        rows = [
            (
                run["run_id"],
                str(run["number"] or ""),
                shown(run["mode"]),
                Text(shown(run["status"]), STYLES.get(run["status"], "")),
                shown(run["ticket"]),
                Text(_seal(run), _SEALS[run["seal"]]),
            )
            for run in runs
        ]
        out.print(shown(runs[0]["org"]), style="bold")
        out.print(table(columns, rows, numbers=("No.",)))
        out.print()
    if not any(found.values()):
        out.print(f"There are no records{f' of {org}' if org else ''} in {runs_root()}", soft_wrap=True)
    if json:
        orgs = [{"org": runs[0]["org"], "folder": str(folder), "runs": runs} for folder, runs in found.items() if runs]
        print_json({"root": str(runs_root()), "orgs": orgs})
    return 0


def _seal(run: Mapping[str, Any]) -> str:
    return "sealed, interrupted" if run["ending"] == "interrupted" else str(run["seal"])


@app.command("show", epilog="Example: cnx records show 20261123T2040 --org acme-sandbox")
def show(run: Run, org: Org = "", json: options.Json = False) -> int:
    """Show a run: what its statement says, what each phase changed, and where the notebooks are."""
    from cnxlib.records.listing import described, find_run, read_run

    path = find_run(run, org)
    try:
        told = described(read_run(path))
    except OSError as error:
        raise RecordError(f"{error.filename or path} cannot be read: {error.strerror}") from None
    _show(told, console(stderr=json))
    if json:
        print_json(told)
    return 0


def _show(told: Mapping[str, Any], out: Console) -> None:
    run, statement = told["run"], told["statement"]
    about = statement["predicate"] if statement else {}
    org = about.get("org", {})
    kind = {True: ", simulated", False: ", real", None: ""}[about.get("simulated")]
    sealed, previous = about.get("sealed"), about.get("previous")
    number = f", number {run['number']}" if run["number"] else ""
    by = f" by {sealed['by']}, {sealed['at']}" if sealed else ""
    lines = {
        "Run": run["run_id"] + number,
        "Org": " ".join(filter(None, (run["org"], org.get("id"), org.get("name"), org.get("type")))) + kind,
        "Host": about.get("host", ""),
        "Certificate": about.get("certificate", ""),
        "User": about.get("user", ""),
        "Mode": f"{run['mode']} {run['status']}",
        "Ticket": run["ticket"],
        "Time": f"{run['started_at']} to {run['ended_at']}",
        "Seal": _seal(run) + by,
        "Signer": f"sha256:{about['key']}" if about else "",
        "Head": run["head"] or "",
        "Before it": f"run {previous['number']} ({previous['run_id']})" if previous else "",
        "Secrets": "; ".join(f"{hit['file']}, {hit['place']}: {hit['kind']}, taken out" for hit in _hits(about)),
        "Fault": told["fault"],
    }
    out.print(table(("", ""), [(name, Text(shown(value))) for name, value in lines.items() if value]))
    for phase in told["phases"]:
        status = Text(str(phase["status"] or "did not end"), STYLES.get(str(phase["status"]), ""))
        out.print(Text.assemble("\n", (shown(phase["phase"]), "bold"), " ", status))
        for change in phase["steps"] or phase["changes"]:
            out.print(Text(f"  {_change(change)}"), soft_wrap=True)
        if phase["notebook"]:
            out.print(Text(f"  {shown(phase['notebook'])}"), soft_wrap=True)
    out.print(f"\nRecord: {run['record']}", soft_wrap=True)


def _hits(about: Mapping[str, Any]) -> Iterable[Mapping[str, str]]:
    found: Iterable[Mapping[str, str]] = about.get("scan", {}).get("hits", ())
    return found


def _change(change: Mapping[str, Any]) -> str:
    import json

    told = ["null" if change.get(side) is None else json.dumps(change[side], ensure_ascii=False) for side in _SIDES]
    result = change.get("result", "planned")
    sign = _SIGNS.get(change.get("op", ""), "?")
    return shown(f"{sign} {change.get('kind')} {change.get('key')} ({result}): {told[0]} → {told[1]}")


_SIDES = ("before", "after")


@app.command("verify", epilog="Example: cnx records verify --org acme --fingerprint sha256:4f… --head sha256:9c…")
def verify(
    run: Annotated[
        str, typer.Argument(metavar="[RUN]", help="Only this run; or the folder of an org's runs or of all records.")
    ] = "",
    org: Org = "",
    head: Annotated[
        str, typer.Option("--head", metavar="HASH", help="SHA-256 of the newest statement that you know of an org.")
    ] = "",
    public_key: Annotated[
        list[Path] | None, typer.Option("--public-key", metavar="FILE", help="Who may sign: a PEM file. Repeatable.")
    ] = None,
    fingerprint: Annotated[
        list[str] | None, typer.Option("--fingerprint", metavar="F", help="Who may sign, by fingerprint. Repeatable.")
    ] = None,
    json: options.Json = False,
) -> int:
    """Check hashes, signatures and the chain of the records; needs the public key alone, no org and no inventory.

    Names each run and file that was altered, added, taken away or moved. Ends with 0 where there is none, else 1.

    What was cut off at the end shows with --head: the SHA-256 of the last statement, which a run prints and you keep
    elsewhere. Whose signature counts: --public-key, else --fingerprint, else CNX_SIGNING_FINGERPRINT, else the key of
    your secret store, else the one in the records, for which then nobody vouches.
    """
    from cnxlib.records.keys import fingerprint_in
    from cnxlib.records.trust import trust

    trusted = trust(public_key or (), fingerprint or ())
    wanted = fingerprint_in(head) if head else ""
    verdicts = _verdicts(run, org, wanted, trusted)
    out = console(stderr=json)
    for verdict in verdicts:
        _tell(verdict, out)
    if json:
        told = [verdict.as_json() for verdict in verdicts]
        findings = [finding for one in told for finding in one["findings"]]
        print_json({"ok": not findings, "orgs": told, "findings": findings})
    return 1 if any(verdict.findings for verdict in verdicts) else 0


def _verdicts(run: str, org: str, head: str, trusted: Any) -> list[Verdict]:
    from cnxlib.records.chain import verify_org, verify_run
    from cnxlib.records.listing import find_run, holds_records, is_record, org_folders
    from cnxlib.records.run_record import runs_root

    path = Path(run).expanduser()
    root = runs_root()
    if run and (is_record(path) or not path.is_dir()):
        if head:
            raise UsageError("--head is about all runs of an org, not about one", hint="Leave RUN away.")
        return [verify_run(find_run(run, org), trusted)]
    if run:
        root = path.resolve()
    if run and holds_records(root):
        folders = [root]
    else:
        folders = [folder for folder in org_folders(org, root) if org or holds_records(folder)]
    if not folders:
        raise UsageError(
            f"There are no records{f' of the org {org!r}' if org else ''} in {root}",
            hint="Name their folder, or set CNX_RUNS.",
        )
    if head and len(folders) > 1:
        raise UsageError("--head is that of one org's runs", hint="Add --org.")
    try:
        return [verify_org(folder, trusted, head=head) for folder in folders]
    except OSError as error:
        raise RecordError(f"{error.filename or root} cannot be read: {error.strerror}") from None


def _tell(verdict: Verdict, out: Console) -> None:
    out.print(Text(shown(verdict.org), "bold"))
    for finding in verdict.findings:
        out.print(Text(f"  {shown(str(finding))}", "bold red"), soft_wrap=True)
    for note in verdict.notes:
        out.print(Text(f"  {shown(note)}", "yellow"), soft_wrap=True)
    if verdict.findings:
        good = [f"{verdict.runs[run][0]} ({run})" for run in verdict.trustworthy]
        out.print(Text(f"  Still as sealed: {shown(', '.join(good)) or 'no run'}"), soft_wrap=True)
    out.print(Text(f"  {shown(verdict.said)}", "" if verdict.findings else "green"), soft_wrap=True)
    out.print(Text(f"  {verdict.signer.said}", "" if verdict.signer.vouched_by else "yellow"), soft_wrap=True)


@app.command("seal", epilog="Example: cnx records seal 20261123T204006Z-9f3c --notebook out.ipynb")
def seal(
    run: Run,
    notebook: Annotated[
        list[Path] | None,
        typer.Option("--notebook", metavar="FILE", help="An executed notebook to take into the record. Repeatable."),
    ] = None,
    org: Org = "",
    json: options.Json = False,
) -> int:
    """Seal the record of a run that has no seal, such as of a notebook run by papermill itself: you vouch for it.

    It is scanned for secrets first; what is found is taken out, and the command ends with 1.
    """
    from cnxlib.records.by_hand import seal_by_hand
    from cnxlib.records.listing import find_run

    sealed, hits = seal_by_hand(find_run(run, org), notebook or ())
    out = console(stderr=json)
    for hit in hits:
        where = shown(f"{hit['file']}, {hit['place']} ({hit['kind']})")
        out.print(Text(f"A secret was taken out: {where}", "bold red"))
    out.print(f"Sealed as run {sealed.number}: {sealed.path}\nHead: {sealed.head}", soft_wrap=True)
    if json:
        told = {"number": sealed.number, "statement": str(sealed.path), "head": sealed.head, "hits": hits}
        print_json({"run_id": sealed.path.parent.name, **told})
    return 1 if hits else 0


@app.command("key", epilog="Example: cnx records key > signer.pem")
def key(json: options.Json = False) -> int:
    """Print the public key that records are sealed with here, and its fingerprint; it is made on first use.

    Standard output holds the key alone, for --public-key. Keep the fingerprint where the records are not.
    """
    from cnxlib.records.keys import signing_key

    public = signing_key().public
    console(stderr=True).print(f"Fingerprint: sha256:{public.fingerprint}", soft_wrap=True)
    pem = public.pem.decode("ascii")
    if json:
        print_json({"public_key": pem, "fingerprint": f"sha256:{public.fingerprint}"})
    else:
        console().print(Text(pem.strip()))
    return 0


def shown(text: str) -> str:
    """`text` as it may be shown on a terminal: a name in a record may hold anything."""
    return "".join(one if one.isprintable() else one.encode("unicode_escape").decode("ascii") for one in text)
