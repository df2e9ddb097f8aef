import math
import random

from odoo.tests import tagged

from ..errors import DocumentError, MappingError
from ..models.integration_message_payload import CHUNK_SIZE
from .intake_common import IntakeCase, x12_file

BODY = [["BPR", "I", "100"], ["TRN", "1", "EFT1"]]


def large_body(size, seed):
    """Return segments of about ``size`` bytes that do not repeat."""
    draw = random.Random(seed)
    return [["REF", "EV", f"{draw.getrandbits(320):080x}"] for _number in range(size // 90)]


@tagged("post_install", "-at_install")
class TestSplit(IntakeCase):
    def test_each_transaction_is_a_message_that_reads_its_own_bytes(self):
        self.route()
        content = x12_file(BODY, [*BODY, ["PLB", "1", "20261231", "WO", "5"]], BODY, usage="T")
        message = self.receive(self.mailbox, "three.835", content)
        self.assertEqual((message.state, len(message.child_ids)), ("settled", 3))
        self.assertEqual(message._payload(), content)
        children = message.child_ids.sorted("position")
        for child, number in zip(children, ("0001", "0002", "0003"), strict=True):
            payload = child._payload()
            self.assertEqual(payload, content[child.byte_start : child.byte_end])
            self.assertTrue(payload.startswith(f"ST*835*{number}~".encode()), payload[:30])
            self.assertTrue(payload.endswith(f"*{number}~".encode()), payload[-30:])
            self.assertEqual(
                (child.state, child.transaction_control_number, child.position),
                ("applied", number, int(number)),
            )
            self.assertEqual(
                (child.sender, child.receiver, child.transaction_set), ("PAYER", "HOSPITAL", "835")
            )
            self.assertTrue(child.is_test and child.closed_at)
            self.assertEqual((child.correlation_id, child.flow_id), (message.correlation_id, self.flow))
        self.assertEqual(
            [document for _number, document, _user, _su in self.handled], [c._payload() for c in children]
        )
        self.assertEqual(self.mailbox.archived(), ["three.835"])

    def test_the_handler_works_with_the_rights_of_the_flows_user(self):
        self.route()
        self.receive(self.mailbox, "a.835", x12_file(BODY))
        self.assertEqual(
            [(user, su) for _number, _document, user, su in self.handled], [(self.runner, False)]
        )

    def test_a_large_file_is_stored_in_encrypted_chunks(self):
        self.route()
        content = x12_file(*(large_body(900_000, seed) for seed in range(3)))
        message = self.receive(self.mailbox, "large.835", content)
        self.assertEqual((message.payload_size, len(message.child_ids)), (len(content), 3))
        self.env.cr.execute(
            "SELECT data FROM integration_message_chunk WHERE message_id = %s ORDER BY chunk_index",
            (message.id,),
        )
        stored = [bytes(data) for (data,) in self.env.cr.fetchall()]
        self.assertEqual(len(stored), math.ceil(len(content) / CHUNK_SIZE))
        self.assertFalse([data for data in stored if b"REF*EV" in data])
        self.assertEqual(message._payload(), content)
        for child in message.child_ids:
            self.assertEqual(child._payload(), content[child.byte_start : child.byte_end])
        start, end = CHUNK_SIZE - 5, CHUNK_SIZE + 5
        self.assertEqual(b"".join(message._payload_chunks(start, end)), content[start:end])

    def test_payloads_of_any_chunking_read_back(self):
        message = self.env["integration.message"].create({"company_id": self.env.company.id})
        content = random.Random(1).randbytes(2 * CHUNK_SIZE)
        message._store_payload([content[:1], b"", content[1 : CHUNK_SIZE + 1], content[CHUNK_SIZE + 1 :]])
        self.assertEqual(message._payload(), content, "a size of exactly two chunks")

    def test_a_chunk_that_was_changed_or_lost_is_refused(self):
        message = self.env["integration.message"].create({"company_id": self.env.company.id})
        message._store_payload([b"x" * (CHUNK_SIZE + 1)])
        self.env.cr.execute(
            "DELETE FROM integration_message_chunk WHERE message_id = %s AND chunk_index = 0", (message.id,)
        )
        with self.assertRaises(DocumentError) as caught:
            message._payload()
        self.assertEqual(caught.exception.code, "payload.missing")
        self.env.cr.execute(
            "UPDATE integration_message_chunk SET chunk_index = 0 WHERE message_id = %s", (message.id,)
        )
        with self.assertRaises(Exception) as caught:
            message._payload()
        self.assertEqual(type(caught.exception).__name__, "TamperedPayloadError")

    def test_a_file_that_is_no_x12_is_held_with_its_name_and_place(self):
        message = self.receive(self.mailbox, "garbled.835", b"\0\x01 this is not X12 \0")
        self.assertEqual((message.state, message.child_ids.ids), ("held", []))
        exception = message.exception_ids
        self.assertEqual((exception.category, exception.system_id), ("data", self.system))
        self.assertIn("garbled.835", exception.location)
        self.assertTrue(exception.expected and exception.found and exception.remedy)
        self.assertEqual(message._payload(), b"\0\x01 this is not X12 \0", "the raw file is kept")
        self.assertEqual(self.mailbox.archived(), ["garbled.835"])

    def test_two_garbled_files_are_two_exceptions(self):
        first = self.receive(self.mailbox, "a.835", b"not X12")
        second = self.receive(self.mailbox, "b.835", b"not X12 either")
        self.assertEqual(len(first.exception_ids | second.exception_ids), 2)

    def test_a_file_without_transactions_is_held(self):
        message = self.receive(self.mailbox, "envelope.835", x12_file())
        self.assertEqual((message.state, message.exception_ids.code), ("held", "x12.no_transaction"))

    def test_damage_of_one_transaction_does_not_hold_the_others(self):
        self.route()
        content = x12_file(BODY, BODY).replace(b"SE*4*0001", b"SE*9*0001")
        message = self.receive(self.mailbox, "damaged.835", content)
        first, second = message.child_ids.sorted("position")
        self.assertTrue(first.findings)
        self.assertEqual((bool(second.findings), second.state), (False, "applied"))


@tagged("post_install", "-at_install")
class TestDuplicates(IntakeCase):
    def test_the_same_content_under_another_name_is_a_duplicate(self):
        self.route()
        content = x12_file(BODY)
        original = self.receive(self.mailbox, "a.835", content)
        again = self.receive(self.mailbox, "b.835", content)
        self.assertEqual(
            (again.state, again.duplicate_of_id, again.child_ids.ids), ("duplicate", original, [])
        )
        self.assertEqual((len(self.handled), again._payload()), (1, content))
        self.assertIn("a.835", again.state_reason)
        self.assertEqual(self.mailbox.archived(), ["a.835", "b.835"])

    def test_the_same_name_with_other_content_is_new_and_archived_beside_the_first(self):
        self.route()
        self.receive(self.mailbox, "a.835", x12_file(BODY))
        self.receive(self.mailbox, "a.835", x12_file(BODY, control="2"))
        self.assertEqual(self.messages().mapped("state"), ["settled", "settled"])
        self.assertEqual(len(self.mailbox.archived()), 2)
        self.assertEqual(self.mailbox.waiting(), [])

    def test_another_company_may_receive_the_same_content(self):
        other = self.env["res.company"].create({"name": "Other Hospital"})
        system = self.live_system(code="other", company_id=other.id)
        elsewhere = self.sandbox_endpoint(system)
        self.receive(self.mailbox, "a.835", b"the same")
        self.assertEqual(self.receive(elsewhere, "a.835", b"the same").state, "held")

    def test_a_file_that_is_left_in_place_is_taken_once(self):
        self.endpoint.disposal = "leave"
        self.receive(self.mailbox, "a.835", x12_file(BODY))
        self.look()
        self.assertEqual((len(self.messages()), self.mailbox.waiting()), (1, ["a.835"]))


@tagged("post_install", "-at_install")
class TestRouting(IntakeCase):
    def test_without_a_route_the_transaction_is_held_until_there_is_one(self):
        message = self.receive(self.mailbox, "a.835", x12_file(BODY, BODY))
        self.assertEqual(message.child_ids.mapped("state"), ["held", "held"])
        exception = self.exceptions("route.not_found")
        self.assertEqual(len(exception), 1, "one cause")
        self.assertEqual((exception.message_ids, message.state), (message.child_ids, "split"))
        self.route()
        exception.action_resolve()
        self.run_tasks()
        self.assertEqual(
            (message.child_ids.mapped("state"), message.state), (["applied", "applied"], "settled")
        )
        self.assertEqual(message.child_ids.flow_id, self.flow)

    def test_the_route_of_another_sender_does_not_match(self):
        self.route(sender="ANOTHER")
        self.assertEqual(self.receive(self.mailbox, "a.835", x12_file(BODY)).child_ids.state, "held")
        self.route(sender="PAYER")
        self.assertEqual(
            self.receive(self.mailbox, "b.835", x12_file(BODY, control="2")).child_ids.state, "applied"
        )

    def test_what_arrives_while_the_flow_is_paused_runs_when_it_is_live_again(self):
        self.route()
        self.flow.action_pause()
        message = self.receive(self.mailbox, "a.835", x12_file(BODY, BODY))
        self.assertEqual(set(message.child_ids.mapped("state")), {"received"})
        self.assertEqual(set(message.child_ids.task_ids.mapped("state")), {"pending"})
        self.flow.action_go_live()
        self.run_tasks()
        self.assertEqual(message.state, "settled")

    def test_what_arrives_before_the_flow_is_live_runs_when_it_is(self):
        self.route()
        self.flow.state = "approved"
        message = self.receive(self.mailbox, "a.835", x12_file(BODY, BODY))
        exception = self.exceptions("flow.not_live")
        self.assertEqual((message.child_ids.mapped("state"), len(exception)), (["held", "held"], 1))
        self.flow.action_go_live()
        self.assertEqual((exception.state, exception.resolved_by_id), ("resolved", self.env.user))
        self.run_tasks()
        self.assertEqual(message.state, "settled")

    def test_a_held_document_holds_those_behind_it_where_the_flow_is_in_order(self):
        self.route()
        self.flow.is_ordered = True
        self.refusal = DocumentError("x.y", "Wrong")
        first = self.receive(self.mailbox, "a.835", x12_file(BODY, BODY))
        self.refusal = None
        second = self.receive(self.mailbox, "b.835", x12_file(BODY, control="2"))
        self.assertEqual(sorted((first + second).child_ids.mapped("state")), ["held", "received", "received"])
        self.exceptions("x.y").action_resolve()
        self.run_tasks()
        self.assertEqual((first + second).mapped("state"), ["settled", "settled"])
        self.assertEqual(
            set((first + second).child_ids.task_ids.mapped("ordering_key")), {f"flow:{self.flow.id}:"}
        )

    def test_a_document_type_without_handler_is_named(self):
        self.route()
        self.document_type.handler = False
        child = self.receive(self.mailbox, "a.835", x12_file(BODY)).child_ids
        self.assertEqual(child.exception_ids.code, "document_type.no_handler")

    def test_an_error_of_the_handler_holds_its_transaction_only(self):
        self.route()
        self.refusal = MappingError("crosswalk.unknown_code", "An unknown code", subject="CO-999")
        message = self.receive(self.mailbox, "a.835", x12_file(BODY, BODY))
        exception = self.exceptions("crosswalk.unknown_code")
        self.assertEqual((len(exception), exception.message_count, exception.category), (1, 2, "mapping"))
        self.assertIn("a.835", exception.location)
        self.refusal = None
        exception.action_resolve()
        self.run_tasks()
        self.assertEqual(message.state, "settled")

    def test_a_file_is_settled_when_its_last_transaction_is_rejected(self):
        self.route()
        self.refusal = DocumentError("x.y", "Wrong")
        message = self.receive(self.mailbox, "a.835", x12_file(BODY, BODY))
        for exception in self.exceptions("x.y"):
            self.assertEqual(message.state, "split")
            exception._waive("Sent by mistake")
        self.assertEqual((message.child_ids.mapped("state"), message.state), (["rejected"] * 2, "settled"))

    def test_a_file_that_two_transactions_left_open_is_closed_by_the_cron(self):
        self.route()
        message = self.receive(self.mailbox, "a.835", x12_file(BODY))
        message.state = "split"
        with self.enter_registry_test_mode():
            self.env.ref("healthcare_integration_base.ir_cron_settle_interchanges").method_direct_trigger()
        self.assertEqual(message.state, "settled")
