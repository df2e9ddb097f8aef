"""Payers, patients, services and the open invoices, created in batches."""

from __future__ import annotations

import datetime
from decimal import Decimal
from pathlib import Path

from odoo.fields import Command

from .billing import billed_claims
from .book import Book, ClaimLine, OpenClaim
from .cast import FACILITIES, PATIENTS, PAYERS, SERVICES

#: Days from the service to the invoice.
_BILLING_DAYS = 3


def create_partners(env):
    """Create the payers and the patients.

    :return: ``({payer code: partner}, {patient name: partner})``
    """
    payers = env["res.partner"].create(
        [
            {
                "name": payer.name,
                "ref": payer.code,
                "is_company": True,
                "rcm_is_payer": True,
                "city": payer.city,
                "country_id": env.ref("base.us").id,
            }
            for payer in PAYERS
        ]
    )
    patients = env["res.partner"].create(
        [
            {"name": name, "ref": f"P{number:05}", "customer_rank": 1}
            for number, name in enumerate(PATIENTS, start=1)
        ]
    )
    return (
        dict(zip((payer.code for payer in PAYERS), payers, strict=True)),
        dict(zip(PATIENTS, patients, strict=True)),
    )


def create_invoices(env, today, branches, payers, patients):
    """Create and post one invoice for each claim that is open on the day.

    :return: the invoices, of all branches
    """
    products = _create_products(env)
    claims = billed_claims(today)
    invoices = env["account.move"]
    for code, branch in branches.items():
        own = [claim for claim in claims if claim.facility.code == code]
        drafts = env["account.move"].with_company(branch).with_context(tracking_disable=True)
        invoices += drafts.create(
            [_invoice_values(claim, branch, payers, patients, products) for claim in own]
        )
    invoices._post(soft=False)
    return invoices.with_context(tracking_disable=False)


def export_book(invoices, today: datetime.date, path: Path) -> None:
    """Write what is open as the clearing house knows it."""
    npi_of = {facility.name: facility.npi for facility in FACILITIES}
    claims = [_open_claim(invoice, npi_of[invoice.company_id.name]) for invoice in invoices]
    Book(today, tuple(claims)).write(path)


def _create_products(env):
    products = env["product.product"].create(
        [
            {
                "name": service.description,
                "default_code": service.code,
                "type": "service",
                "list_price": float(service.charge),
                "taxes_id": [Command.clear()],
                "purchase_ok": False,
            }
            for service in SERVICES
        ]
    )
    return dict(zip((service.code for service in SERVICES), products, strict=True))


def _invoice_values(claim, branch, payers, patients, products):
    patient = patients[claim.patient]
    customer = patient if claim.to_patient else payers[claim.payer.code]
    return {
        "move_type": "out_invoice",
        "company_id": branch.id,
        "partner_id": customer.id,
        "rcm_patient_id": patient.id,
        "rcm_claim_number": claim.number,
        "ref": claim.payer.code,
        "invoice_date": claim.service_date + datetime.timedelta(days=_BILLING_DAYS),
        "delivery_date": claim.service_date,
        "invoice_line_ids": [
            Command.create(
                {
                    "product_id": products[line.service.code].id,
                    "quantity": line.units,
                    "price_unit": float(line.service.charge),
                    "tax_ids": [Command.clear()],
                }
            )
            for line in claim.lines
        ],
    }


def _open_claim(invoice, npi):
    revenue_codes = {service.code: service.revenue_code for service in SERVICES}
    currency = invoice.currency_id
    lines = tuple(
        ClaimLine(
            code=line.product_id.default_code,
            revenue_code=revenue_codes[line.product_id.default_code],
            units=int(line.quantity),
            charge=_decimal(line.price_subtotal, currency),
        )
        for line in invoice.invoice_line_ids
    )
    return OpenClaim(
        number=invoice.rcm_claim_number,
        payer=invoice.ref,
        npi=npi,
        patient=invoice.rcm_patient_id.name,
        patient_number=invoice.rcm_patient_id.ref,
        to_patient=not invoice.partner_id.rcm_is_payer,
        service_date=invoice.delivery_date,
        total=_decimal(invoice.amount_residual, currency),
        lines=lines,
    )


def _decimal(amount, currency):
    return Decimal(f"{amount:.{currency.decimal_places}f}")
