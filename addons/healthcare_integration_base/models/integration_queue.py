import datetime

import psycopg2.errors

from odoo import api, models
from odoo.tools import split_every

from ..queue import task_arguments

UNFINISHED_KEY = "state IN ('pending', 'waiting', 'running') AND identity_key IS NOT NULL"
INSERT_PAGE = 1000
OPTIONS_BY_RECORD = ("identity_key", "ordering_key", "message")
AGEING_PARAMETER = "healthcare_integration.ageing_seconds"
AGEING_SECONDS = 600
#: What a task is inserted with. One array for each column: much less to write and to parse than rows.
COLUMN_TYPES = {
    "description": "text",
    "company_id": "integer",
    "user_id": "integer",
    "model_name": "text",
    "method_name": "text",
    "arguments": "jsonb",
    "state": "text",
    "priority": "integer",
    "rank": "double precision",
    "eta": "timestamp",
    "attempts": "integer",
    "max_attempts": "integer",
    "identity_key": "text",
    "ordering_key": "text",
    "enqueued_at": "timestamp",
    "flow_id": "integer",
    "endpoint_id": "integer",
    "message_id": "integer",
}


class IntegrationQueue(models.AbstractModel):
    """Puts tasks into the queue and changes their state on request; lanes run them."""

    _name = "integration.queue"
    _description = "Integration Queue"

    # === ENQUEUE === #

    @api.model
    def _describe_call(self, records, method_name, args, kwargs, options):
        """Return the row of a task that would make the call, as ``{column: value}``.

        :raise ValueError: if the method may not be queued, or for arguments that do not belong into a task
        """
        defaults = records._integration_task_options(method_name)
        if defaults is None:
            raise ValueError(f"{records._name}.{method_name} is not marked with @integration_task")
        try:
            arguments = task_arguments(records.ids, args, kwargs)
        except (TypeError, ValueError) as error:
            raise ValueError(
                f"arguments of {records._name}.{method_name} must be plain JSON of ids and codes: {error}"
            ) from error
        flow = options.get("flow")
        eta, now = self._as_time(options.get("eta")), self.env.cr.now()
        priority = self._first_given(
            options.get("priority"), flow.priority if flow else None, defaults.priority
        )
        return {
            "description": defaults.description,
            "company_id": records.env.company.id,
            "user_id": (options.get("user") or records.env.user).id,
            "model_name": records._name,
            "method_name": method_name,
            "arguments": arguments,
            "state": "waiting" if eta else "pending",
            "priority": priority,
            "rank": self._rank(priority, max(eta or now, now)),
            "eta": eta,
            "attempts": 0,
            "max_attempts": self._first_given(
                options.get("max_attempts"), flow.max_attempts if flow else None, defaults.max_attempts
            ),
            "identity_key": options.get("identity_key"),
            "ordering_key": options.get("ordering_key"),
            "enqueued_at": now,
            "flow_id": flow.id if flow else None,
            "endpoint_id": options["endpoint"].id if options.get("endpoint") else None,
            "message_id": options["message"].id if options.get("message") else None,
        }

    @api.model
    def _describe_each(self, records, method_name, args, kwargs, options):
        """Return the rows of the tasks that would make the call on one record each.

        :param options: as of :meth:`_describe_call`, where keys and message may be functions of the record
        """
        by_record = {
            name: value for name, value in options.items() if name in OPTIONS_BY_RECORD and callable(value)
        }
        row = self._describe_call(
            records.browse(), method_name, args, kwargs, {**options, **dict.fromkeys(by_record)}
        )
        if find_message := by_record.pop("message", None):
            by_record["message_id"] = lambda record: find_message(record).id
        # Rows by the thousand differ in their record alone: the same arguments are not written out for each.
        tail = row["arguments"].removeprefix('{"ids": []')
        return [
            {
                **row,
                "arguments": f'{{"ids": [{record.id}]{tail}',
                **{name: function(record) for name, function in by_record.items()},
            }
            for record in records
        ]

    def _rank(self, priority, due):
        """Return the place in the queue of a task that is due at a time (naive UTC).

        All tasks age alike, so that their order never changes while they wait: each step of priority is worth
        some minutes of waiting, and the rank is written once.
        """
        # A setting of the queue, that whoever enqueues need not be able to read.
        ageing = self.env["ir.config_parameter"].sudo().get_param(AGEING_PARAMETER, AGEING_SECONDS)
        return due.replace(tzinfo=datetime.timezone.utc).timestamp() + priority * float(ageing)

    @api.model
    def _enqueue(self, calls, after=None, if_failed="hold"):
        """Insert tasks in bulk; a call whose identity key is unfinished is left out.

        :param calls: rows as :meth:`_describe_call` returns them
        :param after: the integration.task records that each of the new ones waits for
        :param if_failed: what follows when one of those dies or is cancelled, see ``with_integration_task``
        :return: the integration.task records, the unfinished ones of the same keys included
        """
        if not calls:
            return self.env["integration.task"]
        task_ids = [task_id for page in split_every(INSERT_PAGE, calls) for task_id in self._insert(page)]
        if after:
            self._depend(task_ids, after, if_failed)
        if any(call["ordering_key"] for call in calls):
            self._park_behind(task_ids)
        if len(task_ids) < len(calls):
            task_ids += self._unfinished_ids({call["identity_key"] for call in calls} - {None}, task_ids)
        self._wake_lanes({call["eta"] for call in calls})
        return self.env["integration.task"].browse(task_ids)

    def _insert(self, calls):
        columns = ", ".join(COLUMN_TYPES)
        arrays = ", ".join(f"%s::{column_type}[]" for column_type in COLUMN_TYPES.values())
        # Where another transaction is about to commit the same key, this one is refused and run again: the
        # conflict is no error, and its values do not belong into the log.
        self.env.cr.execute(
            f"INSERT INTO integration_task ({columns}) SELECT * FROM unnest({arrays})"
            f" ON CONFLICT (identity_key) WHERE {UNFINISHED_KEY} DO NOTHING RETURNING id",
            [[call[column] for call in calls] for column in COLUMN_TYPES],
            log_exceptions=False,
        )
        return [row[0] for row in self.env.cr.fetchall()]

    def _unfinished_ids(self, identity_keys, known_ids):
        self.env.cr.execute(
            f"SELECT id FROM integration_task WHERE {UNFINISHED_KEY}"
            " AND identity_key = ANY(%s) AND id <> ALL(%s)",
            (list(identity_keys), known_ids),
        )
        return [row[0] for row in self.env.cr.fetchall()]

    def _as_time(self, eta):
        if isinstance(eta, datetime.timedelta):
            return self.env.cr.now() + eta
        if eta and eta.tzinfo:
            return eta.astimezone(datetime.timezone.utc).replace(tzinfo=None)
        return eta or None

    @staticmethod
    def _first_given(*values):
        return next(value for value in values if value is not None)

    # === STATE CHANGES ON REQUEST === #

    @api.model
    def _requeue(self, tasks, resolution=None):
        """Give dead, waiting and cancelled tasks a fresh start; what their messages were held for is over.

        The open exceptions that they wait for are closed, unless something else waits for them.

        What waits for other tasks waits for them still, unless those were given up for good. A task whose
        identity key has an unfinished twin is cancelled: the twin does its work, and what waited for the task
        waits for the twin.

        :param str resolution: for the exceptions that are closed, one sentence
        :return: the integration.task records that a twin makes needless
        """
        # Tasks and exceptions are the integration's own records, whoever asks for the fresh start.
        waited_for = tasks.sudo().exception_id
        self.env["integration.task.progress"]._forget(tasks)
        superseded = self._supersede(tasks)
        if superseded:
            self._follow_twins(superseded, tasks.ids)
            self._release_after(superseded)
        task_ids = list(set(tasks.ids) - set(superseded))
        message_ids, refused = self._restart(task_ids, task_ids)
        if refused:
            self._give_way(refused)
            self._release_after(refused)
        tasks.invalidate_recordset()
        if waited_for:
            waited_for._leave_with(tasks.sudo(), resolution or self.env._("What waited was run again."))
        self._unhold(message_ids)
        self._wake_lanes([None])
        return tasks.browse([*superseded, *refused])

    def _unhold(self, message_ids):
        """Let messages be under way again of which no other task is dead."""
        self.env.cr.execute(
            "SELECT message_id FROM integration_task WHERE message_id = ANY(%s) AND state = 'dead'",
            (list(message_ids),),
        )
        waiting_ids = {row[0] for row in self.env.cr.fetchall()}
        self.env["integration.message"].browse(message_ids - waiting_ids)._unhold()

    def _restart(self, task_ids, among_ids):
        """Make tasks due, or let them wait for others of theirs.

        A twin that another transaction has just committed is not visible to this one, but refuses the whole
        statement: then each half is tried by itself, until what is refused is alone.

        :param among_ids: all the tasks that are given a fresh start
        :return: the ids of their messages, and those of the tasks that such a twin refuses
        """
        try:
            with self.env.cr.savepoint():
                return self._restart_together(task_ids, among_ids), []
        except psycopg2.errors.UniqueViolation:
            if len(task_ids) == 1:
                return set(), task_ids
        middle = len(task_ids) // 2
        halves = [self._restart(half, among_ids) for half in (task_ids[:middle], task_ids[middle:])]
        return halves[0][0] | halves[1][0], halves[0][1] + halves[1][1]

    def _restart_together(self, task_ids, among_ids):
        self.env.cr.execute(
            """
            UPDATE integration_task AS task
               SET state = CASE WHEN EXISTS (
                    SELECT FROM integration_task_dependency AS dependency
                      JOIN integration_task AS needed ON needed.id = dependency.depends_on_id
                     WHERE dependency.task_id = task.id
                       AND (needed.state IN ('pending', 'waiting', 'running')
                            OR needed.state = 'dead' AND dependency.if_failed <> 'continue'
                            OR needed.state = 'cancelled' AND needed.id = ANY(%(among_ids)s)))
                   THEN 'waiting' ELSE 'pending' END,
                   attempts = 0, eta = NULL, finished_at = NULL, exception_id = NULL,
                   error = NULL, error_code = NULL
             WHERE id = ANY(%(ids)s) AND state IN ('dead', 'waiting', 'cancelled')
         RETURNING message_id
            """,
            {"ids": task_ids, "among_ids": among_ids},
            log_exceptions=False,
        )
        return {row[0] for row in self.env.cr.fetchall()} - {None}

    @api.model
    def _cancel(self, tasks, resolution=None, *, is_asked=True):
        """Give up tasks that do not run; their records are told so.

        The open exceptions that they waited for are closed, unless something else waits for them.

        :param str resolution: for the exceptions that are closed, one sentence
        :param bool is_asked: whether somebody asked for it, who then sees what the code of a record raises;
            where the queue itself gives up, that is logged and stops nothing
        :return: the integration.task records that were cancelled
        """
        self.env.cr.execute(
            """
            WITH given_up AS (
                SELECT id, exception_id FROM integration_task
                 WHERE id = ANY(%s) AND state IN ('pending', 'waiting', 'dead') ORDER BY id FOR UPDATE)
            UPDATE integration_task AS task
               SET state = 'cancelled', finished_at = %s, exception_id = NULL
              FROM given_up WHERE task.id = given_up.id
         RETURNING task.id, given_up.exception_id
            """,
            (tasks.ids, self.env.cr.now()),
        )
        rows = self.env.cr.fetchall()
        tasks.invalidate_recordset()
        cancelled = tasks.browse(task_id for task_id, _exception_id in rows)

        if exception_ids := {exception_id for _task_id, exception_id in rows} - {None}:
            # Exceptions are the integration's own records, whoever gives up what waits for them.
            waited_for = self.env["integration.exception"].sudo().browse(exception_ids)
            waited_for._leave_with(cancelled.sudo(), resolution or self.env._("What waited was given up."))
        if cancelled:
            self._release_after(cancelled.ids)
            self._wake_lanes([None])
        for group in cancelled.sudo().grouped(lambda task: (task.model_name, task.method_name)).values():
            if is_asked:
                self._records(group)._integration_task_cancelled(group[0].method_name)
            else:
                self._tell_cancelled(group)
        return cancelled

    def _supersede(self, tasks):
        """Cancel those tasks whose work an unfinished twin does, or a later one of them will do.

        :return: the ids of the tasks that are not needed
        """
        self.env.cr.execute(
            """
            WITH ended AS (
                SELECT id, identity_key,
                       row_number() OVER (PARTITION BY identity_key ORDER BY id DESC) AS place
                  FROM integration_task
                 WHERE id = ANY(%s) AND state IN ('dead', 'cancelled') AND identity_key IS NOT NULL)
            UPDATE integration_task AS task
               SET state = 'cancelled', finished_at = %s, exception_id = NULL, error = %s, error_code = NULL
              FROM ended
             WHERE task.id = ended.id
               AND (ended.place > 1
                    OR EXISTS (SELECT FROM integration_task AS twin
                                WHERE twin.identity_key = ended.identity_key
                                  AND twin.state IN ('pending', 'waiting', 'running')))
         RETURNING task.id
            """,
            (tasks.ids, self.env.cr.now(), self._twin_reason()),
        )
        return [row[0] for row in self.env.cr.fetchall()]

    def _give_way(self, task_ids):
        """Cancel tasks whose work an unfinished twin does that this transaction does not see."""
        self.env.cr.execute(
            """
            UPDATE integration_task
               SET state = 'cancelled', finished_at = %s, exception_id = NULL, error = %s, error_code = NULL
             WHERE id = ANY(%s)
            """,
            (self.env.cr.now(), self._twin_reason(), task_ids),
        )

    def _twin_reason(self):
        return self.env._("Another task with its identity key already does this work.")

    # === WAKING === #

    @api.model
    def _lanes(self):
        """Return the cron records that run the queue, one per unit of parallelism."""
        # Crons are readable by administrators only; which of them are lanes is no secret.
        return self.env["ir.cron"].sudo().search([("code", "=", "model._cron_run_lane()")], order="id")

    @api.model
    def _wake_lanes(self, times):
        """Wake the lanes when this transaction commits, once however many tasks it makes.

        :param times: when the new tasks may run; None is at once
        """
        pending = self.env.cr.precommit.data.setdefault("integration.queue.wake", set())
        if not pending:
            self.env.cr.precommit.add(self._trigger_lanes)
        pending.update(time.replace(second=0, microsecond=0) if time else None for time in times)

    def _trigger_lanes(self):
        times = self.env.cr.precommit.data.pop("integration.queue.wake", set())
        # The hooks before the commit run at each savepoint too, such as those of a batch of tasks; what was
        # triggered within one that is undone is triggered no more.
        woken = self.env.cr.postcommit.data.setdefault("integration.queue.woken", {})
        if known := times & woken.keys():
            times -= {time for time in known if woken[time].exists()}
        lanes = self._lanes()
        if not lanes or not times:
            return
        if None in times:
            woken[None] = self._trigger_at_once(lanes)
        for time in sorted(times - {None}):
            woken[time] = lanes[0]._trigger(at=time)

    def _trigger_at_once(self, lanes):
        # One trigger row for each lane but a single notification: each costs a connection of its own.
        now = self.env.cr.now().replace(microsecond=0)
        self.env["ir.cron.trigger"].sudo().create(
            [{"cron_id": lane.id, "call_at": now} for lane in lanes[1:]]
        )
        return lanes[0]._trigger(at=now)
