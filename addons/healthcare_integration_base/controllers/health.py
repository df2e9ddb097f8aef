from odoo.http import Controller, request, route

from ..operations import RecentAnswers, worst_state
from .database import monitored_database, monitored_environment

NOT_CACHED = [("Cache-Control", "no-store")]
#: Whether each database is ready, for askers without the token: they cannot make the database work.
recently_ready = RecentAnswers(seconds=5)


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

        Without the monitoring token the answer may be that of the last five seconds.

        :param str db: the database, for hosts that serve several
        """
        database = monitored_database(db)
        authorization = request.httprequest.headers.get("Authorization")
        if not authorization and (is_ready := recently_ready.get(database)) is not None:
            return _answer(is_ready)
        with monitored_environment(db, "integration.health") as env:
            if not env:
                return _answer(False)
            is_known = env["integration.monitoring.token"]._opens(authorization)
            is_ready = None if is_known else recently_ready.get(database)
            if is_ready is not None:
                return _answer(is_ready)
            is_ready, checks = _readiness(env)
        recently_ready.put(database, is_ready)
        return _answer(is_ready, checks if is_known else None)


def _readiness(env):
    """Return whether the integration is ready, and the checks."""
    checks = env["integration.health"]._readiness()
    return worst_state(checks) != "failure", checks


def _answer(is_ready, checks=None):
    answer = {"status": "pass" if is_ready else "fail"}
    if checks is not None:
        answer["checks"] = [check.as_dict() for check in checks]
    return request.make_json_response(answer, headers=NOT_CACHED, status=200 if is_ready else 503)
