"""The partner's disk is full while a worker sends: the messages wait, and leave when there is room."""

import pytest

from odoo.addons.healthcare_integration_base.transports.names import temporary_name

from tests.faults.outgoing import Outgoing
from tests.faults.small_disk import fill, mounted

MESSAGES, SIZE = 3, 40_000
#: Tries while the disk is full, before somebody makes room; between them real time passes.
TRIES = 3


@pytest.fixture
def disk(tmp_path):
    with mounted(tmp_path / "disk") as folder:
        yield folder


def test_a_full_disk_delays_messages_and_loses_none(fleet, disk, tell):
    sender = Outgoing(fleet, disk, "full")
    sender.queue(MESSAGES, SIZE)
    [(name, _state), *_others] = sender.messages()
    (sender.outbox / temporary_name(name)).write_bytes(b"left by a process that was killed")
    filler = fill(disk)
    with fleet.working(1):
        fleet.wait_until(lambda: _waiting_for_room(fleet, TRIES) == MESSAGES)
        assert (sender.arrived(), set(sender.states())) == ({}, {"queued"})
        filler.unlink()
        fleet.wait_until(lambda: sender.are_sent() and fleet.is_idle())
    [(fewest, most)] = fleet.query(
        "SELECT min(attempts), max(attempts) FROM integration_task WHERE method_name = '_send_queued'"
    )
    tell(f"{MESSAGES} messages to a full disk: sent with attempt {fewest} to {most}, after {TRIES} in vain")
    assert fewest > TRIES
    sender.assert_arrived_once()
    assert not fleet.value("SELECT count(*) FROM integration_endpoint WHERE error_message IS NOT NULL")
    fleet.assert_in_order()


def _waiting_for_room(fleet, attempts):
    return fleet.value(
        """
        SELECT count(*) FROM integration_task
         WHERE state = 'waiting' AND attempts >= %s AND error_code = 'folder.disk_full'
        """,
        attempts,
    )
