import time

from odoo import api, models
from odoo.http import request
from odoo.tools import config

from ..operations import ServerFacts, server_checks


class IntegrationHealthServer(models.AbstractModel):
    """The settings of Odoo and PostgreSQL that the queue depends on, as this process sees them.

    Hosts that serve one database may be configured differently: what is shown is that of the host which
    answers.
    """

    _inherit = "integration.health"

    @api.model
    def _server(self):
        """Return a ``Check`` for each setting of the server that the queue depends on."""
        return server_checks(self._server_facts())

    def _server_facts(self):
        connection = self.env.cr.connection
        return ServerFacts(
            workers=config["workers"],
            max_cron_threads=config["max_cron_threads"],
            active_lanes=len(self.env["integration.queue"]._lanes()),
            limit_time_real=config["limit_time_real"],
            limit_time_real_cron=config["limit_time_real_cron"],
            limit_time_cpu=config["limit_time_cpu"],
            idle_in_transaction_timeout=self._postgres_setting("idle_in_transaction_session_timeout") / 1000,
            max_connections=self._postgres_setting("max_connections"),
            db_maxconn=config["db_maxconn"],
            proxy_mode=bool(config["proxy_mode"]),
            is_behind_proxy=self._is_behind_proxy(),
            clock_difference=self._clock_difference(),
            server_version=connection.server_version,
            server_version_text=connection.get_parameter_status("server_version"),
        )

    def _postgres_setting(self, name):
        """Return a whole number of pg_settings, in its base unit, as it is for Odoo's role."""
        self.env.cr.execute("SELECT setting::bigint FROM pg_settings WHERE name = %s", (name,))
        return self.env.cr.fetchone()[0]

    def _is_behind_proxy(self):
        return bool(request) and any(
            name in request.httprequest.headers for name in ("X-Forwarded-For", "Forwarded")
        )

    def _clock_difference(self):
        """Return by how many seconds this host's clock is ahead of the database's."""
        before = time.time()
        self.env.cr.execute("SELECT extract(epoch FROM clock_timestamp())")
        database = float(self.env.cr.fetchone()[0])
        return (before + time.time()) / 2 - database
