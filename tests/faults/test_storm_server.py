"""Odoo's own server under fire: it goes on with the queue, and the test starts nothing again."""

import os
import signal
import time

from tests.faults.outgoing import Outgoing
from tests.faults.service import Service

CRON_WORKERS, WEB_WORKERS = 4, 2
#: Queued before each kill and each crash: a hospital works on, which wakes Odoo's cron workers. Otherwise
#: they look for work a minute later.
MESSAGES, SIZE = 120, 20_000
#: A small lot may be sent before anybody looks.
LOTS = 20
KILLS = 3


def test_the_servers_workers_are_killed_and_postgresql_crashes(own_server, own_fleet, tmp_path, tell):
    fleet = own_fleet
    sender = Outgoing(fleet, tmp_path / "partner", "server")
    fleet.prepare("lanes", str(CRON_WORKERS))
    log = fleet.logs.new("server")
    service = Service(own_server.odoo, fleet.database, log, WEB_WORKERS, CRON_WORKERS)
    with service.running():
        fleet.wait_until(service.answers)
        began = time.monotonic()
        killed = _kill_senders(fleet, service, sender)
        _catch_sender(fleet, service, sender)
        own_server.crash()
        fleet.wait_until(service.answers)
        killed |= _kill_senders(fleet, service, sender)
        fleet.wait_until(lambda: sender.are_sent() and fleet.is_idle(), 240)
        seconds = time.monotonic() - began
        fleet.wait_until(lambda: len(service.worker_ids() - killed) > service.size and service.answers())
    tell(
        f"Odoo's server with {CRON_WORKERS} cron workers, {len(killed)} killed, PostgreSQL crashed once, main"
        f" process started {service.starts} times: {_sent(sender)} messages sent once in {seconds:.0f} s"
    )
    assert len(killed) == 2 * KILLS
    assert _sent(sender) == len(sender.states())
    sender.assert_arrived_once()
    fleet.assert_in_order()


def _kill_senders(fleet, service, sender):
    """Kill cron workers while they send, one after the other, and return their process ids."""
    killed = set()
    while len(killed) < KILLS:
        victim = _catch_sender(fleet, service, sender)
        os.kill(victim, signal.SIGKILL)
        killed.add(victim)
    return killed


def _catch_sender(fleet, service, sender) -> int:
    """Queue messages until a worker of the server is seen sending, and return its process id."""
    for _lot in range(LOTS):
        sender.queue(MESSAGES, SIZE)
        seen = fleet.wait_until(
            lambda: fleet.busy("_send_queued", service.worker_ids()) or sender.are_sent(), 240
        )
        if seen is not True:
            return seen
    raise AssertionError(f"no worker was seen sending any of {LOTS} lots of {MESSAGES} messages")


def _sent(sender) -> int:
    return sender.states().count("sent")
