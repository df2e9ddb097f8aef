"""What tests of posting share: a hospital with invoices, and a payer that writes remittances."""

import datetime
from decimal import Decimal

from odoo import Command

from odoo.addons.account.tests.common import AccountTestInvoicingCommon
from odoo.addons.healthcare_integration_base.formats.x12 import Group, Interchange
from odoo.addons.healthcare_integration_base.tests.common import IntegrationCase

from ..formats.remittance.documents import (
    Adjustment,
    Claim,
    Party,
    ProviderAdjustment,
    RemittanceHeader,
    ServiceLine,
)
from ..formats.remittance.writer import Remittance, write_remittance_file

PAYER_ID = "1999999999"
OTHER_PAYER_ID = "1888888888"
PAYEE_NPI = "1234567893"
PAYMENT_DATE = datetime.date(2026, 3, 16)


def adjustment(code, amount):
    """Return an adjustment: ``adjustment("CO 45", 20)``."""
    group, reason = code.split()
    return Adjustment(group, reason, Decimal(str(amount)))


def claim(number, charge, paid, *adjustments, status="1", **values):
    """Return a claim with claim level adjustments, given as ``("CO 45", 20)`` pairs."""
    return Claim(
        position=0,
        claim_id=number,
        status=status,
        charge=Decimal(str(charge)),
        paid=Decimal(str(paid)),
        adjustments=[adjustment(code, amount) for code, amount in adjustments],
        payer_claim_number=values.pop("payer_claim_number", f"P{number}"),
        patient_name="Testcase, Alex",
        **values,
    )


def service_line(code, charge, paid, *adjustments):
    """Return a service line with adjustments as :func:`claim` takes them."""
    return ServiceLine(
        position=0,
        qualifier="HC",
        code=code,
        modifiers=(),
        charge=Decimal(str(charge)),
        paid=Decimal(str(paid)),
        service_date=datetime.date(2026, 2, 2),
        adjustments=[adjustment(code, amount) for code, amount in adjustments],
    )


def provider_adjustment(code, amount, reference=""):
    return ProviderAdjustment(
        position=0,
        provider_identifier=PAYEE_NPI,
        fiscal_period=datetime.date(2026, 12, 31),
        code=code,
        reference=reference,
        amount=Decimal(str(amount)),
    )


