import re

from odoo import api, fields, models
from odoo.tools import SQL

from odoo.addons.healthcare_integration_base.models.windows import form_window

from ..formats.remittance.codes import ADJUSTMENT_GROUPS, FORMER_ADJUSTMENT_GROUPS
from .rcm_code_order import code_order
from .rcm_labels import TREATMENTS, labelled

BY_REASON = re.compile(
    r"\s*reason(\s+(?P<direction>asc|desc))?(\s+nulls\s+(?P<nulls>first|last))?\s*", re.IGNORECASE
)


class RcmAdjustment(models.Model):
    """One reason why a payer paid less (positive) or more (negative) than was charged."""

    _name = "rcm.adjustment"
    _description = "Claim Adjustment"
    _order = "claim_id, position, id"
    _log_access = False
    _rec_name = "reason"

    claim_id = fields.Many2one("rcm.claim", required=True, index=True, ondelete="cascade", readonly=True)
    service_line_id = fields.Many2one(
        "rcm.service.line", index="btree_not_null", ondelete="cascade", readonly=True
    )
    company_id = fields.Many2one("res.company", required=True, index=True, readonly=True)
    currency_id = fields.Many2one(related="claim_id.currency_id")
    remittance_id = fields.Many2one(related="claim_id.remittance_id")
    payer_id = fields.Many2one(related="claim_id.payer_id")
    facility_id = fields.Many2one(related="claim_id.remittance_id.facility_id")
    payment_date = fields.Date(related="claim_id.remittance_id.payment_date")
    service_code = fields.Char(string="Procedure", related="service_line_id.code")
    position = fields.Integer(help="Segment of the CAS in its transaction", readonly=True, aggregator=None)
    group_code = fields.Char(string="Group", help="CO, OA, PI, PR", readonly=True)
    group_label = fields.Char(string="Group and Meaning", compute="_compute_group_label")
    reason = fields.Char(help="CARC", readonly=True, index=True)
    amount = fields.Monetary(readonly=True)
    quantity = fields.Float(readonly=True)
    treatment = fields.Selection(TREATMENTS, help="What the posting rules made of it", readonly=True)

    def _order_field_to_sql(self, alias, field_name, direction, nulls, query):
        if field_name == "reason":
            return code_order(self._field_to_sql(alias, field_name, query), direction, nulls)
        return super()._order_field_to_sql(alias, field_name, direction, nulls, query)

    def _read_group_orderby(self, order, groupby_terms, query):
        if not order or "reason" not in groupby_terms:
            return super()._read_group_orderby(order, groupby_terms, query)
        terms = []
        for part in order.split(","):
            if match := BY_REASON.fullmatch(part):
                terms.append(self._by_reason(groupby_terms["reason"], match))
            else:
                terms.append(super()._read_group_orderby(part, groupby_terms, query))
        return SQL(", ").join(terms)

    @staticmethod
    def _by_reason(reason, match):
        direction = SQL("DESC") if (match["direction"] or "").upper() == "DESC" else SQL("ASC")
        nulls = {"FIRST": SQL("NULLS FIRST"), "LAST": SQL("NULLS LAST")}.get((match["nulls"] or "").upper())
        return code_order(reason, direction, nulls or SQL())

    @api.depends("group_code")
    def _compute_group_label(self):
        groups = ADJUSTMENT_GROUPS | FORMER_ADJUSTMENT_GROUPS
        for adjustment in self:
            adjustment.group_label = labelled(adjustment.group_code, groups)

    def action_open_claim(self):
        self.ensure_one()
        self.check_access("read")
        return form_window("rcm.claim", self.claim_id.id)

    @api.model
    def _store_treatments(self, rows):
        """Note what the posting rules made of adjustments; thousands at once, so without the ORM.

        :param rows: ``(claim id, position, group, reason, treatment)``
        """
        if not rows:
            return
        self.flush_model()
        self.env.cr.execute(
            """
            UPDATE rcm_adjustment AS adjustment SET treatment = given.treatment
              FROM unnest(%s::int[], %s::int[], %s::text[], %s::text[], %s::text[])
                   AS given (claim_id, position, group_code, reason, treatment)
             WHERE adjustment.claim_id = given.claim_id AND adjustment.position = given.position
               AND adjustment.group_code = given.group_code AND adjustment.reason = given.reason
            """,
            [list(column) for column in zip(*rows, strict=True)],
            log_exceptions=False,
        )
        self.invalidate_model(["treatment"])
