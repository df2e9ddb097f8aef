from odoo import api, fields, models
from odoo.exceptions import ValidationError

from ..posting.roles import Role


class RcmPostingAccount(models.Model):
    """The account that stands for a posting role in a company."""

    _name = "rcm.posting.account"
    _description = "Remittance Posting Account"
    _order = "company_id, role"
    _check_company_auto = True
    _check_company_domain = models.check_company_domain_parent_of
    _rec_name = "role"

    company_id = fields.Many2one(
        "res.company", required=True, index=True, default=lambda self: self.env.company
    )
    role = fields.Selection(selection="_selection_role", required=True)
    account_id = fields.Many2one("account.account", required=True, check_company=True)

    _role_uniq = models.Constraint("UNIQUE (company_id, role)", "A company has one account per role.")

    @api.model
    def _selection_role(self):
        return [(role.value, role.label) for role in Role if role.configurable]

    @api.constrains("role", "account_id")
    def _check_reconcilable(self):
        for setting in self:
            if Role(setting.role).reconcilable and not setting.account_id.reconcile:
                raise ValidationError(
                    self.env._(
                        "%(account)s must allow reconciliation: its lines pair up with later ones.",
                        account=setting.account_id.display_name,
                    )
                )

    @api.model
    def _accounts(self, company):
        """Return ``{Role: account id}`` of a company; a branch inherits what its parents set."""
        # Posting needs the accounts whatever the biller may read of the settings.
        settings = self.sudo().search([("company_id", "in", company.parent_ids.ids)])
        order = {parent.id: depth for depth, parent in enumerate(company.parent_ids)}
        nearest_last = settings.sorted(lambda setting: order[setting.company_id.id])
        return {Role(setting.role): setting.account_id.id for setting in nearest_last}
