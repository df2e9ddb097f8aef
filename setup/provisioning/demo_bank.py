"""The fourth day of the demo: the bank's statement comes in, and its deposits meet their remittances."""

from __future__ import annotations

import json

from tests.sandbox.demo.cast import EFT_JOURNAL_CODE
from tests.sandbox.demo.client import Client

from . import environment, paths
from .demo_files import DemoFiles
from .processes import run_logged
from .progress import step

DAY = 4
_PROGRAM = paths.ROOT / "tests" / "sandbox" / "demo" / "bank.py"


def run(client: Client, files: DemoFiles) -> None:
    """Enter the deposits that are not in Odoo yet, and let Odoo match them.

    :param client: session of a user who may enter bank statement lines and match them
    """
    with step(f"Bank statement of day {DAY}") as current:
        entered = _enter(client, _statement(files))
        current.detail(f"{entered} deposits")
        waiting = client.search_read("rcm.remittance", [("bank_state", "=", "waiting")], ["id"])
        if entered and waiting:
            client.call("rcm.remittance", "action_match_bank", [remittance["id"] for remittance in waiting])


def _statement(files: DemoFiles) -> list[dict]:
    log = files.log("bank")
    log.unlink(missing_ok=True)
    run_logged(
        [environment.PYTHON, _PROGRAM, "--book", files.book, "--statement", files.bank_statement],
        log,
        "The demo's bank statement could not be written",
        "./setup/demo --reset starts over.",
        environment=environment.variables(),
    )
    return json.loads(files.bank_statement.read_text(encoding="utf-8"))


def _enter(client: Client, deposits: list[dict]) -> int:
    """Create the bank statement lines that are missing; return how many."""
    model = "account.bank.statement.line"
    known = {line["ref"] for line in client.search_read(model, [("ref", "!=", False)], ["ref"])}
    [journal] = client.search_read("account.journal", [("code", "=", EFT_JOURNAL_CODE)], ["id"])
    missing = [
        {
            "journal_id": journal["id"],
            "date": deposit["date"],
            "amount": float(deposit["amount"]),
            "payment_ref": deposit["text"],
            "ref": deposit["number"],
        }
        for deposit in deposits
        if deposit["number"] not in known
    ]
    if missing:
        client.call(model, "create", missing)
    return len(missing)
