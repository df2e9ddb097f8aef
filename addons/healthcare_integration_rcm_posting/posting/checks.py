"""What holds a whole remittance before anything of it is posted. Pure Python.

Everything else holds one claim or one provider adjustment while the rest posts. The findings that only
the books can tell (payer, payee, period, accounts) have their constructors here, so that all holds read
alike.
"""

from __future__ import annotations

import datetime
from decimal import Decimal
from typing import NamedTuple

from odoo.addons.healthcare_integration_base.errors import Finding

from ..formats.remittance.documents import Party, RemittanceHeader, RemittanceSummary
from .context import PostingPolicy
from .roles import Role


class _Hold(NamedTuple):
    """The constant texts of a hold."""

    element: str
    message: str
    expected: str
    remedy: str


_HOLDS = {
    "test_file": _Hold(
        "ISA15",
        "A test file came in through a production endpoint",
        "P",
        "Ask the payer for production files, or let the endpoint apply test documents",
    ),
    "prenotification": _Hold(
        "BPR01", "A prenotification is never posted", "a remittance", "Nothing is to be done; waive it"
    ),
    "notification_with_payment": _Hold(
        "BPR02",
        "A notification without payment carries an amount",
        "0 with BPR01 = H or BPR04 = NON",
        "Ask the payer whether the amount is paid",
    ),
    "debit": _Hold(
        "BPR03",
        "The payer debits the provider's bank account",
        "C",
        "Check the bank statement and post the debit by hand",
    ),
    "negative_payment": _Hold(
        "BPR02",
        "The amount of the payment is negative",
        "0 or more",
        "Ask the payer to carry the balance forward (PLB FB)",
    ),
    "trace_missing": _Hold(
        "TRN02",
        "The remittance has no trace number",
        "the number of the check or electronic payment",
        "Ask the payer for a complete remittance",
    ),
    "payment_date_missing": _Hold(
        "BPR16", "The remittance has no payment date", "a date", "Ask the payer for a complete remittance"
    ),
    "unbalanced": _Hold(
        "BPR02",
        "The remittance does not balance",
        "",
        "Compare the proof with the payer; a corrected remittance replaces this one",
    ),
    "currency": _Hold(
        "CUR02",
        "The remittance is not in the company's currency",
        "",
        "Ask the payer for a remittance in the company's currency",
    ),
    "payer_unknown": _Hold(
        "N1*PR",
        "The payer is unknown here",
        "a mapped payer",
        "Map the payer's identifier to a contact: what waits for it is then posted",
    ),
    "payee_unknown": _Hold(
        "N1*PE",
        "The payee is no company or facility of this flow",
        "the NPI or tax id of the flow's company, of one of its branches, or of an analytic account of it",
        "Map the payee's identifier: what waits for it is then posted; or route the file to the flow of that "
        "company, then resolve this",
    ),
    "period_locked": _Hold(
        "BPR16",
        "The accounting period of the payment is locked",
        "",
        "Open the period or allow the next open day, then try again",
    ),
}


def header_holds(header: RemittanceHeader, test_endpoint: bool) -> list[Finding]:
    """Return what in the header of a remittance forbids to post it."""
    # No bank line would ever settle the clearing account.
    without_payment = header.handling == "H" or header.method == "NON"
    checks = (
        ("test_file", header.usage == "T" and not test_endpoint, header.usage),
        ("prenotification", header.handling == "P", f"BPR01 = {header.handling}"),
        ("notification_with_payment", without_payment and bool(header.amount), str(header.amount)),
        ("debit", header.credit_debit == "D", header.credit_debit),
        ("negative_payment", header.amount < 0, str(header.amount)),
        ("trace_missing", not header.trace_number, "nothing"),
        ("payment_date_missing", header.payment_date is None, "nothing"),
    )
    return [_hold(name, header, found) for name, failed, found in checks if failed]


def summary_holds(
    header: RemittanceHeader, summary: RemittanceSummary, policy: PostingPolicy
) -> list[Finding]:
    """Return the imbalance that forbids to post a remittance.

    That of its total always does, that of a claim or service line unless the policy lets the claims
    that balance post. The proof of each imbalance is among the findings of the summary.
    """
    difference = header.amount - summary.paid_total + summary.provider_adjustment_total
    if difference:
        expected = f"CLP04 {summary.paid_total} - PLB {summary.provider_adjustment_total}"
        return [_hold("unbalanced", header, f"{header.amount}, difference {difference}", expected)]
    if summary.balanced or policy.post_balanced_claims:
        return []
    first = next(finding for finding in summary.findings if finding.code.startswith("remittance.balance."))
    return [_hold("unbalanced", header, f"{first.location}: {first.found}", first.expected)]


def foreign_currency(header: RemittanceHeader, own: str) -> Finding:
    """Return the hold of a payment in a currency other than the company's, or one that nobody knows."""
    return _hold("currency", header, header.currency, own)


def payer_unknown(header: RemittanceHeader) -> Finding:
    """Return the hold of a payer that is not mapped to a partner."""
    return _hold("payer_unknown", header, f"TRN03 {header.payer_identifier}, {_party(header.payer)}")


def payee_unknown(header: RemittanceHeader) -> Finding:
    """Return the hold of a payee that is not a company or facility of the flow."""
    return _hold("payee_unknown", header, _party(header.payee))


def period_locked(header: RemittanceHeader, open_day: datetime.date | None, policy: str) -> Finding:
    """Return the hold of a payment in a locked period; ``policy`` says why it may not move to an open day.

    The same finding, as a warning, is kept with a remittance whose entries moved to ``open_day``.
    """
    expected = f"an open day; the first is {open_day}" if open_day else "an open day; there is none"
    return _hold("period_locked", header, f"{header.payment_date}; {policy}", expected)


def account_missing(role: Role, control_number: str) -> Finding:
    """Return the hold of a role that the remittance needs and that has no account."""
    return Finding(
        code="remittance.hold.account_missing",
        message=f"The posting account '{role.label}' is not set",
        location=f"ST {control_number}",
        expected="an account in the posting settings of the company",
        found=role.value,
        remedy="Run the posting setup, then resolve this exception",
    )


def too_precise(amount: Decimal, location: str, digits: int) -> Finding:
    """Return the hold of an amount with more decimals than the currency has."""
    return Finding(
        code="remittance.hold.precision",
        message="An amount has more decimals than the currency; rounded, the entry would not balance",
        location=location,
        expected=f"at most {digits} decimals",
        found=str(abs(amount)),
        remedy="Ask the payer for a remittance with amounts of the currency",
        amount=abs(amount),
    )


def _hold(name: str, header: RemittanceHeader, found: str, expected: str = "") -> Finding:
    texts = _HOLDS[name]
    return Finding(
        code=f"remittance.hold.{name}",
        message=texts.message,
        location=f"ST {header.control_number}, {texts.element}",
        expected=expected or texts.expected,
        found=found,
        remedy=texts.remedy,
        amount=header.amount,
    )


def _party(party: Party) -> str:
    return " ".join(part for part in (party.qualifier, party.identifier, party.name) if part)
