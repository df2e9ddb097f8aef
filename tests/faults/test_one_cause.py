"""Thousands of messages that wait for one decision: one exception, and released at the queue's own speed."""

import pytest

METHOD = "_integration_fault_code"
#: Releasing may cost this share of the speed of the same tasks that were never held.
LEAST_SHARE = 0.5


@pytest.mark.parametrize("messages", [1_000, pytest.param(5_000, marks=pytest.mark.full)])
def test_one_exception_holds_all_and_releases_all(fleet, tell, messages):
    fleet.execute("DELETE FROM integration_task")
    fleet.prepare("coded", str(messages), f"KNOWN{messages}")
    free = _seconds_of_work(fleet)
    fleet.execute("DELETE FROM integration_task")

    fleet.prepare("coded", str(messages))
    held = _seconds_of_work(fleet)
    assert fleet.states() == {(METHOD, "dead"): messages}
    exceptions = fleet.query(
        """
        SELECT id, state,
               (SELECT count(*) FROM integration_task WHERE exception_id = integration_exception.id)
          FROM integration_exception
         WHERE code = 'faults.unknown_code' AND state IN ('open', 'in_progress')
        """
    )
    assert [row[1:] for row in exceptions] == [("open", messages)]
    assert fleet.value("SELECT count(*) FROM integration_message WHERE state = 'held'") == messages

    resolving = float(fleet.prepare("map_code", "UNKNOWN", "+", "resolve"))
    released = _seconds_of_work(fleet)
    tell(
        f"{messages} messages: {messages / free:.0f}/s when nothing is amiss, {messages / held:.0f}/s into"
        f" one exception, resolved in {resolving:.1f} s, released at {messages / released:.0f}/s"
    )
    assert fleet.states() == {(METHOD, "done"): messages}
    assert not fleet.value("SELECT count(*) FROM integration_message WHERE state = 'held'")
    assert fleet.query("SELECT state FROM integration_exception WHERE id = %s", exceptions[0][0]) == [
        ("resolved",)
    ]
    assert free / released >= LEAST_SHARE
    fleet.execute("DELETE FROM integration_fault_mapping")


def _seconds_of_work(fleet):
    """Return how long two workers need for what is due, from the first task that ends to the last."""
    with fleet.working(2):
        fleet.wait_until(fleet.is_idle, 300)
    return float(
        fleet.value("SELECT extract(epoch FROM max(finished_at) - min(finished_at)) FROM integration_task")
    )
