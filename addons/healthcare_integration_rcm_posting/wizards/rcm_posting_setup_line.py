from odoo import api, fields, models

from ..posting.roles import Role


class RcmPostingSetupLine(models.TransientModel):
    """One role in the posting setup."""

    _name = "rcm.posting.setup.line"
    _description = "Remittance Posting Setup Line"

    setup_id = fields.Many2one("rcm.posting.setup", required=True, ondelete="cascade")
    company_id = fields.Many2one(related="setup_id.company_id")
    role = fields.Selection(selection="_selection_role", required=True, readonly=True)
    account_id = fields.Many2one("account.account", help="Empty: an account is created.")

    @api.model
    def _selection_role(self):
        return [(role.value, role.label) for role in Role if role.configurable]

    def _store_choice(self, account):
        settings = self.env["rcm.posting.account"]
        existing = settings.search([("company_id", "=", self.company_id.id), ("role", "=", self.role)])
        if existing:
            existing.account_id = account
        else:
            settings.create({"company_id": self.company_id.id, "role": self.role, "account_id": account.id})
