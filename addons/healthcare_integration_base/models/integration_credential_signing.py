import base64
import binascii
import datetime

from odoo import api, fields, models
from odoo.exceptions import ValidationError

from .access import require_group

SECRET_PREFIX = "whsec_"
SHORTEST_SECRET = 16


class IntegrationCredentialSigning(models.Model):
    """Secrets that partners sign webhooks with; while one is exchanged, the former one is good for a time."""

    _inherit = "integration.credential"

    kind = fields.Selection(selection_add=[("signing", "Signing secret")], ondelete={"signing": "cascade"})
    overlap_hours = fields.Integer(
        "Former secret valid for (hours)",
        default=24,
        aggregator=None,
        help="After a rotation, what is signed with the former secret is accepted for so long.",
    )
    former_until = fields.Datetime(
        "Former secret valid until",
        readonly=True,
        copy=False,
        help="Empty: only the newest secret is accepted.",
    )

    _overlap_valid = models.Constraint(
        "CHECK (overlap_hours BETWEEN 0 AND 720)", "A former secret is valid for at most 720 hours."
    )

    def init(self):
        result = super().init()
        self.env.cr.execute(
            "ALTER TABLE integration_credential ADD COLUMN IF NOT EXISTS former_ciphertext bytea"
        )
        return result

    def _set_secret(self, secret, passphrase=""):
        if self.kind == "signing":
            self._keep_former_secret()
        return super()._set_secret(secret, passphrase)

    def _keep_former_secret(self):
        """Let the secret that is about to be replaced be good for the time of overlap."""
        self.check_access("write")
        [former, *_older] = self._signing_secrets() or [""]
        is_kept = bool(former and self.overlap_hours)
        self._store_former(former if is_kept else "")
        self.former_until = (
            self.env.cr.now() + datetime.timedelta(hours=self.overlap_hours) if is_kept else False
        )

    def _store_former(self, secret):
        ring = self.env["integration.keyring"]._ring_to_write()
        self.env.cr.execute(
            "UPDATE integration_credential SET former_ciphertext = %s WHERE id = %s",
            (self._encrypt(ring, "former_ciphertext", secret) if secret else None, self.id),
            log_exceptions=False,
        )

    def _describe_secret(self, secret, passphrase):
        """:raise ValidationError: if a signing secret is too short, or no base64 where it says that it is"""
        if self.kind == "signing":
            self._check_signing_secret(secret)
        return super()._describe_secret(secret, passphrase)

    def _check_signing_secret(self, secret):
        size = len(secret.encode())
        if secret.startswith(SECRET_PREFIX):
            try:
                size = len(base64.b64decode(secret[len(SECRET_PREFIX) :], validate=True))
            except binascii.Error:
                raise ValidationError(
                    self.env._("A secret that begins with whsec_ continues in base64. Paste all of it.")
                ) from None
        if size < SHORTEST_SECRET:
            raise ValidationError(
                self.env._("A signing secret has at least %s bytes: others can be guessed.", SHORTEST_SECRET)
            )

    @api.private
    def _signing_secrets(self):
        """Return the secrets that are accepted now, the newest first, without a trace in the audit log.

        Every webhook asks for them, also the forged ones: reading them must not write. What was accepted is
        in the log as a message.
        """
        self.ensure_one()
        self.env.cr.execute(
            """
            SELECT secret_ciphertext,
                   CASE WHEN former_until > now() AT TIME ZONE 'UTC' THEN former_ciphertext END
              FROM integration_credential WHERE id = %s
            """,
            (self.id,),
        )
        return self._decrypted_signing_secrets(*self.env.cr.fetchone())

    def _decrypted_signing_secrets(self, secret_ciphertext, former_ciphertext):
        """Return the secrets of the two columns, as far as they are set."""
        if not (secret_ciphertext or former_ciphertext):
            return []
        # The ring is loaded without recording its active key, which would be a write.
        ring = self.env["integration.keyring"]._load(set())
        columns = {"secret_ciphertext": secret_ciphertext, "former_ciphertext": former_ciphertext}
        return [
            ring.decrypt(bytes(ciphertext), self._secret_context(column).encode()).decode()
            for column, ciphertext in columns.items()
            if ciphertext
        ]

    def action_end_overlap(self):
        """Refuse from now on what is signed with the former secret."""
        require_group(self, "group_secrets_officer", "write")
        for credential in self:
            credential._store_former("")
        self.former_until = False
        self.env["integration.audit.entry"]._record("credential.overlap_ended", self)

    def _reencrypt_row(self, row):
        self.env.cr.execute("SELECT former_ciphertext FROM integration_credential WHERE id = %s", (self.id,))
        [ciphertext] = self.env.cr.fetchone()
        if ciphertext:
            context = self._secret_context("former_ciphertext")
            self._store_former(self.env["integration.keyring"]._decrypt(bytes(ciphertext), context).decode())
        return super()._reencrypt_row(row)
