import datetime
import json

from odoo.exceptions import AccessError, UserError
from odoo.tests import Form, tagged

from ..errors import BusinessRuleError, MappingError, TransientError
from .common import IntegrationCase
from .outbox_common import DOCUMENT, OutboxMixin

# A Sunday.
NIGHT = datetime.datetime(2026, 3, 15, 3, 0)
MORNING = datetime.datetime(2026, 3, 15, 5, 0)


@tagged("post_install", "-at_install")
class TestOutbox(OutboxMixin, IntegrationCase):
    def setUp(self):
        super().setUp()
        self.mailbox = self.sending_mailbox()
        self.endpoint = self.mailbox.endpoint
        self.flow = self.sending_flow(self.endpoint)

    # === ON THE WAY === #

    def test_a_message_is_committed_before_it_is_sent_and_sent_once(self):
        with self.trap_tasks() as trap:
            message = self.send(self.flow)
        trap.assert_enqueued("integration.message", "_send_queued", endpoint_id=self.endpoint)
        self.assertEqual((message.state, self.arrived(self.mailbox)), ("queued", {}))
        self.assertEqual(json.loads(message._payload()), DOCUMENT)
        self.run_tasks()
        self.assertEqual(message.state, "sent")
        self.assertEqual(message.closed_at, message.sent_at, "no acknowledgement is expected")
        self.assertEqual(self.arrived(self.mailbox), {message.file_name: message._payload()})
        self.assertEqual(message.link_ids.res_model, "res.partner")
        self.assertIn("Sent to", message.timeline)
        message._send_queued()
        self.assertEqual(len(self.audited(message, "message.sent")), 1)

    def test_the_payload_is_encrypted_and_the_sending_is_audited_with_its_hash(self):
        message = self.send(self.flow)
        self.env.cr.execute(
            "SELECT string_agg(data, '') FROM integration_message_chunk WHERE message_id = %s", (message.id,)
        )
        self.assertNotIn(b"P00017", bytes(self.env.cr.fetchone()[0]))
        self.run_tasks()
        [entry] = self.audited(message, "message.sent")
        detail = json.loads(entry.detail)
        self.assertEqual((detail["sha256"], detail["attempt"]), (message.payload_hash, 1))

    def test_the_handler_builds_as_the_flows_user_and_only_shared_fields_leave(self):
        seen = []

        def build(handler, message, records):
            seen.append((handler.env.user, handler.env.su, records.env.user, message.file_name))
            return [{"name": record.name, "note": "not for the partner"} for record in records]

        self.patch(type(self.env["integration.handler"]), "_build", build)
        endpoint = self.sending_mailbox().endpoint
        flow = self.sending_flow(endpoint, self.flow.document_type_id, shared_fields="name")
        message = flow._send(self.partner_record())
        self.assertEqual(seen, [(flow.user_id, False, flow.user_id, message.file_name)])
        self.assertEqual(json.loads(message._payload()), [{"name": "Northern Supplies"}])

    def test_a_mapping_writes_the_partners_format(self):
        document_type = self.new_type(document_format="csv")
        mapping = self.env["integration.mapping"].create(
            {
                "name": "Orders",
                "document_type_id": document_type.id,
                "record_format": "csv",
                "line_ids": [
                    (
                        0,
                        0,
                        {"source_path": path, "target_field": title, "transform": kind, "is_required": True},
                    )
                    for path, title, kind in (("order", "Number", "text"), ("total", "Total", "integer"))
                ],
                "column_ids": [(0, 0, {"name": "Number"}), (0, 0, {"name": "Total"})],
            }
        )
        mapping.action_activate()
        mailbox = self.sending_mailbox()
        flow = self.sending_flow(mailbox.endpoint, document_type, mapping_id=mapping.id)
        self.send(flow, [DOCUMENT])
        self.run_tasks()
        [content] = self.arrived(mailbox).values()
        self.assertEqual(content, b"Number,Total\nP00017,3\n")
        count = self.messages(flow)
        with self.assertRaises(MappingError):
            self.send(flow, [{"order": "P00018"}])
        self.assertEqual(self.messages(flow), count, "what cannot be written leaves no draft")

    def test_one_business_event_is_one_message(self):
        message = self.send(self.flow, key="order:17:1")
        self.run_tasks()
        self.assertEqual(self.send(self.flow, {"order": "other"}, key="order:17:1"), message)
        self.run_tasks()
        self.assertEqual((message.state, len(self.arrived(self.mailbox))), ("sent", 1))
        self.assertNotEqual(self.send(self.flow, key="order:17:2"), message)

    # === POLICY === #

    def test_health_data_is_never_sent_to_an_endpoint_of_prices(self):
        mailbox = self.sending_mailbox(**self.cleared_for("phi", "price"))
        flow = self.sending_flow(mailbox.endpoint, self.new_type("phi"), shared_fields="order")
        queued = self.send(flow)
        mailbox.endpoint.write(self.cleared_for("price"))
        with self.assertRaises(BusinessRuleError) as caught:
            self.send(flow)
        self.assertEqual(caught.exception.code, "policy.data_class")
        self.assertEqual(self.messages(flow), queued, "nothing is left of the other one")
        self.run_tasks()
        self.assertEqual((queued.state, queued.exception_ids.code), ("failed", "policy.data_class"))
        self.assertEqual(self.arrived(mailbox), {})
        mailbox.endpoint.write(self.cleared_for("phi"))
        queued.exception_ids.action_resolve()
        self.run_tasks()
        self.assertEqual(self.arrived(mailbox), {queued.file_name: b'{"order":"P00017"}\n'})

    def test_a_flow_that_nobody_approved_makes_no_message(self):
        self.flow.action_revise()
        with self.assertRaises(BusinessRuleError) as caught:
            self.send(self.flow)
        self.assertEqual(caught.exception.code, "flow.not_live")

    def test_a_flow_without_a_way_out_says_so(self):
        flow = self.sending_flow(self.sandbox_endpoint(direction="in").endpoint, self.flow.document_type_id)
        with self.assertRaises(BusinessRuleError) as caught:
            self.send(flow)
        self.assertEqual(caught.exception.code, "flow.no_way_out")

    def test_what_was_queued_waits_for_a_flow_that_is_revised(self):
        message = self.send(self.flow)
        self.flow.action_revise()
        self.run_tasks()
        self.assertEqual((message.state, self.arrived(self.mailbox)), ("failed", {}))
        self.assertEqual(message.exception_ids.code, "flow.not_live")
        self.flow.action_approve()
        self.flow.action_go_live()
        self.run_tasks()
        self.assertEqual((message.state, self.arrived(self.mailbox)), ("failed", {}))
        revised = message.exception_ids.filtered(lambda exception: exception.state == "open")
        self.assertEqual((revised.code, revised.found), ("flow.revised", "version 1"))
        message.action_send_again()
        self.run_tasks()
        self.assertEqual((message.state, revised.state), ("sent", "resolved"))
        self.assertEqual(len(self.audited(message, "message.version_taken")), 1)

    # === WAITING === #

    def test_a_window_postpones(self):
        message = self.send(self.flow)
        self.endpoint.write(
            {
                "time_zone": "UTC",
                "window_ids": [(0, 0, {"kind": "maintenance", "weekday": "6", "start": 2.0, "end": 5.0})],
            }
        )
        with self.frozen_clock(NIGHT):
            self.run_tasks()
        task = self.send_tasks(message)
        self.assertEqual((task.state, task.eta, task.attempts), ("waiting", MORNING, 0))
        self.assertIn("closed", message.waits_because)
        self.assertEqual((message.state, self.arrived(self.mailbox)), ("queued", {}))
        with self.frozen_clock(MORNING):
            self.run_tasks()
        self.assertEqual((message.state, message.waits_because), ("sent", False))

    def test_a_paused_flow_and_a_paused_endpoint_keep_messages_waiting(self):
        message = self.send(self.flow)
        self.flow.action_pause()
        self.run_tasks()
        self.assertIn("paused", message.waits_because)
        self.flow.action_go_live()
        self.endpoint.action_pause()
        self.run_tasks()
        self.assertIn("not active", message.waits_because)
        self.assertEqual((message.state, self.arrived(self.mailbox)), ("queued", {}))
        self.endpoint.action_activate()
        self.run_tasks()
        self.assertEqual(message.state, "sent")

    def test_a_copied_database_sends_nothing_and_says_so(self):
        message = self.send(self.flow)
        self.env["integration.instance"].search([]).instance_identifier = "of another place"
        self.run_tasks()
        self.assertEqual((message.state, self.arrived(self.mailbox)), ("queued", {}))
        self.assertIn("copied or moved", message.waits_because)
        self.assertEqual(self.send_tasks(message).attempts, 0)
        self.env["integration.instance"]._confirm_here()
        self.make_due(message)
        self.run_tasks()
        self.assertEqual(message.state, "sent")

    # === FAILURES === #

    def test_a_mailbox_that_is_away_fails_and_works_again(self):
        message = self.send(self.flow)
        (self.mailbox.root / "outbox").rmdir()
        self.run_tasks()
        self.assertEqual((message.state, message.exception_ids.code), ("failed", "folder.folder_missing"))
        self.assertTrue(self.endpoint.error_date)
        (self.mailbox.root / "outbox").mkdir()
        message.exception_ids.action_resolve()
        self.assertEqual(message.state, "queued")
        self.run_tasks()
        self.assertEqual((message.state, self.endpoint.error_date), ("sent", False))

    def test_that_a_partner_is_back_is_noted_once_and_before_the_backlog(self):
        with self.frozen_clock(NIGHT):
            messages = self.env["integration.message"].union(*(self.send(self.flow) for _number in range(3)))
        self.endpoint._note_failure(TransientError("folder.away", "Away"))
        with self.trap_tasks() as trap:
            for message in messages[:2]:
                message._send_queued()
        note = trap.assert_enqueued("integration.endpoint", "_note_delivery", records=self.endpoint)
        self.assertEqual(messages.mapped("state"), ["sent", "sent", "queued"])
        [first] = self.env["integration.queue"]._claim(1, "a lane")
        self.assertEqual(first.id, note.id)

    def test_another_file_of_the_name_is_never_overwritten(self):
        (self.mailbox.root / "outbox" / "order.json").write_bytes(b"the partner's own")
        message = self.send(self.flow, file_name="order.json")
        self.run_tasks()
        exception = message.exception_ids
        self.assertEqual((message.state, exception.code), ("failed", "folder.name_taken"))
        self.assertTrue(exception.location and exception.expected and exception.found and exception.remedy)
        self.assertEqual(self.arrived(self.mailbox), {"order.json": b"the partner's own"})

    def test_a_repeat_after_bytes_left_recognises_its_file(self):
        message = self.send(self.flow)
        # as after a crash between the rename and the commit
        (self.mailbox.root / "outbox" / message.file_name).write_bytes(message._payload())
        self.run_tasks()
        self.assertEqual((message.state, len(self.arrived(self.mailbox))), ("sent", 1))
        self.assertTrue(json.loads(self.audited(message, "message.sent").detail)["repeat"])

    # === ACKNOWLEDGEMENTS === #

    def _expecting(self, hours=1.0):
        self.flow.write({"acknowledgement": "functional", "acknowledgement_hours": hours})
        message = self.send(self.flow)
        self.run_tasks()
        self.assertEqual((message.state, message.closed_at), ("sent", False))
        return message

    def test_silence_is_overdue_once_and_an_answer_ends_it(self):
        messages = self._expecting() + self._expecting()
        later = max(messages.mapped("acknowledge_by")) + datetime.timedelta(seconds=1)
        self.env["integration.message"]._mark_overdue()
        self.assertEqual(set(messages.mapped("state")), {"sent"})
        with self.frozen_clock(later):
            self.env["integration.message"]._mark_overdue()
        self.assertEqual(set(messages.mapped("state")), {"overdue"})
        [exception] = messages.exception_ids
        self.assertEqual(exception.code, "acknowledgement.overdue")
        messages[0]._acknowledge(True)
        self.assertEqual((messages[0].state, exception.state), ("acknowledged", "open"))
        messages[1]._acknowledge(True)
        self.assertEqual((messages[1].state, exception.state), ("acknowledged", "resolved"))

    def test_a_refusal_tells_a_person_and_may_be_followed_by_another_sending(self):
        message = self._expecting()
        message._acknowledge(False, "Unknown item 4711")
        exception = message.exception_ids
        self.assertEqual((message.state, exception.found), ("refused", "Unknown item 4711"))
        message.action_send_again()
        self.assertEqual((message.state, exception.state), ("queued", "resolved"))
        self.run_tasks()
        self.assertEqual(message.state, "sent")

    def test_an_answer_that_comes_before_our_commit_stops_the_repeat(self):
        message = self.send(self.flow)
        # as after a crash between the rename and the commit
        self.send_tasks(message).attempts = 1
        message._acknowledge(True)
        self.run_tasks()
        self.assertEqual((message.state, self.arrived(self.mailbox)), ("acknowledged", {}))

    def test_what_was_not_sent_cannot_be_acknowledged(self):
        draft = self.flow._compose(self.partner_record(), documents=DOCUMENT)
        for message in (draft, self.send(self.flow)):
            with self.assertRaises(BusinessRuleError):
                message._acknowledge(True)

    # === PEOPLE === #

    def test_an_operator_sends_again_and_cancels_and_a_viewer_does_not(self):
        operator = self.integration_user("outbox-operator", "operator")
        viewer = self.integration_user("outbox-viewer", "viewer")
        draft = self.flow._compose(self.partner_record(), documents=DOCUMENT)
        self.run_tasks()
        self.assertEqual(draft.state, "draft")
        for action in ("action_send", "action_send_again", "action_cancel_sending"):
            with self.assertRaises(AccessError):
                getattr(draft.with_user(viewer), action)()
        draft.with_user(operator).action_send()
        draft.with_user(operator).action_cancel_sending()
        self.run_tasks()
        self.assertEqual((draft.state, self.arrived(self.mailbox)), ("rejected", {}))
        self.assertIn(operator.name, draft.state_reason)
        with self.assertRaises(UserError):
            draft.with_user(operator).action_send_again()

    def test_sending_again_keeps_the_name(self):
        operator = self.integration_user("outbox-again", "operator")
        (self.mailbox.root / "outbox").rmdir()
        message = self.send(self.flow)
        self.run_tasks()
        name, exception = message.file_name, message.exception_ids
        (self.mailbox.root / "outbox").mkdir()
        message.with_user(operator).action_send_again()
        self.assertEqual((message.state, exception.state), ("queued", "resolved"))
        self.run_tasks()
        self.assertEqual((message.state, list(self.arrived(self.mailbox))), ("sent", [name]))

    def test_a_cancelled_task_leaves_a_message_that_can_be_sent_again(self):
        message = self.send(self.flow)
        self.env["integration.queue"]._cancel(self.send_tasks(message))
        self.assertEqual(message.state, "failed")
        message.action_send_again()
        self.run_tasks()
        self.assertEqual(message.state, "sent")

    def test_the_form_opens(self):
        message = self.send(self.flow)
        for user in (self.env.user, self.integration_user("outbox-form", "viewer")):
            self.assertEqual(Form(message.with_user(user)).state, "queued")

    # === HELPERS === #

    def messages(self, flow):
        return self.env["integration.message"].search([("flow_id", "=", flow.id)])

    def audited(self, message, event):
        return self.env["integration.audit.entry"].search(
            [("event", "=", event), ("res_id", "=", message.id)]
        )
