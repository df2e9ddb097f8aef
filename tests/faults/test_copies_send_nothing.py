"""Copies of a database with a queued message are served by workers of their own: they send nothing."""

import contextlib
import subprocess
import time

import pytest
from provisioning import test_environment
from provisioning.database import Databases

from tests.faults.outgoing import Outgoing
from tests.faults.workers import Fleet

#: How long a copy is given to send something.
TEMPTATION_SECONDS = 6
#: Crons and tasks that a neutralized copy has switched off, as its administrator may switch them on.
TEMPT = """
    UPDATE ir_cron SET active = id IN (SELECT cron_id FROM integration_fault_cron);
    UPDATE integration_task SET state = 'pending', eta = NULL, finished_at = NULL
     WHERE method_name = '_send_queued' AND state = 'cancelled';
    UPDATE integration_message SET state = 'queued' WHERE direction = 'out'
"""
#: The cron that suspends the endpoints of a copy may come late: the sending itself must refuse.
NO_WATCH = """
    UPDATE ir_cron SET active = FALSE
     WHERE id = (SELECT res_id FROM ir_model_data WHERE name = 'ir_cron_integration_instance')
"""


@pytest.fixture
def sender(fleet, tmp_path, request):
    """A flow of the original with a message to be sent."""
    sender = Outgoing(fleet, tmp_path / "partner", f"copied-{request.node.callspec.id}")
    sender.queue()
    return sender


@contextlib.contextmanager
def _by_template(odoo, source, target):
    Databases(odoo.server).copy(source, target)
    yield


@contextlib.contextmanager
def _by_dump(odoo, source, target):
    binaries, variables = odoo.server.binaries, odoo.variables()
    odoo.server.query(f'CREATE DATABASE "{target}" TEMPLATE template0')
    with subprocess.Popen(
        [binaries / "pg_dump", "--format=custom", "--no-owner", source], stdout=subprocess.PIPE, env=variables
    ) as dump:
        restore = [binaries / "pg_restore", "--no-owner", "--exit-on-error", f"--dbname={target}"]
        subprocess.run(restore, stdin=dump.stdout, env=variables, check=True)
    assert not dump.returncode
    yield


@pytest.mark.parametrize("neutralized", [False, True], ids=["as-it-is", "neutralized"])
@pytest.mark.parametrize("way", [_by_template, _by_dump], ids=["createdb", "pg_restore"])
def test_a_copy_sends_nothing_and_the_original_once(fleet, sender, tmp_path, way, neutralized, tell):
    odoo = test_environment.inherited()
    databases = Databases(odoo.server)
    target = f"{fleet.database}_copy"
    fleet.hang_up()
    databases.drop(target)
    try:
        with way(odoo, fleet.database, target):
            if neutralized:
                _neutralize(odoo, target, fleet.logs.new("neutralize"))
            _assert_silent(Fleet(odoo, target, tmp_path, fleet.logs), sender)
    finally:
        databases.drop(target)
    with fleet.working(1):
        fleet.pass_time()
        fleet.wait_until(lambda: sender.are_sent() and fleet.is_idle())
        fleet.settle_lanes()
    sender.assert_arrived_once()
    tell("the copy sent nothing, the original its message once")
    fleet.assert_in_order()


def _neutralize(odoo, database, log):
    with log.open("wb") as output:
        command = odoo.command("neutralize", "-d", database)
        subprocess.run(command, env=odoo.variables(), check=True, stdout=output, stderr=output)


def _assert_silent(copy, sender):
    """Serve a copy without and then with the cron that notices copies; nothing leaves either way."""
    copy.execute(TEMPT)
    copy.execute(NO_WATCH)
    with copy.working(1):
        copy.pass_time()
        copy.wait_until(lambda: _is_refused(copy))
        time.sleep(TEMPTATION_SECONDS / 2)
        assert (sender.arrived(), set(sender.states(copy))) == ({}, {"queued"})
        copy.execute(TEMPT)
        copy.pass_time()
        copy.wait_until(lambda: _are_suspended(copy))
        time.sleep(TEMPTATION_SECONDS / 2)
        assert (sender.arrived(), set(sender.states(copy))) == ({}, {"queued"})
    copy.hang_up()


def _is_refused(copy):
    """Tell whether no sending is left to be tried: each says why it waits, or its endpoint is suspended."""
    return _are_suspended(copy) or copy.value(
        "SELECT bool_and(state = 'waiting' AND error LIKE 'This database was copied%%')"
        "  FROM integration_task WHERE method_name = '_send_queued' AND state <> 'done'"
    )


def _are_suspended(copy):
    return copy.value("SELECT bool_and(state = 'suspended') FROM integration_endpoint")
