"""Everything at once: workers killed, the database server crashed, a partner that misbehaves, a full disk.

A task's effect is a row, and of some also a document that leaves for a folder; meanwhile files come in from
the partner's SFTP server. What happens outside the database happens once, too, and nobody helps.
"""

import contextlib
import itertools
import json
import random
import time

import pytest

from tests.faults.outgoing import Outgoing
from tests.faults.partner import (
    Circuit,
    Partner,
    assert_nothing_left_to_people,
    error_codes,
    looking,
    posted,
)
from tests.faults.posted import assert_posted_once
from tests.faults.small_disk import fill, mounted_if_allowed

TASK_SECONDS = 0.005
CLAIMS = 5
DISK = "16m"
DISK_FULL = "folder.disk_full"
EFFECT, SENDING = "_integration_fault_effect", "_integration_fault_sending"
#: What a worker does when it is killed, in turn.
VICTIMS = ("_send_queued", EFFECT, "_fetch", SENDING)
#: How long a worker is waited for that does one of these; then one is taken that does another, or looks into
#: the mailbox, which comes again and again.
PATIENCE_SECONDS = 1.5
LOOKING = "_poll"
DUE_LATER = f"""
    UPDATE integration_task SET state = 'waiting', eta = now() AT TIME ZONE 'UTC' + interval '1 day'
     WHERE method_name IN ('{EFFECT}', '{SENDING}')
"""
DUE_NOW = f"""
    UPDATE integration_task SET eta = now() AT TIME ZONE 'UTC'
     WHERE id IN (SELECT id FROM integration_task
                   WHERE state = 'waiting' AND method_name IN ('{EFFECT}', '{SENDING}') ORDER BY id LIMIT %d)
"""


@pytest.fixture
def disk(tmp_path):
    """A small disk, or None where nobody but root may have one."""
    with mounted_if_allowed(tmp_path / "disk", DISK) as folder:
        yield folder


class Storm:
    """The storm's database, partners, and what has struck so far."""

    def __init__(self, server, fleet, folder, disk):
        self.fleet = fleet
        self.partner = Partner(folder / "partner")
        self.circuit = Circuit(fleet)
        self.senders = [Outgoing(fleet, folder / "plain", "plain")]
        if disk:
            self.senders.append(Outgoing(fleet, disk, "disk"))
        self.disk = disk
        self.away = 0.0
        self.codes = set()
        self.killed_in = []
        self._server = server
        self._victims = itertools.cycle(VICTIMS)

    def prepare(self, tasks, files):
        """Enqueue tasks, none of them due yet, and have the partner write files."""
        written = [step for number in range(files) for step in (*self.partner.write(number, CLAIMS), "+")]
        flows = [sender.name for sender in self.senders]
        self.fleet.prepare(
            *("lanes", "4", "+", "hospital", str(self.partner.state), "+", *self.partner.mailbox(), "+"),
            *(*written, "tasks", str(tasks), str(TASK_SECONDS), *flows),
        )
        self.fleet.execute(DUE_LATER)

    def blow(self, tasks, files, steps):
        """Have tasks come due and files arrive, and strike at even distances while they are worked on."""
        before = self.effects()
        self.fleet.execute(DUE_NOW % tasks)
        self.fleet.wake_lanes()
        self.partner.deliver(files)
        for number, step in enumerate(steps, 1):
            due = before + tasks * number // (len(steps) + 1)
            self.fleet.wait_until(looking(self.fleet, lambda: self.effects() >= due))  # noqa: B023
            self._kill() if step == "kill" else self._crash()

    def _kill(self):
        wanted, patience = next(self._victims), time.monotonic() + PATIENCE_SECONDS

        def victim():
            methods = [wanted] if time.monotonic() < patience else [wanted, *VICTIMS, LOOKING]
            found = ((method, self.fleet.busy(method)) for method in methods)
            return next(((method, process_id) for method, process_id in found if process_id), None)

        method, process_id = self.fleet.wait_until(looking(self.fleet, victim))
        self.fleet.kill(process_id)
        self.killed_in.append(method)

    def _crash(self):
        began = time.monotonic()
        self._server.crash()
        self.away += time.monotonic() - began

    def await_error(self, *codes):
        """Wait until tasks failed with each of the codes."""

        def seen():
            self.codes |= error_codes(self.fleet)
            return self.codes.issuperset(codes)

        self.fleet.wait_until(looking(self.fleet, seen))

    def await_closed_circuit(self):
        """Wait until the circuit of the partner, which is well again, has closed by itself."""
        self.fleet.wait_until(looking(self.fleet, self.circuit.is_closed))

    def effects(self):
        return self.fleet.value("SELECT count(*) FROM integration_fault_effect")

    @contextlib.contextmanager
    def full_disk(self):
        """Have the disk full for the length of the block."""
        filler = fill(self.disk)
        yield
        filler.unlink()

    def is_over(self, files):
        return (
            self.fleet.is_idle()
            and posted(self.fleet) == files
            and all(sender.are_sent() for sender in self.senders)
            and self.circuit.is_closed()
        )

    # === WHAT MUST BE TRUE AFTERWARDS === #

    def assert_sent_once(self):
        """Each task that sends a document made one, and each is one file with the right bytes."""
        [tasks] = zip(
            *self.fleet.query("SELECT id FROM integration_task WHERE method_name = %s", SENDING), strict=True
        )
        documents = []
        for sender in self.senders:
            sender.assert_arrived_once()
            documents += [json.loads(content) for content in sender.arrived().values()]
        assert sorted(document["number"] for document in documents) == sorted(tasks)
        assert {document["text"].strip("x") for document in documents} == {""}
        assert len({len(document["text"]) for document in documents}) == 1

    def assert_taken_once(self, files):
        """Each file of the partner was fetched and posted, and its claims are paid, once."""
        self.partner.assert_all_taken(files)
        for number in range(files):
            assert_posted_once(self.fleet, f"P{number}X", CLAIMS)


