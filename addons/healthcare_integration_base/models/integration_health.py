from odoo import api, models

from ..keyring import KeyringError
from ..operations import Check

BACKLOG_LIMIT_PARAMETER = "healthcare_integration.backlog_limit_seconds"
BACKLOG_LIMIT_SECONDS = 900
LANE_SILENCE_PARAMETER = "healthcare_integration.lane_silence_seconds"
LANE_SILENCE_SECONDS = 600


class IntegrationHealth(models.AbstractModel):
    """Tells whether the integration does its work: for load balancers, monitoring and the health screen.

    Every check reads a handful of rows through an index, whatever the size of the tables.
    """

    _name = "integration.health"
    _description = "Integration Health"

    @api.model
    def _readiness(self):
        """Return the checks that must not fail for the integration to work, as a list of ``Check``."""
        return [
            self._check_database(),
            self._check_lanes(),
            self._check_lane_activity(),
            self._check_backlog(),
            self._check_keyring(),
            self._check_instance(),
        ]

    def _check_database(self):
        self.env.cr.execute("SELECT pg_is_in_recovery()")
        is_standby = self.env.cr.fetchone()[0]
        return self._result(
            "database.writable",
            self.env._("Database"),
            not is_standby,
            found=self.env._("a standby that only reads") if is_standby else self.env._("reachable"),
            expected=self.env._("a server that accepts changes"),
            remedy=self.env._("Let Odoo connect to the primary server."),
        )

    # === QUEUE === #

    def _check_lanes(self):
        lanes = self.env["integration.queue"].with_context(active_test=False)._lanes()
        working = self._working_lanes()
        paused = len(lanes.filtered("active")) - len(working)
        return self._result(
            "lanes.active",
            self.env._("Queue lanes"),
            bool(working),
            found=self.env._(
                "%(active)s of %(all)s active, %(paused)s paused",
                active=len(working),
                all=len(lanes),
                paused=paused,
            ),
            expected=self.env._("at least one active"),
            remedy=self.env._(
                "Resume a lane under Operations, Lanes, or activate the scheduled actions "
                "“Integration: queue lane”."
            ),
        )

    def _working_lanes(self):
        """Return the lanes that take tasks: switched on, and paused by nobody."""
        paused_ids = self.env["integration.lane"]._paused()
        return self.env["integration.queue"]._lanes().filtered(lambda lane: lane.id not in paused_ids)

    def _check_lane_activity(self):
        """A lane that works on a long task does not start anew: its lease shows that it lives."""
        limit = self._limit(LANE_SILENCE_PARAMETER, LANE_SILENCE_SECONDS)
        silence = self._lane_silence()
        return self._result(
            "lanes.recent",
            self.env._("Last run of a lane"),
            silence is not None and silence <= limit,
            found=self.env._("never") if silence is None else self.env._("%d s ago", silence),
            expected=self.env._("within %d s", limit),
            remedy=self.env._(
                "See that cron workers run (max_cron_threads) and what they log. After a start the first run "
                "takes up to 70 seconds."
            ),
        )

    def _lane_silence(self):
        """Return the seconds since a lane was last seen at work, 0 while one is, None if never.

        A lane that is paused runs without taking tasks: it tells of the others only where all are paused.
        """
        lanes = self._working_lanes() or self.env["integration.queue"]._lanes()
        self.env.cr.execute(
            """
            SELECT CASE WHEN EXISTS (SELECT FROM integration_lease WHERE expires_at > %(now)s) THEN 0
                   ELSE extract(epoch FROM %(now)s - max(lastcall)) END
              FROM ir_cron WHERE id = ANY(%(ids)s)
            """,
            {"now": self.env.cr.now(), "ids": lanes.ids},
        )
        seconds = self.env.cr.fetchone()[0]
        return None if seconds is None else max(float(seconds), 0.0)

    def _check_backlog(self):
        limit = self._limit(BACKLOG_LIMIT_PARAMETER, BACKLOG_LIMIT_SECONDS)
        age = self._backlog_age()
        return self._result(
            "queue.backlog",
            self.env._("Oldest due task"),
            age <= limit,
            found=self.env._("%d s", age),
            expected=self.env._("at most %d s", limit),
            remedy=self.env._("See what the lanes are at under Tasks; add lanes and cron workers."),
        )

    @api.model
    def _backlog_age(self):
        """Return for how many seconds the oldest due task has been waiting for a lane, 0 without any."""
        # A task that waits for its time is due from then on, even if no lane has noticed.
        self.env.cr.execute(
            """
            SELECT extract(epoch FROM %(now)s - least(
                (SELECT min(state_since) FROM integration_task WHERE state = 'pending'),
                (SELECT min(eta) FROM integration_task WHERE state = 'waiting')))
            """,
            {"now": self.env.cr.now()},
        )
        return max(float(self.env.cr.fetchone()[0] or 0), 0.0)

    # === GOVERNANCE === #

    def _check_keyring(self):
        recorded = self.env["integration.keyring"]._recorded_ids()
        try:
            if recorded:
                self.env["integration.keyring"]._load(recorded)
            problem = ""
        except KeyringError as error:
            problem = str(error)
        return self._result(
            "keyring.complete",
            self.env._("Encryption keys"),
            not problem,
            found=problem or self.env._("%d at hand", len(recorded)),
            expected=self.env._("every key that this database depends on"),
            remedy=self.env._("Give this host the keys; see Governance, Encryption Keys."),
        )

    def _check_instance(self):
        is_confirmed = self.env["integration.instance"]._is_confirmed()
        return self._result(
            "instance.confirmed",
            self.env._("Place of the database"),
            is_confirmed,
            found=self.env._("confirmed") if is_confirmed else self.env._("copied, moved or neutralized"),
            expected=self.env._("the place that an administrator confirmed"),
            remedy=self.env._("If this is production, confirm it under Governance, Instance."),
        )

    # === HELPERS === #

    def _result(self, code, title, is_good, *, found, expected, remedy):
        return Check(code, title, "ok" if is_good else "failure", found, expected, "" if is_good else remedy)

    def _limit(self, parameter, default):
        # Parameters are readable by administrators only; a limit is no secret.
        return int(self.env["ir.config_parameter"].sudo().get_param(parameter) or default)
