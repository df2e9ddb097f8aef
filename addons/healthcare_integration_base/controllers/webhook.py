from odoo import SUPERUSER_ID
from odoo.http import Controller, request, route

from ..doors.delivery import LARGEST_BODY, Delivery
from ..models.integration_endpoint_webhook import PATH
from .bodies import raw_body

RETRY_SECONDS = 300


class WebhookController(Controller):
    """Takes what partners send by themselves: verify the raw bytes, store, answer; nothing else."""

    @route(
        f"{PATH}<string:token>",
        type="http",
        auth="none",
        methods=["POST"],
        csrf=False,
        save_session=False,
        readonly=False,
        max_content_length=LARGEST_BODY,
    )
    def receive(self, token, **_parameters):
        """Answer 202 with the message's identifier, 200 with that of the first for an event sent again.

        Who cannot prove that it knows the secret is told 401 and no more, and writes nothing: an unknown
        address looks the same as a wrong signature.
        """
        body = raw_body()
        headers = request.httprequest.headers
        env = request.env(user=SUPERUSER_ID)  # a partner is no user; the signature is its right
        door = env["integration.endpoint"]._webhook_door(token)
        if not door.is_genuine(headers, body):
            return self._answer(401, {"error": "unauthorized"})
        return self._take_in(env, door, headers, body)

    def _take_in(self, env, door, headers, body):
        if len(body) > door.largest_body:
            return self._answer(413, {"error": "too large", "largest": door.largest_body})
        if not body:
            return self._answer(400, {"error": "empty"})
        if not door.is_open:
            return self._answer(503, {"error": "paused"}, {"Retry-After": str(RETRY_SECONDS)})
        if seconds := env["integration.endpoint"]._webhook_wait(door):
            return self._answer(429, {"error": "too often"}, {"Retry-After": str(seconds)})
        receipt = env["integration.message"]._take_in(
            Delivery(
                company_id=door.company_id,
                system_id=door.system_id,
                endpoint_id=door.endpoint_id,
                body=body,
                identity=door.identity(headers, body),
            )
        )
        return self._answer(202 if receipt.is_new else 200, {"id": receipt.uuid})

    def _answer(self, status, content, headers=None):
        return request.make_json_response(content, headers=headers, status=status)