class RcmCase(IntegrationCase, AccountTestInvoicingCommon):
    """A company on the generic chart, a payer, a patient and a mailbox that takes remittances."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env.user.group_ids += cls.env.ref("healthcare_integration_base.group_manager")
        cls.env.user.group_ids += cls.env.ref("healthcare_integration_base.group_phi")
        cls.company = cls.company_data["company"]
        cls.payer, cls.other_payer = cls.env["res.partner"].create(
            [
                {"name": "Northern Mutual Health Plan", "rcm_is_payer": True},
                {"name": "Second Harbor Insurance", "rcm_is_payer": True},
            ]
        )
        cls.patient = cls.env["res.partner"].create({"name": "Alex Testcase"})
        cls.env["rcm.posting.setup"].create({"company_id": cls.company.id}).action_apply()
        cls.accounts = cls.env["rcm.posting.account"]._accounts(cls.company)
        cls.system = cls.live_system()
        references = cls.env["integration.reference"]
        references._remember_many(cls.system, "payer", {PAYER_ID: cls.payer, OTHER_PAYER_ID: cls.other_payer})
        references._remember(cls.system, "payee", PAYEE_NPI, cls.company)
        cls.biller = cls.integration_user(
            "biller", "operator", company_id=cls.company.id, company_ids=[Command.set(cls.company.ids)]
        )
        cls.biller.group_ids += cls.env.ref("account.group_account_user")
        cls.flow = cls.env["integration.flow"].create(
            {
                "name": "Remittances",
                "code": "remittances",
                "system_id": cls.system.id,
                "document_type_id": cls.env.ref("healthcare_integration_rcm_posting.document_type_835").id,
                "user_id": cls.biller.id,
            }
        )
        cls.flow.action_approve()
        cls.flow.action_go_live()
        cls.control_number = 0

    def setUp(self):
        super().setUp()
        self.mailbox = self.sandbox_endpoint(self.system)
        self.env["integration.route"].create(
            {"endpoint_id": self.mailbox.endpoint.id, "flow_id": self.flow.id, "transaction_set": "835"}
        )

    # === THE HOSPITAL === #

    def claim_invoice(self, number, amount, *, partner=None, patient=None):
        """Return a posted invoice of a claim, addressed to the payer unless another partner is given."""
        invoice = self.env["account.move"].create(
            {
                "move_type": "out_invoice",
                "company_id": self.company.id,
                "partner_id": (partner or self.payer).id,
                "rcm_patient_id": (patient or self.patient).id,
                "rcm_claim_number": number,
                "invoice_date": "2026-02-10",
                "invoice_line_ids": [
                    Command.create(
                        {"name": "Hospital service", "price_unit": amount, "tax_ids": [Command.clear()]}
                    )
                ],
            }
        )
        invoice.action_post()
        return invoice

    # === THE PAYER === #

    def remit(self, *claims, amount=None, adjustments=(), payer=PAYER_ID, trace=None, **header):
        """Return a remittance that balances unless ``amount`` says otherwise."""
        type(self).control_number += 1
        total = sum((c.paid for c in claims), Decimal(0)) - sum((a.amount for a in adjustments), Decimal(0))
        amount = total if amount is None else Decimal(str(amount))
        values = {
            "control_number": f"{self.control_number:04d}",
            "handling": "I",
            "amount": amount,
            "credit_debit": "C",
            "method": "ACH" if amount else "NON",
            "payment_date": PAYMENT_DATE,
            "trace_number": trace or f"EFT{self.control_number:06d}",
            "payer_identifier": payer,
            "payer": Party(name="NORTHERN MUTUAL"),
            "payee": Party(name="LAKESIDE", qualifier="XX", identifier=PAYEE_NPI),
        }
        return Remittance(RemittanceHeader(**{**values, **header}), list(claims), list(adjustments))

    def file_of(self, *remittances, usage="P"):
        """Return the bytes of a file that holds the remittances."""
        created = datetime.datetime(2026, 3, 16, 8, 30)
        interchange = Interchange(
            control_number=f"{self.control_number:09d}",
            sender_qualifier="ZZ",
            sender="PAYER",
            receiver_qualifier="ZZ",
            receiver="LAKESIDE",
            created=created,
            version="00501",
            usage=usage,
        )
        group = Group("HP", "PAYER", "LAKESIDE", created, "1", "X", "005010X221A1")
        return b"".join(write_remittance_file(interchange, group, remittances))

    def take_in(self, *remittances, name=None, usage="P"):
        """Let a file with the remittances arrive and be worked on.

        :return: the rcm.remittance records, in the order of the file
        """
        name = name or f"remittance_{self.control_number}.835"
        message = self.receive(self.mailbox, name, self.file_of(*remittances, usage=usage))
        return self.env["rcm.remittance"].search([("message_id", "in", message.child_ids.ids)], order="id")

    # === THE BOOKS === #

    def balances(self, remittance):
        """Return ``{role: net balance}`` of the remittance's entries, zero ones left out."""
        totals = {}
        for line in remittance.entry_ids.line_ids:
            totals[line.rcm_role] = round(totals.get(line.rcm_role, 0.0) + line.balance, 2)
        return {role: total for role, total in totals.items() if total}

    def assert_posted(self, remittance, **balances):
        """Fail unless the remittance is posted with these balances, clearing being the payment."""
        reasons = self.exceptions(remittance).mapped(lambda e: f"{e.code} {e.name}")
        self.assertEqual(remittance.state, "posted", f"{remittance.state_reason} {reasons}")
        if remittance.amount:
            balances["clearing"] = remittance.amount
        self.assertEqual(
            self.balances(remittance), {role: round(value, 2) for role, value in balances.items()}
        )
        self.assertTrue(all(entry.state == "posted" for entry in remittance.entry_ids))

    def assert_held(self, remittance, code):
        self.assertEqual(remittance.state, "held")
        self.assertEqual(remittance.message_id.state, "held")
        self.assertFalse(remittance.entry_ids)
        exception = self.exceptions(remittance)
        self.assertEqual(exception.mapped("code"), [code])
        self.assertTrue(exception.location and exception.expected and exception.found and exception.remedy)
        self.assertIn(remittance.message_id, exception.message_ids, "the exception leads to the file")
        return exception

    def resolve(self, exception):
        exception.with_user(self.biller).action_resolve()
        self.run_tasks()

    def exceptions(self, remittance):
        """Return the open exceptions of a remittance, those of its message included."""
        found = self.env["integration.exception"].search([("state", "in", ("open", "in_progress"))])
        return found.filtered(
            lambda e: e.rcm_remittance_id == remittance or remittance.message_id in e.message_ids
        )
