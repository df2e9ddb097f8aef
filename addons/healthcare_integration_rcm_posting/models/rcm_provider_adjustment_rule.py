from odoo import api, fields, models

from ..formats.remittance.codes import PROVIDER_ADJUSTMENTS
from ..posting.roles import Role
from ..posting.rules import DEFAULT_PROVIDER_RULES, ProviderAdjustmentRule, ProviderAdjustmentRuleTable, Sign


class RcmProviderAdjustmentRule(models.Model):
    """Which account a provider adjustment (PLB) posts to, against clearing."""

    _name = "rcm.provider.adjustment.rule"
    _description = "Provider Adjustment Rule"
    _inherit = ["rcm.company.rule"]
    _order = "code, priority, id"
    _check_company_auto = True
    _check_company_domain = models.check_company_domain_parent_of
    _rec_name = "code"

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
        return ProviderAdjustmentRuleTable(rule._as_provider_rule() for rule in self._applying_in(company))

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
        self._create_once(
            [
                {"code": rule.code, "sign": rule.sign.value, "role": rule.role.value}
                for rule in DEFAULT_PROVIDER_RULES
            ]
        )
