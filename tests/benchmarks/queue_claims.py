"""What a claim costs with few and with many finished tasks in the table."""

import statistics
import time

from odoo import SUPERUSER_ID, api
from odoo.modules.registry import Registry

FEW, MANY, PENDING, CLAIM = 1_000, 1_000_000, 5_000, 50
ROUNDS = 300

FILL = """
    INSERT INTO integration_task (description, company_id, user_id, model_name, method_name, arguments, state,
                                  priority, rank, attempts, max_attempts, enqueued_at, finished_at)
    SELECT 'Benchmark', 1, 1, 'benchmark.work', '_work_alone', '{"ids": [], "args": [], "kwargs": {}}', %s,
           10, extract(epoch FROM now()) + 6000, 1, 8, now() AT TIME ZONE 'UTC',
           CASE WHEN %s = 'done' THEN now() AT TIME ZONE 'UTC' END
      FROM generate_series(1, %s)
"""


def claim_costs(subject):
    """Print what a claim of 50 tasks costs, rolled back each time, with few and many finished tasks."""
    subject.begin(0)
    few = _cost(subject, FEW)
    many = _cost(subject, MANY - FEW)
    print(
        f"a claim of {CLAIM} takes {few:.2f} ms with {FEW} finished tasks, {many:.2f} ms with {MANY}:",
        end=" ",
    )
    print(f"{many / few:.2f} times as long")


def _cost(subject, more_finished):
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
