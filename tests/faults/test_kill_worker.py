"""Two worker processes share the queue; again and again one of them is killed in the middle of its batch."""

import time

TASKS = 1200
TASK_SECONDS = 0.01
KILLS = 6


def test_killed_workers_lose_no_task_and_repeat_no_effect(fleet, tell):
    fleet.prepare("tasks", str(TASKS), str(TASK_SECONDS))
    began = time.monotonic()
    with fleet.working(2):
        for _kill in range(KILLS):
            left = _effects(fleet)
            # The next victim has done some work and has more of it claimed.
            victim = fleet.wait_until(
                lambda: _effects(fleet) > left + 30 and fleet.busy("_integration_fault_effect")  # noqa: B023
            )
            fleet.kill(victim)
        fleet.wait_until(fleet.is_idle)
    seconds = time.monotonic() - began
    rows = fleet.query(
        "SELECT count(*), count(DISTINCT task_id), count(DISTINCT worker) FROM integration_fault_effect"
    )
    effects, distinct, workers = rows[0]
    retaken = fleet.value("SELECT count(*) FROM integration_task WHERE attempts > 1")
    tell(
        f"{TASKS} tasks, {fleet.kills} kills in {seconds:.1f} s: {effects} effects on {distinct} tasks by"
        f" {workers} processes, {retaken} tasks ran again"
    )
    assert fleet.states() == {("_integration_fault_effect", "done"): TASKS}
    assert (effects, distinct) == (TASKS, TASKS)
    assert workers > 2 and retaken
    fleet.assert_in_order()


def _effects(fleet):
    return fleet.value("SELECT count(*) FROM integration_fault_effect")
