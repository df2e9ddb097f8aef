"""Tasks per second of the integration queue beside OCA queue_job, both on real servers in one run.

* ours: four lanes in four cron workers; tasks that share a transaction, and tasks with a commit each;
* OCA queue_job 19.0: its job runner with root:4 and four worker processes.

Both do the same work, which writes one row. Tasks are enqueued in one transaction; the clock runs from its
commit to the last task. The wait of a single task is measured on the idle server: from its commit to its
beginning. While our first backlog is worked off, the lanes that are asleep all the same are counted.
"""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator
from dataclasses import dataclass

from provisioning import installed, test_environment
from provisioning.ports import free_port

from odoo import SUPERUSER_ID, api
from odoo.modules.registry import Registry

from . import databases, peers
from .figures import Figure, at_least, at_most, percentile
from .queue_claims import claim_costs
from .queue_idle import IdleLanes
from .queue_server import Server
from .queue_subject import Subject, Throughput

WORKERS = 4
PEER = "OCA queue_job 19.0"
PEER_ADDONS = peers.folder("queue_job") / "odoo" / "addons"
LEAST_TIMES_TOGETHER, LEAST_TIMES_ALONE = 10, 4
LEAST_ENQUEUED = 10_000
MOST_START_MILLISECONDS = 1_000
MOST_GROWTH_MIB = 10
MOST_ASLEEP_PERCENT = 5


@dataclass(frozen=True)
class Measured:
    """One queue's work on a backlog, and the waits of single tasks on its idle server, in order."""

    backlog: Throughput
    single: list[float]

    @classmethod
    def of(cls, subject: Subject, tasks: int, single_tasks: int, warm_up: int, look=None) -> Measured:
        """Measure a queue whose server runs.

        :param look: ``function(server)`` that is called now and then while the backlog is worked off
        """
        subject.throughput(warm_up)
        return cls(subject.throughput(tasks, look), subject.single_waits(single_tasks))

    @property
    def shown_single(self) -> str:
        middle, late = (percentile(self.single, share) * 1000 for share in (0.5, 0.95))
        return f"{middle:.0f} and {late:.0f} ms"


def measure(
    tasks: int, peer_tasks: int, single_tasks: int, memory_tasks: int, finished_tasks: int
) -> list[Figure]:
    """Work off so many tasks; ``memory_tasks`` of 0 leaves out the growth of memory."""
    with our_server() as server:
        together, alone = (_ours(server, method) for method in ("_work_together", "_work_alone"))
        with server.running():
            warm_up = 2 * WORKERS * 50
            idle = IdleLanes(WORKERS)
            ours = [
                Measured.of(together, tasks, single_tasks, warm_up, idle.look),
                Measured.of(alone, tasks, single_tasks, warm_up),
            ]
            growth = [_growth(together, memory_tasks)] if memory_tasks else []
        claim = claim_costs(together, finished_tasks)
    with their_server() as server, server.running(settle_seconds=12):
        theirs = Measured.of(_theirs(server), peer_tasks, single_tasks, 50)
    return [*_compared(*ours, theirs), _idleness(idle), *growth, claim]


@contextlib.contextmanager
def our_server() -> Iterator[Server]:
    """Have a server, not started yet, with four lanes in four cron workers."""
    options = ["--workers=1", "--no-http", f"--max-cron-threads={WORKERS}", "--limit-time-real-cron=0"]
    template = installed.template(test_environment.inherited(), [databases.KERNEL])
    with databases.made(template, ["benchmark_work_task"]) as database:
        _have_lanes(database)
        yield Server(database, options)


def _have_lanes(database: str) -> None:
    with Registry(database).cursor() as cr:
        lanes = api.Environment(cr, SUPERUSER_ID, {})["integration.queue"]._lanes()
        for _more in range(WORKERS - len(lanes)):
            lanes[0].copy()


@contextlib.contextmanager
def their_server() -> Iterator[Server]:
    """Have a server, not started yet, with OCA queue_job, its job runner and root:4."""
    libraries = str(peers.folder("openupgradelib"))
    sys.path.append(libraries)
    databases.configure(PEER_ADDONS)
    port = str(free_port())
    variables = {
        "PYTHONPATH": libraries,
        "ODOO_QUEUE_JOB_CHANNELS": f"root:{WORKERS}",
        "ODOO_QUEUE_JOB_HOST": "127.0.0.1",
        "ODOO_QUEUE_JOB_PORT": port,
    }
    options = [
        f"--workers={WORKERS + 1}",
        "--max-cron-threads=0",
        f"--http-port={port}",
        "--load=base,web,queue_job",
    ]
    template = installed.dependency_template(test_environment.inherited(), [databases.KERNEL])
    modules = ["benchmark_work", "queue_job"]
    with databases.made(template, modules, [PEER_ADDONS], variables) as database:
        yield Server(database, options, [PEER_ADDONS], variables)


