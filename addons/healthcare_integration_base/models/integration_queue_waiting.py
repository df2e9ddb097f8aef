import time

from odoo import models
from odoo.tools import SQL

PARK_LIMIT = 1000
QUICK_SWEEP_SECONDS = 0.05
SWEEP_SHARE = 0.05
# Of each database that this process serves: until when no sweep is due, by the monotonic clock.
_next_sweeps = {}

# A later one runs already where the earlier one was cancelled meanwhile, or committed after it. Pairs are
# compared so that the index by key serves: with the id alone the planner may walk through all that is done.
HELD_BY_KEY = SQL(
    """
    ordering_key IS NOT NULL
    AND (EXISTS (SELECT FROM integration_task AS earlier
                  WHERE earlier.ordering_key = task.ordering_key
                    AND (earlier.ordering_key, earlier.id) < (task.ordering_key, task.id)
                    AND earlier.state IN ('pending', 'waiting', 'running', 'dead'))
         OR EXISTS (SELECT FROM integration_task AS other
                     WHERE other.ordering_key = task.ordering_key AND other.id <> task.id
                       AND other.state = 'running'))
    """
)
HELD_BY_DEPENDENCY = SQL(
    """
    EXISTS (SELECT FROM integration_task_dependency AS dependency
              JOIN integration_task AS needed ON needed.id = dependency.depends_on_id
             WHERE dependency.task_id = task.id AND needed.state <> 'done'
               AND NOT (dependency.if_failed = 'continue' AND needed.state IN ('dead', 'cancelled')))
    """
)


