import os

from odoo import api, fields, models
from odoo.exceptions import AccessError
from odoo.tools import config

from ..transports.http.oauth2 import ALGORITHMS
from .integration_token import EndpointTokenStore

NETWORKS_VARIABLE = "HEALTHCARE_INTEGRATION_NETWORKS"
NETWORKS_OPTION = "healthcare_integration_networks"
# what leads to addresses that only an administrator may open
EXEMPTIONS = ("allowed_networks", "plain_http_allowed")
ADDRESS_FIELDS = {*EXEMPTIONS, "transport", "base_url", "proxy_url", "token_url"}
# setting of the transport -> field that holds it
HTTP_SETTINGS = {
    "base_url": "base_url",
    "plain_allowed": "plain_http_allowed",
    "authorities": "authorities",
    "older_certificates": "older_certificates",
    "proxy_url": "proxy_url",
    "authentication": "http_authentication",
    "api_key_name": "api_key_name",
    "token_url": "token_url",
    "scope": "token_scope",
    "audience": "token_audience",
    "assertion_audience": "assertion_audience",
    "subject": "assertion_subject",
    "assertion_algorithm": "assertion_algorithm",
    "key_id": "assertion_key_id",
    "signing_algorithm": "signing_algorithm",
    "signing_encoding": "signing_encoding",
    "signing_canonical": "signing_canonical",
    "signing_headers": "signing_headers",
    "headers": "request_headers",
    "check_path": "check_path",
    "direction": "direction",
    "list_path": "list_path",
    "pagination": "pagination",
    "records_pointer": "records_pointer",
    "payload": "payload_unit",
    "cursor_pointer": "cursor_pointer",
    "cursor_parameter": "cursor_parameter",
    "page_parameter": "page_parameter",
    "first_page": "first_page",
    "offset_parameter": "offset_parameter",
    "size_parameter": "size_parameter",
    "page_size": "page_size",
    "since_parameter": "since_parameter",
    "since_pointer": "since_pointer",
    "accept": "accept_header",
    "send_path": "send_path",
    "send_method": "send_method",
    "content_type": "content_type",
    "idempotency_header": "idempotency_header",
    "attempts": "request_attempts",
    "maximum_response_mib": "maximum_response_mib",
    "maximum_request_mib": "maximum_request_mib",
    "connect_timeout": "connect_timeout",
    "read_timeout": "read_timeout",
    "total_timeout": "total_timeout",
}
# where a setting is wrong that comes from elsewhere
OTHER_FIELDS = {
    "allowed_networks": "allowed_networks",
    "username": "credential_id",
    "password": "credential_id",
    "private_key": "credential_id",
    "certificate": "certificate_credential_id",
}
CREDENTIALS = {
    "credential_id": "login",
    "certificate_credential_id": "certificate",
    "signing_credential_id": "signature",
    "proxy_credential_id": "proxy",
}


