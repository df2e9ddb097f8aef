from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Command

from odoo.addons.healthcare_integration_base.models.access import require_group

from ..posting.roles import Role

JOURNAL_CODE = "RCM"
# What an account of each role is, on any chart of accounts.
ACCOUNT_TYPES = {
    Role.CLEARING: "asset_current",
    Role.PATIENT_RECEIVABLE: "asset_receivable",
    Role.PAYER_RECEIVABLE: "asset_receivable",
    Role.DENIED_RECEIVABLE: "asset_receivable",
    Role.ALLOWANCE: "income",
    Role.UNAPPLIED_CASH: "liability_current",
    Role.TAKEBACK: "asset_current",
    Role.PAYER_REFUND: "liability_current",
    Role.FORWARD_BALANCE: "liability_current",
    Role.REFUND_CHECK: "asset_current",
    Role.INTEREST_INCOME: "income_other",
    Role.PERIODIC_INTERIM: "liability_current",
    Role.WITHHOLDING_TAX: "asset_current",
    Role.LEVY: "expense",
    Role.PROVIDER_ADJUSTMENT_REVIEW: "asset_current",
}


class RcmPostingSetup(models.TransientModel):
    """Chooses or creates the posting accounts and the journal of a company, whatever its chart."""

    _name = "rcm.posting.setup"
    _description = "Remittance Posting Setup"

    company_id = fields.Many2one("res.company", required=True, default=lambda self: self.env.company)
    journal_id = fields.Many2one(
        "account.journal",
        compute="_compute_journal_id",
        store=True,
        readonly=False,
        domain="[('type', '=', 'general'), ('company_id', '=', company_id)]",
        help="Empty: a journal for remittances is created.",
    )
    line_ids = fields.One2many(
        "rcm.posting.setup.line", "setup_id", compute="_compute_line_ids", store=True, readonly=False
    )

    @api.depends("company_id")
    def _compute_journal_id(self):
        for setup in self:
            setup.journal_id = setup.company_id.rcm_journal_id

    @api.depends("company_id")
    def _compute_line_ids(self):
        for setup in self:
            chosen = self.env["rcm.posting.account"]._accounts(setup.company_id)
            setup.line_ids = [Command.clear()] + [
                Command.create({"role": role.value, "account_id": chosen.get(role, False)})
                for role in ACCOUNT_TYPES
            ]

    def action_apply(self):
        """Create what was left empty and store the choice.

        :raise UserError: if the company has no chart of accounts yet
        """
        self.ensure_one()
        require_group(self, "group_manager", "write")
        if not self.env["account.account"].search_count(
            [("company_ids", "in", self.company_id.parent_ids.ids)], limit=1
        ):
            raise UserError(self.env._("Install a chart of accounts for %s first.", self.company_id.name))
        # Managers set up posting; companies themselves are an administrator's to change.
        journal = self.journal_id or self._own_journal() or self._create_journal()
        self.company_id.sudo().rcm_journal_id = journal
        for line in self.line_ids:
            line._store_choice(line.account_id or self._create_account(Role(line.role)))
        return {"type": "ir.actions.act_window_close"}

    def _own_journal(self):
        """Return the journal that an earlier run created."""
        return self.env["account.journal"].search(
            [("company_id", "=", self.company_id.id), ("code", "=", JOURNAL_CODE), ("type", "=", "general")]
        )

    def _create_journal(self):
        return self.env["account.journal"].create(
            {
                "name": self.env._("Remittances"),
                "code": JOURNAL_CODE,
                "type": "general",
                "company_id": self.company_id.id,
                "show_on_dashboard": False,
            }
        )

    def _create_account(self, role):
        """Create an account behind the last one of the same kind in the chart."""
        accounts = self.env["account.account"].with_company(self.company_id)
        account_type = ACCOUNT_TYPES[role]
        root = self.company_id.root_id
        alike = accounts.search([("account_type", "=", account_type), ("company_ids", "in", root.ids)])
        last_code = max((account.code for account in alike if account.code), default="100000")
        return accounts.with_company(root).create(
            {
                "name": role.label,
                "code": accounts.with_company(root)._search_new_account_code(last_code),
                "account_type": account_type,
                "reconcile": role.reconcilable,
                "company_ids": [Command.set(root.ids)],
            }
        )
