from odoo.http import Controller, request, route

from ..operations import CONTENT_TYPE, exposition
from .database import monitored_environment


class MetricsController(Controller):
    """Measurements for Prometheus."""

    @route(
        "/integration/metrics",
        type="http",
        auth="none",
        methods=["GET"],
        save_session=False,
        readonly=False,
    )
    def metrics(self, db=None, **_query):
        """Answer with the text format of Prometheus; 401 without the monitoring token.

        :param str db: the database, for hosts that serve several
        """
        with monitored_environment(db, "integration.metrics") as env:
            authorization = request.httprequest.headers.get("Authorization")
            if not env or not env["integration.monitoring.token"]._opens(authorization):
                return request.make_response(
                    "unauthorized\n", headers=[("WWW-Authenticate", "Bearer")], status=401
                )
            text = exposition(env["integration.metrics"]._collect())
        return request.make_response(
            text, headers=[("Content-Type", CONTENT_TYPE), ("Cache-Control", "no-store")]
        )
