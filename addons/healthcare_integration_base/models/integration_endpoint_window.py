from odoo import api, fields, models

from ..queue import Window


class IntegrationEndpointWindow(models.Model):
    """A stretch of the week in which a partner is closed, or in which alone it is open."""

    _name = "integration.endpoint.window"
    _description = "Integration Endpoint Window"
    _order = "endpoint_id, kind, weekday, start"
    _rec_name = "kind"

    endpoint_id = fields.Many2one("integration.endpoint", required=True, index=True, ondelete="cascade")
    company_id = fields.Many2one(related="endpoint_id.company_id", store=True, index=True, precompute=True)
    kind = fields.Selection(
        [("maintenance", "Maintenance: closed inside"), ("batch", "Batch: open only inside")],
        required=True,
        default="maintenance",
    )
    weekday = fields.Selection(
        [
            ("0", "Monday"),
            ("1", "Tuesday"),
            ("2", "Wednesday"),
            ("3", "Thursday"),
            ("4", "Friday"),
            ("5", "Saturday"),
            ("6", "Sunday"),
        ],
        "Begins on",
        required=True,
    )
    start = fields.Float("From", required=True, help="Hour in the partner's time zone.", aggregator=None)
    end = fields.Float(
        "To",
        required=True,
        help="Not after the beginning: on the next day. The same: a whole day.",
        aggregator=None,
    )
    note = fields.Char()

    _hours_valid = models.Constraint(
        'CHECK (start >= 0 AND start < 24 AND "end" >= 0 AND "end" <= 24)',
        "A window begins and ends at an hour from 0:00 to 24:00.",
    )

    @api.constrains("kind", "weekday", "start", "end", "endpoint_id")
    def _check_ever_open(self):
        self.endpoint_id._check_ever_open()

    def _as_windows(self):
        """Return the windows as the arithmetic of time knows them."""
        return [
            Window(
                kind=window.kind,
                weekday=int(window.weekday),
                start=round(window.start * 60) % 1440,
                end=round(window.end * 60) % 1440,
            )
            for window in self
        ]
