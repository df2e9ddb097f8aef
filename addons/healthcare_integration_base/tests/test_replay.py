from odoo.exceptions import AccessError, UserError
from odoo.tests import Form, tagged

from ..errors import DocumentError
from .intake_common import IntakeCase, x12_file

FILE = x12_file([["BPR", "I", "100"]], [["BPR", "I", "200"]])
REFUSAL = DocumentError("test.refused", "Refused.", subject="test")


@tagged("post_install", "-at_install")
class TestReplay(IntakeCase):
    def setUp(self):
        super().setUp()
        self.route()
        self.refusal = REFUSAL
        self.file = self.receive(self.mailbox, "a.835", FILE)
        self.parts = self.file.child_ids
        self.operator = self.integration_user("replay-operator", "operator")

    def _entries(self, records):
        domain = [("event", "=", "message.replayed"), ("res_id", "in", records.ids)]
        return self.env["integration.audit.entry"].search(domain)

    def test_a_held_message_runs_again_with_a_reason(self):
        self.assertEqual(set(self.parts.mapped("state")), {"held"})
        self.refusal = None
        part = self.parts[0]
        action = part.with_user(self.operator).action_replay()
        wizard = Form(
            self.env[action["res_model"]].with_user(self.operator).with_context(**action["context"])
        )
        wizard.reason = "The partner was asked."
        wizard.save().action_replay()
        self.run_tasks()
        self.assertEqual((part.state, self.parts[1].state), ("applied", "held"))
        entry = self._entries(part)
        self.assertEqual(
            (entry.actor_id, entry.detail), (self.operator, '{"reason": "The partner was asked."}')
        )
        self.assertIn("The partner was asked.", part.timeline)

    def test_a_file_stands_for_its_stopped_transactions(self):
        self.refusal = None
        self.parts[0]._replay("once")
        self.run_tasks()
        replayed = self.file._replay("again")
        self.run_tasks()
        self.assertEqual(replayed, self.parts[1])
        self.assertEqual((set(self.parts.mapped("state")), self.file.state), ({"applied"}, "settled"))
        self.assertEqual(len(self.handled), 4, "two refused, two applied, none twice")

    def test_an_exception_ends_with_the_last_message_that_waits_for_it(self):
        exception = self.exceptions("test.refused")
        self.refusal = None
        self.parts[0]._replay("The first one")
        self.assertEqual((exception.state, exception.message_ids), ("open", self.parts[1]))
        self.parts[1].with_user(self.operator)._replay("The partner was asked.")
        self.assertEqual((exception.state, exception.resolved_by_id), ("resolved", self.operator))
        self.assertIn("The partner was asked.", exception.resolution)

    def test_a_replay_that_fails_again_is_an_exception_again(self):
        self.file._replay("too early")
        self.assertFalse(self.exceptions("test.refused").filtered(lambda e: e.state == "open"))
        self.run_tasks()
        again = self.exceptions("test.refused").filtered(lambda e: e.state == "open")
        self.assertEqual(again.message_ids, self.parts)

    def test_a_replay_is_offered_while_something_is_stopped(self):
        self.assertTrue(self.file.may_be_replayed and self.parts[0].may_be_replayed)
        self.refusal = None
        self.file._replay("once")
        self.run_tasks()
        self.env.invalidate_all()
        self.assertFalse(self.file.may_be_replayed or self.parts[0].may_be_replayed)

    def test_a_rejected_message_runs_again_and_opens_its_file(self):
        self.exceptions("test.refused")._waive("not ours")
        self.assertEqual((set(self.parts.mapped("state")), self.file.state), ({"rejected"}, "settled"))
        self.refusal = None
        self.parts[0]._replay("ours after all")
        self.assertEqual((self.parts[0].state, self.file.state), ("received", "split"))
        self.assertFalse(self.parts[0].closed_at or self.file.closed_at)
        self.run_tasks()
        self.assertEqual((self.parts[0].state, self.file.state), ("applied", "settled"))

    def test_a_message_whose_tasks_were_deleted_runs_again(self):
        self.env.cr.execute("DELETE FROM integration_task")
        self.env.invalidate_all()
        self.refusal = None
        self.file._replay("after a year")
        self.run_tasks()
        self.assertEqual(set(self.parts.mapped("state")), {"applied"})

    def test_what_is_queued_anew_is_the_messages_company_s(self):
        self.env.cr.execute("DELETE FROM integration_task")
        self.env.invalidate_all()
        company = self.env["res.company"].create({"name": "Another"})
        self.file.with_company(company)._replay("after a year")
        self.env.invalidate_all()
        self.assertEqual(self.parts.task_ids.company_id, self.parts.company_id)

    def test_what_was_applied_is_never_applied_again(self):
        self.refusal = None
        self.file._replay("first")
        self.run_tasks()
        for messages in (self.parts[0], self.file, self.parts):
            with self.assertRaises(UserError):
                messages._replay("second")
        self.assertFalse(self.env["integration.task"].search([("state", "in", ("pending", "waiting"))]))

    def test_a_message_that_is_under_way_is_not_doubled(self):
        self.parts[0]._replay("first")
        with self.assertRaises(UserError):
            self.parts[0]._replay("second")

    def test_viewers_cannot_replay(self):
        viewer = self.integration_user("replay-viewer", "viewer")
        with self.assertRaises(AccessError):
            self.parts[0].with_user(viewer).action_replay()
        wizard = self.env["integration.message.replay"].with_user(self.operator)
        wizard = wizard.create({"message_ids": self.parts.ids, "reason": "mine"})
        with self.assertRaises(AccessError):
            wizard.with_user(viewer).action_replay()
        self.assertEqual(set(self.parts.mapped("state")), {"held"})
