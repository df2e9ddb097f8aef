import time

from prometheus_client.parser import text_string_to_metric_families

from odoo.tests import tagged

from .monitoring_common import MonitoringCase
from .queue_common import QueueCase

PREFIX = "healthcare_integration_"


@tagged("post_install", "-at_install")
class TestMetrics(MonitoringCase):
    def _read(self):
        """Return ``{(name, {labels}): value}`` as Prometheus reads it."""
        answer = self.get("/integration/metrics", self.token)
        self.assertEqual(answer.status_code, 200)
        self.assertIn("text/plain", answer.headers["Content-Type"])
        return {
            (sample.name.removeprefix(PREFIX), frozenset(sample.labels.items())): sample.value
            for family in text_string_to_metric_families(answer.text)
            for sample in family.samples
        }

    def _value(self, name, /, **labels):
        found = [
            value
            for (sample, sample_labels), value in self._read().items()
            if sample == name and set(labels.items()) <= sample_labels
        ]
        self.assertEqual(len(found), 1, f"{name} {labels}")
        return found[0]

    def test_nothing_is_told_without_the_token(self):
        for token in (None, "wrong"):
            answer = self.get("/integration/metrics", token)
            self.assertEqual((answer.status_code, answer.text), (401, "unauthorized\n"))
        self.env["integration.monitoring.token"]._revoke()
        self.assertEqual(self.get("/integration/metrics", self.token).status_code, 401)

    def test_unfinished_tasks_are_counted_by_state(self):
        before = self._value("tasks", state="dead")
        for state in ("dead", "dead", "pending", "done"):
            self.insert_task(state)
        self.assertEqual(self._value("tasks", state="dead"), before + 2)

    def test_ages_of_backlog_and_of_running_tasks(self):
        self.insert_task(seconds_ago=120)
        self.insert_task("running", seconds_ago=300)
        self.assertAlmostEqual(self._value("task_backlog_seconds"), 120, delta=2)
        self.assertAlmostEqual(self._value("task_oldest_running_seconds"), 300, delta=2)

    def test_messages_and_exceptions_are_counted_by_state(self):
        before = self._value("messages", state="held")
        self.env["integration.message"].create({"company_id": self.env.company.id, "state": "held"})
        self.env["integration.exception"].create(
            {
                "name": "Test",
                "code": "test.metrics",
                "company_id": self.env.company.id,
                "category": "data",
                "severity": "critical",
            }
        )
        self.assertEqual(self._value("messages", state="held"), before + 1)
        self.assertEqual(self._value("exceptions", severity="critical", state="open"), 1)

    def test_endpoints_tell_their_state_and_last_success(self):
        system = self.env["integration.system"].create({"name": "Bank", "code": "BANK", "state": "live"})
        endpoint = self.env["integration.endpoint"].create(
            {"name": 'Say "hi"', "system_id": system.id, "host": "sftp.invalid"}
        )
        labels = {"endpoint": str(endpoint.id), "system": "BANK", "name": 'Say "hi"'}
        self.assertEqual(self._value("endpoint_state", state="draft", **labels), 1)
        self.assertEqual(self._value("endpoint_state", state="active", **labels), 0)
        endpoint._note_success()
        self.assertAlmostEqual(self._value("endpoint_last_success_age_seconds", **labels), 0, delta=2)

    def test_unsealed_entries_are_counted(self):
        before = self._value("audit_unsealed_entries")
        self.env["integration.audit.entry"]._record("test.metrics")
        self.assertEqual(self._value("audit_unsealed_entries"), before + 1)

    def test_lanes_tell_when_they_ran(self):
        lane = self.lanes[0]
        self.assertEqual(self._value("lane_active", lane=str(lane.id)), 1)
        self.assertAlmostEqual(
            self._value("lane_last_run_timestamp_seconds", lane=str(lane.id)), time.time(), delta=600
        )

    def test_a_paused_lane_is_measured_as_such(self):
        self.env["integration.lane"]._make_missing()
        lane = str(self.lanes[0].id)
        self.assertEqual(self._value("lane_paused", lane=lane), 0)
        self.env["integration.lane"].search([("cron_id", "=", self.lanes[0].id)]).action_pause()
        self.assertEqual(self._value("lane_active", lane=lane), 0)
        self.assertEqual(self._value("lane_paused", lane=lane), 1)

    def test_checks_of_readiness_are_measured(self):
        self.assertEqual(self._value("check_ok", check="lanes.active"), 1)
        self.lanes.active = False
        self.assertEqual(self._value("check_ok", check="lanes.active"), 0)


@tagged("post_install", "-at_install")
class TestTaskCounters(QueueCase):
    def _counted(self, work):
        before = self.env["integration.task"]._counters()
        work()
        after = self.env["integration.task"]._counters()
        return {name: after[name] - before[name] for name in after}

    def test_attempts_and_ends_are_counted_however_they_come_about(self):
        self.outcomes = [None, ValueError("no")]
        self.enqueue()
        dying = self.enqueue(max_attempts=1)
        with self.assertLogs("odoo.addons.healthcare_integration_base", "WARNING"):
            counted = self._counted(self.run_tasks)
        self.assertEqual(dying.state, "dead")
        self.assertEqual(counted, {"started": 2, "done": 1, "dead": 1})

    def test_a_task_tells_since_when_it_is_in_its_state(self):
        task = self.enqueue()
        self.env.cr.execute(
            "UPDATE integration_task SET state_since = '2020-01-01' WHERE id = %s", (task.id,)
        )
        self.claim()
        self.assertEqual(task.state, "running")
        self.assertGreater(task.state_since.year, 2020)
