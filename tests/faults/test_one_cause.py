"""Thousands of messages that wait for one decision: one exception, and released at the queue's own speed."""

import pytest

METHOD = "_integration_fault_code"
#: Releasing may cost this share of the speed of the same tasks that were never held.
LEAST_SHARE = 0.5
#: Work that takes a second is easily disturbed by what else runs on the machine: then it is measured again.
MOST_ROUNDS = 3


@pytest.mark.parametrize("messages", [1_000, pytest.param(5_000, marks=pytest.mark.full)])
def test_one_exception_holds_all_and_releases_all(fleet, tell, messages):
    shares = []
    while not shares or (shares[-1] < LEAST_SHARE and len(shares) < MOST_ROUNDS):
        free = _worked_freely(fleet, messages)
        held = _held_by_one_exception(fleet, messages)
        resolving, released = _released(fleet, messages)
        tell(
            f"{messages} messages: {messages / free:.0f}/s when nothing is amiss,"
            f" {messages / held:.0f}/s into one exception, resolved in {resolving:.1f} s,"
            f" released at {messages / released:.0f}/s"
        )
        fleet.execute("DELETE FROM integration_fault_mapping")
        shares.append(free / released)
    assert shares[-1] >= LEAST_SHARE, shares


def _worked_freely(fleet, messages):
    """Return the seconds of tasks whose code is mapped."""
    fleet.execute("DELETE FROM integration_task")
    fleet.prepare("coded", str(messages), "KNOWN")
    seconds = _seconds_of_work(fleet)
    assert fleet.states() == {(METHOD, "done"): messages}
    return seconds


def _held_by_one_exception(fleet, messages):
    """Return the seconds in which tasks whose code nobody has mapped become one exception."""
    fleet.execute("DELETE FROM integration_task")
    fleet.prepare("coded", str(messages))
    seconds = _seconds_of_work(fleet)
    assert fleet.states() == {(METHOD, "dead"): messages}
    exceptions = fleet.query(
        """
        SELECT state,
               (SELECT count(*) FROM integration_task WHERE exception_id = integration_exception.id)
          FROM integration_exception
         WHERE code = 'faults.unknown_code' AND state IN ('open', 'in_progress')
        """
    )
    assert exceptions == [("open", messages)]
    assert _held_messages(fleet) == messages
    return seconds


def _released(fleet, messages):
    """Map the code; return the seconds of resolving the exception, and of the work that it releases."""
    resolving = float(fleet.prepare("map_code", "UNKNOWN", "+", "resolve"))
    seconds = _seconds_of_work(fleet)
    assert fleet.states() == {(METHOD, "done"): messages}
    assert _held_messages(fleet) == 0
    states = fleet.query(
        "SELECT DISTINCT state FROM integration_exception WHERE code = 'faults.unknown_code'"
    )
    assert states == [("resolved",)]
    return resolving, seconds


def _held_messages(fleet):
    return fleet.value("SELECT count(*) FROM integration_message WHERE state = 'held'")


def _seconds_of_work(fleet):
    """Return how long two workers need for what is due, from the first task that ends to the last."""
    with fleet.working(2):
        fleet.wait_until(fleet.is_idle, 300)
    return float(
        fleet.value("SELECT extract(epoch FROM max(finished_at) - min(finished_at)) FROM integration_task")
    )
