from odoo import api, fields, models

from ..formats.remittance.codes import PROVIDER_ADJUSTMENTS
from ..posting.roles import Role
from ..posting.rules import DEFAULT_PROVIDER_RULES, ProviderAdjustmentRule, ProviderAdjustmentRuleTable, Sign


class RcmProviderAdjustmentRule(models.Model):
    """Which account a provider adjustment (PLB) posts to, against clearing."""

    _name = "rcm.provider.adjustment.rule"
    _description = "Provider Adjustment Rule"
    _order = "code, priority, id"
    _check_company_auto = True
    _check_company_domain = models.check_company_domain_parent_of
    _rec_name = "code"

    company_id = fields.Many2one("res.company", index=True, help="Empty: all companies")
    payer_id = fields.Many2one("res.partner", index="btree_not_null", help="Empty: any payer")
    code = fields.Char(help="PLB03-1. Empty: any code")
    meaning = fields.Char(compute="_compute_meaning")
    sign = fields.Selection(
        [
            (Sign.ANY.value, "Any"),
            (Sign.NEGATIVE.value, "Negative: pays"),
            (Sign.POSITIVE.value, "Positive: recoups"),
        ],
        required=True,
        default=Sign.ANY.value,
    )
    role = fields.Selection(selection="_selection_role", required=True)
    account_id = fields.Many2one("account.account", check_company=True, help="Empty: the account of the role")
    date_from = fields.Date()
    date_to = fields.Date()
    priority = fields.Integer(default=10, required=True, aggregator=None)
    active = fields.Boolean(default=True)

    _dates_ordered = models.Constraint(
        "CHECK (date_to IS NULL OR date_from IS NULL OR date_from <= date_to)",
        "A rule must not end before it starts.",
    )
    _account_named = models.Constraint(
        "CHECK (role <> 'rule_account' OR account_id IS NOT NULL)",
        "A rule that uses its own account must name it.",
    )

    @api.depends("code")
    def _compute_meaning(self):
        for rule in self:
            rule.meaning = PROVIDER_ADJUSTMENTS.get((rule.code or "").strip(), False)

    @api.model
    def _selection_role(self):
        return [(role.value, role.label) for role in Role if role.configurable or role is Role.RULE_ACCOUNT]

    @api.model
    def _rule_table(self, company):
        """Return the pure rule table that applies in a company."""
        # See rcm.posting.rule: posting must not depend on the reader's rights to the configuration.
        rules = self.sudo().search([("company_id", "in", [False, *company.parent_ids.ids])])
        return ProviderAdjustmentRuleTable(rule._as_provider_rule() for rule in rules)

    def _as_provider_rule(self):
        return ProviderAdjustmentRule(
            role=Role(self.role),
            code=(self.code or "").strip(),
            sign=Sign(self.sign),
            payer=self.payer_id.id or None,
            account=self.account_id.id or None,
            date_from=self.date_from or None,
            date_to=self.date_to or None,
            priority=self.priority,
            id=self.id,
        )

    @api.model
    def _create_default_rules(self):
        """Create the rules that hold everywhere, once: called when the addon is installed."""
        if self.with_context(active_test=False).search_count([], limit=1):
            return
        self.create(
            [
                {"code": rule.code, "sign": rule.sign.value, "role": rule.role.value}
                for rule in DEFAULT_PROVIDER_RULES
            ]
        )
