from odoo import fields, models
from odoo.tools import SQL

COUNTERS = ("started", "done", "dead")


class IntegrationTaskPulse(models.Model):
    """Since when a task is in its state, and how many tasks came through the queue: for those who watch it.

    A trigger of the database notes both, however the queue moves its rows. The counters are sequences:
    lanes that count at the same moment neither wait for each other nor collide. A sequence does not go
    back with a rolled back transaction, so a collision may count a task twice.
    """

    _inherit = "integration.task"

    state_since = fields.Datetime(readonly=True, default=lambda self: self._default_state_since())

    _backlog_idx = models.Index("(state_since) WHERE state = 'pending'")

    def _default_state_since(self):
        return self.env.cr.now()

    def init(self):
        result = super().init()
        self.env.cr.execute(
            """
            ALTER TABLE integration_task ALTER COLUMN state_since SET DEFAULT timezone('UTC', now());
            CREATE SEQUENCE IF NOT EXISTS integration_task_started_total;
            CREATE SEQUENCE IF NOT EXISTS integration_task_done_total;
            CREATE SEQUENCE IF NOT EXISTS integration_task_dead_total;

            CREATE OR REPLACE FUNCTION integration_task_pulse() RETURNS trigger AS $$
            BEGIN
                NEW.state_since := timezone('UTC', now());
                IF NEW.state = 'running' THEN PERFORM nextval('integration_task_started_total');
                ELSIF NEW.state = 'done' THEN PERFORM nextval('integration_task_done_total');
                ELSIF NEW.state = 'dead' THEN PERFORM nextval('integration_task_dead_total');
                END IF;
                RETURN NEW;
            END $$ LANGUAGE plpgsql;

            DROP TRIGGER IF EXISTS integration_task_pulse ON integration_task;
            CREATE TRIGGER integration_task_pulse BEFORE UPDATE ON integration_task
                FOR EACH ROW WHEN (OLD.state IS DISTINCT FROM NEW.state)
                EXECUTE FUNCTION integration_task_pulse();
            """
        )
        return result

    def _counters(self):
        """Return how many attempts were started, and how many tasks ended done or dead, as a dict."""
        # What a sequence that was never called has for its last value is its first.
        sequences = SQL(", ").join(
            SQL(
                "(SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM %s)",
                SQL.identifier(f"integration_task_{name}_total"),
            )
            for name in COUNTERS
        )
        self.env.cr.execute(SQL("SELECT %s", sequences))
        return dict(zip(COUNTERS, self.env.cr.fetchone(), strict=True))
