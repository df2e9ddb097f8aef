from functools import partial
from typing import NamedTuple

import psycopg2.errors

from odoo import models
from odoo.tools import SQL

from ..errors import TransientError
from ..queue import ClaimedTask
from .integration_queue_waiting import HELD_BY_KEY

# More savepoints in one transaction make PostgreSQL slow for everybody.
LARGEST_BATCH = 50
# Tasks of several channels that became due within this time may run in any order: so that a claim finds
# enough of one channel when the work of many arrives mixed.
SLACK_SECONDS = 60
CHANNELS_TRIED = 16


class Channel(NamedTuple):
    """The due tasks of one flow and endpoint, 0 where they have none.

    :ivar rank: place in the queue of its first task
    """

    flow_id: int
    endpoint_id: int
    rank: float
    flow_limit: int
    endpoint_limit: int

    def limits(self):
        """Return what may be used by so many lanes at once, as ``{resource: limit}``."""
        limits = {
            f"flow:{self.flow_id}": self.flow_limit,
            f"endpoint:{self.endpoint_id}": self.endpoint_limit,
        }
        return {resource: limit for resource, limit in limits.items() if limit}


class IntegrationQueueClaim(models.AbstractModel):
    """Which task is next: of the channels that are open the one whose first task has the lowest rank.

    Due tasks lie in one index by channel and rank. Finding the first of each channel takes one step in the
    index for each, however many tasks there are; what is paused or at its limit is left aside as a whole.
    """

    _inherit = "integration.queue"

    def _claim(self, limit, token):
        """Take up to ``limit`` due tasks of one channel for this process.

        An attempt counts from here on, even if the process dies: a task that kills its worker
        reaches the dead letter all the same.

        :return: a list of :class:`ClaimedTask` in running order
        """
        channels = self._open_channels()
        if not channels:
            return []
        lease_id = self.env["integration.lease"]._open(token)
        for channel, following in zip(channels, [*channels[1:], None], strict=True):
            if not self._take_slots(channel, lease_id):
                continue
            highest = following.rank + SLACK_SECONDS if following else float("inf")
            if tasks := self._take(channel, highest, limit, token):
                return tasks
            self._drop_slots(lease_id)
            self._park_blocked(channel)
        self.env["integration.lease"]._close(token)
        return []

    def _open_channels(self):
        """Return the channels with due tasks that this lane may begin, the one that is next first."""
        self.env.cr.execute(
            """
            WITH RECURSIVE head AS (
                (SELECT COALESCE(flow_id, 0) AS flow_id, COALESCE(endpoint_id, 0) AS endpoint_id, rank
                   FROM integration_task WHERE state = 'pending'
                  ORDER BY COALESCE(flow_id, 0), COALESCE(endpoint_id, 0), rank, id LIMIT 1)
                UNION ALL
                SELECT following.* FROM head, LATERAL (
                    SELECT COALESCE(flow_id, 0), COALESCE(endpoint_id, 0), rank FROM integration_task
                     WHERE state = 'pending'
                       AND (COALESCE(flow_id, 0), COALESCE(endpoint_id, 0)) > (head.flow_id, head.endpoint_id)
                     ORDER BY COALESCE(flow_id, 0), COALESCE(endpoint_id, 0), rank, id LIMIT 1) AS following)
            SELECT head.flow_id, head.endpoint_id, rank,
                   COALESCE(flow.task_limit, 0), COALESCE(endpoint.task_limit, 0)
              FROM head
              LEFT JOIN integration_flow AS flow ON flow.id = head.flow_id
              LEFT JOIN integration_endpoint AS endpoint ON endpoint.id = head.endpoint_id
             WHERE COALESCE(flow.state, '') <> 'paused'
               AND COALESCE(endpoint.state, '') NOT IN ('paused', 'suspended')
               AND NOT EXISTS (SELECT FROM integration_lane WHERE cron_id = %s AND is_paused)
               AND (COALESCE(flow.task_limit, 0) = 0
                    OR flow.task_limit > (SELECT count(*) FROM integration_slot
                                           WHERE resource = 'flow:' || flow.id))
               AND (COALESCE(endpoint.task_limit, 0) = 0
                    OR endpoint.task_limit > (SELECT count(*) FROM integration_slot
                                               WHERE resource = 'endpoint:' || endpoint.id))
             ORDER BY rank LIMIT %s
            """,
            (self.env.context.get("cron_id") or 0, CHANNELS_TRIED),
        )
        return [Channel(*row) for row in self.env.cr.fetchall()]

    def _take(self, channel, highest_rank, limit, token):
        """Claim the first tasks of a channel that nobody else has, and no other one of their key holds.

        :raise psycopg2.errors.SerializationFailure: if another lane claims one of the same key just now
        """
        claim = SQL(
            """
            UPDATE integration_task SET state = 'running', claim_token = %s, attempts = attempts + 1
             WHERE id = ANY (ARRAY(
                SELECT id FROM integration_task AS task
                 WHERE state = 'pending' AND COALESCE(flow_id, 0) = %s AND COALESCE(endpoint_id, 0) = %s
                   AND rank <= %s AND NOT (%s)
                 ORDER BY rank, id LIMIT %s FOR UPDATE OF task SKIP LOCKED))
         RETURNING rank, id, model_name, method_name, arguments, user_id, company_id, attempts
            """,
            token,
            channel.flow_id,
            channel.endpoint_id,
            highest_rank,
            HELD_BY_KEY,
            limit,
        )
        try:
            self.env.cr.execute(claim, log_exceptions=False)
        except psycopg2.errors.UniqueViolation as error:
            raise psycopg2.errors.SerializationFailure("Another task of the key was claimed") from error
        rows = sorted(self.env.cr.fetchall(), key=lambda row: row[:2])
        return [ClaimedTask(task_id, token, *call) for _rank, task_id, *call in rows]

    # === LIMITS === #

    def _take_slots(self, channel, lease_id):
        """Take one slot of each limit of a channel, for as long as the lease lasts.

        A unique index sees to it that two lanes never take the same one.

        :return: False if a limit has none left
        """
        for resource, limit in channel.limits().items():
            self.env.cr.execute(
                """
                INSERT INTO integration_slot (resource, number, lease_id)
                SELECT %(resource)s, free.number, %(lease_id)s
                  FROM generate_series(1, %(limit)s) AS free (number)
                 WHERE NOT EXISTS (SELECT FROM integration_slot AS taken
                                    WHERE taken.resource = %(resource)s AND taken.number = free.number)
                 ORDER BY free.number LIMIT 1
                    ON CONFLICT DO NOTHING
                """,
                {"resource": resource, "limit": limit, "lease_id": lease_id},
                log_exceptions=False,
            )
            if not self.env.cr.rowcount:
                self._drop_slots(lease_id)
                return False
        return True

    def _drop_slots(self, lease_id):
        self.env.cr.execute("DELETE FROM integration_slot WHERE lease_id = %s", (lease_id,))

    # === TAKING BACK === #

    def _take_back_lost(self):
        """Return the tasks of vanished workers to the queue, or to the dead letter after too many.

        :return: how many tasks were taken back
        """
        leases, taken_back = self.env["integration.lease"], 0
        for token in self._in_own_transaction(leases._lost_tokens) or ():
            put_back, exhausted = self._in_own_transaction(partial(self._take_back, token)) or ([], [])
            for task_id in exhausted:
                self._settle_error(task_id, token, self._worker_lost(task_id))
                self._in_own_transaction(partial(leases._close, token))
            taken_back += len(put_back) + len(exhausted)
        return taken_back

    def _take_back(self, token):
        """Put back what a lost worker has claimed; a task that it settles at this moment stays its own.

        :return: the ids of the tasks that were put back, and of those that have no attempt left
        """
        failed_ids = self.env["integration.lease"]._lock_lost(token)
        if failed_ids is None:
            return [], []
        self.env.cr.execute(
            """
            SELECT attempts >= max_attempts, id,
                   model_name, method_name, arguments, user_id, company_id, attempts
              FROM integration_task
             WHERE state = 'running' AND claim_token = %s ORDER BY rank, id FOR UPDATE SKIP LOCKED
            """,
            (token,),
            log_exceptions=False,
        )
        rows = self.env.cr.fetchall()
        failed = [row[1] for row in rows if row[1] in failed_ids]
        rows = [row for row in rows if row[1] not in failed_ids]
        tasks = [ClaimedTask(task_id, token, *call) for _is_last, task_id, *call in rows]
        # What is claimed is run in order: the worker was lost in the first of what is left, or in those that
        # shared a transaction with it. These run by themselves next time, which shows whose fault it was.
        suspects = len(self._leading_batch(tasks[:LARGEST_BATCH])) or 1
        exhausted = [tasks[0].id] if suspects == 1 and tasks and rows[0][0] else []
        begun = failed + [task.id for task in tasks[:suspects] if task.id not in exhausted]
        untouched = [task.id for task in tasks[suspects:]]
        self._put_back(begun, token)
        self._put_back(untouched, token, uncounted=True)
        self.env["integration.lease"]._close(token)
        return begun + untouched, exhausted

    @staticmethod
    def _worker_lost(task_id):
        return TransientError(
            "task.worker_lost",
            "The worker process ended while it ran this task, on every attempt.",
            subject=str(task_id),
            remedy="Look for memory or time limits in the server's log, then retry the task.",
        )
