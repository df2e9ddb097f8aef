from odoo.http import Controller, request, route

from ..operations import worst_state
from .database import monitored_environment

NOT_CACHED = [("Cache-Control", "no-store")]


class HealthController(Controller):
    """What load balancers and monitoring ask: is the process alive, does the integration do its work.

    Without the monitoring token an answer says pass or fail and no more.
    """

    @route("/integration/health/live", type="http", auth="none", methods=["GET"], save_session=False)
    def live(self, **_query):
        """Answer that this process serves requests; nothing is asked of the database."""
        return request.make_json_response({"status": "pass"}, headers=NOT_CACHED)

    # readonly=False: a replica would tell of itself, not of the server on which the lanes work.
    @route(
        ["/integration/health", "/integration/health/ready"],
        type="http",
        auth="none",
        methods=["GET"],
        save_session=False,
        readonly=False,
    )
    def ready(self, db=None, **_query):
        """Answer 200 when every check of readiness passes, 503 when one fails.

        :param str db: the database, for hosts that serve several
        """
        with monitored_environment(db, "integration.health") as env:
            answer, is_ready = _readiness(env) if env else ({"status": "fail"}, False)
        return request.make_json_response(answer, headers=NOT_CACHED, status=200 if is_ready else 503)


def _readiness(env):
    """Return what to answer, and whether the integration is ready."""
    checks = env["integration.health"]._readiness()
    is_ready = worst_state(checks) != "failure"
    answer = {"status": "pass" if is_ready else "fail"}
    if env["integration.monitoring.token"]._opens(request.httprequest.headers.get("Authorization")):
        answer["checks"] = [check.as_dict() for check in checks]
    return answer, is_ready
