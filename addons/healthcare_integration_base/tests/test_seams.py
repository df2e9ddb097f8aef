"""Where the states of two records meet: what a person ends leaves nothing open and nothing stuck."""

import datetime

from odoo.exceptions import UserError
from odoo.tests import tagged

from ..errors import DocumentError, TransientError
from ..queue import PostponedTask
from .intake_common import IntakeCase, x12_file
from .mapping_common import WORKERS, MappingCase
from .outbox_common import OutboxMixin
from .queue_common import QueueCase

REFUSAL = DocumentError("test.refused", "Refused.", subject="test")


@tagged("post_install", "-at_install")
class TestGivenUpTasks(QueueCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.operator = cls.integration_user("seams-operator", "operator")

    def _message(self):
        return self.env["integration.message"].create({"company_id": self.env.company.id})

    def _die(self, **options):
        self.outcomes = [DocumentError("a.b", "Broken", subject="s", amount=5)]
        task = self.enqueue(**options)
        self.run_tasks()
        return task

    def test_cancelling_what_was_dead_ends_its_exception(self):
        message = self._message()
        task = self._die(message=message)
        exception = task.exception_id
        task.with_user(self.operator).action_cancel()
        self.assertEqual((task.state, message.state), ("cancelled", "held"))
        self.assertEqual((exception.state, exception.resolved_by_id), ("resolved", self.operator))
        self.assertIn(self.operator.name, exception.resolution)
        self.assertEqual(exception.amount, 5, "what is closed keeps its amount")

    def test_an_exception_stays_open_for_what_still_waits(self):
        first, second = self._message(), self._message()
        tasks = self._die(message=first) + self._die(message=second) + self._die()
        exception = tasks.exception_id
        self.assertEqual((len(exception), exception.amount), (1, 15))
        tasks[0].with_user(self.operator).action_cancel()
        self.assertEqual((exception.state, exception.message_ids, exception.amount), ("open", second, 10))
        tasks[1].with_user(self.operator).action_cancel()
        self.assertEqual((exception.state, exception.message_ids.ids), ("open", []))
        tasks[2].with_user(self.operator).action_cancel()
        self.assertEqual(exception.state, "resolved")

    def test_cancelling_the_dead_first_of_a_key_lets_the_next_go(self):
        first = self._die(ordering_key="k")
        second = self.enqueue(ordering_key="k")
        first.action_cancel()
        self.run_tasks()
        self.assertEqual((first.state, second.state), ("cancelled", "done"))

    def test_a_message_is_held_while_another_task_of_it_is_dead(self):
        message = self._message()
        first, second = self._die(message=message), self._die(message=message)
        first.action_retry()
        self.assertEqual(message.state, "held")
        second.action_retry()
        self.assertEqual(message.state, "received")

    def test_waiving_one_cause_leaves_a_message_to_the_other(self):
        message = self._message()
        first = self._die(message=message)
        self.outcomes = [DocumentError("a.c", "Broken too", subject="s")]
        second = self.enqueue(message=message)
        self.run_tasks()
        first.exception_id._waive("Known")
        self.assertEqual((message.state, second.state), ("held", "dead"))
        second.exception_id._waive("Known too")
        self.assertEqual((message.state, message.state_reason), ("rejected", "Known too"))

    def test_what_was_applied_stays_applied_when_a_later_step_is_given_up(self):
        file = self.env["integration.message"].create({"company_id": self.env.company.id, "state": "split"})
        part = self._message()
        part.write({"parent_id": file.id, "position": 1})
        part._set_state("applied")
        self.assertEqual(file.state, "settled")
        task = self._die(message=part)
        self.assertEqual((part.state, file.state, file.closed_at), ("held", "split", False))
        task.action_retry()
        self.assertEqual((part.state, file.state), ("applied", "settled"))
        self.outcomes = [DocumentError("a.b", "Broken", subject="s")]
        self.run_tasks()
        self.assertEqual((part.state, file.state), ("held", "split"))
        task.exception_id._waive("Not needed")
        self.assertEqual((part.state, part.state_reason), ("applied", "Not needed"))
        self.assertEqual(file.state, "settled")

    def test_what_was_applied_is_not_replayed_from_its_beginning(self):
        part = self._message()
        part._set_state("applied")
        task = self._die(message=part)
        self.env.cr.execute("DELETE FROM integration_task WHERE id = %s", (task.id,))
        self.env.invalidate_all()
        with self.assertRaisesRegex(UserError, "was applied"):
            part._replay("Again")

    def test_a_running_task_that_was_given_up_waits_for_no_other_attempt(self):
        endings = (TransientError("a.b", "Away"), PostponedTask("Closed", 60), DocumentError("a.b", "Broken"))
        for ending, state in zip(endings, ("cancelled", "cancelled", "dead"), strict=True):
            with self.subTest(ending=ending):
                message = self._message()
                self.outcomes = [ending]
                task = self.enqueue(message=message)
                claimed = self.claim()
                task.with_user(self.operator).action_cancel()
                self.in_lane(lambda queue: queue._run_claimed("a worker", claimed))  # noqa: B023
                self.assertEqual((task.state, message.state), (state, "held"))
                if state == "cancelled":
                    self.assertIn(self.operator.name, message.state_reason)

    # === GIVING UP MESSAGES === #

    def test_a_held_message_can_be_given_up(self):
        message = self._message()
        task = self._die(message=message)
        exception = task.exception_id
        message.with_user(self.operator).action_give_up()
        self.assertEqual((message.state, task.state, exception.state), ("rejected", "cancelled", "resolved"))
        self.assertIn(self.operator.name, message.state_reason)
        self.assertTrue(message.closed_at)
        with self.assertRaises(UserError):
            message.with_user(self.operator).action_give_up()

    def test_what_runs_is_not_given_up(self):
        message = self._message()
        self._die(message=message)
        self.enqueue(message=message)
        self.claim()
        with self.assertRaisesRegex(UserError, "just now"):
            message.action_give_up()


@tagged("post_install", "-at_install")
class TestRefusedRecordsGivenUp(MappingCase):
    """A message of which some records were applied: what is waived is not applied, and nothing twice."""

    def setUp(self):
        super().setUp()
        self.incoming = self.process(WORKERS + b"3,Cid,FR,2026-01-01\n4,Dan,DE,2026-01-01\n")

    def _exception(self, country):
        return self.incoming.exception_ids.filtered(lambda e: e.subject == f"country:{country}")

    def _names(self):
        return self.env["res.partner"].browse(self.incoming.link_ids.mapped("res_id")).mapped("name")

    def test_records_that_are_waived_leave_the_others_to_be_taken_in(self):
        self._exception("FR")._waive("Not ours")
        self.assertEqual((self.incoming.state, self.incoming.refused_count), ("held", 2))
        self.add_country("DE", "base.de")
        self._exception("DE").action_resolve()
        self.run_tasks()
        self.assertEqual((self.incoming.state, self.incoming.refused_count), ("applied", 0))
        self.assertEqual(self._names(), ["Ann", "Bob", "Dan"])

    def test_what_was_applied_in_part_is_never_rejected(self):
        self.incoming.exception_ids._waive("Not ours")
        self.assertEqual((self.incoming.state, self.incoming.refused_count), ("applied", 0))
        self.assertIn("Not ours", self.incoming.state_reason)
        with self.assertRaises(UserError):
            self.incoming._replay("Again")
        self.assertEqual(self._names(), ["Ann"])

    def test_a_message_is_held_while_one_cause_is_left(self):
        self.add_country("DE", "base.de")
        self._exception("DE").action_resolve()
        self.run_tasks()
        self.assertEqual((self.incoming.state, self.incoming.refused_count), ("held", 1))
        self.assertEqual(self._names(), ["Ann", "Bob", "Dan"])

    def test_records_whose_task_was_cancelled_can_be_taken_in_later(self):
        self._exception("DE").waiting_task_ids.action_cancel()
        self.assertEqual(self._exception("DE").state, "resolved")
        self._exception("FR")._waive("Not ours")
        self.assertEqual((self.incoming.state, self.incoming.refused_count), ("held", 2))
        self.add_country("DE", "base.de")
        self.add_country("FR", "base.fr")
        self.incoming.action_reprocess()
        self.run_tasks()
        self.assertEqual((self.incoming.state, self.incoming.refused_count), ("applied", 0))
        self.assertEqual(self._names(), ["Ann", "Bob", "Dan"], "what was waived stays away")

    def test_a_cancelled_cause_is_not_forgotten_by_the_success_of_the_others(self):
        self._exception("FR").waiting_task_ids.action_cancel()
        self.add_country("DE", "base.de")
        self._exception("DE").action_resolve()
        self.run_tasks()
        self.assertEqual((self.incoming.state, self.incoming.refused_count), ("held", 1))
        self.incoming.action_give_up()
        self.assertEqual((self.incoming.state, self.incoming.refused_count), ("applied", 0))

    def test_what_was_applied_in_part_is_not_replayed_as_a_whole(self):
        self.env.cr.execute("DELETE FROM integration_task")
        self.env.invalidate_all()
        with self.assertRaisesRegex(UserError, "was applied"):
            self.incoming._replay("Again")


@tagged("post_install", "-at_install")
class TestSilence(OutboxMixin, IntakeCase):
    """What a person decides about a partner that does not acknowledge."""

    def setUp(self):
        super().setUp()
        self.outgoing_mailbox = self.sending_mailbox()
        self.sender = self.sending_flow(
            self.outgoing_mailbox.endpoint, acknowledgement="functional", acknowledgement_hours=1.0
        )
        self.message = self.send(self.sender)
        self.run_tasks()
        self._let_time_pass()
        self.exception = self.message.exception_ids
        self.assertEqual((self.message.state, self.exception.state), ("overdue", "open"))

    def _let_time_pass(self):
        with self.frozen_clock(self.message.acknowledge_by + datetime.timedelta(seconds=1)):
            self.env["integration.message"]._mark_overdue()

    def test_a_resolved_silence_is_waited_for_once_more(self):
        former = self.message.acknowledge_by
        with self.frozen_clock(former + datetime.timedelta(days=1)):
            self.exception.action_resolve()
        self.assertEqual(self.message.state, "sent")
        self.assertEqual(self.message.acknowledge_by, former + datetime.timedelta(days=1, hours=1))
        self._let_time_pass()
        self.assertEqual(self.message.state, "overdue")
        self.assertEqual(self.message.exception_ids.mapped("state").count("open"), 1)

    def test_a_waived_silence_settles_what_was_sent(self):
        self.exception._waive("They never answer")
        self.assertEqual((self.message.state, self.message.state_reason), ("sent", "They never answer"))
        self.assertTrue(self.message.closed_at)
        with self.frozen_clock(self.message.closed_at + datetime.timedelta(days=9)):
            self.env["integration.message"]._mark_overdue()
        self.assertEqual(self.message.state, "sent")
        self.message._acknowledge(True)
        self.assertEqual(self.message.state, "acknowledged")


@tagged("post_install", "-at_install")
class TestEndpointSeams(OutboxMixin, IntakeCase):
    def test_an_endpoint_that_only_sends_tells_its_last_success(self):
        mailbox = self.sending_mailbox(name="Sends")
        flow = self.sending_flow(mailbox.endpoint)
        self.assertFalse(mailbox.endpoint.last_worked_at)
        message = self.send(flow)
        self.run_tasks()
        self.env.invalidate_all()
        self.assertTrue(message.sent_at)
        self.assertEqual(mailbox.endpoint.last_worked_at, message.sent_at)
        self.assertFalse(mailbox.endpoint.last_success_at, "no sending writes to its endpoint")
        later = message.sent_at + datetime.timedelta(hours=1)
        mailbox.endpoint.last_success_at = later
        self.env.invalidate_all()
        self.assertEqual(mailbox.endpoint.last_worked_at, later)
        self.assertFalse(self.env["integration.endpoint"].new({"name": "New"}).last_worked_at)

    def test_a_confirmed_place_lets_no_endpoint_of_a_suspended_system_work(self):
        self.endpoint._suspend("instance", "This database was copied or moved.")
        self.system.action_suspend()
        self.env["integration.instance"]._confirm_here()
        self.assertEqual((self.endpoint.state, self.endpoint.suspension), ("suspended", "system"))
        self.system.action_go_live()
        self.assertEqual(self.endpoint.state, "active")

    def test_a_system_is_not_retired_under_its_flows(self):
        with self.assertRaisesRegex(UserError, self.flow.name):
            self.system.action_retire()
        self.flow.action_retire()
        self.system.action_retire()
        self.assertEqual((self.system.state, self.endpoint.state), ("retired", "suspended"))


@tagged("post_install", "-at_install")
class TestRejectedParts(IntakeCase):
    def test_a_file_settles_with_the_last_transaction_that_is_given_up(self):
        self.route()
        self.refusal = REFUSAL
        file = self.receive(self.mailbox, "a.835", x12_file([["BPR", "I", "1"]], [["BPR", "I", "2"]]))
        first, second = file.child_ids
        first.task_ids.action_cancel()
        self.assertEqual((first.state, file.state), ("held", "split"))
        first.action_give_up()
        self.assertEqual((first.state, file.state), ("rejected", "split"))
        second.exception_ids._waive("Not ours")
        self.assertEqual((second.state, file.state), ("rejected", "settled"))
        self.refusal = None
        first._replay("Ours after all")
        self.assertEqual((first.state, file.state), ("received", "split"))
        self.run_tasks()
        self.assertEqual((first.state, file.state), ("applied", "settled"))
        self.assertEqual(len(self.handled), 3)
