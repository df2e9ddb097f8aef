"""A partner's SFTP server that fails in every way there is, while two workers fetch from it."""

import contextlib
import time

import pytest
from provisioning.ports import free_port

from tests.sandbox.clearing_house import running
from tests.sandbox.faults import listening
from tests.sandbox.mailboxes import PASSWORD

FILES, CLAIMS = 6, 30
GARBAGE = b"\x00\xffnot SSH at all\r\n" * 100


class Partner:
    """The partner's folder, and the servers that show it at one address, each in its own way."""

    def __init__(self, folder):
        self.inbox = folder / "root" / "inbox"
        self.inbox.mkdir(parents=True)
        self.archive = folder / "root" / "archive"
        self.archive.mkdir()
        self.state = folder / "state"
        self.port = free_port()
        with self.serving() as house:
            self.known_hosts = self.state / "known_hosts"
            self.known_hosts.write_text(house.known_hosts, encoding="utf-8")

    def serving(self, *options):
        root = self.inbox.parent
        return running(root, "payer", PASSWORD, self.state, "--port", str(self.port), *options)

    def talking_nonsense(self):
        return listening(lambda connection, _stop: connection.sendall(GARBAGE), self.port)

    def stalling(self):
        return listening(lambda _connection, stop: stop.wait(5), self.port)


@pytest.fixture(scope="module")
def partner(fleet, tmp_path_factory):
    partner = Partner(tmp_path_factory.mktemp("partner"))
    fleet.prepare(
        *("hospital", str(fleet.folder / "unused"), "+"),
        *("sftp_mailbox", str(partner.port), str(partner.state / "password"), str(partner.known_hosts)),
    )
    return partner


def test_whatever_the_partner_does_each_file_arrives_once(fleet, partner, tell):
    steps = []
    for number in range(FILES):
        path = str(partner.inbox / f"{number}.835")
        steps += [
            "invoices",
            f"P{number}X",
            str(CLAIMS),
            "+",
            "remittance",
            f"P{number}X",
            str(CLAIMS),
            path,
            "+",
        ]
    fleet.prepare(*steps, "look")
    size = min(path.stat().st_size for path in partner.inbox.iterdir())
    faults = {
        "sftp.connection_refused": contextlib.nullcontext,
        "sftp.timeout": partner.stalling,
        "sftp.not_ssh": partner.talking_nonsense,
        "sftp.connection_lost": lambda: partner.serving("--cut-after", str(size // 2)),
    }
    began, seen = time.monotonic(), []
    with fleet.working(2):
        for code, fault in faults.items():
            with fault():
                fleet.wait_until(_advancing(fleet, lambda: code in _errors(fleet)))  # noqa: B023
            seen.append(f"{code} after {time.monotonic() - began:.0f} s")
        with partner.serving("--read-delay", "0.2"):
            fleet.wait_until(_advancing(fleet, lambda: _posted(fleet) == FILES and fleet.is_idle()), 180)
    seen.append(f"all {FILES} files from a slow server after {time.monotonic() - began:.0f} s")
    tell(f"a partner's faults: {', '.join(seen)}")
    assert sorted(path.name for path in partner.archive.iterdir()) == [f"{n}.835" for n in range(FILES)]
    assert not list(partner.inbox.iterdir())
    files = "SELECT state, count(*) FROM integration_message WHERE parent_id IS NULL GROUP BY state"
    assert fleet.query(files) == [("settled", FILES)]
    assert fleet.query("SELECT state FROM integration_endpoint WHERE name = 'sftp'") == [("active",)]
    open_states = ("open", "in_progress")
    assert not fleet.query("SELECT name FROM integration_exception WHERE state IN %s", open_states)
    assert not fleet.value(
        "SELECT count(*) FROM ir_cron JOIN integration_fault_cron ON id = cron_id WHERE NOT active"
    )


def _errors(fleet):
    rows = fleet.query("SELECT DISTINCT error_code FROM integration_task WHERE error_code IS NOT NULL")
    return {code for (code,) in rows}


def _advancing(fleet, condition):
    """Return the condition; looking at it also has what waits be due, at most once a second."""
    advanced = time.monotonic()

    def look():
        nonlocal advanced
        if time.monotonic() - advanced > 1:
            fleet.pass_time()
            advanced = time.monotonic()
        return condition()

    return look


def _posted(fleet):
    return fleet.value(
        "SELECT count(*) FROM rcm_remittance WHERE state = 'posted' AND trace_number LIKE %s", "TP%"
    )
