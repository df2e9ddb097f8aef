"""Three days at the clearing house: each day's files are dropped, then Odoo takes its time with them."""

from __future__ import annotations

import time
from pathlib import Path

from tests.sandbox.demo.cast import INBOX
from tests.sandbox.demo.client import Client

from . import environment, paths
from .demo_clearing_house import ClearingHouse
from .demo_files import DemoFiles
from .failure import SetupError
from .processes import run_logged
from .progress import Step, step

DAYS = (1, 2, 3)
_PROGRAM = paths.ROOT / "tests" / "sandbox" / "demo" / "remittances.py"
_DAY_SECONDS = 240
_POLL_SECONDS = 0.5
#: A new server's cron workers may miss the first call to look into the mailbox.
_REMIND_SECONDS = 5.0
_UNFINISHED = ["pending", "waiting", "running"]
_TO_RUN = [
    ("state", "in", _UNFINISHED),
    *("|", ("flow_id", "=", False), ("flow_id.state", "!=", "paused")),
    *("|", ("endpoint_id", "=", False), ("endpoint_id.state", "=", "active")),
]


def run(client: Client, house: ClearingHouse, files: DemoFiles) -> None:
    """Deliver what has not been delivered yet, and wait for Odoo after each day.

    :param client: session of a user who may look into mailboxes
    :raises SetupError: Odoo does not finish in time
    """
    for day in DAYS:
        with step(f"Remittances of day {day}") as current:
            _deliver(client, house, day, files)
            _wait(client, house.mailbox / INBOX, files.log("server"), current)


def _deliver(client: Client, house: ClearingHouse, day: int, files: DemoFiles) -> None:
    received = {
        message["file_name"]
        for message in client.search_read("integration.message", [("parent_id", "=", False)], ["file_name"])
    }
    command = [environment.PYTHON, _PROGRAM, "--book", files.book, "--day", str(day)]
    command += ["--mailbox", house.mailbox / INBOX, "--except", *sorted(received)]
    log = files.log("remittances")
    log.unlink(missing_ok=True)
    run_logged(
        command,
        log,
        "The demo's files could not be written",
        "./setup/demo --reset starts over.",
        environment=environment.variables(),
    )


def _wait(client: Client, inbox: Path, server_log: Path, current: Step) -> None:
    deadline = time.monotonic() + _DAY_SECONDS
    reminded = float("-inf")
    while not _is_quiet(client, inbox, current):
        if time.monotonic() > deadline:
            raise SetupError(
                f"Odoo did not finish the day's files within {_DAY_SECONDS} s",
                "Look at the tasks in Odoo (Integrations, Tasks) and at the server's log.",
                server_log,
            )
        if any(inbox.iterdir()) and time.monotonic() - reminded > _REMIND_SECONDS:
            _look_into_mailbox(client)
            reminded = time.monotonic()
        time.sleep(_POLL_SECONDS)


def _is_quiet(client: Client, inbox: Path, current: Step) -> bool:
    """Tell whether the mailbox is empty and no task is left to run; what somebody has paused may stay."""
    files = sum(1 for _file in inbox.iterdir())
    tasks = client.call("integration.task", "search_count", _TO_RUN)
    current.detail(f"{files} files in the mailbox, {tasks} tasks to run")
    return not files and not tasks


def _look_into_mailbox(client: Client) -> None:
    endpoints = client.search_read("integration.endpoint", [("state", "=", "active")], ["id"])
    client.call("integration.endpoint", "action_poll_now", [endpoint["id"] for endpoint in endpoints])
