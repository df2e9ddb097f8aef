from contextlib import contextmanager
from unittest.mock import patch

import psycopg2

from odoo import sql_db
from odoo.exceptions import UserError
from odoo.tests import tagged
from odoo.tools import mute_logger

from odoo.addons.healthcare_integration_base.models import integration_task_progress

from .common import RcmCase, claim, provider_adjustment

# The kernel looks each cause up, claims its row and fills it, audits it, and notes its money and its message.
MAX_QUERIES_PER_EXCEPTION = 7.5


@tagged("post_install", "-at_install")
class TestParts(RcmCase):
    """A large remittance is posted in several entries by a chain of tasks, and resumes where it stopped."""

    def setUp(self):
        super().setUp()
        self.company.rcm_entry_claim_limit = 2

    def remit_many(self, count, *last):
        claims = [claim(f"P30000{number:02d}", 100, 80, ("CO 45", 20)) for number in range(count)]
        for document in claims:
            self.claim_invoice(document.claim_id, 100)
        return self.remit(*claims, *last, adjustments=[provider_adjustment("L6", -5)])

    def test_chain_of_tasks(self):
        with self.trap_tasks() as trap:
            remittance = self.take_in(self.remit_many(20))
        trap.assert_enqueued("rcm.remittance", "_post_next_part", records=remittance, count=3)
        self.assert_posted(remittance, claim_receivable=-2000, allowance=400, interest_income=-5)
        self.assertEqual(remittance.amount, 1605)
        self.assertEqual(len(remittance.entry_ids), 11)
        self.assertEqual(remittance.posted_claim_count, 20)
        self.assertEqual(len(set(remittance.entry_ids.mapped("rcm_entry_key"))), 11)

    @contextmanager
    def watched_progress(self):
        """Yield the list of what a remittance shows, percent and note, before each of its entries."""
        ledger, seen = type(self.env["rcm.ledger"]), []
        create_posted = ledger._create_posted

        def watched(records, values_list):
            remittance = records.env["rcm.remittance"].browse(values_list[0]["rcm_remittance_id"])
            remittance.invalidate_recordset(["integration_progress", "integration_progress_note"])
            seen.append((remittance.integration_progress, remittance.integration_progress_note))
            return create_posted(records, values_list)

        with (
            patch.object(ledger, "_create_posted", watched),
            patch.object(integration_task_progress, "REPORT_SECONDS", 0),
        ):
            yield seen

    def test_the_remittance_shows_how_far_its_posting_is(self):
        with self.watched_progress() as seen:
            remittance = self.take_in(self.remit_many(10))
        note = f"Posting {remittance.trace_number}"
        self.assertEqual(seen[:5], [(percent, note) for percent in (0, 20, 40, 60, 80)])
        self.assertFalse(remittance.integration_progress_note, "nothing works on it any more")

    def test_the_remittance_shows_how_far_its_review_is(self):
        numbers = [f"P70000{number:02d}" for number in range(5)]
        for number in numbers:
            self.claim_invoice(number, 100)
        remittance = self.take_in(
            self.remit(*(claim(number, 100, 80, ("CO 9999", 20)) for number in numbers))
        )
        self.env["rcm.posting.rule"].create({"group_code": "CO", "reason": "9999", "treatment": "allowance"})
        with self.watched_progress() as seen:
            self.exceptions(remittance).with_user(self.biller).action_resolve()
            self.run_tasks()
        self.assertEqual([percent for percent, _note in seen], [0, 40, 80])

    @contextmanager
    def locked_after(self, count):
        """Lock the period of the payment once so many entries are posted, for a company that then holds."""
        self.company.rcm_closed_period_policy = "hold"
        ledger, posted = type(self.env["rcm.ledger"]), []
        create_posted = ledger._create_posted

        def locking(records, values_list):
            moves = create_posted(records, values_list)
            posted.append(moves)
            if len(posted) == count:
                moves.company_id.sudo().fiscalyear_lock_date = "2026-03-31"
            return moves

        with patch.object(ledger, "_create_posted", locking):
            yield

    def stopped_half_way(self, document):
        """Return a remittance of which the period was locked when two of its three tasks were to follow."""
        self.claim_invoice("P3000099", 100)
        document.claims.append(claim("P3000099", 100, 90, ("PR 1", 10)))
        document.header.amount += 90
        with self.locked_after(4):
            remittance = self.take_in(document)
        self.assertEqual((remittance.state, remittance.message_id.state), ("posting", "held"))
        return remittance

    def test_chain_resumes_after_a_hold(self):
        remittance = self.stopped_half_way(self.remit_many(10))
        self.assertEqual(self.exceptions(remittance).code, "remittance.hold.period_locked")
        self.assertEqual(remittance.posted_claim_count, 8)
        self.assertEqual(len(remittance.entry_ids), 4)
        self.company.rcm_closed_period_policy = "next_open_day"
        self.exceptions(remittance).with_user(self.biller).action_resolve()
        self.run_tasks()
        self.assert_posted(
            remittance, claim_receivable=-1100, allowance=200, patient_receivable=10, interest_income=-5
        )
        self.assertEqual(remittance.message_id.state, "applied")
        days = remittance.entry_ids.sorted("id").mapped(lambda entry: str(entry.date))
        self.assertEqual(days, ["2026-03-16"] * 4 + ["2026-04-01"] * 3)
        self.assertEqual(
            [finding["code"] for finding in remittance.findings], ["remittance.hold.period_locked"]
        )

    def hold_by_last_part(self, document, role=None):
        """Take in what only its last part would hold; nothing of it may be posted."""
        if role:
            self.env["rcm.posting.account"].search([("role", "=", role)]).unlink()
        remittance = self.take_in(document)
        code = "remittance.hold.account_missing" if role else "remittance.hold.precision"
        return remittance, self.assert_held(remittance, code)

    def test_an_account_that_the_last_claim_needs_holds_the_first_part(self):
        self.claim_invoice("P3000099", 100)
        remittance, exception = self.hold_by_last_part(
            self.remit_many(10, claim("P3000099", 100, 90, ("PR 1", 10))), "patient_receivable"
        )
        self.env["rcm.posting.setup"].create({"company_id": self.company.id}).action_apply()
        self.resolve(exception)
        self.assert_posted(
            remittance, claim_receivable=-1100, allowance=200, patient_receivable=10, interest_income=-5
        )

    def test_an_account_that_the_provider_adjustment_needs_holds_the_first_part(self):
        self.hold_by_last_part(self.remit_many(10), "interest_income")

    def test_an_amount_finer_than_the_currency_holds_the_first_part(self):
        fine = (
            claim("P3000099", 100, "90.005", ("PR 1", "9.995")),
            claim("P3000098", 100, "90.005", ("PR 1", "9.995")),
        )
        self.hold_by_last_part(self.remit_many(8, *fine))

    def test_parts_without_an_entry_do_not_disturb_the_chain(self):
        denied = [claim(f"P40000{number:02d}", 100, 0, ("CO 16", 100)) for number in range(2)]
        paid = [claim(f"P50000{number:02d}", 100, 100) for number in range(8)]
        for document in (*denied, *paid):
            self.claim_invoice(document.claim_id, 100)
        remittance = self.take_in(self.remit(*denied, *paid))
        self.assert_posted(remittance, claim_receivable=-800)
        self.assertEqual(len(remittance.entry_ids), 4)

    def test_a_claim_is_not_matched_while_its_remittance_is_posted(self):
        invoice = self.claim_invoice("P6000001", 100)
        many = self.remit_many(10)
        many.claims[0].claim_id = "LOST000001"
        remittance = self.stopped_half_way(many)
        lost = remittance.claim_ids.filtered(lambda c: c.claim_number == "LOST000001")
        self.assertEqual((remittance.state, lost.outcome), ("posting", "unapplied"))
        with self.assertRaisesRegex(UserError, "is being posted"):
            lost.with_user(self.biller)._match_by_hand(invoice)
        self.assertFalse(lost.invoice_id)

    def test_what_stopped_half_way_can_be_undone(self):
        remittance = self.stopped_half_way(self.remit_many(10))
        invoices = remittance.claim_ids.invoice_id
        remittance.with_user(self.biller).action_undo()
        self.assertEqual((remittance.state, remittance.posted_claim_count), ("undone", 0))
        self.assertEqual(set(invoices.mapped("amount_residual")), {100.0})
        self.assertFalse(self.exceptions(remittance))
        self.assertNotIn("dead", remittance.message_id.task_ids.mapped("state"))
        self.assertEqual(remittance.message_id.state, "applied", "nobody has to look at it")
        self.company.fiscalyear_lock_date = False
        remittance.with_user(self.biller).action_post()
        self.run_tasks()
        self.env.cr.precommit.data.pop("sequence.mixin", None)
        self.assertEqual((remittance.state, remittance.message_id.state), ("posted", "applied"))
        self.assertEqual(remittance.clearing_total, remittance.amount)
        self.assertEqual(set(invoices.mapped("amount_residual")), {0.0})

    def test_an_entry_has_between_one_and_five_hundred_claims(self):
        for limit in (0, 501):
            with self.assertRaises(psycopg2.IntegrityError), mute_logger("odoo.sql_db"):
                self.company.rcm_entry_claim_limit = limit
                self.company.flush_recordset()
        for limit in (1, 500):
            self.company.rcm_entry_claim_limit = limit
            self.company.flush_recordset()

    def test_undo_covers_all_parts(self):
        remittance = self.take_in(self.remit_many(10))
        invoices = remittance.claim_ids.invoice_id
        remittance.with_user(self.biller).action_undo()
        self.assertEqual(set(invoices.mapped("amount_residual")), {100.0})
        self.assertEqual(len(remittance.entry_ids.filtered("reversal_move_ids")), 6)

    def test_taking_in_and_posting_need_no_query_per_claim(self):
        self.company.rcm_entry_claim_limit = 500
        # The first one fills the caches of the registry.
        _first, few, many = (self.queries_of_posting(count) for count in (5, 10, 60))
        self.assertLess((many - few) / 50, 0.5, "queries for each further claim")

    def test_denials_need_few_queries_each(self):
        self.company.rcm_entry_claim_limit = 500
        denied = (0, ("CO 16", 100))
        _first, few, many = (self.queries_of_posting(count, denied, "D") for count in (5, 10, 60))
        self.assertLess((many - few) / 50, MAX_QUERIES_PER_EXCEPTION, "queries for each further denial")

    def test_workers_meet_causes_in_one_order(self):
        denied = [claim(f"P8000{number}", 100, 0, ("CO 16", 100)) for number in (4, 2, 3, 1)]
        for document in denied:
            self.claim_invoice(document.claim_id, 100)
        remittance = self.take_in(self.remit(*denied))
        subjects = self.exceptions(remittance).sorted("id").mapped("subject")
        self.assertEqual(subjects, sorted(subjects), "over all entries of the task")

    def queries_of_posting(self, count, decided=(70, ("CO 45", 10), ("PR 1", 20)), prefix="Q"):
        documents = [claim(f"{prefix}{count}0{number:03d}", 100, *decided) for number in range(count)]
        for document in documents:
            self.claim_invoice(document.claim_id, 100)
        self.env.flush_all()
        before = sql_db.sql_counter
        remittance = self.take_in(self.remit(*documents, trace=f"{prefix}{count}"))
        self.assertEqual((remittance.state, remittance.posted_claim_count), ("posted", count))
        return sql_db.sql_counter - before
