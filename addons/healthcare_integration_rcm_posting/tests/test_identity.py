import psycopg2

from odoo.tests import tagged
from odoo.tools import mute_logger

from odoo.addons.healthcare_integration_base.errors import TransientError

from .common import RcmCase, claim


@tagged("post_install", "-at_install")
class TestIdentity(RcmCase):
    """The same payment is never posted twice, on any path."""

    def test_same_file_again_is_a_duplicate(self):
        invoice = self.claim_invoice("D100001", 100)
        content = self.file_of(self.remit(claim("D100001", 100, 100)))
        first = self.receive(self.mailbox, "one.835", content)
        again = self.receive(self.mailbox, "one_again.835", content)
        self.assertEqual((first.state, again.state), ("settled", "duplicate"))
        self.assertEqual(again.duplicate_of_id, first)
        self.assertEqual(again._payload(), content)
        self.assertEqual(invoice.amount_residual, 0)
        self.assertEqual(self.env["rcm.remittance"].search_count([]), 1)

    def test_same_payment_in_another_file_is_a_duplicate(self):
        self.claim_invoice("D100002", 100)
        first = self.take_in(self.remit(claim("D100002", 100, 100), trace="SAME1"))
        again = self.take_in(self.remit(claim("D100002", 100, 100), trace="SAME1"))
        self.assertEqual((first.state, again.state), ("posted", "duplicate"))
        self.assertEqual(again.original_id, first)
        self.assertFalse(again.entry_ids)

    def test_same_payment_with_other_content_waits_for_a_person(self):
        self.claim_invoice("D100003", 100)
        self.claim_invoice("D100004", 100)
        first = self.take_in(self.remit(claim("D100003", 100, 100), trace="SAME2"))
        other = self.take_in(self.remit(claim("D100004", 100, 100), trace="SAME2"))
        self.assertEqual(other.state, "held")
        exception = self.exceptions(other)
        self.assertEqual(exception.code, "remittance.identity.conflict")
        self.assertIn("claim D100003, status 1, paid 100", exception.expected)
        self.assertIn("claim D100004, status 1, paid 100", exception.found)
        first.with_user(self.biller).action_undo()
        exception.with_user(self.biller).action_resolve()
        self.run_tasks()
        self.assert_posted(other, claim_receivable=-100)

    def test_conflict_of_what_is_private_names_the_field_alone(self):
        self.claim_invoice("D100007", 100)
        self.take_in(self.remit(claim("D100007", 100, 100), trace="SAME3"))
        renamed = claim("D100007", 100, 100)
        renamed.patient_name = "Otherwise, Robin"
        exception = self.exceptions(self.take_in(self.remit(renamed, trace="SAME3")))
        self.assertIn("patient_name", exception.expected)
        self.assertIn("other patient_name", exception.found)
        for name in ("Testcase", "Otherwise"):
            self.assertNotIn(name, exception.expected + exception.found)

    def test_conflict_with_a_payment_whose_payload_is_deleted(self):
        self.claim_invoice("D100008", 100)
        first = self.take_in(self.remit(claim("D100008", 100, 100), trace="SAME4"))
        first.message_id.parent_id.sudo().payload_purged_at = "2026-11-01"
        other = self.take_in(self.remit(claim("D100009", 100, 100), trace="SAME4"))
        exception = self.exceptions(other)
        self.assertEqual(exception.code, "remittance.identity.conflict")
        self.assertIn("1 claims", exception.expected)

    def test_of_two_workers_one_posts_the_payment(self):
        self.claim_invoice("D100010", 100)
        first = self.take_in(self.remit(claim("D100010", 100, 100), trace="SAME5"))
        second = self.take_in(self.remit(claim("D100010", 100, 100), trace="SAME5"))
        # A worker whose snapshot is older than the first posting finds no original.
        second = second.sudo()
        second.write({"state": "received", "original_id": False})
        second.flush_recordset()
        with self.assertRaises(TransientError) as raised, self.env.cr.savepoint():
            second._begin(second._header())
        self.assertEqual(raised.exception.code, "remittance.identity.race")
        self.env.invalidate_all()
        self.assertEqual((second.state, first.state), ("received", "posted"))

    def test_an_entry_of_a_part_is_posted_once(self):
        self.claim_invoice("D100011", 100)
        entry = self.take_in(self.remit(claim("D100011", 100, 100))).entry_ids
        with self.assertRaises(psycopg2.IntegrityError), mute_logger("odoo.sql_db"):
            entry.copy({"rcm_entry_key": entry.rcm_entry_key}).flush_recordset()

    def test_zero_payments_with_one_trace_number_are_different(self):
        self.claim_invoice("D100005", 100)
        self.claim_invoice("D100006", 100)
        first, second = self.take_in(
            self.remit(claim("D100005", 100, 0, ("PR 1", 100)), trace="000000000"),
            self.remit(claim("D100006", 100, 0, ("PR 1", 100)), trace="000000000"),
        )
        self.assertEqual((first.state, second.state), ("posted", "posted"))
