from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import SQL

COMPARISONS = {">": SQL(">"), ">=": SQL(">="), "<": SQL("<"), "<=": SQL("<=")}


class IntegrationExceptionAmount(models.Model):
    """The money at stake of an exception: the sum of what waits for it."""

    _inherit = "integration.exception"

    stake_ids = fields.One2many("integration.exception.stake", "exception_id", readonly=True)
    amount = fields.Monetary(
        string="Money at Stake",
        compute="_compute_amount",
        search="_search_amount",
        help="Of everything that waits for the decision",
    )

    @api.depends("stake_ids.amount")
    def _compute_amount(self):
        # The amount is the exception's own; whoever may read that need not read each document's part.
        totals = dict(
            self.env["integration.exception.stake"]
            .sudo()
            ._read_group([("exception_id", "in", self.ids)], ["exception_id"], ["amount:sum"])
        )
        for exception in self:
            exception.amount = totals.get(exception.sudo(), 0.0)

    def _search_amount(self, operator, value):
        if operator == "in":
            amounts = [amount or 0 for amount in value]
            return Domain.custom(
                to_sql=lambda model, alias, query: SQL("%s = ANY(%s)", self._amount_sql(alias), amounts)
            )
        if operator in COMPARISONS:
            return Domain.custom(
                to_sql=lambda model, alias, query: SQL(
                    "%s %s %s", self._amount_sql(alias), COMPARISONS[operator], value
                )
            )
        return NotImplemented

    def _field_to_sql(self, alias, field_expr, query=None):
        """Let lists sort by the amount, and groups sum it up."""
        if field_expr == "amount":
            self._check_field_access(self._fields["amount"], "read")
            return self._amount_sql(alias)
        return super()._field_to_sql(alias, field_expr, query)

    @api.model
    def _amount_sql(self, alias):
        return SQL(
            "(SELECT COALESCE(SUM(stake.amount), 0) FROM integration_exception_stake AS stake"
            " WHERE stake.exception_id = %s)",
            SQL.identifier(alias, "id"),
        )
