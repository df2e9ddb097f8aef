from odoo.http import Controller, request, route


class BareController(Controller):
    """The least that an Odoo controller can do with a body: insert it and answer."""

    @route(
        "/integration/benchmark/bare",
        type="http",
        auth="none",
        methods=["POST"],
        csrf=False,
        save_session=False,
        readonly=False,
    )
    def receive(self):
        """Insert the body into a table and answer 202 with the row's id."""
        request.env.cr.execute(
            "INSERT INTO integration_benchmark_door (body) VALUES (%s) RETURNING id",
            (request.httprequest.get_data(),),
        )
        return request.make_json_response({"id": request.env.cr.fetchone()[0]}, status=202)
