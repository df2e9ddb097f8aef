from odoo import api, models
from odoo.exceptions import AccessError, ValidationError

from .access import require_group

PROOFS = ("user_id", "certificate_fingerprint", "allows_certificate", "allows_key")
# No rights that an internal user lacks: kinds of users with fewer, and several companies to work in, of
# which a client acts in one.
HARMLESS_GROUPS = ("base.group_portal", "base.group_public", "base.group_multi_company")


class IntegrationClientIdentity(models.Model):
    """Who a client is: the user it acts as, and by what it proves that, are a secrets officer's to give.

    A manager configures what a client may do, and may take its identity away, but does not give one.
    """

    _inherit = "integration.client"

    @api.model_create_multi
    def create(self, vals_list):
        clients = super().create(vals_list)
        # Asked of the records, since defaults of the context count too.
        if clients.filtered(lambda client: client.user_id or client.certificate_fingerprint):
            self._require_officer()
        clients.filtered("user_id")._user_chosen()
        return clients

    def write(self, vals):
        vals = self._with_fingerprint(vals)
        if any(client._gives_identity(vals) for client in self):
            self._require_officer()
        self._require_manager_beyond(vals)
        changed = self.filtered(lambda client: "user_id" in vals and client.user_id.id != vals["user_id"])
        changed._remove_keys()
        result = super().write(vals)
        changed._user_chosen()
        return result

    def _gives_identity(self, vals):
        """Tell whether values let another program in, or let this one act as somebody or somewhere else."""
        self.ensure_one()
        new = {name: value for name, value in vals.items() if name in PROOFS and value}
        if self.user_id and vals.get("company_id", self.company_id.id) != self.company_id.id:
            return True
        has_identity = self.user_id or self.certificate_fingerprint
        if has_identity and vals.get("active") and not self.active:
            return True
        return any(self._fields[name].convert_to_write(self[name], self) != new[name] for name in new)

    def _require_officer(self):
        if not self.env.su:
            require_group(self, "group_secrets_officer")

    def _require_manager_beyond(self, vals):
        """Refuse a secrets officer without the role of a manager anything but the identity and archiving."""
        if not self.env.su and set(vals) - {*PROOFS, "active"}:
            require_group(self, "group_manager")

    def _user_chosen(self):
        """Check the choice, and make keys useless that somebody may hold of the user from before."""
        self._check_rights_of_user()
        self._remove_keys()
        for client in self:
            details = {"user_id": client.user_id.id}
            self.env["integration.audit.entry"]._record("client.user_changed", client, details)

    def _check_rights_of_user(self):
        """Refuse a user with rights that whoever chooses does not have: a client would lend them out.

        An administrator of Odoo, who gives out all rights, may choose any user that is no administrator.
        """
        if self.env.su or self.env.user.has_group("base.group_system"):
            return
        harmless = self.env["res.groups"].union(*(self.env.ref(name) for name in HARMLESS_GROUPS)).sudo()
        own = self.env.user.sudo().all_group_ids
        for client in self:
            # Who chooses need not see all users and groups.
            beyond = client.user_id.sudo().all_group_ids - own - harmless
            if beyond:
                raise AccessError(
                    self.env._(
                        "%(user)s has rights that you do not have: %(groups)s. Choose a user without them, "
                        "or ask an administrator to choose.",
                        user=client.user_id.sudo().name,
                        groups=", ".join(beyond.sorted("full_name").mapped("full_name")[:5]),
                    )
                )

    @api.constrains("user_id")
    def _check_no_administrator(self):
        for client in self:
            # As above.
            if client.user_id and client.user_id.sudo().has_group("base.group_erp_manager"):
                raise ValidationError(
                    self.env._(
                        "A client does not act as somebody who may change the rights of users. Choose a user "
                        "of its own."
                    )
                )
