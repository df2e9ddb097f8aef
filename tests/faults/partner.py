"""A payer's SFTP server that fails in every way there is, and whether the fleet has noticed."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable
from pathlib import Path

from provisioning.ports import free_port

from tests.sandbox.clearing_house import running
from tests.sandbox.faults import listening
from tests.sandbox.mailboxes import PASSWORD

GARBAGE = b"\x00\xffnot SSH at all\r\n" * 100
#: How often a mailbox is looked into, instead of every few minutes.
LOOK_SECONDS = 1


class Partner:
    """The partner's folder, and the servers that show it at one address, each in its own way.

    :ivar ready: files that the partner has written but not delivered
    """

    def __init__(self, folder: Path):
        self.inbox = folder / "root" / "inbox"
        self.archive = folder / "root" / "archive"
        self.ready = folder / "ready"
        for path in (self.inbox, self.archive, self.ready):
            path.mkdir(parents=True)
        self.state = folder / "state"
        self.port = free_port()
        with self.serving() as house:
            self.known_hosts = self.state / "known_hosts"
            self.known_hosts.write_text(house.known_hosts, encoding="utf-8")

    def mailbox(self) -> tuple[str, ...]:
        """Return the step of ``prepare.py`` that makes the mailbox known to the payer."""
        return ("sftp_mailbox", str(self.port), str(self.state / "password"), str(self.known_hosts))

    def write(self, number: int, claims: int) -> tuple[str, ...]:
        """Return the steps of ``prepare.py`` that make a file ready, and the invoices that it pays."""
        path = str(self.ready / f"{number}.835")
        prefix = f"P{number}X"
        return ("invoices", prefix, str(claims), "+", "remittance", prefix, str(claims), path)

    def deliver(self, count: int | None = None) -> None:
        """Put so many of the files that are ready into the inbox; all of them by default."""
        for path in sorted(self.ready.iterdir())[:count]:
            path.rename(self.inbox / path.name)

    # === HOW IT BEHAVES === #

    def serving(self, *options: str):
        root = self.inbox.parent
        return running(root, "payer", PASSWORD, self.state, "--port", str(self.port), *options)

    def slow(self):
        return self.serving("--read-delay", "0.2")

    def talking_nonsense(self):
        return listening(lambda connection, _stop: connection.sendall(GARBAGE), self.port)

    def stalling(self):
        return listening(lambda _connection, stop: stop.wait(5), self.port)

    def faults(self, cut_after: int) -> dict[str, Callable]:
        """Return what the partner does wrong, by the code of the error that comes of it.

        :param cut_after: bytes of a file after which the connection ends
        """
        return {
            "sftp.connection_refused": contextlib.nullcontext,
            "sftp.timeout": self.stalling,
            "sftp.not_ssh": self.talking_nonsense,
            "sftp.connection_lost": lambda: self.serving("--cut-after", str(cut_after)),
        }

    def assert_all_taken(self, files: int) -> None:
        """Fail unless each file was taken out of the inbox, once, and nothing is left there."""
        taken = sorted(path.name for path in self.archive.iterdir())
        assert taken == sorted(f"{number}.835" for number in range(files))
        assert not list(self.inbox.iterdir())


class Circuit:
    """What the circuit of a fleet's SFTP endpoint does, as its gate and the workers' log tell."""

    def __init__(self, fleet):
        self._fleet = fleet

    def is_closed(self) -> bool:
        states = self._fleet.query(
            "SELECT circuit FROM integration_gate AS gate JOIN integration_endpoint AS endpoint"
            " ON endpoint.id = endpoint_id WHERE transport = 'sftp'"
        )
        return {state for (state,) in states} <= {"closed"}

    def openings(self) -> int:
        """Return how often it opened so far, a probe that failed included."""
        return self._fleet.log().count("is open now")


def error_codes(fleet) -> set[str]:
    """Return the codes of the last errors of tasks."""
    rows = fleet.query("SELECT DISTINCT error_code FROM integration_task WHERE error_code IS NOT NULL")
    return {code for (code,) in rows}


def looking(fleet, condition: Callable) -> Callable:
    """Return the condition; asking for it also has mailboxes looked into every :data:`LOOK_SECONDS`."""
    looked = 0.0

    def ask():
        nonlocal looked
        if time.monotonic() - looked > LOOK_SECONDS:
            fleet.look_now()
            looked = time.monotonic()
        return condition()

    return ask


def posted(fleet) -> int:
    """Return how many of the partner's files are posted."""
    return fleet.value(
        "SELECT count(*) FROM rcm_remittance WHERE state = 'posted' AND trace_number LIKE %s", "TP%"
    )


def assert_nothing_left_to_people(fleet, files: int) -> None:
    """Fail unless so many files are settled, the endpoints work, and nobody is asked to decide anything."""
    received = fleet.query(
        "SELECT state, count(*) FROM integration_message"
        " WHERE direction = 'in' AND parent_id IS NULL GROUP BY state"
    )
    assert received == [("settled", files)]
    assert fleet.query("SELECT DISTINCT state FROM integration_endpoint") == [("active",)]
    open_states = ("open", "in_progress")
    assert not fleet.query("SELECT name FROM integration_exception WHERE state IN %s", open_states)
