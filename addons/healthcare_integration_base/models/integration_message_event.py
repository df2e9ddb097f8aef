from odoo import api, fields, models


class IntegrationMessageEvent(models.Model):
    """When the partner says that something happened, apart from when we received it."""

    _inherit = "integration.message"

    event_at = fields.Datetime(
        "Happened at", readonly=True, help="As the document says; when it arrived is another thing."
    )
    event_time_zone = fields.Char(
        "Time zone of the document",
        readonly=True,
        help="The zone in which the document gave its time. Empty: not known, taken for UTC.",
    )

    @api.model
    def _event_values(self, endpoint, local):
        """Return the values of a message whose document names a time.

        :param endpoint: the integration.endpoint that it came from, whose partner's time zone applies
        :param datetime local: naive in that zone, or aware; None if the document names no time
        """
        if local is None:
            return {}
        event_at, zone_name = endpoint._as_utc(local)
        return {"event_at": event_at, "event_time_zone": zone_name}
