from odoo import Command, fields
from odoo.tests import tagged

from .common import RcmCase


@tagged("post_install", "-at_install")
class TestLedgerContract(RcmCase):
    """What the posting relies on in Odoo's accounting: the contract of the adapter ``rcm.ledger``."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.ledger = cls.env["rcm.ledger"]
        cls.journal = cls.company.rcm_journal_id
        cls.clearing = cls.env["account.account"].browse(cls.accounts["clearing"])
        cls.income = cls.company_data["default_account_revenue"]

    def entry(self, amount, date="2026-03-16"):
        line = {"currency_id": self.company.currency_id.id, "partner_id": self.payer.id}
        return {
            "move_type": "entry",
            "journal_id": self.journal.id,
            "date": date,
            "line_ids": [
                Command.create(
                    {**line, "account_id": self.clearing.id, "balance": amount, "amount_currency": amount}
                ),
                Command.create(
                    {**line, "account_id": self.income.id, "balance": -amount, "amount_currency": -amount}
                ),
            ],
        }

    def test_entries_are_posted_with_their_lines_in_the_given_order(self):
        moves = self.ledger._create_posted([self.entry(10), self.entry(20)])
        self.assertEqual(moves.mapped("state"), ["posted", "posted"])
        balances = [move.line_ids.sorted("id").mapped("balance") for move in moves]
        self.assertEqual(balances, [[10, -10], [20, -20]])

    def test_entries_of_a_future_day_are_posted_too(self):
        tomorrow = fields.Date.add(fields.Date.today(), days=40)
        self.assertEqual(self.ledger._create_posted([self.entry(10, tomorrow)]).state, "posted")

    def test_an_earlier_group_leaves_its_rest_to_a_later_one(self):
        moves = self.ledger._create_posted([self.entry(100), self.entry(-60), self.entry(-40)])
        debit, first, second = moves.line_ids.filtered(lambda line: line.account_id == self.clearing).sorted(
            "id"
        )
        self.ledger._reconcile([debit + first, debit + second])
        self.assertEqual((debit + first + second).mapped("reconciled"), [True, True, True])
        self.assertEqual(first.matched_debit_ids.amount, 60)

    def test_unreconciled_lines_are_open_again(self):
        moves = self.ledger._create_posted([self.entry(100), self.entry(-100)])
        lines = moves.line_ids.filtered(lambda line: line.account_id == self.clearing)
        self.ledger._reconcile([lines])
        self.ledger._unreconcile(lines[0])
        self.assertEqual(lines.mapped("reconciled"), [False, False])

    def test_reversal_is_posted_on_its_day_and_settles_the_original(self):
        move = self.ledger._create_posted([self.entry(100)])
        reversal = self.ledger._reverse(move, fields.Date.to_date("2026-03-20"))
        self.assertEqual((reversal.state, str(reversal.date)), ("posted", "2026-03-20"))
        self.assertEqual(reversal.reversed_entry_id, move)
        self.assertTrue(move.line_ids.filtered(lambda line: line.account_id == self.clearing).reconciled)

    def test_first_open_day(self):
        day = fields.Date.to_date("2026-03-16")
        self.assertEqual(self.ledger._first_open_day(self.company, self.journal, day), day)
        self.company.fiscalyear_lock_date = "2026-03-31"
        self.assertEqual(str(self.ledger._first_open_day(self.company, self.journal, day)), "2026-04-01")
        for locked in (fields.Date.add(fields.Date.today(), days=31), "9999-12-31"):
            self.company.fiscalyear_lock_date = locked
            self.assertIsNone(self.ledger._first_open_day(self.company, self.journal, day))