class IntegrationQueueWaiting(models.AbstractModel):
    """Tasks that wait for a time, or for other tasks.

    A task that waits for others is ``waiting`` without a time. It is released by the lane that finished what
    it waited for, in a transaction after that. What such a transaction could not see, because whoever
    enqueued had not committed yet, is found by a sweep at the start of each lane's run, which every enqueuing
    causes. Another at its end finds what this lane parked while others ended what it is parked behind.
    """

    _inherit = "integration.queue"

    def _release_due(self):
        """Make the waiting tasks whose time has come due, as far as they do not wait for others as well."""
        self.env.cr.execute(
            SQL(
                """
                UPDATE integration_task AS task
                   SET eta = NULL, state = CASE WHEN %s THEN 'waiting' ELSE 'pending' END
                 WHERE id = ANY (ARRAY(SELECT id FROM integration_task
                                        WHERE state = 'waiting' AND eta <= %s FOR UPDATE SKIP LOCKED))
                """,
                HELD_BY_DEPENDENCY,
                self.env.cr.now(),
            ),
            log_exceptions=False,
        )

    # === MADE TO WAIT === #

    def _depend(self, task_ids, needed, if_failed):
        """Let tasks wait for others that are not done yet.

        :raise ValueError: if one of them was cancelled, so that nothing would ever release the task
        """
        states = dict(self._states(needed.ids))
        if if_failed != "continue" and "cancelled" in states.values():
            raise ValueError("A task cannot wait for one that was cancelled")
        unfinished = [task_id for task_id, state in states.items() if state != "done"]
        if not unfinished or not task_ids:
            return
        self.env.cr.execute(
            """
            INSERT INTO integration_task_dependency (task_id, depends_on_id, if_failed)
            SELECT task_id, depends_on_id, %s FROM unnest(%s) AS task_id, unnest(%s) AS depends_on_id;
            UPDATE integration_task SET state = 'waiting' WHERE id = ANY(%s)
            """,
            (if_failed, task_ids, unfinished, task_ids),
        )

    def _states(self, task_ids):
        self.env.cr.execute("SELECT id, state FROM integration_task WHERE id = ANY(%s)", (task_ids,))
        return self.env.cr.fetchall()

    def _park_behind(self, task_ids):
        """Let new tasks wait that an earlier one of their key holds."""
        self.env.cr.execute(
            SQL(
                """
                UPDATE integration_task AS task SET state = 'waiting'
                 WHERE id = ANY(%s) AND state = 'pending' AND %s
                """,
                list(task_ids),
                HELD_BY_KEY,
            )
        )

    def _park_blocked(self, channel):
        """Let due tasks of a channel wait that an earlier one of their key holds: so they are not met again.

        They came into the queue at the same time, or the earlier one came back into it.
        """
        self.env.cr.execute(
            SQL(
                """
                UPDATE integration_task SET state = 'waiting'
                 WHERE id = ANY (ARRAY(
                    SELECT id FROM integration_task AS task
                     WHERE state = 'pending' AND COALESCE(flow_id, 0) = %s AND COALESCE(endpoint_id, 0) = %s
                       AND %s
                     ORDER BY rank, id LIMIT %s FOR UPDATE OF task SKIP LOCKED))
                """,
                channel.flow_id,
                channel.endpoint_id,
                HELD_BY_KEY,
                PARK_LIMIT,
            ),
            log_exceptions=False,
        )

    def _follow_twins(self, superseded_ids, among_ids):
        """Let what waits for needless tasks wait for the twins that do their work.

        Not for a twin that waits itself: it may wait for the very same, and both would wait forever.

        :param among_ids: the needless tasks and those that are given a fresh start with them
        """
        self.env.cr.execute(
            SQL(
                """
                UPDATE integration_task_dependency AS followed SET depends_on_id = twin.id
                  FROM integration_task AS superseded
                 CROSS JOIN LATERAL (
                    SELECT id FROM integration_task AS task
                     WHERE task.identity_key = superseded.identity_key AND task.id <> ALL(%(superseded_ids)s)
                       AND (task.state IN ('pending', 'waiting', 'running')
                            OR task.state IN ('dead', 'cancelled') AND task.id = ANY(%(among_ids)s))
                       AND NOT (%(held_by_key)s) AND NOT (%(held_by_dependency)s)) AS twin
                 WHERE superseded.id = ANY(%(superseded_ids)s)
                   AND followed.depends_on_id = superseded.id AND followed.task_id <> twin.id
                """,
                superseded_ids=list(superseded_ids),
                among_ids=list(among_ids),
                held_by_key=HELD_BY_KEY,
                held_by_dependency=HELD_BY_DEPENDENCY,
            )
        )
        self.env["integration.task.dependency"].invalidate_model(["depends_on_id", "state"])

    # === RELEASED === #

    def _release_after(self, task_ids):
        """Release or cancel what waited for these tasks, according to what became of them."""
        self._give_up(SQL("task.state IN ('pending', 'waiting') AND depends_on_id = ANY(%s)", list(task_ids)))
        released = self._release(
            SQL(
                """
                id IN (SELECT task_id FROM integration_task_dependency WHERE depends_on_id = ANY(%(ids)s)
                       UNION ALL
                       SELECT (SELECT min(following.id) FROM integration_task AS following
                                WHERE following.ordering_key = ended.ordering_key
                                  AND following.state IN ('pending', 'waiting', 'running', 'dead'))
                         FROM integration_task AS ended
                        WHERE ended.id = ANY(%(ids)s) AND ended.ordering_key IS NOT NULL)
                """,
                ids=list(task_ids),
            )
        )
        if released > 1:
            self._wake_lanes([None])

    def _give_up(self, among):
        """Cancel those tasks of which one that they wait for died or was cancelled, if they say so.

        Their messages are held: nothing that was received is left without anybody who minds it.

        :param among: condition that they fulfil
        """
        self.env.cr.execute(
            SQL(
                """
                SELECT DISTINCT dependency.task_id
                  FROM integration_task_dependency AS dependency
                  JOIN integration_task AS needed ON needed.id = depends_on_id
                  JOIN integration_task AS task ON task.id = task_id
                 WHERE %s
                   AND (needed.state = 'cancelled' AND if_failed <> 'continue'
                        OR needed.state = 'dead' AND if_failed = 'cancel')
                """,
                among,
            )
        )
        if given_up := [row[0] for row in self.env.cr.fetchall()]:
            # Whoever ended what they wait for need not see them.
            cancelled = self._cancel(self.env["integration.task"].sudo().browse(given_up), is_asked=False)
            # What is held already says why.
            messages = cancelled.message_id.filtered(lambda message: message.state != "held")
            messages._hold_unprocessed(self.env._("What its task waited for was given up."))

    def _release_parked(self):
        """Release or cancel whatever waits for others without need; seldom, when looking takes long."""
        began, database = time.monotonic(), self.env.cr.dbname
        if began < _next_sweeps.get(database, 0.0):
            return
        self._give_up(SQL("task.state = 'waiting' AND task.eta IS NULL"))
        self._release(SQL("TRUE"))
        seconds = time.monotonic() - began
        if seconds > QUICK_SWEEP_SECONDS:
            _next_sweeps[database] = began + seconds / SWEEP_SHARE

    def _release(self, among):
        """Make those tasks due that wait for others and are held by none any more.

        :param among: condition that they fulfil
        :return: how many there were
        """
        self.env.cr.execute(
            SQL(
                """
                UPDATE integration_task SET state = 'pending'
                 WHERE id = ANY (ARRAY(
                    SELECT id FROM integration_task AS task
                     WHERE state = 'waiting' AND eta IS NULL AND %s AND NOT (%s) AND NOT (%s)
                       FOR UPDATE OF task SKIP LOCKED))
                """,
                among,
                HELD_BY_KEY,
                HELD_BY_DEPENDENCY,
            ),
            log_exceptions=False,
        )
        released = self.env.cr.rowcount
        if released:
            self.env["integration.task"].invalidate_model(["state"])
        return released
