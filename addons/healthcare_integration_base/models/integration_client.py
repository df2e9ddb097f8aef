import datetime

from odoo import SUPERUSER_ID, api, fields, models
from odoo.exceptions import UserError, ValidationError

from odoo.addons.base.models.res_users import INDEX_SIZE

from ..doors.certificate import fingerprint_of
from .access import require_group

KEY_SCOPE = "integration"
LONGEST_KEY_DAYS = 730


class IntegrationClient(models.Model):
    """A program of another system that may call the API: who it is, what it may send and read, how often.

    It proves who it is by an API key of Odoo with a scope of its own, which opens nothing else, or by a
    certificate that a trusted proxy has checked.
    """

    _name = "integration.client"
    _description = "Integration API Client"
    _order = "name, id"
    _check_company_auto = True
    _allow_sudo_commands = False

    name = fields.Char(required=True)
    company_id = fields.Many2one(
        "res.company", required=True, index=True, default=lambda self: self.env.company
    )
    user_id = fields.Many2one(
        "res.users",
        "Acts as",
        index=True,
        copy=False,
        ondelete="restrict",
        help="A user of its own: its keys are the client's, and the client reads with its rights. "
        "A secrets officer chooses it; the client is let in from then on.",
    )
    allows_key = fields.Boolean("By API key", default=True)
    allows_certificate = fields.Boolean("By certificate")
    certificate_fingerprint = fields.Char(
        "SHA-256 of the certificate",
        copy=False,
        help="64 hexadecimal digits, or the certificate itself in PEM notation.",
    )
    key_days = fields.Integer("New keys are valid for (days)", default=365, required=True, aggregator=None)
    key_count = fields.Integer("Valid keys", compute="_compute_key_count")
    flow_ids = fields.Many2many(
        "integration.flow",
        string="May send to",
        check_company=True,
        domain="[('company_id', '=', company_id), ('direction', '=', 'in')]",
    )
    read_ids = fields.One2many("integration.client.read", "client_id", "May read")
    rate_per_minute = fields.Integer("Requests a minute", default=600, required=True, aggregator=None)
    burst = fields.Integer(
        "At once", default=60, required=True, aggregator=None, help="Requests that may come without a pause."
    )
    last_used_at = fields.Datetime(compute="_compute_last_used_at")
    note = fields.Text()
    active = fields.Boolean(default=True)

    _user_uniq = models.Constraint("UNIQUE (user_id)", "Another client acts as this user already.")
    _certificate_uniq = models.UniqueIndex(
        "(certificate_fingerprint) WHERE certificate_fingerprint IS NOT NULL",
        "Another client has this certificate already.",
    )
    _rate_positive = models.Constraint(
        "CHECK (rate_per_minute >= 1 AND burst >= 1)", "A client may send at least one request a minute."
    )
    _key_days_valid = models.Constraint(
        f"CHECK (key_days BETWEEN 1 AND {LONGEST_KEY_DAYS})", "A key is valid for at most 730 days."
    )

    @api.model_create_multi
    def create(self, vals_list):
        clients = super().create([self._with_fingerprint(vals) for vals in vals_list])
        self.env["integration.audit.entry"]._record("client.created", clients)
        return clients

    def write(self, vals):
        result = super().write(self._with_fingerprint(vals))
        self.env["integration.audit.entry"]._record("client.changed", self, {"fields": sorted(vals)})
        return result

    @api.ondelete(at_uninstall=False)
    def _unlink_with_keys(self):
        self._remove_keys()
        self.env["integration.audit.entry"]._record("client.deleted", self)

    @api.model
    def _with_fingerprint(self, vals):
        """Return the values with the fingerprint of whatever notation of the certificate was entered.

        :raise ValidationError: if it is none
        """
        entered = (vals.get("certificate_fingerprint") or "").strip()
        if not entered:
            return {**vals, "certificate_fingerprint": False} if "certificate_fingerprint" in vals else vals
        fingerprint = fingerprint_of(entered)
        if not fingerprint:
            raise ValidationError(
                self.env._("Enter the SHA-256 of the certificate in hexadecimal, or the certificate itself.")
            )
        return {**vals, "certificate_fingerprint": fingerprint}

    @api.constrains("user_id", "company_id")
    def _check_user(self):
        for client in self.filtered("user_id"):
            # Whoever edits clients need not see all users.
            user_sudo = client.user_id.sudo()
            if user_sudo.id == SUPERUSER_ID or user_sudo.has_group("base.group_system"):
                raise ValidationError(
                    self.env._("A client does not act as an administrator. Choose a user of its own.")
                )
            if client.company_id not in user_sudo.company_ids:
                raise ValidationError(
                    self.env._(
                        "%(user)s has no access to %(company)s. Choose another user or give access.",
                        user=user_sudo.name,
                        company=client.company_id.name,
                    )
                )

    # === KEYS === #

    def _compute_key_count(self):
        for client in self:
            client.key_count = len(client._keys_sudo())

    def _keys_sudo(self):
        """Return the API keys of the clients' users that open this API; users see none but their own."""
        return (
            self.env["res.users.apikeys"]
            .sudo()
            .search([("user_id", "in", self.user_id.ids), ("scope", "=", KEY_SCOPE)])
        )

    def action_new_key(self):
        """Make a key and show it, for the first and last time."""
        require_group(self, "group_secrets_officer")
        self.ensure_one()
        if not self.user_id:
            raise UserError(self.env._("Choose the user that the client acts as."))
        expires = fields.Datetime.now() + datetime.timedelta(days=self.key_days)
        # The key belongs to the client's user, who never logs in.
        keys_sudo = self.env["res.users.apikeys"].with_user(self.user_id).sudo()
        key = keys_sudo._generate(KEY_SCOPE, f"API client {self.id}", expires)
        self.env["integration.audit.entry"]._record("client.key_made", self, {"expires": expires})
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("The key of %s", self.name),
            "res_model": "res.users.apikeys.show",
            "views": [(False, "form")],
            "target": "new",
            "context": {"default_key": key},
        }

    def action_remove_keys(self):
        """Make all keys of the clients useless at once."""
        require_group(self, "group_secrets_officer")
        self._remove_keys()
        self.env["integration.audit.entry"]._record("client.keys_removed", self)

    def _remove_keys(self):
        self._keys_sudo().unlink()
        self.invalidate_recordset(["key_count"])

    # === WHO CALLS === #

    @api.model
    @api.private
    def _of_key(self, key):
        """Return the client that a key belongs to, or none.

        A key of another scope, one that opens all of Odoo too, is refused: it should not travel.
        """
        if not key.isascii() or not key.isprintable():
            return self.browse()
        user_id = self.env["res.users.apikeys"]._check_credentials(scope=KEY_SCOPE, key=key)
        if not user_id or not self._is_scoped_key(user_id, key):
            return self.browse()
        return self._usable([("user_id", "=", user_id), ("allows_key", "=", True)])

    @api.model
    def _is_scoped_key(self, user_id, key):
        self.env.cr.execute(
            "SELECT FROM res_users_apikeys WHERE user_id = %s AND scope = %s AND index = %s",
            (user_id, KEY_SCOPE, key[:INDEX_SIZE]),
        )
        return bool(self.env.cr.rowcount)

    @api.model
    @api.private
    def _of_certificate(self, fingerprint):
        """Return the client of a certificate that a trusted proxy has checked, or none."""
        if not fingerprint:
            return self.browse()
        return self._usable(
            [("certificate_fingerprint", "=", fingerprint), ("allows_certificate", "=", True)]
        )

    @api.model
    def _usable(self, domain):
        """Return the client of a domain, none if its user is archived."""
        # The caller has no user before this.
        return self.sudo().search([*domain, ("user_id.active", "=", True)])
