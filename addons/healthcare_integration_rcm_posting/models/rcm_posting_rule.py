from odoo import api, fields, models

from ..posting.rules import DEFAULT_RULES, PostingRule, RuleTable, Treatment
from .rcm_code_order import code_order
from .rcm_labels import TREATMENTS


class RcmPostingRule(models.Model):
    """What an adjustment of a claim means in the books: payer, group and reason to a treatment.

    The most specific rule wins, then the lowest priority; what no rule covers goes to review.
    """

    _name = "rcm.posting.rule"
    _description = "Claim Posting Rule"
    _inherit = ["rcm.company.rule"]
    _order = "reason, group_code, priority, id"
    _check_company_auto = True
    _check_company_domain = models.check_company_domain_parent_of

    name = fields.Char(compute="_compute_name", store=True)
    group_code = fields.Selection(
        [
            ("CO", "CO Contractual obligation"),
            ("OA", "OA Other adjustment"),
            ("PI", "PI Payer initiated"),
            ("PR", "PR Patient responsibility"),
            ("CR", "CR Correction (4010)"),
        ],
        help="Empty: any group",
    )
    reason = fields.Char(help="Claim adjustment reason code (CARC). Empty: any reason")
    treatment = fields.Selection(TREATMENTS, required=True)
    account_id = fields.Many2one(
        "account.account", check_company=True, help="Empty: the account of the treatment"
    )
    date_from = fields.Date(help="First day of service")
    date_to = fields.Date(help="Last day of service")

    _account_named = models.Constraint(
        "CHECK (treatment <> 'other_account' OR account_id IS NOT NULL)",
        "A rule that debits its own account must name it.",
    )

    def _order_field_to_sql(self, alias, field_name, direction, nulls, query):
        if field_name == "reason":
            return code_order(self._field_to_sql(alias, field_name, query), direction, nulls)
        return super()._order_field_to_sql(alias, field_name, direction, nulls, query)

    @api.depends("payer_id", "group_code", "reason", "treatment")
    def _compute_name(self):
        labels = dict(TREATMENTS)
        for rule in self:
            code = " ".join(part for part in (rule.payer_id.name, rule.group_code, rule.reason) if part)
            rule.name = f"{code or '*'}: {labels.get(rule.treatment, '')}"

    @api.model
    def _rule_table(self, company):
        """Return the pure rule table that applies in a company."""
        return RuleTable(rule._as_posting_rule() for rule in self._applying_in(company))

    def _as_posting_rule(self):
        return PostingRule(
            treatment=Treatment(self.treatment),
            group=self.group_code or "",
            reason=(self.reason or "").strip(),
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
                {"group_code": rule.group, "reason": rule.reason, "treatment": rule.treatment.value}
                for rule in DEFAULT_RULES
            ]
        )
