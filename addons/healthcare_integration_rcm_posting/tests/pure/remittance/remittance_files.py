"""Small remittances for the tests: sound segments that a test changes or adds to."""

from odoo.addons.healthcare_integration_base.formats.x12 import (
    Delimiters,
    Group,
    Interchange,
    TransactionEnvelope,
)
from odoo.addons.healthcare_integration_rcm_posting.formats.remittance import read_remittance

ENVELOPE = TransactionEnvelope(
    "835",
    "0001",
    interchange=Interchange(
        "000000101",
        "ZZ",
        "PAYER",
        "ZZ",
        "HOSPITAL",
        version="00501",
        usage="P",
        delimiters=Delimiters(repetition="^"),
    ),
    group=Group("HP", "PAYER", "HOSPITAL", control_number="7", agency="X", version="005010X221A1"),
    position=3,
)
HEADER = (
    "BPR*I*80*C*ACH*CCP***********20260304",
    "TRN*1*EFT1*1999999999*SUPP",
    "REF*EV*RECEIVER",
    "DTM*405*20260302",
    "N1*PR*HEALTH PLAN*XV*99999",
    "N3*1 PLAZA*SUITE 2",
    "N4*DULUTH*MN*55802",
    "REF*2U*12345",
    "PER*CX*SERVICES*TE*8005550100*EM*claims@example.com",
    "PER*BL*TECHNICAL",
    "N1*PE*HOSPITAL*XX*1999999976",
    "REF*TJ*123456789",
)
CLAIM = ("CLP*A1*1*100*80*20*12*PAYER1*11*1", "NM1*QC*1*DOE*JOHN", "CAS*PR*2*20")


def remittance(*table_two: str, header=HEADER) -> list[str]:
    """Return the segments of a transaction as texts: header, LX, ``table_two``, SE with its right count."""
    segments = ["ST*835*0001", *header, "LX*1", *table_two]
    return [*segments, f"SE*{len(segments) + 1}*0001"]


def read(*table_two: str, header=HEADER, envelope=ENVELOPE) -> tuple:
    """Return header, claims and summary of a transaction; its segments are given as texts."""
    segments = [segment.split("*") for segment in remittance(*table_two, header=header)]
    first, *claims, summary = read_remittance(segments, envelope)
    return first, claims, summary


def codes(findings) -> list[str]:
    return [finding.code for finding in findings]
