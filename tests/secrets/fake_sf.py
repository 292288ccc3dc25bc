"""A Salesforce CLI of a few lines: answers in the shapes that sf 2.146 answered, and that older ones did.

The test writes what it holds (`CNX_FAKE_SF`, a JSON file): {"version": "new"|"old", "orgs": {alias: {...}}}, and may
change it while the product runs.
"""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path
from typing import Any

HIDDEN = "[REDACTED] Use 'sf org auth show-access-token' to view"


def answer(told: dict[str, Any]) -> int:
    print(json.dumps(told, indent=2))
    return int(told["status"])


def failed(name: str, message: str, status: int) -> int:
    return answer(
        {"name": name, "message": message, "exitCode": status, "warnings": [], "code": name, "status": status}
    )


def logged_in(file: Path, holds: dict[str, Any], arguments: list[str]) -> int:
    """`web` holds the org that the person logs in to, or what the CLI says instead (`says`)."""
    web = holds["web"]
    print("Opening the browser ...", flush=True)
    time.sleep(web.get("sleep", 0))
    if "says" in web:
        print(f"Error (1): {web['says']}", file=sys.stderr)
        return 1
    org = web["org"]
    holds["orgs"][arguments[arguments.index("--alias") + 1]] = org
    file.write_text(json.dumps(holds), encoding="utf-8")
    print(f"Successfully authorized {org['username']} with org ID {org['token'].partition('!')[0]}")
    return 0


def main(arguments: list[str]) -> int:
    file = Path(os.environ["CNX_FAKE_SF"])
    with file.with_suffix(".asked").open("a", encoding="utf-8") as asked:
        asked.write(" ".join(arguments) + "\n")
    holds = json.loads(file.read_text(encoding="utf-8"))
    time.sleep(holds.get("sleep", 0))
    if arguments == ["--version"]:
        print("@salesforce/cli/2.146.3 linux-x64 node-v22.23.3")
        return 0
    if "garbage" in holds:
        print(holds["garbage"])
        return 1
    if arguments[:3] == ["org", "login", "web"]:
        return logged_in(file, holds, arguments)
    if arguments[-1] != "--json" or "--target-org" not in arguments:
        return failed("Error", "the fake knows --json with --target-org alone", 2)
    alias = arguments[arguments.index("--target-org") + 1]
    shows_token = arguments[:3] == ["org", "auth", "show-access-token"]
    if shows_token and holds["version"] == "old":
        print(" ›   Error: org auth show-access-token is not a sf command.", file=sys.stderr)
        return 127
    if alias not in holds["orgs"]:
        text = f"Parsing --target-org \n\tNo authorization information found for {alias}.\nSee more help with --help"
        return failed("NamedOrgNotFoundError", text, 2)
    org = holds["orgs"][alias]
    if shows_token:
        warnings = ["This command exposes a sensitive Access Token that allows for subsequent activity ..."]
        return answer({"status": 0, "result": {"accessToken": org["token"]}, "warnings": warnings})
    if holds["version"] == "old":
        print("Warning: @salesforce/cli update available.")
    shown = {
        "id": org["token"].partition("!")[0],
        "apiVersion": "68.0",
        "accessToken": org["token"] if holds["version"] == "old" else HIDDEN,
        "instanceUrl": org["url"],
        "username": org["username"],
        "connectedStatus": org.get("status", "Connected"),
        "alias": alias,
    }
    return answer({"status": 0, "result": shown, "warnings": []})


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
