from odoo.exceptions import AccessError
from odoo.tests import tagged
from odoo.tools import config

from .common import IntegrationCase
from .monitoring_common import MonitoringCase


@tagged("post_install", "-at_install")
class TestHealthPanel(IntegrationCase):
    def _look(self, user):
        action = self.env["integration.health.panel"].with_user(user).action_look()
        return self.env[action["res_model"]].with_user(user).browse(action["res_id"])

    def _state(self, panel, code):
        lines = panel.work_line_ids | panel.server_line_ids
        return lines.filtered(lambda line: line.code == code).state

    def _set_option(self, name, value):
        before = config[name]
        config[name] = value
        self.addCleanup(config.__setitem__, name, before)

    def test_a_viewer_sees_what_to_change(self):
        viewer = self.integration_user("panel-viewer", "viewer")
        self._set_option("limit_time_real_cron", 60)
        self._set_option("workers", 2)
        panel = self._look(viewer)
        line = panel.server_line_ids.filtered(lambda line: line.code == "server.limit_time_real_cron")
        self.assertEqual((panel.state, line.state), ("failure", "failure"))
        self.assertIn("limit_time_real_cron = 0", line.remedy)
        self._set_option("limit_time_real_cron", 0)
        self.assertEqual(self._state(self._look(viewer), "server.limit_time_real_cron"), "ok")

    def test_settings_of_the_database_are_read_as_odoo_has_them(self):
        viewer = self.integration_user("panel-viewer", "viewer")
        self.assertEqual(self._state(self._look(viewer), "postgres.idle_in_transaction"), "ok")
        self.env.cr.execute("SET LOCAL idle_in_transaction_session_timeout = '6s'")
        self.assertEqual(self._state(self._look(viewer), "postgres.idle_in_transaction"), "failure")

    def test_lanes_without_cron_workers_are_noticed(self):
        viewer = self.integration_user("panel-viewer", "viewer")
        self._set_option("max_cron_threads", 0)
        panel = self._look(viewer)
        self.assertEqual(self._state(panel, "server.cron_workers"), "failure")
        self.assertEqual(len(panel.work_line_ids), 6)

    def test_others_see_nothing(self):
        with self.assertRaises(AccessError):
            self._look(self.integration_user("panel-nobody"))

    def test_the_clock_of_this_host_agrees_with_the_database(self):
        self.assertLess(abs(self.env["integration.health"]._clock_difference()), 5)


@tagged("post_install", "-at_install")
class TestProxyDetection(MonitoringCase):
    def test_a_proxy_is_noticed_by_its_headers(self):
        self._set_proxy_mode(False)
        self.assertEqual(self._proxy_state({}), "ok")
        self.assertEqual(self._proxy_state({"X-Forwarded-For": "192.0.2.1"}), "warning")
        self._set_proxy_mode(True)
        self.assertEqual(self._proxy_state({"X-Forwarded-For": "192.0.2.1"}), "ok")

    def _set_proxy_mode(self, value):
        before = config["proxy_mode"]
        config["proxy_mode"] = value
        self.addCleanup(config.__setitem__, "proxy_mode", before)

    def _proxy_state(self, headers):
        """Return what a viewer is told who looks through the web client, with headers of a proxy."""
        self.authenticate("admin", "admin")
        call = {"model": "integration.health.panel", "method": "action_look", "args": [], "kwargs": {}}
        answer = self.url_open(
            "/web/dataset/call_kw/integration.health.panel/action_look",
            json={"jsonrpc": "2.0", "method": "call", "params": call},
            headers=headers,
        )
        panel = self.env["integration.health.panel"].browse(answer.json()["result"]["res_id"])
        lines = panel.server_line_ids.filtered(lambda line: line.code == "server.proxy_mode")
        return lines.state
