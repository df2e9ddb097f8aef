import datetime

from odoo import api, models
from odoo.tools import SQL

from ..operations import Metric
from .integration_exception import OPEN_STATES

EPOCH = datetime.datetime(1970, 1, 1)
COUNT_LIMIT = 100_000
TASK_STATES = ("pending", "waiting", "running", "dead")
MESSAGE_STATES = (
    *("received", "split", "parsed", "held"),
    *("draft", "queued", "sent", "overdue", "failed", "refused"),
)
SEVERITIES = ("low", "medium", "high", "critical")
ENDPOINT_STATES = ("draft", "active", "paused", "suspended")


class IntegrationMetrics(models.AbstractModel):
    """Measures the integration for a monitoring system.

    What is finished is never counted: unfinished rows are counted through partial indexes and up to
    COUNT_LIMIT each, totals come from sequences, sizes from the database's catalogue.
    """

    _name = "integration.metrics"
    _description = "Integration Metrics"

    @api.model
    def _collect(self):
        """Return the measurements as a list of :class:`Metric`; labels name configuration only."""
        self.env.flush_all()
        return [
            *self._task_metrics(),
            *self._message_metrics(),
            *self._lane_metrics(),
            *self._endpoint_metrics(),
            *self._audit_metrics(),
            self._exception_metric(),
            self._readiness_metric(),
        ]

    # === QUEUE === #

    def _task_metrics(self):
        counts = self._count_states("integration_task", TASK_STATES)
        totals = self.env["integration.task"]._counters()
        prefix = "healthcare_integration_task"
        return [
            Metric(f"{prefix}s", f"Unfinished tasks, at most {COUNT_LIMIT} of each state.", counts),
            _single(
                f"{prefix}_backlog_seconds",
                "For how long the oldest due task has been waiting for a lane.",
                self.env["integration.health"]._backlog_age(),
            ),
            _single(
                f"{prefix}_oldest_running_seconds",
                "For how long the oldest running task has been claimed.",
                self._oldest_running(),
            ),
            _total(f"{prefix}_attempts_total", "Attempts that were started.", totals["started"]),
            _total(f"{prefix}_done_total", "Tasks that were done.", totals["done"]),
            _total(f"{prefix}_dead_total", "Tasks that became dead letters.", totals["dead"]),
        ]

    def _oldest_running(self):
        self.env.cr.execute(
            "SELECT extract(epoch FROM %s - min(state_since)) FROM integration_task WHERE state = 'running'",
            (self.env.cr.now(),),
        )
        return max(float(self.env.cr.fetchone()[0] or 0), 0.0)

    def _lane_metrics(self):
        lanes = self.env["integration.queue"].with_context(active_test=False)._lanes()
        labelled = [({"lane": str(lane.id), "name": lane.cron_name}, lane) for lane in lanes]
        paused_ids = self.env["integration.lane"]._paused()
        prefix = "healthcare_integration_lane"
        return [
            Metric(
                f"{prefix}_active",
                "Whether a lane of the queue takes tasks: switched on, and paused by nobody.",
                [(labels, float(lane.active and lane.id not in paused_ids)) for labels, lane in labelled],
            ),
            Metric(
                f"{prefix}_paused",
                "Whether somebody paused a lane of the queue.",
                [(labels, float(lane.id in paused_ids)) for labels, lane in labelled],
            ),
            Metric(
                f"{prefix}_last_run_timestamp_seconds",
                "When a lane ended its last run, seconds since 1970.",
                [(labels, _timestamp(lane.lastcall)) for labels, lane in labelled if lane.lastcall],
            ),
        ]

    # === MESSAGES === #

    def _message_metrics(self):
        awaiting = SQL("state = 'sent' AND closed_at IS NULL")
        counts = self._count_states("integration_message", MESSAGE_STATES, {"sent": awaiting})
        # The catalogue knows a table's size without reading it.
        self.env.cr.execute("SELECT pg_total_relation_size('integration_message_chunk')")
        return [
            Metric(
                "healthcare_integration_messages",
                f"Messages that are unfinished or refused, at most {COUNT_LIMIT} of each state.",
                counts,
            ),
            _single(
                "healthcare_integration_payload_bytes",
                "Space that encrypted payloads take in the database.",
                self.env.cr.fetchone()[0],
            ),
        ]

    def _exception_metric(self):
        rows = [
            (severity, state, SQL("severity = %s AND state = %s", severity, state))
            for severity in SEVERITIES
            for state in OPEN_STATES
        ]
        self.env.cr.execute(
            SQL(
                "SELECT %s",
                SQL(", ").join(_capped_count("integration_exception", row[2]) for row in rows),
            )
        )
        return Metric(
            "healthcare_integration_exceptions",
            f"Exceptions that wait for a person, at most {COUNT_LIMIT} of each kind.",
            [
                ({"severity": severity, "state": state}, count)
                for (severity, state, _condition), count in zip(rows, self.env.cr.fetchone(), strict=True)
            ],
        )

    # === ENDPOINTS === #

    def _endpoint_metrics(self):
        self.env.cr.execute(
            """
            SELECT endpoint.id, endpoint.name, system.code, endpoint.state, endpoint.consecutive_errors,
                   extract(epoch FROM %s - greatest(
                       endpoint.last_success_at,
                       (SELECT max(sent_at) FROM integration_message WHERE endpoint_id = endpoint.id)))
              FROM integration_endpoint endpoint
                   JOIN integration_system system ON system.id = endpoint.system_id
             WHERE endpoint.active
             ORDER BY endpoint.id
            """,
            (self.env.cr.now(),),
        )
        rows = [
            ({"endpoint": str(row[0]), "name": row[1], "system": row[2]}, *row[3:])
            for row in self.env.cr.fetchall()
        ]
        prefix = "healthcare_integration_endpoint"
        return [
            Metric(
                f"{prefix}_state",
                "1 for the state that an endpoint is in, 0 for the others.",
                [
                    ({**labels, "state": state}, float(state == own))
                    for labels, own, _errors, _age in rows
                    for state in ENDPOINT_STATES
                ],
            ),
            Metric(
                f"{prefix}_consecutive_errors",
                "Errors in a row.",
                [(labels, errors or 0) for labels, _state, errors, _age in rows],
            ),
            Metric(
                f"{prefix}_last_success_age_seconds",
                "Time since an endpoint last worked; absent if it never did.",
                [(labels, max(float(age), 0.0)) for labels, _state, _errors, age in rows if age is not None],
            ),
        ]

    # === GOVERNANCE === #

    def _audit_metrics(self):
        self.env.cr.execute(
            SQL(
                """
                SELECT count(*), extract(epoch FROM %(now)s - min(logged_at))
                  FROM (SELECT logged_at FROM integration_audit_entry
                         WHERE cluster = (%(cluster)s)
                           AND transaction_id >= COALESCE((SELECT max(end_transaction)
                                                             FROM integration_audit_seal
                                                            WHERE cluster = (%(cluster)s)), 0)
                         ORDER BY transaction_id LIMIT %(limit)s) AS unsealed
                """,
                now=self.env.cr.now(),
                cluster=self.env["integration.audit.entry"]._cluster_query(),
                limit=COUNT_LIMIT,
            )
        )
        count, age = self.env.cr.fetchone()
        prefix = "healthcare_integration_audit_unsealed"
        return [
            _single(
                f"{prefix}_entries", f"Audit entries that no seal covers yet, at most {COUNT_LIMIT}.", count
            ),
            _single(f"{prefix}_age_seconds", "Age of the oldest of them.", max(float(age or 0), 0.0)),
        ]

    def _readiness_metric(self):
        return Metric(
            "healthcare_integration_check_ok",
            "1 when a check of readiness passes, 0 when it fails.",
            [
                ({"check": check.code}, float(check.is_ok))
                for check in self.env["integration.health"]._readiness()
            ],
        )

    # === HELPERS === #

    def _count_states(self, table, states, conditions=None):
        """Return samples of how many rows are in each state, up to COUNT_LIMIT.

        :param conditions: the SQL of what is counted of a state, where not all of it
        """
        # One subquery for each state, its name a constant: the planner then uses the partial indexes.
        by_state = {state: SQL("state = %s", state) for state in states} | (conditions or {})
        counts = SQL(", ").join(_capped_count(table, condition) for condition in by_state.values())
        self.env.cr.execute(SQL("SELECT %s", counts))
        return [
            ({"state": state}, count) for state, count in zip(states, self.env.cr.fetchone(), strict=True)
        ]


def _capped_count(table, condition):
    return SQL(
        "(SELECT count(*) FROM (SELECT FROM %s WHERE %s LIMIT %s) AS counted)",
        SQL.identifier(table),
        condition,
        COUNT_LIMIT,
    )


def _single(name, text, value):
    return Metric(name, text, [({}, float(value))])


def _total(name, text, value):
    return Metric(name, text, [({}, float(value))], kind="counter")


def _timestamp(moment):
    """Return the seconds since 1970 of a naive UTC datetime."""
    return (moment - EPOCH).total_seconds()