@pytest.mark.parametrize(
    ("tasks", "files", "kills", "crashes"),
    [(800, 5, 8, 1), pytest.param(10_000, 50, 50, 3, marks=[pytest.mark.full, pytest.mark.timeout(1_800)])],
)
def test_outside_the_database_all_happens_once_too(
    own_server, own_fleet, disk, tmp_path, tell, tasks, files, kills, crashes
):
    storm = Storm(own_server, own_fleet, tmp_path, disk)
    storm.prepare(tasks, files)
    size = min(path.stat().st_size for path in storm.partner.ready.iterdir())
    faults = storm.partner.faults(size // 2)
    steps = ["kill"] * kills + ["crash"] * crashes
    random.Random(tasks).shuffle(steps)
    parts = len(faults) + 1
    began = time.monotonic()
    with own_fleet.working(4):
        for number, (code, fault) in enumerate(faults.items()):
            is_disk_full = disk and number == 1
            with fault(), storm.full_disk() if is_disk_full else contextlib.nullcontext():
                storm.blow(tasks // parts, files // parts, steps[number::parts])
                storm.await_error(code, *([DISK_FULL] if is_disk_full else []))
            with storm.partner.serving():
                storm.await_closed_circuit()
        openings = storm.circuit.openings()
        with storm.partner.slow():
            storm.blow(tasks - len(faults) * (tasks // parts), files, steps[len(faults) :: parts])
            own_fleet.wait_until(looking(own_fleet, lambda: storm.is_over(files)), 300)
    seconds = time.monotonic() - began
    documents = sum(len(sender.arrived()) for sender in storm.senders)
    tell(
        f"{tasks} tasks, {documents} documents sent{'' if disk else ' (no disk could be filled)'},"
        f" {files} files taken in, {', '.join(sorted(storm.codes))}; 4 workers, {own_fleet.kills} kills in"
        f" {', '.join(sorted(set(storm.killed_in)))}, {crashes} crashes of PostgreSQL ({storm.away:.0f} s"
        f" away), circuit opened {openings} times: all once, in {seconds:.0f} s"
    )
    assert own_fleet.query("SELECT count(*), count(DISTINCT task_id) FROM integration_fault_effect") == [
        (tasks, tasks)
    ]
    assert (own_fleet.kills, set(storm.killed_in) >= {"_send_queued", EFFECT}) == (kills, True)
    assert openings
    storm.assert_sent_once()
    storm.assert_taken_once(files)
    assert_nothing_left_to_people(own_fleet, files)
    own_fleet.assert_in_order()
