"""Odoo's own server under fire: it goes on with the queue, and the test starts nothing again."""

import os
import signal
import time

from tests.faults.outgoing import Outgoing
from tests.faults.service import Service

CRON_WORKERS, WEB_WORKERS = 4, 2
#: Queued when the server runs, and as many again when it is back after PostgreSQL's crash: a hospital works
#: on, which wakes Odoo's cron workers. Otherwise they look for work a minute later.
MESSAGES, SIZE = 120, 20_000
KILLS = 3


def test_the_servers_workers_are_killed_and_postgresql_crashes(own_server, own_fleet, tmp_path, tell):
    fleet = own_fleet
    sender = Outgoing(fleet, tmp_path / "partner", "server")
    fleet.prepare("lanes", str(CRON_WORKERS))
    service = Service(own_server.odoo, fleet.database, tmp_path / "workers.log", WEB_WORKERS, CRON_WORKERS)
    with service.running():
        fleet.wait_until(service.answers)
        began = time.monotonic()
        sender.queue(MESSAGES, SIZE)
        killed = _kill_senders(fleet, service, sender)
        fleet.wait_until(lambda: _busy(fleet, service))
        own_server.crash()
        fleet.wait_until(service.answers)
        sender.queue(MESSAGES, SIZE)
        killed |= _kill_senders(fleet, service, sender)
        fleet.wait_until(lambda: sender.are_sent() and fleet.is_idle(), 240)
        seconds = time.monotonic() - began
        fleet.wait_until(lambda: len(service.worker_ids() - killed) > service.size and service.answers())
    tell(
        f"Odoo's server with {CRON_WORKERS} cron workers, {len(killed)} killed, PostgreSQL crashed once, main"
        f" process started {service.starts} times: {_sent(sender)} messages sent once in {seconds:.0f} s"
    )
    assert len(killed) == 2 * KILLS
    assert _sent(sender) == 2 * MESSAGES
    sender.assert_arrived_once()
    fleet.assert_in_order()


def _kill_senders(fleet, service, sender):
    """Kill cron workers while they send, one after the other, and return their process ids."""
    before, killed = _sent(sender), set()
    for kill in range(KILLS):
        least = before + MESSAGES * kill // (KILLS + 2)
        victim = fleet.wait_until(lambda: _sent(sender) >= least and _busy(fleet, service))  # noqa: B023
        os.kill(victim, signal.SIGKILL)
        killed.add(victim)
    return killed


def _busy(fleet, service) -> int | None:
    """Return the process id of a worker of the server that is sending."""
    return fleet.busy("_send_queued", service.worker_ids())


def _sent(sender) -> int:
    return sender.states().count("sent")
