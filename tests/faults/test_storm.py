"""Four workers under fire: processes killed, the database server crashed, and every task done once."""

import random
import time

import pytest
from provisioning import installed, test_environment

from tests.faults.conftest import ADDON
from tests.faults.own_server import OwnServer
from tests.faults.workers import Fleet

TASK_SECONDS = 0.005


@pytest.fixture
def own_server():
    """A database server of the test's own."""
    with OwnServer.running(test_environment.inherited()) as server:
        yield server


@pytest.fixture
def own_fleet(own_server, tmp_path):
    """The suite's database on that server, and the processes that may work on it."""
    shared = test_environment.inherited()
    with installed.copied(shared, installed.template(shared, [ADDON]), "storm") as database:
        own_server.restore(database, "storm")
    fleet = Fleet(own_server.odoo, "storm", tmp_path)
    fleet.may_end = True
    return fleet


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