def _ours(server: Server, method: str) -> Subject:
    return Subject(
        server,
        lambda works: getattr(works.with_integration_task(each=True), method)(),
        "SELECT 1 FROM integration_task WHERE state IN ('pending', 'waiting', 'running') LIMIT 1",
        "DELETE FROM integration_task",
    )


def _theirs(server: Server) -> Subject:
    return Subject(
        server,
        lambda works: [work.with_delay()._work() for work in works],
        "SELECT 1 FROM queue_job WHERE state NOT IN ('done', 'cancelled', 'failed') LIMIT 1",
        "DELETE FROM queue_job",
    )


def _idleness(idle: IdleLanes) -> Figure:
    asleep, without_claim = map(idle.percentage, (idle.asleep, idle.without_claim))
    return Figure(
        f"lanes that are asleep while a task of the first backlog is due, in {idle.looks:,} looks",
        f"{asleep:.1f} %; without a claim, as they make the next one, too: {without_claim:.1f} %",
        "",
        None,
        *at_most(asleep, MOST_ASLEEP_PERCENT, "% asleep"),
    )


def _growth(subject: Subject, count: int) -> Figure:
    growth = subject.memory_growth(count)
    return Figure(
        f"growth of a worker's memory over {count:,} tasks, from the first tenth to the end",
        f"{growth:.1f} MiB",
        "",
        None,
        *at_most(growth, MOST_GROWTH_MIB, "MiB"),
    )


def _compared(together: Measured, alone: Measured, theirs: Measured) -> list[Figure]:
    backlogs = [measured.backlog for measured in (together, alone, theirs)]
    slower_enqueued = min(backlogs[0].enqueued_rate, backlogs[1].enqueued_rate)
    late = max(percentile(measured.single, 0.95) for measured in (together, alone)) * 1000
    return [
        _rate(
            f"small tasks that share a transaction, {WORKERS} lanes in {WORKERS} cron workers",
            backlogs[0],
            backlogs[2],
            LEAST_TIMES_TOGETHER,
        ),
        _rate("the same with a commit for each task", backlogs[1], backlogs[2], LEAST_TIMES_ALONE),
        Figure(
            "wait in those backlogs, median and 95th percentile",
            f"{backlogs[0].shown_waits} together, {backlogs[1].shown_waits} one by one",
            f"{PEER}, {backlogs[2].count:,} jobs: {backlogs[2].shown_waits}",
        ),
        Figure(
            "enqueue in bulk, one task for each record (the slower of both kinds)",
            f"{slower_enqueued:,.0f} tasks/s",
            f"{PEER} `with_delay`, {backlogs[2].enqueued_rate:,.0f} jobs/s",
            slower_enqueued / backlogs[2].enqueued_rate,
            *at_least(slower_enqueued, LEAST_ENQUEUED, "tasks/s"),
        ),
        Figure(
            "a single task on the idle server: from its commit to its beginning, median and 95th percentile",
            f"{together.shown_single}; {alone.shown_single} one by one",
            f"{PEER} {theirs.shown_single}",
            None,
            *at_most(late, MOST_START_MILLISECONDS, "ms (95th)"),
        ),
        Figure(
            "connections at the peak; memory of the largest worker",
            _shown_usage(backlogs[0], backlogs[1]),
            f"{PEER} {_shown_usage(backlogs[2])}",
        ),
    ]


def _rate(what: str, ours: Throughput, theirs: Throughput, least: float) -> Figure:
    times = ours.rate / theirs.rate
    return Figure(
        f"{what}, {ours.count:,} of them",
        f"{ours.rate:,.0f} tasks/s, {ours.cpu_milliseconds:.2f} ms of processor time each",
        f"{PEER}, root:{WORKERS}, {WORKERS} workers: {theirs.rate:,.0f} jobs/s,"
        f" {theirs.cpu_milliseconds:.1f} ms",
        times,
        *at_least(times, least),
    )


def _shown_usage(*backlogs: Throughput) -> str:
    connections = max(backlog.usage.connections for backlog in backlogs)
    memory = max(backlog.usage.worker_mib for backlog in backlogs)
    return f"{connections}; {memory:.0f} MiB"
