import hashlib
import re
import secrets
import time
from dataclasses import dataclass

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL

from ..doors.delivery import LARGEST_BODY
from ..doors.signature import SignatureProfile

TOKEN_BYTES = 24
# What else stands in an address is not looked up: PostgreSQL takes no text with a NUL character.
TOKEN = re.compile(r"[A-Za-z0-9_-]{1,64}")
PATH = "/integration/webhook/"
# attribute of the profile -> column that holds it
PROFILE_COLUMNS = {
    "signature_header": "webhook_signature_header",
    "timestamp_header": "webhook_timestamp_header",
    "event_header": "webhook_event_header",
    "prefix": "webhook_prefix",
    "encoding": "webhook_encoding",
    "window_seconds": "webhook_window_seconds",
}
# What is not there is compared with a secret that nobody has, so that it takes as long to refuse.
NOBODY = secrets.token_hex(32)


@dataclass(frozen=True, slots=True)
class WebhookDoor:
    """An endpoint as one request sees it, read in one query.

    :ivar is_open: whether endpoint and system are at work
    :ivar rate_per_minute: requests that the partner may send, 0 for any number
    :ivar secrets: what partners may sign with now
    """

    endpoint_id: int
    company_id: int
    system_id: int
    is_open: bool
    largest_body: int
    rate_per_minute: int
    profile: SignatureProfile
    secrets: tuple[str, ...]

    def is_genuine(self, headers, body):
        """Tell whether a partner who knows a secret has just signed these bytes."""
        return self.profile.is_genuine(self.secrets, headers, body, time.time())

    def identity(self, headers, body):
        """Return the key under which the event is one message, however often it is sent."""
        event = headers.get(self.profile.event_header, "") if self.profile.event_header else ""
        # An identifier counts only where the signature covers it: otherwise a listener could change it.
        own = f"event:{event}" if event else f"sha256:{hashlib.sha256(body).hexdigest()}"
        return f"webhook:{self.endpoint_id}:{own}"


UNKNOWN_DOOR = WebhookDoor(0, 0, 0, False, LARGEST_BODY, 0, SignatureProfile(), (NOBODY,))


