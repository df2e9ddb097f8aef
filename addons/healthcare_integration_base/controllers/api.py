import functools

from odoo.http import Controller, request, route

from ..doors.delivery import LARGEST_BODY
from ..doors.problem import ApiProblem
from ..models.ir_http import API_PATH

VERSION_PATH = f"{API_PATH}v1"
OPTIONS = {"type": "http", "auth": "integration_key", "csrf": False, "save_session": False}


def answer_problems(method):
    """Answer a refusal as problem details."""

    @functools.wraps(method)
    def answer(*arguments, **parameters):
        try:
            return method(*arguments, **parameters)
        except ApiProblem as problem:
            return request.env["ir.http"]._problem_response(problem)

    return answer


class ApiController(Controller):
    """What programs of other systems may call: send a document, ask what became of it, ask questions."""

    @route(
        f"{VERSION_PATH}/messages/<string:flow_code>",
        methods=["POST"],
        readonly=False,
        max_content_length=LARGEST_BODY,
        **OPTIONS,
    )
    @answer_problems
    def send(self, flow_code, **_parameters):
        """Take a document in: 202 with the message's identifier; what becomes of it is told by its status."""
        http_request = request.httprequest
        flow = self._client()._flow_to(flow_code)
        receipt = flow._take_in_from_client(
            self._client(),
            body=http_request.get_data(),
            media_type=http_request.mimetype,
            idempotency_key=http_request.headers.get("Idempotency-Key"),
        )
        status_url = f"{VERSION_PATH}/messages/{receipt.uuid}"
        return request.make_json_response(
            {"id": receipt.uuid, "flow": flow.code, "status_url": status_url},
            headers=[("Location", status_url)],
            status=202,
        )

    @route(f"{VERSION_PATH}/messages/<string:uuid>", methods=["GET"], readonly=True, **OPTIONS)
    @answer_problems
    def status(self, uuid, **_parameters):
        """Tell a client what became of a message of its own."""
        # A client's user has no role here; what it has sent itself is no secret to it.
        messages_sudo = request.env["integration.message"].sudo()
        domain = [("uuid", "=", uuid), ("client_id", "=", self._client().id)]
        # PostgreSQL takes no text with a NUL character, which an address may hold.
        message_sudo = messages_sudo.search(domain) if uuid.isalnum() else messages_sudo
        if not message_sudo:
            raise ApiProblem(
                404, "message.unknown", "The client has sent no message of this identifier.",
                remedy="Use the identifier that the answer to the sending gave.",
            )  # fmt: skip
        return request.make_json_response(message_sudo._status_for_client())

    @route(f"{VERSION_PATH}/reads/<string:code>", methods=["GET"], readonly=True, **OPTIONS)
    @answer_problems
    def answer_read(self, code, **_parameters):
        """Answer a named question at once."""
        grant = self._client()._grant(code)
        page = (
            request.env["integration.read"]
            ._all_reads()[code]
            ._answer(grant, request.httprequest.args.to_dict())
        )
        return request.make_json_response({"rows": page.rows, "next": page.next})

    @route(f"{VERSION_PATH}/openapi.json", methods=["GET"], readonly=True, **OPTIONS)
    @answer_problems
    def describe(self, **_parameters):
        """Describe what the client may call."""
        return request.make_json_response(self._client()._openapi(VERSION_PATH))

    @route(
        [f"{VERSION_PATH}/messages/<string:name>", f"{VERSION_PATH}/reads/<string:name>"],
        methods=["PUT", "PATCH", "DELETE"],
        type="http",
        auth="none",
        csrf=False,
        save_session=False,
        readonly=True,
    )
    @answer_problems
    def refuse_method(self, **_parameters):
        """Refuse what Odoo would refuse with a page."""
        allowed = "GET" if request.httprequest.path.startswith(f"{VERSION_PATH}/reads") else "GET, POST"
        raise ApiProblem(
            405, "http.method", "The address does not take this method.",
            remedy=f"Use {allowed}.", headers={"Allow": allowed},
        )  # fmt: skip

    def _client(self):
        """Return the client that was let in, which its own user need not be allowed to see."""
        return request.env["integration.client"].sudo().browse(request.env.context["integration_client_id"])
