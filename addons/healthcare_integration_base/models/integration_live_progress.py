from odoo import fields, models


class IntegrationLiveProgress(models.AbstractModel):
    """For business records: shows how far the task is that works on them now.

    ``<field name="integration_progress" widget="progressbar" invisible="not integration_progress_note"/>``
    """

    _name = "integration.live.progress"
    _description = "Integration Progress"

    integration_progress = fields.Float("Progress (%)", compute="_compute_integration_progress")
    integration_progress_note = fields.Char("Progress", compute="_compute_integration_progress")

    def _compute_integration_progress(self):
        found = self._running_progress()
        for record in self:
            done, total, note = found.get(record.id, (0, 0, False))
            record.integration_progress = 100 * done / total if total else 0
            record.integration_progress_note = note

    def _running_progress(self):
        """Return ``{record id: (done, total, note)}`` of the tasks that run on these records."""
        # A handful of tasks run at a time: their index is read whole, whatever the table holds.
        self.env.cr.execute(
            """
            SELECT record_id::integer, done, total, COALESCE(NULLIF(note, ''), task.description)
              FROM integration_task AS task
              JOIN integration_task_progress AS progress ON progress.task_id = task.id,
                   jsonb_array_elements_text(task.arguments -> 'ids') AS record_id
             WHERE task.state = 'running' AND task.model_name = %s AND progress.updated_at IS NOT NULL
               AND record_id::integer = ANY(%s)
            """,
            (self._name, self.ids),
        )
        return {record_id: progress for record_id, *progress in self.env.cr.fetchall()}
