"""The demo's files, read back with the suite's own reader: what is meant to balance balances."""

import datetime
from collections import Counter
from decimal import Decimal

import pytest

from odoo.addons.healthcare_integration_base.errors import DocumentError
from odoo.addons.healthcare_integration_rcm_posting.formats.remittance import (
    Claim,
    RemittanceHeader,
    RemittanceSummary,
    read_remittance_file,
)

from tests.sandbox.demo.billing import billed_claims
from tests.sandbox.demo.book import Book, ClaimLine, OpenClaim, Pile
from tests.sandbox.demo.cast import FACILITIES, FISCAL_AGENT, PATIENTS, PAYERS
from tests.sandbox.demo.deliveries import deliveries
from tests.sandbox.demo.remittances import deliver

TODAY = datetime.date(2026, 3, 2)
GARBLED, UNBALANCED, TEST = "ORD_20260228_109.835", "ORD_20260301_206.835", "TDW_20260228_108.835"
CLEAN, SECOND_COPY = "MPW_20260228_101.835", "MPW_20260301_201.835"


def book_of(today):
    claims = [
        OpenClaim(
            number=claim.number,
            payer=claim.payer.code,
            npi=claim.facility.npi,
            patient=claim.patient,
            patient_number=f"P{PATIENTS.index(claim.patient):05}",
            to_patient=claim.to_patient,
            service_date=claim.service_date,
            total=sum(line.charge for line in claim.lines),
            lines=tuple(
                ClaimLine(line.service.code, line.service.revenue_code, line.units, line.charge)
                for line in claim.lines
            ),
        )
        for claim in billed_claims(today)
    ]
    return Book(today, tuple(claims))


@pytest.fixture(scope="module")
def book():
    return book_of(TODAY)


@pytest.fixture(scope="module")
def files(book):
    return {file.name: file.content for day in deliveries(book) for file in day}


def payments(content):
    """Return ``(header, claims, summary)`` of each transaction of a file."""
    found, claims = [], []
    for document in read_remittance_file([content]):
        if isinstance(document, RemittanceHeader):
            header, claims = document, []
        elif isinstance(document, Claim):
            claims.append(document)
        elif isinstance(document, RemittanceSummary):
            found.append((header, claims, document))
    return found


def readable(files):
    return {name: payments(content) for name, content in files.items() if name != GARBLED}


def test_hundreds_of_claims_are_open_at_every_facility_with_every_payer(book):
    assert len(book.claims) == 300
    pairs = Counter((claim.npi, claim.payer) for claim in book.claims)
    assert set(pairs) == {(facility.npi, payer.code) for facility in FACILITIES for payer in PAYERS}
    assert len({claim.number for claim in book.claims}) == 300


def test_the_same_book_gives_the_same_files(book, files):
    assert {file.name: file.content for day in deliveries(book_of(TODAY)) for file in day} == files


def test_a_book_survives_its_file(book, tmp_path):
    book.write(tmp_path / "book.json")
    assert Book.read(tmp_path / "book.json") == book


def test_all_files_but_the_one_that_is_meant_not_to_balance(files):
    unbalanced = {
        name
        for name, transactions in readable(files).items()
        for _header, _claims, summary in transactions
        if not summary.balanced
    }
    assert unbalanced == {UNBALANCED}


def test_balanced_files_have_no_findings_at_all(files):
    findings = {
        name: summary.findings
        for name, transactions in readable(files).items()
        for _header, _claims, summary in transactions
        if summary.findings and name != UNBALANCED
    }
    assert findings == {}


def test_the_garbled_file_cannot_be_read(files):
    with pytest.raises(DocumentError):
        payments(files[GARBLED])


def test_the_second_copy_has_the_same_bytes(files):
    assert files[CLEAN] == files[SECOND_COPY]


def test_only_one_file_is_a_test(files):
    usages = {name: {header.usage for header, _, _ in found} for name, found in readable(files).items()}
    assert {name for name, usage in usages.items() if usage != {"P"}} == {TEST}
    assert usages[TEST] == {"T"}


def test_one_file_holds_two_payers_and_two_facilities(files):
    headers = [header for header, _claims, _summary in payments(files["BATCH_20260228_104.835"])]
    assert len(headers) == 4
    assert len({header.payer_identifier for header in headers}) == 2
    assert len({header.payee.identifier for header in headers}) == 2


