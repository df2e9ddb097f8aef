from odoo import Command
from odoo.exceptions import UserError
from odoo.tests import tagged

from .common import PAYEE_NPI, RcmCase, claim, provider_adjustment

OTHER_NPI = "1987654321"


@tagged("post_install", "-at_install")
class TestFacility(RcmCase):
    """A payee that is an analytic account: profit and loss counts for it, mandatory plans included."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.plan = cls.env["account.analytic.plan"].create({"name": "Facilities"})
        cls.clinic, cls.surgery = cls.env["account.analytic.account"].create(
            [
                {"name": name, "plan_id": cls.plan.id, "company_id": cls.company.id}
                for name in ("Children's Clinic", "Surgery Center")
            ]
        )
        cls.payee = cls.env["integration.reference"].search(
            [("kind", "=", "payee"), ("external_key", "=", PAYEE_NPI)]
        )
        cls.pay_to(cls.clinic)

    @classmethod
    def pay_to(cls, record):
        cls.payee.write({"res_model": record._name, "res_id": record.id})

    def lines(self, remittance, role):
        return remittance.entry_ids.line_ids.filtered(lambda line: line.rcm_role == role)

    def distributions(self, remittance):
        return {line.rcm_role: line.analytic_distribution for line in remittance.entry_ids.line_ids}

    def analytic_total(self, account):
        lines = self.env["account.analytic.line"].search(
            [(account.plan_id._column_name(), "=", account.id), ("general_account_id", "!=", False)]
        )
        return sum(lines.mapped("amount"))

    def post_allowance(self, number, **values):
        self.claim_invoice(number, 100)
        return self.take_in(
            self.remit(
                claim(number, 100, 70, ("CO 45", 10), ("PR 1", 20)),
                adjustments=[provider_adjustment("L6", -3)],
                **values,
            )
        )

    def test_profit_and_loss_counts_for_the_facility(self):
        remittance = self.post_allowance("F100001")
        self.assert_posted(
            remittance, allowance=10, patient_receivable=20, claim_receivable=-100, interest_income=-3
        )
        self.assertEqual((remittance.company_id, remittance.facility_id), (self.company, self.clinic))
        own = {str(self.clinic.id): 100.0}
        self.assertEqual(
            self.distributions(remittance),
            {
                "clearing": False,
                "claim_receivable": False,
                "patient_receivable": False,
                "allowance": own,
                "interest_income": own,
            },
        )
        self.assertEqual(self.analytic_total(self.clinic), -10 + 3)

    def test_lists_find_and_group_by_the_facility(self):
        remittance = self.post_allowance("F100002")
        for model in ("rcm.remittance", "rcm.claim", "rcm.adjustment"):
            domain = [("facility_id", "=", self.clinic.id)]
            groups = self.env[model].with_user(self.biller)._read_group(domain, ["facility_id"], ["__count"])
            self.assertEqual([facility for facility, _count in groups], [self.clinic])
        self.assertEqual(remittance.claim_ids.adjustment_ids.facility_id, self.clinic)

    def test_undo_takes_the_analytic_items_back(self):
        remittance = self.post_allowance("F100003")
        remittance.with_user(self.biller).action_undo()
        self.assertEqual(self.analytic_total(self.clinic), 0)

    def test_reversal_takes_back_from_the_facility_that_had_it(self):
        self.post_allowance("F100004")
        self.pay_to(self.surgery)
        self.claim_invoice("F100005", 200)
        reversal = self.take_in(
            self.remit(
                claim("F100004", -100, -70, ("CO 45", -10), ("PR 1", -20), status="22"),
                claim("F100005", 200, 195, ("CO 45", 5)),
            )
        )
        self.assertEqual(reversal.facility_id, self.surgery)
        distributions = {
            line.balance: line.analytic_distribution for line in self.lines(reversal, "allowance")
        }
        self.assertEqual(distributions, {-10: {str(self.clinic.id): 100.0}, 5: {str(self.surgery.id): 100.0}})
        self.assertEqual((self.analytic_total(self.clinic), self.analytic_total(self.surgery)), (3, -5))

    def test_claim_that_is_matched_later_counts_for_the_facility(self):
        remittance = self.take_in(self.remit(claim("F900006", 100, 80, ("CO 45", 20))))
        self.assertEqual(self.analytic_total(self.clinic), 0)
        invoice = self.claim_invoice("F100006", 100)
        remittance.claim_ids.with_user(self.biller)._match_by_hand(invoice)
        self.assertEqual(self.analytic_total(self.clinic), -20)

    def test_distribution_models_of_other_plans_stand_beside_the_facility(self):
        department_plan = self.env["account.analytic.plan"].create({"name": "Departments"})
        billing = self.env["account.analytic.account"].create(
            {"name": "Billing", "plan_id": department_plan.id, "company_id": self.company.id}
        )
        self.env["account.analytic.distribution.model"].create(
            [
                {
                    "partner_id": self.payer.id,
                    "company_id": self.company.id,
                    "analytic_distribution": {str(account.id): 100},
                }
                for account in (billing, self.surgery)
            ]
        )
        remittance = self.post_allowance("F100007")
        self.assertEqual(
            self.lines(remittance, "allowance").analytic_distribution,
            {str(self.clinic.id): 100.0, str(billing.id): 100.0},
        )

    # === WHO MAY BE PAID === #

    def test_account_of_no_company_will_do(self):
        self.clinic.company_id = False
        self.assert_posted(
            self.post_allowance("F100008"),
            allowance=10,
            patient_receivable=20,
            claim_receivable=-100,
            interest_income=-3,
        )

    def test_account_of_another_company_is_as_unknown(self):
        self.clinic.company_id = self.env["res.company"].create({"name": "Elsewhere"})
        remittance = self.post_allowance("F100009")
        self.assert_held(remittance, "remittance.hold.payee_unknown")
        self.assertFalse(remittance.facility_id)

    def test_biller_maps_a_payee_to_an_analytic_account(self):
        remittance = self.remit(claim("F100010", 100, 80, ("CO 45", 20)))
        self.claim_invoice("F100010", 100)
        remittance.header.payee.identifier = OTHER_NPI
        remittance = self.take_in(remittance)
        exception = self.assert_held(remittance, "remittance.hold.payee_unknown").with_user(self.biller)
        dialog = self.env["rcm.party.mapping"].with_user(self.biller).create({"exception_id": exception.id})
        self.biller.group_ids += self.env.ref("analytic.group_analytic_accounting")
        dialog.write({"facility_id": self.surgery.id, "company_id": self.company.id})
        with self.assertRaisesRegex(UserError, "not both"):
            dialog.action_map()
        dialog.company_id = False
        dialog.action_map()
        self.assertEqual(exception.state, "resolved")
        self.run_tasks()
        self.assert_posted(remittance, allowance=20, claim_receivable=-100)
        self.assertEqual(self.analytic_total(self.surgery), -20)

    # === MANDATORY PLANS === #

    def require_plan(self, **values):
        self.plan.applicability_ids = [
            Command.create({"business_domain": "general", "applicability": "mandatory", **values})
        ]

    def test_plan_that_is_mandatory_for_all_accounts_is_served(self):
        self.require_plan()
        remittance = self.post_allowance("F100011")
        self.assertEqual(remittance.state, "posted")
        own = {str(self.clinic.id): 100.0}
        distributions = self.distributions(remittance)
        self.assertEqual((distributions["clearing"], distributions["allowance"]), (own, own))
        self.assertFalse(distributions["claim_receivable"], "Odoo asks nothing of receivables")

    def test_mandatory_plan_holds_what_names_no_facility(self):
        allowance = self.env["account.account"].browse(self.accounts["allowance"])
        self.require_plan(account_prefix=allowance.code)
        self.pay_to(self.company)
        remittance = self.post_allowance("F100012")
        exception = self.assert_held(remittance, "remittance.hold.analytic_missing")
        self.assertEqual(exception.found, allowance.display_name)
        self.pay_to(self.clinic)
        exception.with_user(self.biller).action_resolve()
        self.run_tasks()
        self.assertEqual(remittance.state, "posted")
        self.assertEqual(self.analytic_total(self.clinic), -10 + 3)
