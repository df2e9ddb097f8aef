import hmac
import logging

import werkzeug.exceptions
from werkzeug.exceptions import abort

from odoo import models
from odoo.http import request
from odoo.tools import config

from ..doors.certificate import fingerprint_of
from ..doors.problem import CONTENT_TYPE, ApiProblem

_logger = logging.getLogger(__name__)

API_PATH = "/integration/api/"
CERTIFICATE_HEADER_OPTION = "healthcare_integration_certificate_header"
PROXY_SECRET_OPTION = "healthcare_integration_proxy_secret"
PROXY_ADDRESSES_OPTION = "healthcare_integration_proxy_addresses"
PROXY_SECRET_HEADER = "X-Integration-Proxy-Secret"
SHORTEST_SECRET = 16
BEARER = "bearer "


class IrHttp(models.AbstractModel):
    """Lets programs in by a key of the scope ``integration`` or by a certificate, and tells them problems."""

    _inherit = "ir.http"

    @classmethod
    def _auth_method_integration_key(cls):
        """Find the client that calls, count the request and go on as its user in its company.

        Aborts with 401 for who is unknown or would act as an administrator, and with 429 for who calls too
        often.
        """
        client = cls._integration_client()
        if not client:
            cls._refuse_unknown_client()
        if seconds := client._take_token():
            abort(
                cls._problem_response(
                    ApiProblem(
                        429,
                        "client.rate",
                        "The client calls more often than it may.",
                        remedy=f"Wait {seconds} seconds.",
                        headers={"Retry-After": str(seconds)},
                    )  # fmt: skip
                )
            )
        request.session.can_save = False
        request.update_env(
            user=client.user_id.id,
            context={"allowed_company_ids": client.company_id.ids, "integration_client_id": client.id},
        )
        # The user may have become an administrator since; groups can be asked for only now that there is one.
        if request.env.user.has_group("base.group_erp_manager"):
            cls._refuse_unknown_client()

    @classmethod
    def _refuse_unknown_client(cls):
        abort(
            cls._problem_response(
                ApiProblem(
                    401,
                    "client.unknown",
                    "The request does not prove which client sends it.",
                    remedy="Send a valid key as Authorization: Bearer KEY.",
                    headers={"WWW-Authenticate": "Bearer"},
                )  # fmt: skip
            )
        )

    @classmethod
    def _integration_client(cls):
        """Return the client that the request proves to be of, or none; a key comes before a certificate."""
        clients = request.env["integration.client"]
        authorization = request.httprequest.headers.get("Authorization", "")
        if authorization[: len(BEARER)].lower() == BEARER:
            key = authorization[len(BEARER) :].strip()
            return clients._of_key(key) if key else clients
        return clients._of_certificate(cls._forwarded_fingerprint())

    @classmethod
    def _forwarded_fingerprint(cls):
        """Return the fingerprint that a trusted proxy forwards, empty from anybody else.

        Anybody can send the header: it counts only in proxy mode, from a proxy that shows its secret or
        comes from an address that odoo.conf names.
        """
        header = config.get(CERTIFICATE_HEADER_OPTION)
        if not header or not config["proxy_mode"] or not cls._is_from_proxy():
            return ""
        return fingerprint_of(request.httprequest.headers.get(header, ""))

    @classmethod
    def _is_from_proxy(cls):
        secret = config.get(PROXY_SECRET_OPTION) or ""
        if len(secret) >= SHORTEST_SECRET:
            shown = request.httprequest.headers.get(PROXY_SECRET_HEADER, "")
            return hmac.compare_digest(shown.encode(), secret.encode())
        named = (config.get(PROXY_ADDRESSES_OPTION) or "").split(",")
        environ = request.httprequest.environ
        # In proxy mode the address is that of the proxy's own client; the connection's was put aside.
        peer = environ.get("werkzeug.proxy_fix.orig", environ).get("REMOTE_ADDR")
        return bool(peer) and peer in {address.strip() for address in named}

    # === PROBLEMS === #

    @classmethod
    def _problem_response(cls, problem):
        headers = [("Content-Type", CONTENT_TYPE), *problem.headers.items()]
        return request.make_json_response(problem.as_dict(), headers=headers, status=problem.status)

    @classmethod
    def _handle_error(cls, exception):
        """Answer programs with problem details, and with nothing of what went wrong inside."""
        if not request.httprequest.path.startswith(API_PATH):
            return super()._handle_error(exception)
        if isinstance(exception, ApiProblem):
            return cls._problem_response(exception)
        if isinstance(exception, werkzeug.exceptions.HTTPException) and exception.code:
            headers = dict(exception.get_headers())
            return cls._problem_response(
                ApiProblem(
                    exception.code,
                    "http",
                    exception.name,
                    headers={"Allow": headers["Allow"]} if "Allow" in headers else {},
                )  # fmt: skip
            )
        return cls._problem_response(
            ApiProblem(
                500,
                "server",
                "The request could not be served.",
                remedy="Send it again later, with the same Idempotency-Key.",
            )  # fmt: skip
        )
