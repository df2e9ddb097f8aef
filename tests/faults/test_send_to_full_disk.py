"""The partner's disk is full while a worker sends: the messages wait, and leave when there is room."""

import pytest

from tests.faults.outgoing import Outgoing
from tests.faults.small_disk import fill, mounted

MESSAGES, SIZE = 3, 40_000
#: Tries while the disk is full, before somebody makes room.
TRIES = 2


@pytest.fixture
def disk(tmp_path):
    with mounted(tmp_path / "disk") as folder:
        yield folder


def test_a_full_disk_delays_messages_and_loses_none(fleet, disk, tell):
    sender = Outgoing(fleet, disk, "full")
    filler = fill(disk)
    sender.queue(MESSAGES, SIZE)
    with fleet.working(1):
        for tries in range(1, TRIES + 1):
            fleet.wait_until(lambda: _waiting_for_room(fleet, tries) == MESSAGES)  # noqa: B023
            assert (sender.arrived(), set(sender.states())) == ({}, {"queued"})
            fleet.pass_time()
        fleet.wait_until(lambda: _waiting_for_room(fleet, TRIES + 1) == MESSAGES)
        filler.unlink()
        fleet.pass_time()
        fleet.wait_until(lambda: sender.are_sent() and fleet.is_idle())
    attempts = fleet.query(
        "SELECT DISTINCT attempts FROM integration_task WHERE method_name = '_send_queued'"
    )
    tell(f"{MESSAGES} messages to a full disk: {TRIES + 1} tries in vain, sent with attempt {attempts[0][0]}")
    assert attempts == [(TRIES + 2,)]
    sender.assert_arrived_once()
    assert not fleet.value("SELECT count(*) FROM integration_endpoint WHERE error_message IS NOT NULL")
    fleet.assert_in_order()


def _waiting_for_room(fleet, attempts):
    return fleet.value(
        """
        SELECT count(*) FROM integration_task
         WHERE state = 'waiting' AND attempts = %s AND error_code = 'folder.disk_full'
        """,
        attempts,
    )
