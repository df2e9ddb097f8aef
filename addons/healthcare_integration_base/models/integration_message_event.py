from dataclasses import replace

from odoo import api, fields, models

from ..errors import IntegrationError


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
        return {"event_at": event_at.replace(microsecond=0), "event_time_zone": zone_name}

    def _note_event_time(self):
        """Note when the document says that it happened; why that is not known is a finding, no failure."""
        document_type = self.document_type_id
        if not document_type.event_path:
            return
        try:
            local = document_type._event_time(self._payload_chunks(), self.flow_id.mapping_id)
            self.write(self._event_values(self.endpoint_id, local))
        except IntegrationError as error:
            self.findings = self._as_json([replace(error.as_finding(), severity="warning")])
