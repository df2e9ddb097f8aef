import datetime

from odoo import fields
from odoo.exceptions import UserError
from odoo.tests import tagged

from .common import RcmCase, claim


@tagged("post_install", "-at_install")
class TestLockedPeriods(RcmCase):
    """No entry of a remittance goes silently to a day that nobody chose, whenever it is posted."""

    def lock(self, day="2026-03-31", policy="next_open_day"):
        self.company.fiscalyear_lock_date = day
        self.company.rcm_closed_period_policy = policy

    def test_closed_period_moves_to_the_next_open_day(self):
        self.claim_invoice("H100008", 100)
        self.company.fiscalyear_lock_date = "2026-03-31"
        remittance = self.take_in(self.remit(claim("H100008", 100, 100)))
        self.assert_posted(remittance, claim_receivable=-100)
        self.assertEqual(str(remittance.accounting_date), "2026-04-01")
        self.assertEqual(str(remittance.payment_date), "2026-03-16")
        self.assertEqual(str(remittance.entry_ids.date), "2026-04-01")
        self.assertIn("remittance.hold.period_locked", [finding["code"] for finding in remittance.findings])

    def test_closed_period_holds_when_the_company_says_so(self):
        self.claim_invoice("H100009", 100)
        self.company.fiscalyear_lock_date = "2026-03-31"
        self.company.rcm_closed_period_policy = "hold"
        remittance = self.take_in(self.remit(claim("H100009", 100, 100)))
        exception = self.assert_held(remittance, "remittance.hold.period_locked")
        self.company.fiscalyear_lock_date = False
        self.resolve(exception)
        self.assert_posted(remittance, claim_receivable=-100)

    def test_no_day_is_open(self):
        self.claim_invoice("H500001", 100)
        ahead = fields.Date.today() + datetime.timedelta(days=400)
        for number, day in enumerate((ahead, "9999-12-31")):
            self.lock(day)
            remittance = self.take_in(self.remit(claim("H500001", 100, 100), trace=f"LOCKED{number}"))
            exception = self.assert_held(remittance, "remittance.hold.period_locked")
            self.assertIn("there is none", exception.expected)
        self.lock(False)
        self.resolve(exception)
        self.assert_posted(remittance, claim_receivable=-100)

    def posted(self, number, *adjustments, invoiced=True):
        """Take in a claim of 100 that leaves something to be posted later."""
        if invoiced:
            self.claim_invoice(number, 100)
        remittance = self.take_in(self.remit(claim(number, 100, 80, *adjustments)))
        self.assertEqual((remittance.state, str(remittance.entry_ids.date)), ("posted", "2026-03-16"))
        return remittance

    def assert_moved(self, remittance):
        later = remittance.entry_ids.sorted("id")[1:]
        self.assertEqual(later.mapped(lambda entry: str(entry.date)), ["2026-04-01"])
        self.assertEqual(
            [finding["code"] for finding in remittance.findings], ["remittance.hold.period_locked"]
        )

    def test_match_after_a_lock(self):
        remittance = self.posted("H500002", ("CO 45", 20), invoiced=False)
        invoice = self.claim_invoice("H500003", 100)
        self.lock(policy="hold")
        locked = self.assertRaisesRegex(UserError, "period of the payment is locked")
        with locked, self.env.cr.savepoint():
            remittance.claim_ids.with_user(self.biller)._match_by_hand(invoice)
        self.lock()
        remittance.claim_ids.with_user(self.biller)._match_by_hand(invoice)
        self.assertEqual(invoice.amount_residual, 0)
        self.assert_moved(remittance)

    def test_review_after_a_lock(self):
        remittance = self.posted("H500004", ("CO 9999", 20))
        self.env["rcm.posting.rule"].create({"group_code": "CO", "reason": "9999", "treatment": "allowance"})
        self.lock(policy="hold")
        self.resolve(self.exceptions(remittance))
        held = self.exceptions(remittance).filtered(lambda e: e.code == "remittance.hold.period_locked")
        self.assertEqual((len(held), len(remittance.entry_ids)), (1, 1))
        self.lock()
        self.resolve(held)
        self.assert_posted(remittance, allowance=20, claim_receivable=-100)
        self.assert_moved(remittance)

    def test_undo_after_a_lock(self):
        remittance = self.posted("H500005", ("CO 45", 20))
        self.lock("9999-12-31")
        with self.assertRaisesRegex(UserError, "No accounting day is open"):
            remittance.with_user(self.biller).action_undo()
        self.lock()
        remittance.with_user(self.biller).action_undo()
        reversal = remittance.entry_ids.filtered("reversed_entry_id")
        self.assertEqual((remittance.state, str(reversal.date)), ("undone", "2026-04-01"))
