from odoo.tests import tagged

from ..errors import BusinessRuleError
from .common import IntegrationCase
from .outbox_common import DOCUMENT, OutboxMixin


@tagged("post_install", "-at_install")
class TestOutboxBatch(OutboxMixin, IntegrationCase):
    """Many messages cost no more statements than a few."""

    def setUp(self):
        super().setUp()
        self.mailbox = self.sending_mailbox()
        self.flow = self.sending_flow(self.mailbox.endpoint)

    def drafts(self, count, flow=None):
        flow = flow or self.flow
        compose = (flow._compose(self.partner_record(), documents=DOCUMENT) for _number in range(count))
        return self.env["integration.message"].union(*compose)

    def sent(self, count, **values):
        messages = self.drafts(count)
        messages._queue_sending()
        self.run_tasks()
        self.assertEqual(set(messages.mapped("state")), {"sent"})
        return messages

    def statements(self, work):
        """Return how many statements a call makes that finds nothing in the cache."""
        self.env.flush_all()
        self.env.invalidate_all()
        before = self.env.cr.sql_log_count
        work()
        self.env.flush_all()
        return self.env.cr.sql_log_count - before

    def assert_as_cheap(self, prepare, work):
        """Fail if ``work(prepare(count))`` costs more statements for ten messages than for two."""
        work(prepare(2))
        few, many = prepare(2), prepare(10)
        self.assertEqual(self.statements(lambda: work(few)), self.statements(lambda: work(many)))

    # === QUEUED TOGETHER === #

    def test_many_messages_are_queued_as_cheaply_as_a_few(self):
        self.assert_as_cheap(self.drafts, lambda messages: messages._queue_sending())

    def test_many_messages_are_replayed_as_cheaply_as_a_few(self):
        def refused(count):
            messages = self.sent(count)
            messages._set_state("refused")
            return messages

        self.assert_as_cheap(refused, lambda messages: messages._replay("again"))

    def test_each_message_leaves_by_its_own_flow_and_endpoint(self):
        other = self.sending_mailbox()
        flow = self.sending_flow(other.endpoint, self.flow.document_type_id)
        ours, theirs = self.drafts(2), self.drafts(2, flow)
        (theirs[0] + ours + theirs[1])._queue_sending()
        for messages, sender in ((ours, self.flow), (theirs, flow)):
            for message in messages:
                task = self.send_tasks(message)
                self.assertEqual((task.flow_id, task.endpoint_id), (sender, sender.endpoint_id))
                self.assertEqual((task.arguments["ids"], task.company_id), (message.ids, message.company_id))
        self.run_tasks()
        self.assertEqual((len(self.arrived(self.mailbox)), len(self.arrived(other))), (2, 2))

    def test_what_is_ordered_leaves_in_the_order_in_which_it_was_made(self):
        self.flow.is_ordered = True
        messages = self.drafts(3)
        messages.sorted("id", reverse=True)._queue_sending()
        tasks = self.env["integration.task"].search([("message_id", "in", messages.ids)], order="id")
        self.assertEqual(tasks.message_id.ids, messages.ids)
        self.assertEqual(tasks.mapped("state"), ["pending", "waiting", "waiting"])

    # === ANSWERED TOGETHER === #

    def test_many_answers_are_noted_as_cheaply_as_a_few(self):
        self.assert_as_cheap(self.sent, lambda messages: messages._acknowledge(True))

    def test_answers_end_what_only_these_messages_waited_for(self):
        messages = self.drafts(3)
        messages._queue_sending()
        self.flow.action_revise()
        self.run_tasks()
        exception = messages.exception_ids
        self.assertEqual(len(exception), 1)
        messages[:2]._acknowledge(True)
        self.assertEqual((exception.state, exception.message_ids), ("open", messages[2]))
        self.assertEqual(
            [self.send_tasks(message).state for message in messages], ["cancelled"] * 2 + ["dead"]
        )
        messages[2]._acknowledge(True)
        self.assertEqual((exception.state, set(messages.mapped("state"))), ("resolved", {"acknowledged"}))
        entries = self.env["integration.audit.entry"].search(
            [("event", "=", "message.acknowledged"), ("res_id", "in", messages.ids)]
        )
        self.assertEqual(sorted(entries.mapped("res_id")), sorted(messages.ids))

    def test_one_answer_to_what_was_not_sent_leaves_all_as_it_was(self):
        messages = self.sent(1) + self.drafts(1)
        with self.assertRaises(BusinessRuleError):
            messages._acknowledge(True)
        self.assertEqual(messages.mapped("state"), ["sent", "draft"])
