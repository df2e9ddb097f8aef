"""Four workers under fire: processes killed, the database server crashed, and every task done once."""

import random
import time

import pytest

from tests.faults.expected_logs import POSTGRESQL_GONE
from tests.odoo_logs import CONCURRENT

TASK_SECONDS = 0.005


@pytest.mark.logs(POSTGRESQL_GONE, CONCURRENT)
@pytest.mark.parametrize(
    ("tasks", "kills", "crashes"),
    [(2_000, 8, 1), pytest.param(10_000, 50, 3, marks=pytest.mark.full)],
)
def test_every_effect_happens_once(own_server, own_fleet, tell, tasks, kills, crashes):
    fleet, dice = own_fleet, random.Random(tasks)
    fleet.prepare("lanes", "4", "+", "tasks", str(tasks), str(TASK_SECONDS))
    steps = ["kill"] * kills + ["crash"] * crashes
    dice.shuffle(steps)
    began, away = time.monotonic(), 0.0
    with fleet.working(4):
        for step in steps:
            before = _effects(fleet)
            victim = fleet.wait_until(
                lambda: (
                    _effects(fleet) >= before + tasks // len(steps) // 2  # noqa: B023
                    and fleet.busy("_integration_fault_effect")
                ),
                180,
            )
            if step == "kill":
                fleet.kill(victim)
            else:
                crashed = time.monotonic()
                own_server.crash()
                away += time.monotonic() - crashed
        fleet.wait_until(fleet.is_idle, 300)
    seconds = time.monotonic() - began
    effects, distinct = fleet.query("SELECT count(*), count(DISTINCT task_id) FROM integration_fault_effect")[
        0
    ]
    retaken = fleet.value("SELECT count(*) FROM integration_task WHERE attempts > 1")
    tell(
        f"{tasks} tasks, 4 workers, {fleet.kills} kills, {crashes} crashes of PostgreSQL ({away:.0f} s away):"
        f" {effects} effects on {distinct} tasks in {seconds:.0f} s, {retaken} tasks ran again"
    )
    assert fleet.states() == {("_integration_fault_effect", "done"): tasks}
    assert (effects, distinct, fleet.kills) == (tasks, tasks, kills)
    assert retaken
    fleet.assert_in_order()


def _effects(fleet):
    return fleet.value("SELECT count(*) FROM integration_fault_effect")
