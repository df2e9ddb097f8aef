import datetime
import json
from ast import literal_eval
from unittest.mock import patch

from lxml import etree

from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from ..errors import IntegrationError
from .common import IntegrationCase
from .outbox_common import OutboxMixin


@tagged("post_install", "-at_install")
class TestOutboxAnswers(OutboxMixin, IntegrationCase):
    """What answers, people and revisions do to sendings that have failed."""

    def setUp(self):
        super().setUp()
        self.mailbox = self.sending_mailbox()
        self.flow = self.sending_flow(self.mailbox.endpoint, is_ordered=True)
        self.outbox = self.mailbox.root / "outbox"

    def _failed(self, count=1):
        """Return messages whose sending ended in the dead letter, for the same cause."""
        away = self.outbox.rename(self.mailbox.root / "away")
        messages = self.env["integration.message"]
        for _number in range(count):
            messages += self.send(self.flow)
        self.run_tasks()
        away.rename(self.outbox)
        return messages

    # === ANSWERS AND FAILURES === #

    def test_an_answer_ends_the_dead_sending_and_releases_those_behind_it(self):
        for is_taken, state in ((True, "acknowledged"), (False, "refused")):
            with self.subTest(state=state):
                first, second = self._failed(2)
                self.assertEqual((first.state, second.state), ("failed", "queued"), "the second waits")
                first._acknowledge(is_taken)
                task = self.send_tasks(first)
                self.assertEqual((task.state, task.exception_id.id), ("cancelled", False))
                self.run_tasks()
                self.assertEqual((first.state, second.state), (state, "sent"))

    def test_what_was_answered_is_no_part_of_a_shared_exception_any_more(self):
        self.flow.is_ordered = False
        first, second, third = (self.send(self.flow) for _number in range(3))
        self.flow.action_revise()
        self.run_tasks()
        exception = (first + second + third).exception_ids
        self.assertEqual(len(exception), 1)
        first._acknowledge(True)
        second._acknowledge(False, "Unknown item")
        exception._waive("The partner has them on paper")
        self.assertEqual((first + second + third).mapped("state"), ["acknowledged", "refused", "rejected"])
        self.run_tasks()
        self.assertEqual(self.arrived(self.mailbox), {})

    def test_an_answer_that_comes_while_a_failure_is_settled_stands(self):
        messages_model = type(self.env["integration.message"])
        note_failure = messages_model._integration_task_failed

        def answered_meanwhile(messages, method_name, error):
            messages._acknowledge(True)
            return note_failure(messages, method_name, error)

        self.flow.is_ordered = False
        for count in (1, 2):
            with (
                self.subTest(settled_together=count),
                patch.object(messages_model, "_integration_task_failed", answered_meanwhile),
            ):
                messages = self._failed(count)
                self.assertEqual(set(messages.mapped("state")), {"acknowledged"})
                self.assertEqual(set(self.send_tasks_of(messages).mapped("state")), {"cancelled"})
                self.assertEqual(set(messages.exception_ids.mapped("state")), {"resolved"})

    def test_a_late_answer_to_what_is_queued_again_is_taken(self):
        message = self._failed()
        message.exception_ids.action_resolve()
        self.assertEqual((message.state, self.send_tasks(message).attempts), ("queued", 0))
        message._acknowledge(True)
        self.assertEqual((message.state, self.send_tasks(message).state), ("acknowledged", "cancelled"))

    def test_a_refusal_that_is_repeated_leaves_a_persons_work_as_it_is(self):
        message = self._failed()
        message._acknowledge(False, "Unknown item")
        exception = message.exception_ids.filtered(lambda e: e.state == "open")
        exception.with_user(self.integration_user("refusal-operator", "operator")).action_start()
        exception.deadline = "2030-01-01 00:00:00"
        message._acknowledge(False, "Unknown item 4711")
        self.assertEqual((message.state, exception.state), ("refused", "in_progress"))
        self.assertEqual(len(message.exception_ids), 2, "the failure and the refusal")
        entries = self.env["integration.audit.entry"].search(
            [("event", "=", "message.refused"), ("res_id", "=", message.id)], order="id"
        )
        self.assertEqual(
            [json.loads(entry.detail)["reason"] for entry in entries], ["Unknown item", "Unknown item 4711"]
        )

    def test_an_exception_stays_open_for_tasks_of_no_message(self):
        message = self._failed()
        exception = message.exception_ids
        task = self.partner_task(exception)
        exception._leave(message, "Undone")
        self.assertEqual((exception.state, exception.message_ids.ids), ("open", []))
        self.env["integration.queue"]._cancel(task)
        exception._leave(message, "Undone")
        self.assertEqual(exception.state, "resolved")

    # === PEOPLE === #

    def _overdue(self):
        self.flow.write({"acknowledgement": "functional", "acknowledgement_hours": 1.0})
        message = self.send(self.flow)
        self.run_tasks()
        with self.frozen_clock(message.acknowledge_by + datetime.timedelta(seconds=1)):
            self.env["integration.message"]._mark_overdue()
        self.assertEqual(message.state, "overdue")
        return message

    def test_an_operator_sends_again_what_is_overdue(self):
        message, operator = self._overdue(), self.integration_user("overdue-operator", "operator")
        exception = message.exception_ids
        self.assertTrue(message.may_be_replayed)
        message.with_user(operator).action_send_again()
        self.assertEqual((message.state, exception.state), ("queued", "resolved"))
        self.run_tasks()
        self.assertEqual((message.state, len(self.arrived(self.mailbox))), ("sent", 1))

    def test_an_operator_marks_as_acknowledged_what_the_partner_confirmed_otherwise(self):
        operator = self.integration_user("confirming-operator", "operator")
        viewer = self.integration_user("confirming-viewer", "viewer")
        for message in (self._overdue(), self._failed()):
            with self.assertRaises(AccessError):
                message.with_user(viewer).action_mark_acknowledged()
            message.with_user(operator).action_mark_acknowledged()
            self.assertEqual(message.state, "acknowledged")
            [entry] = self.env["integration.audit.entry"].search(
                [("event", "=", "message.acknowledged_by_hand"), ("res_id", "=", message.id)]
            )
            self.assertEqual(entry.actor_login, operator.login)
        with self.assertRaises(UserError):
            self.send(self.flow).with_user(operator).action_mark_acknowledged()

    def test_refused_messages_are_among_what_waits_for_people(self):
        message = self._failed()
        message._acknowledge(False, "Unknown item")
        endpoint = self.mailbox.endpoint
        self.assertEqual((message.state, endpoint.held_count), ("refused", 1))
        self.assertTrue(self._counted("refused"))

    def test_what_was_sent_is_unfinished_while_an_answer_is_awaited(self):
        before = self._counted("sent")
        self.send(self.flow)
        self.run_tasks()
        self.assertEqual(self._counted("sent"), before)
        self.flow.write({"acknowledgement": "functional", "acknowledgement_hours": 0})
        awaiting = self.send(self.flow)
        self.run_tasks()
        self.assertEqual(self._counted("sent"), before + 1)
        for name in ("under_way", "unacknowledged"):
            found = awaiting.search([("flow_id", "=", self.flow.id), *self._domain_of(name)])
            self.assertEqual(found, awaiting, name)

    def _counted(self, state):
        self.env.flush_all()
        [by_state, *_sizes] = self.env["integration.metrics"]._message_metrics()
        return {labels["state"]: count for labels, count in by_state.samples}[state]

    def _domain_of(self, filter_name):
        """Return the domain of a filter of the list of messages."""
        view = self.env["integration.message"].get_view(view_type="search")
        [node] = etree.fromstring(view["arch"]).iterfind(f".//filter[@name='{filter_name}']")
        return literal_eval(node.get("domain"))

    # === FLOWS === #

    def test_sending_again_asks_the_present_flow(self):
        message = self._failed()
        self.flow.action_revise()
        self.flow.endpoint_id = self.sending_mailbox().endpoint
        self.flow.action_approve()
        self.flow.action_go_live()
        with self.assertRaisesRegex(UserError, "anew"):
            message.action_send_again()
        draft = self.flow._compose(self.partner_record(), documents={"order": "P00018"})
        self.flow.document_type_id.data_class = "phi"
        with self.assertRaisesRegex(UserError, "protected data"):
            draft.action_send()
        self.assertEqual((message.state, draft.state), ("failed", "draft"))

    def test_a_flow_that_has_messages_is_not_deleted(self):
        self.flow.copy({"code": "unused"}).unlink()
        self.send(self.flow)
        with self.assertRaisesRegex(UserError, "exchanged messages"):
            self.flow.unlink()

    def test_messages_whose_flow_is_gone_stop_nobodys_deadlines(self):
        orphan, message = (self.send(self.flow) for _number in range(2))
        (orphan + message).write({"state": "sent", "acknowledge_by": "2026-01-01 00:00:00"})
        orphan.flow_id = False
        self.env["integration.message"]._mark_overdue()
        self.assertEqual((orphan.state, message.state), ("sent", "overdue"))

    def test_a_name_that_is_no_file_name_leaves_neither_message_nor_key(self):
        with self.assertRaises(IntegrationError) as caught:
            self.send(self.flow, file_name="PO/17.json", key="order:17:1")
        self.assertEqual(caught.exception.code, "flow.unsafe_name")
        message = self.send(self.flow, file_name="PO-17.json", key="order:17:1")
        self.assertEqual(message.file_name, "PO-17.json")

    # === RETENTION === #

    def test_the_payload_of_what_may_still_be_sent_is_kept(self):
        self.mailbox.endpoint.system_id.data_class = "phi"
        rule = self.env["integration.retention"].create({"data_class": "phi", "payload_days": 30})
        rule.action_activate()
        message = self._failed()
        message.write({"state": "refused", "closed_at": self.env.cr.now() - datetime.timedelta(days=31)})
        self.assertEqual(rule._purge_payloads(), 0)
        exception = self.env["integration.exception"]._report(
            message._refusal("Unknown item"), company=message.company_id, message=message
        )
        self.env["integration.queue"]._cancel(self.send_tasks(message))
        self.assertEqual(rule._purge_payloads(), 0, "a person is still to decide")
        exception._leave(message, "It is not sent any more.")
        self.assertEqual(rule._purge_payloads(), 1)

    # === HELPERS === #

    def send_tasks_of(self, messages):
        return self.env["integration.task"].search([("message_id", "in", messages.ids)])

    def partner_task(self, exception):
        """Return a dead task of no message that waits for an exception."""
        [task] = self.mailbox.endpoint.with_kernel_task()._note_delivery()
        task.write({"state": "dead", "exception_id": exception.id})
        return task