def test_one_payer_is_unknown(files):
    known = {payer.identifier for payer in PAYERS}
    found = {header.payer_identifier for found in readable(files).values() for header, _, _ in found}
    assert found - known == {FISCAL_AGENT.identifier}


def test_trace_numbers_are_unique_per_payer_but_for_the_second_copy(files):
    counts = Counter(
        (header.payer_identifier, header.trace_number)
        for name, found in readable(files).items()
        for header, _claims, _summary in found
        if name != SECOND_COPY
    )
    assert set(counts.values()) == {1}


def test_the_reversal_negates_what_was_paid_and_precedes_its_correction(files):
    [(_, [reversal, correction, *_others], summary)] = payments(files["QLM_20260301_202.835"])
    [(_, originals, _)] = payments(files["QLM_20260228_103.835"])
    original = next(claim for claim in originals if claim.claim_id == reversal.claim_id)
    assert (reversal.status, correction.status) == ("22", "1")
    assert reversal.claim_id == correction.claim_id
    assert (reversal.charge, reversal.paid) == (-original.charge, -original.paid)
    assert reversal.adjusted == -original.adjusted
    [announced] = summary.provider_adjustments
    assert announced.amount == correction.paid - original.paid < 0


def test_what_is_announced_and_carried_forward_is_collected_on_the_third_day(files):
    by_code = {}
    for name, found in sorted(readable(files).items()):
        for _header, _claims, summary in found:
            for adjustment in summary.provider_adjustments:
                by_code.setdefault(adjustment.code, []).append(
                    (name[:3], adjustment.reference, adjustment.amount)
                )
    for code in ("WO", "FB"):
        [(payer, reference, first), (same_payer, same_reference, second)] = by_code[code]
        assert (payer, reference) == (same_payer, same_reference)
        assert first == -second < 0
    assert set(by_code) == {"WO", "FB", "L6", "CS"}


def test_the_second_payer_pays_what_the_first_one_left_to_the_patient(files):
    [(_, first, _)] = payments(files["MPW_20260228_105.835"])
    [(_, second, _)] = payments(files["ORD_20260301_203.835"])
    assert [claim.status for claim in first] == ["19"] * 6
    assert [claim.status for claim in second] == ["2"] * 6
    assert [claim.paid for claim in second] == [claim.patient_responsibility for claim in first]
    assert {
        (adjustment.group, adjustment.reason)
        for claim in second
        for line in claim.service_lines
        for adjustment in line.adjustments
    } == {("OA", "23")}


def test_nothing_is_paid_where_nothing_is_due(files):
    for name in ("TDW_20260301_204.835", "TDW_20260301_205.835"):
        [(header, _claims, _summary)] = payments(files[name])
        assert (header.amount, header.method, header.handling) == (Decimal(0), "NON", "H")


def test_no_claim_is_paid_twice(files):
    paid = Counter(
        claim.claim_id
        for name, found in readable(files).items()
        if name not in (SECOND_COPY, UNBALANCED)
        for _header, claims, _summary in found
        for claim in claims
        if claim.status in ("1", "19") and claim.paid
    )
    repeated = {number for number, count in paid.items() if count > 1}
    [(_, [reversal, *_], _)] = payments(files["QLM_20260301_202.835"])
    assert repeated == {reversal.claim_id}


def test_all_claims_but_one_are_in_the_book(book, files):
    known = {claim.number.replace("-", "") for claim in book.claims}
    sent = {
        claim.claim_id.replace("-", "").upper()
        for found in readable(files).values()
        for _header, claims, _summary in found
        for claim in claims
    }
    assert sent - known == {"OLD774711"}


@pytest.mark.parametrize("offset", range(0, 370, 23))
def test_the_stories_can_be_told_on_any_day(offset):
    today = TODAY + datetime.timedelta(days=offset)
    assert [len(day) for day in deliveries(book_of(today))] == [9, 6, 2]


def test_a_delivery_writes_whole_files_and_leaves_out_what_came_before(book, tmp_path):
    names = deliver(book, 3, tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(names)
    assert len(names) == 2
    assert deliver(book, 3, tmp_path, frozenset(names[:1])) == names[1:]


def test_a_pile_deals_no_claim_twice_and_tells_when_it_is_empty(book):
    pile = Pile(book.claims)
    first = pile.take("MPW", FACILITIES[0].npi, 20)
    second = pile.take("MPW", FACILITIES[0].npi, 20)
    assert not set(first) & set(second)
    with pytest.raises(LookupError):
        pile.take("MPW", FACILITIES[0].npi, 20)
