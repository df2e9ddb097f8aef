import datetime

from odoo import api, fields, models

from ..errors import TransientError
from ..queue import PostponedTask, current_task
from ..transports.http import Watermark
from .access import require_group

WAIT_AFTER_INTERRUPTION = 60.0


class IntegrationEndpointCollection(models.Model):
    """Takes in a collection of an HTTP server: a look reads some pages and stores them with the watermark.

    Messages and watermark commit together, so that nothing is missed and nothing is taken twice.
    """

    _inherit = "integration.endpoint"

    watermark = fields.Json(copy=False, readonly=True)
    watermark_text = fields.Char(
        "Read so far", compute="_compute_watermark_text", help="Where the next look begins."
    )

    @api.model
    def _closed_fields(self):
        return super()._closed_fields() | {"watermark"}

    def _compute_watermark_text(self):
        for endpoint in self:
            parts = Watermark.from_dict(endpoint.watermark).as_dict()
            endpoint.watermark_text = ", ".join(f"{name} {value}" for name, value in parts.items() if value)

    def action_reset_watermark(self):
        """Let the next look read the collections from their beginning; what is known stays one message."""
        require_group(self, "group_manager", "write")
        # What was read is closed to direct writes: see integration.closed.fields.
        self.sudo().watermark = False
        self.env["integration.audit.entry"]._record("endpoint.watermark_reset", self)

    def _equip_transport(self, transport, *, for_check):
        transport = super()._equip_transport(transport, for_check=for_check)
        if self.transport == "http":
            transport.watermark = Watermark.from_dict(self.watermark)
        return transport

    def _read_collection(self):
        """Store the next pages and go on in another task while there are more.

        An interruption after a page keeps what was read; the next task meets it at its beginning.

        :raise TransientError: if not even one page could be read
        :raise PostponedTask: if the partner must not be asked now
        """
        transport, pause, is_last = self._transport(), 0.0, False
        pages_read = 0
        try:
            with transport:
                for page in transport.pages():
                    self._store_page(transport, page)
                    pages_read, is_last = pages_read + 1, page.is_last
                    if pages_read >= self.pages_per_look:
                        break
        except (TransientError, PostponedTask) as interruption:
            if not pages_read:
                raise
            pause = _pause(interruption)
        self._note_success()
        if not is_last:
            self._read_on(pause)

    def _store_page(self, transport, page):
        messages = self.env["integration.message"]
        for payload in page.payloads:
            messages._receive(self, transport.payload_name(payload, page.content_type), [payload])
        self.watermark = page.watermark.as_dict()

    def _read_on(self, pause):
        """Queue the look that goes on from the watermark.

        The running task still has its own identity key, so the next one is told apart by this one's number.
        """
        task = current_task()
        self.with_company(self.company_id).with_kernel_task(
            endpoint=self,
            identity_key=f"endpoint.poll:{self.id}:{task.id if task else 0}",
            eta=datetime.timedelta(seconds=pause) if pause else None,
        )._poll()


def _pause(interruption):
    if isinstance(interruption, PostponedTask):
        return interruption.seconds
    return interruption.retry_after or WAIT_AFTER_INTERRUPTION
