"""What a claim costs with few and with many finished tasks in the table."""

from __future__ import annotations

import statistics
import time

from odoo import SUPERUSER_ID, api
from odoo.modules.registry import Registry

from .figures import Figure, at_most
from .queue_subject import Subject

FEW, PENDING, CLAIM = 1_000, 5_000, 50
ROUNDS = 300
MOST_TIMES = 1.2

FILL = """
    INSERT INTO integration_task (description, company_id, user_id, model_name, method_name, arguments, state,
                                  priority, rank, attempts, max_attempts, enqueued_at, finished_at)
    SELECT 'Benchmark', 1, 1, 'benchmark.work', '_work_alone', '{"ids": [], "args": [], "kwargs": {}}', %s,
           10, extract(epoch FROM now()) + 6000, 1, 8, now() AT TIME ZONE 'UTC',
           CASE WHEN %s = 'done' THEN now() AT TIME ZONE 'UTC' END
      FROM generate_series(1, %s)
"""


def claim_costs(subject: Subject, finished: int) -> Figure:
    """Compare a claim of 50 tasks, rolled back each time, with few and with so many finished tasks."""
    subject.begin(0)
    few = _cost(subject, FEW)
    many = _cost(subject, finished - FEW)
    return Figure(
        f"a claim of {CLAIM} tasks with {finished:,} finished ones",
        f"{many:.2f} ms",
        f"with {FEW:,} finished, {few:.2f} ms",
        many / few,
        *at_most(many / few, MOST_TIMES),
    )


def _cost(subject: Subject, more_finished: int) -> float:
    subject.server.execute("DELETE FROM integration_task WHERE state = 'pending'")
    subject.server.execute(FILL, "done", "done", more_finished)
    subject.server.execute(FILL, "pending", "pending", PENDING)
    subject.server.execute("VACUUM ANALYZE integration_task")
    with Registry(subject.server.database).cursor() as cr:
        queue, costs = api.Environment(cr, SUPERUSER_ID, {})["integration.queue"], []
        for number in range(ROUNDS):
            began = time.perf_counter()
            claimed = queue._claim(CLAIM, f"benchmark {number}")
            costs.append(time.perf_counter() - began)
            assert len(claimed) == CLAIM
            cr.rollback()
    # What else runs on the machine only ever adds: the quick ones are what a claim costs.
    return statistics.quantiles(costs, n=10)[0] * 1000
