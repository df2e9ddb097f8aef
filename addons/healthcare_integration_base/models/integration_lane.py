from odoo import api, fields, models
from odoo.exceptions import UserError

from .access import require_group


class IntegrationLane(models.Model):
    """What people may do to a lane while it runs: its scheduled action is locked for as long.

    A lane without such a record runs all the same.
    """

    _name = "integration.lane"
    _description = "Integration Lane"
    _order = "cron_id"
    _log_access = False
    _allow_sudo_commands = False
    _rec_name = "name"

    cron_id = fields.Many2one("ir.cron", "Scheduled Action", required=True, readonly=True, ondelete="cascade")
    name = fields.Char(compute="_compute_name", compute_sudo=True)
    is_paused = fields.Boolean("Paused", readonly=True)
    paused_by_id = fields.Many2one("res.users", readonly=True)
    worker = fields.Char(compute="_compute_work", help="Host and process that run tasks in this lane now.")
    running_count = fields.Integer("Claimed Tasks", compute="_compute_work")

    _cron_uniq = models.Constraint("UNIQUE (cron_id)", "A scheduled action is one lane.")

    @api.depends("cron_id")
    def _compute_name(self):
        for lane in self:
            lane.name = lane.cron_id.name

    def _compute_work(self):
        self.env.cr.execute(
            """
            SELECT lane_id, max(worker), count(task.id)
              FROM integration_lease
              LEFT JOIN integration_task AS task ON task.claim_token = token AND task.state = 'running'
             WHERE lane_id = ANY(%s) GROUP BY lane_id
            """,
            (self.cron_id.ids,),
        )
        found = {cron_id: work for cron_id, *work in self.env.cr.fetchall()}
        for lane in self:
            lane.worker, lane.running_count = found.get(lane.cron_id.id, (False, 0))

    @api.model
    def _make_missing(self):
        """Make the records of the lanes that have none yet, such as copies of the scheduled action."""
        self.env.cr.execute(
            "INSERT INTO integration_lane (cron_id) SELECT unnest(%s::int[]) ON CONFLICT DO NOTHING",
            (self.env["integration.queue"]._lanes().ids,),
            log_exceptions=False,
        )

    @api.model
    def _paused(self):
        """Return the ids of the scheduled actions whose lanes begin no tasks."""
        self.flush_model(["is_paused"])
        self.env.cr.execute("SELECT cron_id FROM integration_lane WHERE is_paused")
        return {row[0] for row in self.env.cr.fetchall()}

    # === ACTIONS === #

    def action_pause(self):
        """Let the lane begin no more tasks; what it has claimed it runs to the end, about two seconds."""
        require_group(self, "group_manager")
        # The queue's own records are changed by its actions alone.
        self.sudo().write({"is_paused": True, "paused_by_id": self.env.uid})
        self._audit("lane.paused")

    def action_resume(self):
        """Let the lane take tasks again, at once."""
        require_group(self, "group_manager")
        self.sudo().write({"is_paused": False, "paused_by_id": False})
        self._audit("lane.resumed")
        self.env["integration.queue"]._wake_lanes([None])

    def action_add(self):
        """Add a lane: one more task may run at a time, if the server has cron workers enough.

        :raise UserError: while all lanes are switched off
        """
        require_group(self, "group_manager")
        lanes = self.env["integration.queue"]._lanes()
        if not lanes:
            raise UserError(
                self.env._("All lanes are switched off. Switch their scheduled actions on first.")
            )
        cron = lanes[0].copy()
        self._make_missing()
        self.search([("cron_id", "=", cron.id)])._audit("lane.added")

    def _audit(self, event):
        self.env["integration.audit.entry"]._record(event, self)