class IntegrationEndpointHttp(models.Model):
    """An endpoint that is an HTTP server: where it is, who we are, what is read and where things are sent."""

    _inherit = "integration.endpoint"

    transport = fields.Selection(
        selection_add=[("http", "HTTP (REST API)")], ondelete={"http": lambda endpoints: endpoints.unlink()}
    )

    # address
    base_url = fields.Char("Base address", help="All paths are below it. Redirects elsewhere are refused.")
    plain_http_allowed = fields.Boolean(
        "Allow http://", help="Everybody on the way can read and change what is exchanged. Not for patients."
    )
    allowed_networks = fields.Text(
        "Networks allowed",
        help="Only public addresses may be reached, and what is named here: addresses or networks, "
        "e.g. 10.20.0.0/16. Loopback, link-local, private and cloud metadata addresses are refused "
        "otherwise. A metadata address needs an entry of its own.",
    )
    proxy_url = fields.Char(
        "Proxy", help="e.g. http://proxy.example.org:3128. Its address must be allowed too."
    )
    proxy_credential_id = fields.Many2one(
        "integration.credential",
        "Proxy login",
        index="btree_not_null",
        check_company=True,
        ondelete="restrict",
    )
    authorities = fields.Text(
        "Private authorities",
        help="Certificates (PEM) of the only authorities to trust. Empty: those of the server.",
    )
    older_certificates = fields.Boolean(
        "Older certificates",
        help="Take certificates of the private authorities that lack key identifiers or other parts that "
        "RFC 5280 requires. Authority, host and validity are checked all the same.",
    )
    certificate_credential_id = fields.Many2one(
        "integration.credential",
        "Client certificate",
        index="btree_not_null",
        check_company=True,
        ondelete="restrict",
        help="For partners that ask who connects (mutual TLS).",
    )
    request_headers = fields.Text("Headers", help="One a line, e.g. Accept-Language: en. No secrets.")
    check_path = fields.Char("Path for the test", help="Read by Test Connection; it must change nothing.")

    # authentication
    http_authentication = fields.Selection(
        [
            ("none", "None, or certificate or signature only"),
            ("basic", "User name and password"),
            ("bearer", "Token"),
            ("api_key_header", "API key in a header"),
            ("api_key_query", "API key in the address"),
            ("client_secret_basic", "OAuth 2: client secret in a header"),
            ("client_secret_post", "OAuth 2: client secret in the form"),
            ("private_key_jwt", "OAuth 2: private key (private_key_jwt)"),
            ("jwt_bearer", "OAuth 2: JWT bearer assertion"),
        ],
        "Authentication",
        required=True,
        default="none",
    )
    api_key_name = fields.Char("Name of the key", help="Header or parameter, X-API-Key when empty.")
    token_url = fields.Char("Token address")
    token_scope = fields.Char("Scope", help="Separated by spaces.")
    token_audience = fields.Char("Audience", help="A parameter that some token servers ask for.")
    assertion_audience = fields.Char("Assertion audience", help="The token address when empty.")
    assertion_subject = fields.Char(
        "Assertion subject", help="On whose behalf (JWT bearer); the client id when empty."
    )
    assertion_algorithm = fields.Selection(
        [(name, name) for name in ALGORITHMS], "Assertion algorithm", required=True, default="RS256"
    )
    assertion_key_id = fields.Char("Key id", help="Under which the partner registered the public key.")

    # signature
    signing_credential_id = fields.Many2one(
        "integration.credential",
        "Signature secret",
        index="btree_not_null",
        check_company=True,
        ondelete="restrict",
        help="Signs each request (HMAC). The login of the credential is the key id.",
    )
    signing_algorithm = fields.Selection(
        [("sha256", "SHA-256"), ("sha384", "SHA-384"), ("sha512", "SHA-512")],
        required=True,
        default="sha256",
    )
    signing_encoding = fields.Selection(
        [("hex", "Hexadecimal"), ("base64", "Base64")], required=True, default="hex"
    )
    signing_canonical = fields.Char(
        "Signed text",
        default="{timestamp}.{body}",
        help="Of {method} {path} {query} {host} {timestamp} {date} {nonce} {body} {body_sha256} {key_id} "
        r"{header:Name}; \n is a line break.",
    )
    signing_headers = fields.Text(
        "Signature headers",
        default="X-Timestamp: {timestamp}\nX-Signature: {signature}",
        help="One a line; {signature} is the signature.",
    )

    # collection
    list_path = fields.Char("Path to read", help="Of the collection, below the base address.")
    pagination = fields.Selection(
        [
            ("none", "One answer"),
            ("link", "Link header (RFC 8288)"),
            ("cursor", "Cursor or next address in the answer"),
            ("page", "Page numbers"),
            ("offset", "Offsets"),
        ],
        required=True,
        default="none",
    )
    records_pointer = fields.Char(
        "Where the records are", help="JSON pointer, e.g. /data/items. Empty: the answer is the list."
    )
    payload_unit = fields.Selection(
        [("page", "Each page"), ("record", "Each record")], "One message for", required=True, default="page"
    )
    cursor_pointer = fields.Char("Where the cursor is", help="JSON pointer, e.g. /meta/next.")
    cursor_parameter = fields.Char("Cursor parameter", default="cursor")
    page_parameter = fields.Char("Page parameter", default="page")
    first_page = fields.Integer("First page", default=1, aggregator=None)
    offset_parameter = fields.Char("Offset parameter", default="offset")
    size_parameter = fields.Char("Page size parameter", help="Empty: the server's own size.")
    page_size = fields.Integer("Page size", default=100, aggregator=None)
    since_parameter = fields.Char(
        "Changed-since parameter", help="Asks only for what changed since the last look, e.g. updated_since."
    )
    since_pointer = fields.Char("Where a record says when it changed", help="JSON pointer, e.g. /updated_at.")
    accept_header = fields.Char("Accept", default="application/json")
    pages_per_look = fields.Integer(
        "Pages per look",
        default=20,
        help="After so many pages the messages are stored, and the look goes on.",
        aggregator=None,
    )

    # delivery
    send_path = fields.Char("Path to send to", help="{name} stands for the name of the document.")
    send_method = fields.Selection(
        [("POST", "POST"), ("PUT", "PUT")], "Method", required=True, default="POST"
    )
    content_type = fields.Char("Content type", default="application/json")
    idempotency_header = fields.Char(
        "Idempotency header",
        default="Idempotency-Key",
        help="By which the partner knows a repeat. Empty: a POST that may have arrived is not repeated; "
        "a person decides.",
    )

    # limits
    request_attempts = fields.Integer("Tries at once", default=3, aggregator=None)
    maximum_response_mib = fields.Integer("Largest answer (MiB)", default=32, aggregator=None)
    maximum_request_mib = fields.Integer("Largest document (MiB)", default=64, aggregator=None)

    _http_limits = models.Constraint(
        "CHECK (pages_per_look >= 1 AND page_size >= 1 AND request_attempts >= 1 "
        "AND maximum_response_mib >= 1 AND maximum_request_mib >= 1)",
        "Pages, sizes and tries are at least 1.",
    )

    # === WHO MAY CHANGE WHAT === #

    @api.model_create_multi
    def create(self, vals_list):
        """:raise AccessError: when somebody other than an administrator opens a network or allows http://"""
        endpoints = super().create(vals_list)
        endpoints._check_may_exempt()
        return endpoints

    def write(self, vals):
        """:raise AccessError: when somebody other than an administrator opens a network, allows http://, or
        changes the addresses of an endpoint to which one was opened"""
        if ADDRESS_FIELDS & set(vals):
            self._check_may_exempt()
        result = super().write(vals)
        if ADDRESS_FIELDS & set(vals):
            self._check_may_exempt()
        return result

    def _check_may_exempt(self):
        exempt = any(endpoint[name] for endpoint in self for name in EXEMPTIONS)
        if exempt and not self.env.is_system():
            raise AccessError(
                self.env._(
                    "Only an administrator of Odoo can allow networks or http://, and change the addresses "
                    "of an endpoint that has them. Networks for all endpoints are named in the option %s.",
                    NETWORKS_OPTION,
                )
            )

    # === TRANSPORT === #

    def _transport_values(self):
        if self.transport != "http":
            return super()._transport_values()
        values = {setting: self[field_name] for setting, field_name in HTTP_SETTINGS.items()}
        values["allowed_networks"] = f"{self.allowed_networks or ''} {_allowed_networks()}"
        for field_name, purpose in CREDENTIALS.items():
            # Whoever may use an endpoint uses its secrets without being shown them.
            credential_sudo = self.sudo()[field_name]
            if credential_sudo and (field_name != "credential_id" or self.http_authentication != "none"):
                values.update(credential_sudo._http_values(purpose, self._urls_of(purpose)))
        return values

    def _urls_of(self, purpose):
        """Return where a secret of a purpose may be read."""
        if purpose == "proxy":
            return [self.proxy_url]
        # A proxy reads what passes if whoever named it named the authorities as well.
        return [self.base_url, self.token_url, self.authorities and self.proxy_url]

    def _equip_transport(self, transport, *, for_check):
        transport = super()._equip_transport(transport, for_check=for_check)
        if self.transport == "http" and transport.settings.oauth:
            transport.token_store = EndpointTokenStore(
                self.env,
                self.sudo().credential_id.id,
                transport.settings.oauth,
                self.connect_timeout + self.read_timeout,
            )
        return transport

    def _setting_fields(self):
        known = super()._setting_fields()
        return {**known, **HTTP_SETTINGS, **OTHER_FIELDS} if self.transport == "http" else known


def _allowed_networks():
    """Return the networks that all endpoints may reach, as the server's administrator names them."""
    return os.environ.get(NETWORKS_VARIABLE) or config.get(NETWORKS_OPTION) or ""
