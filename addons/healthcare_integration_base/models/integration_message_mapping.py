from odoo import fields, models

from ..queue import integration_task


class IntegrationMessageMapping(models.Model):
    """Messages of many records: those that were refused wait by cause while the others are applied."""

    _inherit = "integration.message"

    refused_count = fields.Integer(
        "Records That Wait",
        readonly=True,
        aggregator=None,
        help="Records that were refused and not yet taken in.",
    )

    def _queue_refused_records(self, groups):
        """Queue a task for each group of refused records; it holds the message until its cause is mended.

        :param groups: lists of record numbers
        """
        self.ensure_one()
        self.refused_count = sum(map(len, groups))
        for position, numbers in enumerate(groups):
            self.with_kernel_task(
                identity_key=f"message.refused:{self.id}:{position}", message=self, flow=self.flow_id
            )._process_refused_records(numbers)

    @integration_task("Take in records that were refused")
    def _process_refused_records(self, numbers):
        """Let the handler take in records again, as the flow's user; the last ones close the message."""
        self.ensure_one()
        handler = self._handler().with_user(self.flow_id.user_id).with_company(self.company_id)
        handler._process_refused(self.with_env(handler.env).sudo(), numbers)
        self.refused_count = max(self.refused_count - len(numbers), 0)
        if self.refused_count:
            self._set_state("parsed", self.env._("%s records wait.", self.refused_count))
        else:
            self._set_state("applied")
