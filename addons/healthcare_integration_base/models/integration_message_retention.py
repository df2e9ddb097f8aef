from odoo import fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL

from ..errors import DocumentError
from .access import require_group
from .data_classes import SENSITIVITY


class IntegrationMessageRetention(models.Model):
    """What is left of a message whose time to be kept is over: its proof, not its content."""

    _name = "integration.message"
    _inherit = ["integration.message", "integration.legal.hold"]

    payload_purged_at = fields.Datetime("Payload deleted on", readonly=True, copy=False)
    payload_purged_by = fields.Char("Payload deleted under", readonly=True, copy=False)
    metadata_purged_at = fields.Datetime("Details deleted on", readonly=True, copy=False)
    decisive_flow_id = fields.Many2one(
        "integration.flow",
        readonly=True,
        copy=False,
        index="btree_not_null",
        check_company=True,
        help="Of a settled file: the flow of its transaction with the most sensitive data.",
    )

    _payload_due_idx = models.Index(
        "(system_id, closed_at) WHERE parent_id IS NULL AND payload_purged_at IS NULL"
    )
    _payload_due_of_flow_idx = models.Index(
        "(COALESCE(decisive_flow_id, flow_id), closed_at)"
        " WHERE parent_id IS NULL AND payload_purged_at IS NULL"
    )
    _metadata_due_idx = models.Index(
        "(system_id, closed_at) WHERE parent_id IS NULL AND metadata_purged_at IS NULL"
    )
    _metadata_due_of_flow_idx = models.Index(
        "(COALESCE(decisive_flow_id, flow_id), closed_at)"
        " WHERE parent_id IS NULL AND metadata_purged_at IS NULL"
    )

    def _after_settlement(self):
        """Note which flow decides how long a file is kept, so that due files are found by an index."""
        super()._after_settlement()
        if not self:
            return
        self.flush_model(["parent_id", "flow_id"])
        self.env.cr.execute(
            SQL(
                """
                UPDATE integration_message AS file SET decisive_flow_id = (
                       SELECT flow.id FROM integration_flow flow
                         JOIN integration_system system ON system.id = flow.system_id
                         JOIN integration_document_type document_type
                              ON document_type.id = flow.document_type_id
                        WHERE flow.id IN (SELECT part.flow_id FROM integration_message part
                                           WHERE part.parent_id = file.id)
                        ORDER BY GREATEST(
                                     array_position(%(order)s::varchar[], system.data_class),
                                     array_position(%(order)s::varchar[], document_type.data_class)
                                 ) DESC, flow.id
                        LIMIT 1)
                 WHERE file.id = ANY(%(files)s)
                """,
                order=SENSITIVITY,
                files=self.ids,
            )
        )
        self.invalidate_recordset(["decisive_flow_id"])

    def action_show_payload(self):
        """Open the payload.

        :raise UserError: if it was deleted
        """
        self.ensure_one()
        require_group(self, "group_phi")
        if purged := self._purged_owner():
            raise UserError(purged._purge_sentence())
        return super().action_show_payload()

    def _to_replay(self):
        messages = super()._to_replay()
        for message in messages:
            if purged := message._purged_owner():
                raise UserError(purged._purge_sentence())
        return messages

    def _payload_range(self, start, end):
        """:raise DocumentError: if the payload was deleted under a retention rule"""
        if self.payload_purged_at:
            raise DocumentError(
                "payload.purged",
                self._purge_sentence(),
                location=self.name,
                subject=self.uuid,
                expected="the payload as it was received",
                found=f"SHA-256 {self.payload_hash}, {self.payload_size} bytes",
                remedy="Ask the sender for the document; its hash tells whether it is the same.",
            )
        return super()._payload_range(start, end)

    def _purged_owner(self):
        """Return the message that held the payload of this one, if it was deleted; else none."""
        self.ensure_one()
        owner = self.sudo()
        while owner.duplicate_of_id or owner.parent_id:
            owner = owner.duplicate_of_id or owner.parent_id
        return owner if owner.payload_purged_at else owner.browse()

    def _purge_sentence(self):
        return self.env._(
            "The payload was deleted on %(date)s under the retention rule %(rule)s. Hash and size are kept.",
            date=fields.Datetime.to_string(self.payload_purged_at),
            rule=self.payload_purged_by,
        )
