import datetime

from odoo.tests import tagged

from .monitoring_common import MonitoringCase


@tagged("post_install", "-at_install")
class TestHealth(MonitoringCase):
    def _failed(self):
        """Return the codes of the checks that fail, as a caller with the token is told."""
        answer = self.get("/integration/health", self.token)
        failed = [check["code"] for check in answer.json()["checks"] if check["state"] == "failure"]
        self.assertEqual(answer.status_code, 503 if failed else 200)
        return failed

    def test_a_process_that_serves_is_alive(self):
        answer = self.get("/integration/health/live")
        self.assertEqual((answer.status_code, answer.json()), (200, {"status": "pass"}))
        self.assertEqual(answer.headers["Cache-Control"], "no-store")

    def test_an_integration_that_works_is_ready(self):
        self.assertEqual(self._failed(), [])
        answer = self.get("/integration/health/ready")
        self.assertEqual((answer.status_code, answer.json()), (200, {"status": "pass"}))

    def test_strangers_are_told_no_details(self):
        self.lanes.active = False
        for token in (None, "wrong", self.token + "x", "", "é"):
            with self.subTest(token=token):
                answer = self.get("/integration/health", token)
                self.assertEqual((answer.status_code, answer.json()), (503, {"status": "fail"}))

    def test_strangers_make_the_checks_run_once_in_five_seconds(self):
        health, runs = type(self.env["integration.health"]), []
        run = health._readiness

        def counted(model):
            runs.append(model)
            return run(model)

        self.patch(health, "_readiness", counted)
        for token in (None, None, "wrong", self.token + "x"):
            self.assertEqual(self.get("/integration/health", token).json(), {"status": "pass"})
        self.assertEqual(len(runs), 1)
        self.lanes.active = False
        self.assertEqual(self.get("/integration/health").status_code, 200)
        self.assertIn("lanes.active", self._failed())
        self.assertEqual(self.get("/integration/health").status_code, 503)
        self.assertEqual(len(runs), 2)

    def test_without_a_token_set_nothing_shows_details(self):
        self.env["integration.monitoring.token"]._revoke()
        for token in (self.token, "", "False"):
            self.assertEqual(self.get("/integration/health", token).json(), {"status": "pass"})

    def test_a_new_token_replaces_the_former(self):
        token = self.env["integration.monitoring.token"]._renew()
        self.assertNotIn("checks", self.get("/integration/health", self.token).json())
        self.assertIn("checks", self.get("/integration/health", token).json())

    def test_the_token_itself_is_not_stored(self):
        values = self.env["ir.config_parameter"].search([]).mapped("value")
        self.assertFalse([value for value in values if self.token in value])

    def test_a_database_without_an_active_lane_is_not_ready(self):
        self.lanes.active = False
        self.assertIn("lanes.active", self._failed())

    def test_a_paused_lane_is_not_active(self):
        self.env["integration.lane"]._make_missing()
        lanes = self.env["integration.lane"].search([("cron_id", "in", self.lanes.ids)])
        lanes[1:].action_pause()
        self.assertEqual(self._failed(), [])
        lanes.action_pause()
        self.assertEqual(self._failed(), ["lanes.active"])
        [check] = [
            check
            for check in self.get("/integration/health", self.token).json()["checks"]
            if check["code"] == "lanes.active"
        ]
        self.assertEqual(check["found"], f"0 of {len(lanes)} active, {len(lanes)} paused")
        lanes[0].action_resume()
        self.assertEqual(self._failed(), [])

    def test_the_runs_of_a_paused_lane_do_not_hide_that_the_others_stand_still(self):
        self.env["integration.lane"]._make_missing()
        lanes = self.env["integration.lane"].search([("cron_id", "in", self.lanes.ids)])
        lanes[0].action_pause()
        self.set_last_run(None)
        lanes[0].cron_id.lastcall = self.env.cr.now()
        self.env.flush_all()
        self.assertEqual(self._failed(), ["lanes.recent"])

    def test_lanes_that_have_not_run_for_long_are_noticed(self):
        now = self.env.cr.now()
        self.set_last_run(now - datetime.timedelta(seconds=601))
        self.assertEqual(self._failed(), ["lanes.recent"])
        self.set_parameter("lane_silence_seconds", 700)
        self.assertEqual(self._failed(), [])
        self.set_last_run(None)
        self.assertEqual(self._failed(), ["lanes.recent"])

    def test_a_lane_at_a_long_task_is_at_work(self):
        self.set_last_run(None)
        self.env["integration.lease"].with_context(cron_id=self.lanes[0].id)._open("long")
        self.assertEqual(self._failed(), [])
        self.env.cr.execute("UPDATE integration_lease SET expires_at = now() - interval '1 minute'")
        self.assertEqual(self._failed(), ["lanes.recent"])

    def test_a_backlog_that_is_too_old_is_noticed(self):
        self.insert_task(seconds_ago=899)
        self.assertEqual(self._failed(), [])
        self.insert_task(seconds_ago=901)
        self.assertEqual(self._failed(), ["queue.backlog"])
        self.set_parameter("backlog_limit_seconds", 1000)
        self.assertEqual(self._failed(), [])

    def test_a_task_that_waits_for_its_time_is_no_backlog_before_it(self):
        later = self.env.cr.now() + datetime.timedelta(hours=1)
        task = self.insert_task("waiting", seconds_ago=90_000, eta=later)
        self.assertEqual(self._failed(), [])
        task.eta = self.env.cr.now() - datetime.timedelta(seconds=1000)
        self.assertEqual(self._failed(), ["queue.backlog"])

    def test_a_task_is_due_from_the_moment_at_which_it_became_so(self):
        task = self.insert_task("waiting", seconds_ago=90_000, eta=self.env.cr.now())
        self.env["integration.queue"]._release_due()
        task.invalidate_recordset()
        self.assertEqual((task.state, self._failed()), ("pending", []))

    def test_a_missing_key_is_noticed(self):
        self.env["integration.keyring"]._record_key("lost-key")
        self.assertEqual(self._failed(), ["keyring.complete"])

    def test_a_copied_database_is_noticed(self):
        self.env["integration.instance"].search([]).database_oid = "1"
        self.assertEqual(self._failed(), ["instance.confirmed"])

    def test_another_database_is_answered_only_where_the_filter_allows(self):
        answer = self.get("/integration/health?db=some-other-database")
        self.assertEqual((answer.status_code, answer.json()), (503, {"status": "fail"}))
        answer = self.get(f"/integration/health?db={self.env.cr.dbname}")
        self.assertEqual(answer.status_code, 200)
