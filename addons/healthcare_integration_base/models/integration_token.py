import hashlib

from psycopg2 import errors as postgres_errors

from odoo import api, fields, models

from ..errors import TransientError
from ..keyring import KeyringError, TamperedPayloadError
from ..transports.http import Token

RENEW_ATTEMPTS = 10


class IntegrationToken(models.Model):
    """Access tokens that all workers share, encrypted: one of them asks for a new one, the others wait.

    Reading and renewing are transactions of their own. The credential is a number and not a reference:
    such a transaction does not see one that is just being made.
    """

    _name = "integration.token"
    _description = "Integration Access Token"
    _log_access = False
    _allow_sudo_commands = False
    _rec_name = "credential_id"

    credential_id = fields.Integer(required=True, readonly=True, aggregator=None)
    purpose = fields.Char(
        required=True, readonly=True, help="Digest of token address, client, scope and audience"
    )
    expires_at = fields.Float(readonly=True, help="Seconds since 1970", aggregator=None)
    renew_at = fields.Float(readonly=True, help="Seconds since 1970", aggregator=None)

    _purpose_uniq = models.UniqueIndex("(credential_id, purpose)", "There is one token for a purpose.")

    def init(self):
        self.env.cr.execute(
            """
            ALTER TABLE integration_token
                ADD COLUMN IF NOT EXISTS token_ciphertext bytea,
                ADD COLUMN IF NOT EXISTS token_key_id varchar
            """
        )

    @api.model
    def _forget(self, credentials):
        """Delete the tokens of credentials, as their secret has changed or is gone."""
        self.sudo().search([("credential_id", "in", credentials.ids)]).unlink()

    @api.model
    def _reencrypt(self):
        """Delete the tokens that a former key has encrypted; others are had for the asking.

        One that is being renewed now is encrypted with the current key in a moment.

        :return: the number of tokens that were deleted
        """
        self.env.cr.execute(
            """
            DELETE FROM integration_token
             WHERE id = ANY (ARRAY(SELECT id FROM integration_token WHERE token_key_id <> %s
                                      FOR UPDATE SKIP LOCKED))
            """,
            (self.env["integration.keyring"]._current_key_id(),),
        )
        deleted = self.env.cr.rowcount
        self.invalidate_model()
        return deleted

    @api.model
    def _uses_keys(self, key_ids):
        """Tell whether a token is encrypted with one of these keys."""
        self.env.cr.execute(
            "SELECT 1 FROM integration_token WHERE token_key_id = ANY(%s) LIMIT 1", (key_ids,)
        )
        return self.env.cr.fetchone() is not None


class EndpointTokenStore:
    """Keeps the tokens of one credential and purpose, see :class:`..transports.http.TokenStore`.

    :param env: whose keyring encrypts: not that of the transactions here, which would wait for a key that
        the caller's transaction has just recorded
    :param settings: the :class:`..transports.http.oauth2.OAuthSettings`
    :param patience: seconds to wait for the worker that renews
    """

    def __init__(self, env, credential_id, settings, patience):
        self._env = env
        self._credential_id = credential_id
        self._purpose = _purpose(settings)
        self._place = settings.place
        self._patience = patience

    def token(self, fetch, refused=""):
        """Return a usable token.

        While one worker asks for a new one, the others go on with the old one as long as it is good.

        :raise TransientError: if another worker takes too long to renew it
        """
        kept = self._in_transaction(self._read)
        if _is_good(kept, refused) and kept.is_fresh:
            return kept
        for _attempt in range(RENEW_ATTEMPTS):
            try:
                self._in_transaction(self._make_row)
                token = self._in_transaction(lambda cr: self._renew(cr, fetch, refused))
                if token is not None:
                    return token
            except postgres_errors.SerializationFailure:
                continue  # another worker has made the row or renewed the token meanwhile
            except postgres_errors.LockNotAvailable:
                break
        raise self._busy()

    def _renew(self, cr, fetch, refused):
        """Ask for a token under the lock of its row, unless another worker just has or is about to.

        :return: None when the row was deleted meanwhile, as the secret has changed
        """
        kept = self._read(cr)
        if not self._lock(cr, wait=not _is_good(kept, refused)):
            return kept if _is_good(kept, refused) else None
        if _is_good(kept, refused) and kept.is_fresh:
            return kept
        token = fetch()
        self._write(cr, token)
        return token

    def _lock(self, cr, *, wait):
        """Lock the row; tell whether it is ours. Who waits fails when it was changed meanwhile."""
        query = "SELECT 1 FROM integration_token WHERE credential_id = %s AND purpose = %s FOR UPDATE"
        cr.execute(
            query if wait else query + " SKIP LOCKED",
            (self._credential_id, self._purpose),
            log_exceptions=False,
        )
        return cr.fetchone() is not None

    def _read(self, cr):
        cr.execute(
            """
            SELECT token_ciphertext, expires_at, renew_at FROM integration_token
             WHERE credential_id = %s AND purpose = %s AND token_ciphertext IS NOT NULL
            """,
            (self._credential_id, self._purpose),
        )
        row = cr.fetchone()
        if row is None:
            return None
        try:
            value = self._keyring()._decrypt(bytes(row[0]), self._context()).decode()
        except (KeyringError, TamperedPayloadError):
            return None  # its key is gone, or it is damaged: another one is had for the asking
        return Token(value, row[1], row[2])

    def _write(self, cr, token):
        ring = self._keyring()._ring_to_write()
        cr.execute(
            """
            UPDATE integration_token
               SET token_ciphertext = %s, token_key_id = %s, expires_at = %s, renew_at = %s
             WHERE credential_id = %s AND purpose = %s
            """,
            (
                ring.encrypt(token.value.encode(), self._context().encode()),
                ring.active_id,
                token.expires_at,
                token.renew_at,
                self._credential_id,
                self._purpose,
            ),
            log_exceptions=False,
        )

    def _make_row(self, cr):
        cr.execute(
            """
            INSERT INTO integration_token (credential_id, purpose) VALUES (%s, %s)
            ON CONFLICT (credential_id, purpose) DO NOTHING
            """,
            (self._credential_id, self._purpose),
            log_exceptions=False,
        )

    def _in_transaction(self, work):
        """Return what ``work`` returns; it waits for nobody longer than the patience, nor for ourselves."""
        patience = f"{max(1, int(self._patience * 1000))}ms"
        with self._env.registry.cursor() as cr:
            cr.execute("SELECT set_config('lock_timeout', %s, true)", (patience,))
            return work(cr)

    def _keyring(self):
        return self._env["integration.keyring"]

    def _context(self):
        """Return what the ciphertext is bound to: its row and its database."""
        database_uuid = self._env["ir.config_parameter"].sudo().get_param("database.uuid")
        return f"integration_token/{self._credential_id}/{self._purpose}/{database_uuid}"

    def _busy(self):
        return TransientError(
            code="http.token_busy",
            message="Another worker asks the token server and gets no answer",
            location=self._place,
            expected="an access token",
            found="none yet",
            remedy="It is tried again later; if it stays, ask the partner's support.",
            subject=self._place,
        )


def _is_good(token, refused):
    return token is not None and token.value != refused and token.is_usable


def _purpose(settings):
    parts = (
        settings.token_url,
        settings.client_id,
        settings.method,
        settings.scope,
        settings.audience,
        settings.assertion_audience,
        settings.subject,
    )
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()
