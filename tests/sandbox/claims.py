"""Claims of 100.00 and a payer's answer to them: as invoices in Odoo, and as the file that pays them."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Iterator
from decimal import Decimal

from odoo import Command

from odoo.addons.healthcare_integration_base.formats.x12 import Group, Interchange
from odoo.addons.healthcare_integration_rcm_posting.formats.remittance.documents import (
    Adjustment,
    Claim,
    Party,
    RemittanceHeader,
)
from odoo.addons.healthcare_integration_rcm_posting.formats.remittance.writer import (
    Remittance,
    write_remittance_file,
)

#: The payer and the hospital, as the file names them.
PAYER_ID, NPI = "1999999999", "1234567893"
CHARGE, PAID = Decimal("100.00"), Decimal("70.00")
ALLOWED, PATIENT = Decimal("10.00"), Decimal("20.00")
CREATED = datetime.datetime(2026, 3, 16)


def draft_invoices(env, payer, patient, claim_numbers: Iterable[str]):
    """Create an invoice for each claim number, not posted yet."""
    line = Command.create({"name": "Service", "price_unit": float(CHARGE), "tax_ids": [Command.clear()]})
    return (
        env["account.move"]
        .with_context(tracking_disable=True)
        .create(
            [
                {
                    "move_type": "out_invoice",
                    "partner_id": payer.id,
                    "rcm_patient_id": patient.id,
                    "rcm_claim_number": claim_number,
                    "invoice_date": "2026-02-10",
                    "invoice_line_ids": [line],
                }
                for claim_number in claim_numbers
            ]
        )
    )


def remittance_file(claim_numbers: Iterable[str], trace_number: str) -> Iterator[bytes]:
    """Yield the 835 file of a payment that pays, allows and leaves the same amounts of each claim."""
    claims = [
        Claim(
            position=0,
            claim_id=claim_number,
            status="1",
            charge=CHARGE,
            paid=PAID,
            adjustments=[Adjustment("CO", "45", ALLOWED), Adjustment("PR", "1", PATIENT)],
        )
        for claim_number in claim_numbers
    ]
    header = RemittanceHeader(
        control_number="0001",
        handling="I",
        amount=PAID * len(claims),
        credit_debit="C",
        method="ACH",
        payment_date=CREATED.date(),
        trace_number=trace_number,
        payer_identifier=PAYER_ID,
        payer=Party(name="NORTHERN MUTUAL"),
        payee=Party(name="LAKESIDE", qualifier="XX", identifier=NPI),
    )
    interchange = Interchange("000000001", "ZZ", "PAYER", "ZZ", "LAKESIDE", CREATED, "00501", usage="P")
    group = Group("HP", "PAYER", "LAKESIDE", CREATED, "1", "X", "005010X221A1")
    return write_remittance_file(interchange, group, [Remittance(header, claims)])
