"""Several hosts on one database: processes with data folders, keys and clocks of their own."""

import time

import pytest
from provisioning import apt, paths
from provisioning.failure import SetupError
from provisioning.progress import step

from tests.faults.workers import Host

#: Work for many seconds: a host that is kept from it for a while by other work must find some left.
TASKS = 600
TASK_SECONDS = 0.02
METHOD = "_integration_fault_effect"
CLAIMS = 20
AHEAD = "+1h"
#: How long a host that must not work is given to do so.
TEMPTATION_SECONDS = 8


@pytest.fixture(scope="module")
def faketime():
    """A library that shows a program another time; Debian's, unpacked below the checkout."""
    folder = paths.DOWNLOADS / "faketime"
    if not folder.exists():
        try:
            with step("A program that shifts the clock") as current:
                apt.own_suite().unpack(["faketime", "libfaketime"], folder, current)
        except SetupError as refusal:
            pytest.skip(f"optional: {refusal.what}")
    return next(folder.glob("usr/lib/*/faketime/libfaketime.so.1"))


@pytest.fixture(scope="module")
def shared_files(fleet):
    """What hosts of one installation share: the keys, and what tells the installation from others."""
    mine = fleet.data_folder / "healthcare_integration"
    return {
        "healthcare_integration_key_file": mine / "keys",
        "healthcare_integration_instance_file": mine / "instance_id",
    }


@pytest.fixture(scope="module")
def mailbox(fleet):
    """A payer's mailbox, and open invoices for each file that is put there."""
    folder = fleet.folder / "partner"
    fleet.prepare("hospital", str(folder), "hosts", "+", "invoices", "H", str(3 * CLAIMS))
    return folder / "hosts"


@pytest.fixture
def effects(fleet):
    """A table of effects of this test's own."""
    fleet.execute("DROP TABLE IF EXISTS integration_fault_effect; DELETE FROM integration_task")


def test_two_hosts_share_the_work_and_the_keys(fleet, shared_files, mailbox, effects, tell):
    fleet.prepare(
        *("tasks", str(TASKS), str(TASK_SECONDS), "+"),
        *("remittance", "H", str(CLAIMS), str(mailbox / "inbox" / "shared.835"), "+", "look"),
    )
    hosts = [fleet.host(name, **shared_files) for name in ("north", "south")]
    with fleet.working(1, hosts):
        fleet.wait_until(fleet.is_idle, 120)
    done = dict(fleet.query("SELECT worker, count(*) FROM integration_fault_effect GROUP BY worker"))
    shares = [sum(done.get(worker, 0) for worker in fleet.process_ids(host)) for host in hosts]
    tell(f"{TASKS} tasks on two hosts: {shares[0]} and {shares[1]}; a remittance read by whichever was free")
    assert sum(shares) == TASKS and min(shares) > TASKS // 10
    assert (mailbox / "archive" / "shared.835").exists()
    assert _endpoint_states(fleet) == [("active", None)]
    fleet.assert_in_order()


def test_a_host_without_the_keys_says_so_and_touches_nothing(fleet, shared_files, mailbox, effects, tell):
    keys = fleet.folder / "other-keys"
    keys.touch(mode=0o600)
    keys.write_text(f"other:{'A' * 43}=\n", encoding="utf-8")
    fleet.prepare(
        *("tasks", "5", "0", "+"),
        *("remittance", "H", str(2 * CLAIMS), str(mailbox / "inbox" / "unread.835"), "+", "look"),
    )
    before = fleet.states()
    stranger = fleet.host("stranger", **{**shared_files, "healthcare_integration_key_file": keys})
    with fleet.working(1, [stranger]):
        fleet.wait_until(lambda: "takes no part in the work" in fleet.log(), 60)
        time.sleep(TEMPTATION_SECONDS)
        assert fleet.states() == before
    assert (mailbox / "inbox" / "unread.835").exists()
    assert _endpoint_states(fleet) == [("active", None)]
    assert not fleet.value("SELECT count(*) FROM integration_task WHERE attempts > 0")
    with fleet.working(1, [fleet.host("north", **shared_files)]):
        fleet.wait_until(fleet.is_idle, 120)
    assert (mailbox / "archive" / "unread.835").exists()
    tell("a host without the keys touched nothing; one with them then did the work")
    fleet.assert_in_order()


def test_a_clock_one_hour_off_changes_nothing(fleet, shared_files, faketime, effects, tell):
    fleet.prepare("tasks", str(TASKS), str(TASK_SECONDS), "+", "later", "600")
    right = fleet.host("right", **shared_files)
    wrong = fleet.host("wrong", **shared_files).with_variables(LD_PRELOAD=str(faketime), FAKETIME=AHEAD)
    with fleet.working(1, [right, wrong]):
        fleet.wait_until(lambda: all(_workers(fleet) & fleet.process_ids(host) for host in (right, wrong)))
        for _kill in range(2):
            victim = fleet.wait_until(lambda: fleet.busy(METHOD))
            fleet.kill(victim)
        fleet.wait_until(lambda: fleet.states().get((METHOD, "done")) == TASKS, 120)
        time.sleep(2)
    states = fleet.states()
    rows = fleet.query("SELECT count(*), count(DISTINCT task_id) FROM integration_fault_effect")
    tell(f"{TASKS} tasks by two workers, one an hour ahead, two kills: {rows[0][0]} effects")
    assert states == {(METHOD, "done"): TASKS, (METHOD, "waiting"): 1}, "not due for ten minutes"
    assert rows == [(TASKS, TASKS)]
    assert _skew(fleet, wrong) > 3500
    fleet.assert_in_order()


def _workers(fleet):
    """Return the process ids of those that left an effect."""
    return {worker for (worker,) in fleet.query("SELECT DISTINCT worker FROM integration_fault_effect")}


def _endpoint_states(fleet):
    return fleet.query("SELECT DISTINCT state, error_message FROM integration_endpoint")


def _skew(fleet, host: Host) -> float:
    """Return how many seconds the host's clock is ahead."""
    return fleet.clock_of(host) - time.time()
