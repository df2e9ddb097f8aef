from odoo import SUPERUSER_ID, api, fields, models
from odoo.exceptions import UserError, ValidationError

from ..errors import BusinessRuleError
from ..transports.private_key import load_private_key
from ..transports.settings import ConfigurationError

SECRET_COLUMNS = ("secret_ciphertext", "passphrase_ciphertext")
EXPIRES_SOON_DAYS = 30
AUDITED_FIELDS = {"active", "allowed_hosts", "kind", "login", "system_id"}


class IntegrationCredential(models.Model):
    """A password, key or token of another system. Secrets go in and are never shown again.

    The ciphertext is in columns that the ORM does not know: no read, export, view, search or copy can
    reach it. It is bound to its row and its database, so that it cannot be used from another one.
    """

    _name = "integration.credential"
    _description = "Integration Credential"
    _order = "system_id, name, id"
    _check_company_auto = True
    _allow_sudo_commands = False

    name = fields.Char(required=True)
    system_id = fields.Many2one(
        "integration.system", required=True, index=True, check_company=True, ondelete="restrict"
    )
    company_id = fields.Many2one(related="system_id.company_id", store=True, index=True, precompute=True)
    kind = fields.Selection(
        [("password", "Password"), ("private_key", "Private key"), ("token", "Token")],
        required=True,
        default="password",
    )
    login = fields.Char(help="User name at the other system.")
    expires_on = fields.Date(help="The other system refuses the secret from this day on.")
    expiry = fields.Selection(
        [("none", "No end"), ("valid", "Valid"), ("soon", "Ends soon"), ("expired", "Expired")],
        compute="_compute_expiry",
    )
    rotated_on = fields.Datetime("Secret set on", readonly=True, copy=False)
    last_used_on = fields.Datetime(readonly=True, copy=False)
    is_set = fields.Boolean("Secret set", compute="_compute_is_set")
    fingerprint = fields.Char(
        compute="_compute_is_set", help="Tells whether two places hold the same secret, without showing it."
    )
    public_key = fields.Text(
        readonly=True, copy=False, help="The partner installs this part of the key; it is not secret."
    )
    new_secret = fields.Text(
        compute="_compute_new_secret", inverse="_inverse_new_secret", copy=False, exportable=False
    )
    new_passphrase = fields.Char(
        "Passphrase of the key",
        compute="_compute_new_secret",
        inverse="_inverse_new_secret",
        copy=False,
        exportable=False,
    )
    endpoint_ids = fields.One2many("integration.endpoint", "credential_id")
    active = fields.Boolean(default=True)

    def init(self):
        self.env.cr.execute(
            """
            ALTER TABLE integration_credential
                ADD COLUMN IF NOT EXISTS secret_ciphertext bytea,
                ADD COLUMN IF NOT EXISTS passphrase_ciphertext bytea,
                ADD COLUMN IF NOT EXISTS secret_key_id varchar,
                ADD COLUMN IF NOT EXISTS secret_fingerprint varchar
            """
        )

    @api.depends("expires_on")
    def _compute_expiry(self):
        today = fields.Date.context_today(self)
        for credential in self:
            if not credential.expires_on:
                credential.expiry = "none"
            elif credential.expires_on <= today:
                credential.expiry = "expired"
            elif (credential.expires_on - today).days <= EXPIRES_SOON_DAYS:
                credential.expiry = "soon"
            else:
                credential.expiry = "valid"

    @api.depends("rotated_on")
    def _compute_is_set(self):
        self.env.cr.execute(
            """
            SELECT id, secret_fingerprint FROM integration_credential
             WHERE id = ANY(%s) AND secret_ciphertext IS NOT NULL
            """,
            (self.ids,),
        )
        fingerprints = dict(self.env.cr.fetchall())
        for credential in self:
            credential.is_set = credential._origin.id in fingerprints
            credential.fingerprint = fingerprints.get(credential._origin.id, False)

    def _compute_new_secret(self):
        self.new_secret = False
        self.new_passphrase = False

    def _inverse_new_secret(self):
        for credential in self:
            secret, passphrase = credential.new_secret, credential.new_passphrase
            if secret:
                credential._set_secret(secret, passphrase or "")
            elif passphrase:
                raise ValidationError(self.env._("Paste the private key again together with its passphrase."))
        # What was typed must not be read back from the cache by the same request.
        self.invalidate_recordset(["new_secret", "new_passphrase"], flush=False)

    def write(self, vals):
        """Where a secret may go, and as what, is as much an auditor's matter as the secret."""
        result = super().write(vals)
        if changed := AUDITED_FIELDS & set(vals):
            self.env["integration.audit.entry"]._record(
                "credential.changed", self, {"fields": sorted(changed)}
            )
        return result

    @api.ondelete(at_uninstall=False)
    def _unlink_with_trace(self):
        if used := self.filtered("endpoint_ids"):
            raise UserError(
                self.env._("%s is used by an endpoint: choose another credential there first.", used[0].name)
            )
        self.env["integration.audit.entry"]._record("credential.deleted", self)

    # === SECRETS === #

    def _set_secret(self, secret, passphrase=""):
        """Encrypt and store a secret in place of the former one.

        :param str secret: password, token, or private key in PEM or OpenSSH notation
        :param str passphrase: of an encrypted private key
        :raise ValidationError: if a private key cannot be read with the passphrase
        """
        self.ensure_one()
        self.check_access("write")
        self.flush_recordset()
        fingerprint, public_key = self._describe_secret(secret, passphrase)
        replaced = self.is_set
        self._store_secret(secret, passphrase)
        self.env.cr.execute(
            "UPDATE integration_credential SET secret_fingerprint = %s WHERE id = %s", (fingerprint, self.id)
        )
        self.write({"rotated_on": self.env.cr.now(), "public_key": public_key})
        self.invalidate_recordset(["is_set", "fingerprint"])
        self.env["integration.audit.entry"]._record(
            "credential.rotated" if replaced else "credential.set", self, {"fingerprint": fingerprint}
        )

    def _store_secret(self, secret, passphrase):
        """Write both ciphertexts, and the id of the key that made them."""
        # Of one ring: the keys of a process may be exchanged between two looks at them.
        ring = self.env["integration.keyring"]._ring_to_write()
        self.env.cr.execute(
            """
            UPDATE integration_credential
               SET secret_ciphertext = %s, passphrase_ciphertext = %s, secret_key_id = %s
             WHERE id = %s
            """,
            (
                self._encrypt(ring, "secret_ciphertext", secret),
                self._encrypt(ring, "passphrase_ciphertext", passphrase) if passphrase else None,
                ring.active_id,
                self.id,
            ),
            log_exceptions=False,
        )

    def _describe_secret(self, secret, passphrase):
        """Return what may be shown of a secret: its fingerprint and, of a private key, the public part."""
        if self.kind != "private_key":
            keyring = self.env["integration.keyring"]
            code = keyring._authenticate(f"credential fingerprint {self.kind}", secret.encode())
            return code[:12], False
        try:
            key = load_private_key(secret, passphrase)
        except ConfigurationError as error:
            raise ValidationError(self.env._("The private key cannot be read: %s", error.remedy)) from None
        return key.fingerprint, f"{key.get_name()} {key.get_base64()}"

    @api.private
    def _reveal(self):
        """Return the secret as text, and write that to the audit log.

        :raise BusinessRuleError: if no secret is set
        """
        return self._reveal_row()["secret_ciphertext"]

    @api.private
    def _transport_values(self):
        """Return user name and secret under the names of the transports' settings; audited once."""
        revealed = self._reveal_row()
        credential_sudo = self.sudo()
        if credential_sudo.kind == "private_key":
            return {
                "username": credential_sudo.login,
                "private_key": revealed["secret_ciphertext"],
                "passphrase": revealed["passphrase_ciphertext"],
            }
        return {"username": credential_sudo.login, "password": revealed["secret_ciphertext"]}

    def _reveal_row(self):
        """Return ``{column: text}`` of both secret columns and note the use.

        :raise BusinessRuleError: if none is set, or its officer has archived the credential
        """
        self.ensure_one()
        if not self.sudo().active:
            raise self._archived()
        self.env.cr.execute(
            "SELECT secret_ciphertext, passphrase_ciphertext FROM integration_credential WHERE id = %s",
            (self.id,),
        )
        row = self.env.cr.dictfetchone()
        if not row or not row["secret_ciphertext"]:
            raise BusinessRuleError(
                code="credential.not_set",
                message="The credential has no secret.",
                location=self.sudo().display_name or "",
                subject=str(self.id),
                expected="a password, key or token",
                found="nothing",
                remedy="A secrets officer enters it on the credential.",
            )
        revealed = self._decrypt_row(row)
        self._note_use()
        return revealed

    def _archived(self):
        return BusinessRuleError(
            code="credential.archived",
            message="The credential is archived: its secret is not used any more.",
            location=self.sudo().display_name or "",
            subject=str(self.id),
            expected="a credential in use",
            found="an archived one",
            remedy="Choose another credential in the endpoint, or have a secrets officer un-archive it.",
        )

    def _note_use(self):
        """Log each use by a person, and that of scheduled actions when the row is dated: once an hour.

        Parallel workers would collide in dating it more often, and a look a minute would drown the log.
        """
        self.env.cr.execute(
            """
            UPDATE integration_credential SET last_used_on = now() AT TIME ZONE 'UTC'
             WHERE id = (SELECT id FROM integration_credential
                          WHERE id = %s AND (last_used_on IS NULL
                                             OR last_used_on < now() AT TIME ZONE 'UTC' - interval '1 hour')
                            FOR NO KEY UPDATE SKIP LOCKED)
            """,
            (self.id,),
        )
        if self.env.cr.rowcount or self.env.uid != SUPERUSER_ID:
            self.env["integration.audit.entry"]._record("credential.revealed", self)
        self.invalidate_recordset(["last_used_on"], flush=False)

    def _encrypt(self, ring, column, text):
        return ring.encrypt(text.encode(), self._secret_context(column).encode())

    def _decrypt_row(self, row):
        """Return ``{column: text}`` of a row's secret columns; what is not set is the empty string."""
        keyring = self.env["integration.keyring"]
        return {
            column: keyring._decrypt(bytes(row[column]), self._secret_context(column)).decode()
            if row[column]
            else ""
            for column in SECRET_COLUMNS
        }

    def _secret_context(self, column):
        """Return what the ciphertext is bound to: moved to another row or database it is useless."""
        database_uuid = self.env["ir.config_parameter"].sudo().get_param("database.uuid")
        return f"{self._table}/{column}/{self.id}/{database_uuid}"

    @api.model
    def _reencrypt(self, limit=100):
        """Encrypt secrets of former keys with the current one.

        :return: the number of rows that were changed; 0 when none is left
        """
        current = self.env["integration.keyring"]._current_key_id()
        self.env.cr.execute(
            """
            SELECT id, secret_ciphertext, passphrase_ciphertext FROM integration_credential
             WHERE secret_ciphertext IS NOT NULL AND secret_key_id IS DISTINCT FROM %s
             ORDER BY id LIMIT %s FOR NO KEY UPDATE SKIP LOCKED
            """,
            (current, limit),
        )
        rows = self.env.cr.dictfetchall()
        for row in rows:
            self.browse(row["id"])._reencrypt_row(row)
        return len(rows)

    def _reencrypt_row(self, row):
        """Encrypt the secrets of a row, which is locked, with the current key."""
        self._store_secret(*self._decrypt_row(row).values())

    @api.model
    def _uses_keys(self, key_ids):
        """Tell whether a secret is encrypted with one of these keys."""
        self.env.cr.execute(
            "SELECT 1 FROM integration_credential WHERE secret_key_id = ANY(%s) LIMIT 1", (key_ids,)
        )
        return self.env.cr.fetchone() is not None
