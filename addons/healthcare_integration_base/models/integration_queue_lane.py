import random
import time
from functools import partial

from odoo import api, models
from odoo.service.model import PG_CONCURRENCY_EXCEPTIONS_TO_RETRY

FIRST_CLAIM_SIZE = 5
LARGEST_CLAIM_SIZE = 200
CLAIM_SECONDS = 2.0
CONCURRENCY_RETRIES = 5


class IntegrationQueueLane(models.AbstractModel):
    """Runs the queue: claim a batch, run each task, settle it in the transaction of its effect.

    A lane is a cron record; cron workers of any number of hosts take part. The claim is a short
    committed transaction of its own, whose first statement takes rows that nobody else holds; the
    settlement is fenced by the claim's token, so that a worker that was believed dead and comes
    back changes nothing.
    """

    _inherit = "integration.queue"

    @api.model
    def _cron_run_lane(self):
        """Run due tasks until none is left or the cron's time is used up."""
        deadline = self.env.context.get("cron_end_time", float("inf"))
        self._in_own_transaction(self.env["integration.lane"]._make_missing)
        if taken_back := self._take_back_lost():
            # The scheduler keeps a cron waiting that was killed three times before it reported progress.
            self.env["ir.cron"]._commit_progress(taken_back)
        self._in_own_transaction(self._release_due)
        self._in_own_transaction(self._release_parked)
        has_run = self._run_due(deadline)
        self._in_own_transaction(self._release_parked)
        has_due = self._has_due()
        # Nothing done and something left is what the scheduler warns of; here another lane was faster.
        self.env["ir.cron"]._commit_progress(remaining=int(has_run and has_due))
        self._plan_next_run(has_due)

    def _run_due(self, deadline):
        """Claim and run batch after batch; each holds about as much as two seconds of work.

        :return: whether a task was run
        """
        size, has_run = FIRST_CLAIM_SIZE, False
        while time.monotonic() < deadline:
            token = self.env["integration.lease"]._new_token()
            tasks = self._in_own_transaction(lambda: self._claim(size, token))  # noqa: B023
            if not tasks:
                break
            began = time.monotonic()
            run = self._run_claimed(token, tasks, deadline)
            self._in_own_transaction(partial(self._release_after, [task.id for task in tasks]))
            # What one lane holds, the others cannot run: slow tasks are claimed one by one.
            seconds_per_task = max(time.monotonic() - began, 0.001) / run
            size = min(LARGEST_CLAIM_SIZE, max(1, int(CLAIM_SECONDS / seconds_per_task)))
            has_run = True
        return has_run

    # === WHAT IS LEFT === #

    def _has_due(self):
        """Tell whether there is work for this lane that may be begun."""
        return bool(self._open_channels())

    def _plan_next_run(self, has_due):
        """Trigger this lane again: at once while work is due, else when the next wait or lease ends."""
        cron = self.env["ir.cron"].browse(self.env.context.get("cron_id"))
        if not cron:
            return
        if has_due:
            cron._trigger()
        elif (wake_at := self._next_wake()) and not self._is_triggered(cron, wake_at):
            cron._trigger(at=wake_at)
        self._commit()

    def _next_wake(self):
        self.env.cr.execute(
            """
            SELECT least((SELECT min(eta) FROM integration_task WHERE state = 'waiting'),
                         (SELECT min(expires_at) FROM integration_lease))
            """
        )
        return self.env.cr.fetchone()[0]

    def _is_triggered(self, cron, at):
        domain = [("cron_id", "=", cron.id), ("call_at", "<=", at), ("call_at", ">", self.env.cr.now())]
        return bool(self.env["ir.cron.trigger"].sudo().search_count(domain, limit=1))

    # === TRANSACTIONS === #

    def _in_own_transaction(self, work):
        """Commit what ``work`` does; repeat it when other lanes got in its way.

        :return: what ``work`` returns, or None when the others would not let it through: they are at
            the same work, so this lane may leave it to them
        """
        for attempt in range(CONCURRENCY_RETRIES):
            try:
                result = work()
                self._commit()
                return result
            except PG_CONCURRENCY_EXCEPTIONS_TO_RETRY:
                self.env.cr.rollback()
                time.sleep(random.uniform(0, 0.01 * 2**attempt))
        return None

    def _commit(self):
        # The queue owns its transactions: claim, effect and settlement are committed one by one.
        self.env.cr.commit()  # pylint: disable=invalid-commit
