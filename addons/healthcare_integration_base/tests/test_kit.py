import datetime

from odoo.tests import tagged

from ..errors import IntegrationError
from .queue_common import METHOD, QueueCase

NOON = datetime.datetime(2026, 3, 16, 12, 0)


@tagged("post_install", "-at_install")
class TestKit(QueueCase):
    """The kit that other addons test with."""

    def test_a_trap_tells_what_was_asked_for_apart_from_running_it(self):
        before = self.enqueue()
        with self.trap_tasks() as trap:
            task = self.enqueue(1, priority=3)
        after = self.enqueue()
        self.assertEqual(trap.tasks, task, f"neither {before} nor {after}")
        found = trap.assert_enqueued("res.partner", METHOD, records=self.partner, priority=3)
        self.assertEqual((found, self.calls), (task, []))
        for expectation in ({"count": 2}, {"priority": 4}, {"records": self.partner.copy()}):
            with self.assertRaises(AssertionError):
                trap.assert_enqueued("res.partner", METHOD, **expectation)
        with self.assertRaises(AssertionError):
            trap.assert_nothing_enqueued()

    def test_an_empty_trap(self):
        self.env.cr.execute("DELETE FROM integration_task")
        with self.trap_tasks() as trap:
            pass
        self.enqueue()
        trap.assert_nothing_enqueued()
        with self.assertRaises(AssertionError):
            trap.assert_enqueued("res.partner", METHOD)

    def test_running_runs_what_tasks_enqueue_too(self):
        self.outcomes = [lambda records: getattr(records.with_integration_task(), METHOD)()]
        self.enqueue()
        self.run_tasks()
        self.assertEqual((len(self.calls), self.partner.ref), (2, "xx"))

    def test_dead_tasks_fail_a_test_that_asks(self):
        self.assert_no_dead_task()
        self.outcomes = [IntegrationError("a.b", "Broken")]
        self.enqueue()
        self.run_tasks()
        with self.assertRaisesRegex(AssertionError, "Broken"):
            self.assert_no_dead_task()

    def test_the_frozen_clock_is_that_of_python_the_transaction_and_the_queue(self):
        seen = []
        self.outcomes = [lambda records: seen.append((records.env.cr.now(), datetime.datetime.now()))]
        real = self.env.cr.now()
        with self.frozen_clock("2026-03-16 12:00:00") as clock:
            self.assertEqual((self.env.cr.now(), datetime.datetime.now()), (NOON, NOON))
            task = self.enqueue(eta=datetime.timedelta(minutes=5))
            self.assertEqual((task.eta, task.enqueued_at), (NOON + datetime.timedelta(minutes=5), NOON))
            self.run_tasks()
            self.assertFalse(seen)
            clock.tick(datetime.timedelta(minutes=6))
            self.run_tasks()
        self.assertEqual(seen, [(NOON + datetime.timedelta(minutes=6),) * 2])
        self.assertEqual(self.env.cr.now(), real)

    def test_sandbox_mailboxes_share_a_system_and_have_folders_of_their_own(self):
        one, other = self.sandbox_endpoint(), self.sandbox_endpoint(disposal="delete")
        self.assertEqual((one.endpoint.system_id, one.endpoint.state), (other.endpoint.system_id, "active"))
        one.drop("a.txt", b"content")
        self.assertEqual((one.waiting(), one.archived(), other.waiting()), (["a.txt"], [], []))

    def test_receiving_does_everything_that_follows(self):
        mailbox = self.sandbox_endpoint()
        message = self.receive(mailbox, "a.835", b"no X12")
        self.assertEqual((message.file_name, message.state, mailbox.archived()), ("a.835", "held", ["a.835"]))

    def test_users_have_the_roles_that_were_asked_for(self):
        user = self.integration_user("kit-nina", "operator", "phi")
        for role, expected in (("operator", True), ("viewer", True), ("phi", True), ("manager", False)):
            self.assertEqual(user.has_group(f"healthcare_integration_base.group_{role}"), expected, role)
