from odoo import api, fields, models

COUNT_LIMIT = 10_000
WAITING_STATES = ("held", "failed", "refused", "overdue")


class IntegrationEndpointDashboard(models.Model):
    """What the cards of the endpoints show, and where they lead.

    All numbers count messages, as the list does that they lead to: a file, and each transaction in it.
    """

    _inherit = "integration.endpoint"

    message_count = fields.Integer(
        "Messages", compute="_compute_message_count", help="At most 10,000 are counted."
    )
    recent_count = fields.Integer("Last 24 hours", compute="_compute_recent_count")
    held_count = fields.Integer("Held", compute="_compute_held_count")
    health = fields.Selection(
        [("off", "Off"), ("good", "Working"), ("late", "Late"), ("bad", "Failing")], compute="_compute_health"
    )

    def _compute_message_count(self):
        """Count up to COUNT_LIMIT messages each: the table grows without bound, the button need not."""
        for endpoint in self:
            endpoint.message_count = self.env["integration.message"].search_count(
                [("endpoint_id", "in", endpoint._origin.ids)], limit=COUNT_LIMIT
            )

    def _compute_recent_count(self):
        self._count_messages(self._recent_domain(), "recent_count")

    def _recent_domain(self):
        yesterday = fields.Datetime.subtract(self.env.cr.now(), days=1)
        return [("company_id", "in", self.company_id.ids), ("received_at", ">=", yesterday)]

    def _compute_held_count(self):
        self._count_messages([("state", "in", WAITING_STATES)], "held_count")

    def _count_messages(self, domain, field_name):
        """Set a field to the number of messages of each endpoint that a selective domain finds."""
        counts = dict(
            self.env["integration.message"]._read_group(
                [("endpoint_id", "in", self._origin.ids), *domain], ["endpoint_id"], ["__count"]
            )
        )
        for endpoint in self:
            endpoint[field_name] = counts.get(endpoint._origin, 0)

    @api.depends("state", "consecutive_errors", "last_success_at", "poll_interval_minutes", "direction")
    def _compute_health(self):
        now = self.env.cr.now()
        for endpoint in self:
            late_after = fields.Datetime.subtract(now, minutes=3 * endpoint.poll_interval_minutes + 5)
            if endpoint.state != "active":
                endpoint.health = "off"
            elif endpoint.consecutive_errors:
                endpoint.health = "bad"
            elif endpoint.direction != "out" and (endpoint.last_success_at or now) < late_after:
                endpoint.health = "late"
            else:
                endpoint.health = "good"

    # === NAVIGATION === #

    def action_open_messages(self):
        """Open the messages of these endpoints."""
        return self._open_messages()

    def action_open_recent(self):
        """Open the messages of these endpoints of the last 24 hours."""
        return self._open_messages(self._recent_domain())

    def action_open_held(self):
        """Open the messages of these endpoints that wait for somebody."""
        return self._open_messages([("state", "in", WAITING_STATES)])

    def _open_messages(self, domain=()):
        self.check_access("read")
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "healthcare_integration_base.action_integration_message"
        )
        return {**action, "domain": [("endpoint_id", "in", self.ids), *domain], "context": {}}