class IntegrationEndpointWebhook(models.Model):
    """An endpoint that partners call: each signed request is a message."""

    _name = "integration.endpoint"
    _inherit = ["integration.endpoint", "integration.bucket"]

    transport = fields.Selection(selection_add=[("webhook", "Webhook")], ondelete={"webhook": "set default"})
    webhook_token = fields.Char(
        "Token of the address", compute="_compute_webhook_token", store=True, precompute=True, copy=False
    )
    webhook_url = fields.Char("Address for the partner", compute="_compute_webhook_url")
    webhook_signature_header = fields.Char("Header with the signature", default="X-Signature")
    webhook_timestamp_header = fields.Char(
        "Header with the time",
        default="X-Timestamp",
        help="Seconds since 1970. Empty: the time is in the signature's header, as t=1700000000.",
    )
    webhook_event_header = fields.Char(
        "Header with the event's identifier",
        help="When set, the signature covers identifier.time.body, and an identifier is one message. "
        "An identifier holds no full stop. Empty: it covers time.body, and the same body is one message.",
    )
    webhook_prefix = fields.Char(
        "Before the signature", help="What stands before the code, e.g. sha256= or v1= or v1,"
    )
    webhook_encoding = fields.Selection(
        [("hex", "Hexadecimal"), ("base64", "Base64")],
        "Signature is written in",
        default="hex",
        required=True,
    )
    webhook_window_seconds = fields.Integer(
        "Time window (seconds)",
        default=300,
        aggregator=None,
        help="A request whose time is further off than this is refused.",
    )
    webhook_max_bytes = fields.Integer("Largest body (bytes)", default=1 << 20, aggregator=None)
    webhook_rate_per_minute = fields.Integer(
        "Signed requests a minute",
        aggregator=None,
        help="0: no limit. Those beyond it are refused with 429 and the seconds to wait, and nothing of them "
        "is stored. So many may also come at once.",
    )

    _webhook_token_uniq = models.UniqueIndex("(webhook_token) WHERE webhook_token IS NOT NULL")
    _webhook_limits = models.Constraint(
        "CHECK (webhook_window_seconds BETWEEN 1 AND 3600"
        f" AND webhook_max_bytes BETWEEN 1 AND {LARGEST_BODY} AND webhook_rate_per_minute >= 0)",
        "The time window has at most 3600 seconds, a body at most 16 MiB, and a rate is not negative.",
    )

    @api.depends("transport")
    def _compute_webhook_token(self):
        for endpoint in self:
            # An address that was given to a partner stays.
            known = endpoint._origin.webhook_token
            wanted = endpoint.transport == "webhook"
            endpoint.webhook_token = known or (secrets.token_urlsafe(TOKEN_BYTES) if wanted else False)

    @api.depends("webhook_token")
    def _compute_webhook_url(self):
        base_url = self.get_base_url()
        for endpoint in self:
            # An address counts once it is saved: before that, saving makes another one.
            token = endpoint._origin.webhook_token
            endpoint.webhook_url = f"{base_url}{PATH}{token}" if token else False

    def _check_complete(self):
        """:raise UserError: if a webhook could not tell a partner from anybody else"""
        if self.transport != "webhook":
            return super()._check_complete()
        if not self.system_id._may_exchange():
            raise UserError(self.env._("Approve the system %s first.", self.system_id.name))
        if self.direction != "in":
            raise UserError(self.env._("A webhook only receives: choose Receives as its direction."))
        credential_sudo = self.sudo().credential_id
        if credential_sudo.kind != "signing" or not credential_sudo.is_set:
            raise UserError(
                self.env._(
                    "Choose a credential of the kind Signing secret whose secret is set: "
                    "unsigned requests are never accepted."
                )
            )
        if not self.webhook_signature_header:
            raise UserError(self.env._("Name the header with the signature."))

    def _queue_poll(self):
        """Partners call a webhook: there is nothing to look into."""
        return super(
            IntegrationEndpointWebhook, self.filtered(lambda endpoint: endpoint.transport != "webhook")
        )._queue_poll()

    @api.model
    def _webhook_door(self, token):
        """Return the :class:`WebhookDoor` of a token; that of nobody if there is none. Writes nothing."""
        if not TOKEN.fullmatch(token):
            return UNKNOWN_DOOR
        self.env.cr.execute(
            SQL(
                """
                SELECT endpoint.id, endpoint.company_id, endpoint.system_id, credential.id AS credential_id,
                       endpoint.state = 'active' AND system.active AND system.state IN ('approved', 'live')
                           AS is_open,
                       webhook_max_bytes, webhook_rate_per_minute, %(columns)s, secret_ciphertext,
                       CASE WHEN former_until > now() AT TIME ZONE 'UTC' THEN former_ciphertext END AS former
                  FROM integration_endpoint AS endpoint
                       JOIN integration_system AS system ON system.id = endpoint.system_id
                       JOIN integration_credential AS credential ON credential.id = endpoint.credential_id
                 WHERE webhook_token = %(token)s AND transport = 'webhook' AND endpoint.active
                   AND endpoint.state <> 'draft' AND credential.active AND credential.kind = 'signing'
                """,
                columns=SQL(", ").join(SQL.identifier(column) for column in PROFILE_COLUMNS.values()),
                token=token,
            )
        )
        row = self.env.cr.dictfetchone()
        if row is None:
            return UNKNOWN_DOOR
        credential = self.env["integration.credential"].browse(row["credential_id"])
        return WebhookDoor(
            endpoint_id=row["id"],
            company_id=row["company_id"],
            system_id=row["system_id"],
            is_open=row["is_open"],
            largest_body=row["webhook_max_bytes"],
            rate_per_minute=row["webhook_rate_per_minute"] or 0,
            profile=SignatureProfile(**{name: row[column] or "" for name, column in PROFILE_COLUMNS.items()}),
            secrets=tuple(credential._decrypted_signing_secrets(row["secret_ciphertext"], row["former"]))
            or (NOBODY,),
        )

    @api.model
    def _webhook_wait(self, door):
        """Count a request to a door; an unlimited one costs nothing.

        :return: 0 when it may go on, else the whole seconds until the next one may
        """
        if not door.rate_per_minute:
            return 0
        return self.browse(door.endpoint_id)._take_from_bucket(door.rate_per_minute, door.rate_per_minute)
