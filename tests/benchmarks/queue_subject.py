"""A queue under test: how it is filled, and what its server is measured by."""

from __future__ import annotations

import time
from dataclasses import dataclass

from odoo import SUPERUSER_ID, api
from odoo.modules.registry import Registry

from .figures import percentile
from .queue_server import Server, Usage


@dataclass(frozen=True)
class Throughput:
    """How a queue worked off a backlog.

    :ivar rate: tasks per second, from the commit to the last task
    :ivar enqueued_rate: tasks per second that were enqueued in bulk
    :ivar waits: seconds from the commit to each task's beginning, in order
    """

    rate: float
    enqueued_rate: float
    count: int
    waits: list[float]
    usage: Usage

    @property
    def cpu_milliseconds(self) -> float:
        """Processor time of workers and database backends for each task."""
        return self.usage.cpu_seconds * 1000 / self.count

    @property
    def shown_waits(self) -> str:
        return f"{percentile(self.waits, 0.5):.1f} and {percentile(self.waits, 0.95):.1f} s"


class Subject:
    """One queue under test: how to enqueue, and when all is done.

    :ivar enqueue: ``function(works)`` that enqueues one task for each record
    :ivar unfinished: a query that returns a row while work is left
    :ivar empty: a statement that empties the queue
    """

    def __init__(self, server: Server, enqueue, unfinished: str, empty: str):
        self.server, self.enqueue = server, enqueue
        self.unfinished, self.empty = unfinished, empty

    def begin(self, count):
        """Make new works, an empty queue."""
        self.server.execute(self.empty)
        self.server.execute("DELETE FROM benchmark_work")
        self.server.execute(
            "INSERT INTO benchmark_work (id, started_at, runs)"
            " SELECT number, 0, 0 FROM generate_series(1, %s) AS number",
            count,
        )
        self.server.execute("VACUUM ANALYZE")
        self.server.usage = Usage()

    def commit_tasks(self, first, last):
        """Enqueue the works of these ids in one transaction.

        :return: the seconds that enqueuing took, and the time of the commit
        """
        with Registry(self.server.database).cursor() as cr:
            env = api.Environment(cr, SUPERUSER_ID, {})
            began = time.perf_counter()
            self.enqueue(env["benchmark.work"].browse(range(first, last + 1)))
            cr.flush()
            seconds = time.perf_counter() - began
            cr.commit()
        return seconds, time.time()

    def wait(self, look=None):
        """Return the time when nothing is left to be done.

        :param look: ``function(server)`` that is called about every 50 ms until then
        """

        def is_unfinished():
            if look:
                look(self.server)
            return self.server.execute(self.unfinished)

        self.server.wait_while(is_unfinished)
        return time.time()

    def throughput(self, count, look=None):
        """Run so many tasks, each of which must run once.

        :param look: as :meth:`wait` has it
        :rtype: Throughput
        """
        self.begin(count)
        enqueue_seconds, committed = self.commit_tasks(1, count)
        seconds = self.wait(look) - committed
        rows = self.server.execute("SELECT started_at - %s, runs FROM benchmark_work ORDER BY 1", committed)
        assert {runs for _wait, runs in rows} == {1}, "each task ran once"
        waits = [wait for wait, _runs in rows]
        return Throughput(count / seconds, count / enqueue_seconds, count, waits, self.server.usage)

    def single_waits(self, count):
        """Return the sorted waits of single tasks on the idle server, in seconds."""
        self.begin(count)
        waits = []
        for number in range(1, count + 1):
            _seconds, committed = self.commit_tasks(number, number)
            self.wait()
            [(started,)] = self.server.execute("SELECT started_at FROM benchmark_work WHERE id = %s", number)
            waits.append(started - committed)
            time.sleep(0.05 * (number % 7))
        return sorted(waits)

    def memory_growth(self, count):
        """Return by how many MiB the worker that grew most did so, from the first tenth of the tasks on."""
        self.begin(count)
        self.commit_tasks(1, count)
        tenth = count - count // 10
        left = "SELECT count(*) FROM benchmark_work WHERE runs = 0"
        self.server.wait_while(lambda: self.server.execute(left)[0][0] > tenth)
        early = dict(self.server.usage.by_worker)
        self.wait()
        late = self.server.usage.by_worker
        return max(late[worker] - early[worker] for worker in early)
