"""Any remittance survives being written and read; no damage ends in anything but findings or one error."""

import datetime
import string
from dataclasses import fields, is_dataclass, replace
from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from odoo.addons.healthcare_integration_base.errors import Finding, IntegrationError
from odoo.addons.healthcare_integration_base.formats.x12 import Delimiters, FindingLog, Group, Interchange
from odoo.addons.healthcare_integration_rcm_posting.formats.remittance import (
    Adjustment,
    Claim,
    Party,
    ProviderAdjustment,
    Remittance,
    RemittanceHeader,
    RemittanceSummary,
    ServiceLine,
    read_remittance_file,
    write_remittance_file,
)
from odoo.addons.healthcare_integration_rcm_posting.formats.remittance.codes import (
    ADJUSTMENT_GROUPS,
    CLAIM_STATUSES,
    PROVIDER_ADJUSTMENTS,
)

CREATED = datetime.datetime(2026, 3, 2, 6, 30)
DELIMITERS = [Delimiters(repetition="^"), Delimiters("|", ">", "\n"), Delimiters("\x1d", "\x1f", "\x1c")]
LETTERS = string.ascii_letters + string.digits

words = st.text(LETTERS + "./-'éß", min_size=1, max_size=10)
codes = st.text(LETTERS, min_size=1, max_size=5)
optional_codes = st.just("") | codes
dates = st.dates(datetime.date(1990, 1, 1), datetime.date(2060, 12, 31))
optional_dates = st.none() | dates
amounts = st.decimals("-99999999.99", "99999999.99", places=2)
quantities = st.none() | st.decimals("0", "9999.99", places=2)
code_amounts = st.dictionaries(codes, amounts, max_size=2)
names = st.just("") | words | st.tuples(words, words).map(", ".join)

adjustments = st.lists(
    st.builds(Adjustment, st.sampled_from([*ADJUSTMENT_GROUPS, "CR"]), codes, amounts, quantities), max_size=8
)
references = st.dictionaries(codes.filter(lambda code: code not in ("6R", "EV")), words, max_size=2)
service_lines = st.builds(
    ServiceLine,
    position=st.just(0),
    qualifier=codes,
    code=codes,
    modifiers=st.lists(codes, max_size=4).map(tuple),
    charge=amounts,
    paid=amounts,
    revenue_code=optional_codes,
    units=quantities,
    control_number=optional_codes,
    service_date=optional_dates,
    service_date_end=optional_dates,
    adjustments=adjustments,
    remarks=st.lists(codes, max_size=2).map(tuple),
    amounts=code_amounts,
    references=references,
    submitted_procedure=st.just("") | st.tuples(codes, codes).map(":".join),
    submitted_units=quantities,
)
claims = st.builds(
    Claim,
    position=st.just(0),
    claim_id=words,
    status=st.sampled_from(list(CLAIM_STATUSES)),
    charge=amounts,
    paid=amounts,
    patient_responsibility=amounts,
    filing_indicator=optional_codes,
    payer_claim_number=optional_codes,
    facility_type=optional_codes,
    frequency=optional_codes,
    patient_name=names,
    patient_identifier=optional_codes,
    subscriber_identifier=optional_codes,
    rendering_provider=optional_codes,
    crossover_payer_name=st.just("") | words,
    crossover_payer_identifier=optional_codes,
    statement_from=optional_dates,
    statement_to=optional_dates,
    received=optional_dates,
    references=references,
    adjustments=adjustments,
    remarks=st.lists(codes, max_size=10).map(tuple),
    amounts=code_amounts,
    service_lines=st.lists(service_lines, max_size=3),
    findings=st.just([]),
)
parties = st.builds(
    Party,
    name=words,
    qualifier=codes,
    identifier=codes,
    references=references,
    address=st.lists(words, max_size=2).map(tuple),
    city=optional_codes,
    state=optional_codes,
    postal_code=optional_codes,
)
headers = st.builds(
    RemittanceHeader,
    control_number=st.just("0001"),
    usage=st.sampled_from("PT"),
    version=st.just("005010X221A1"),
    interchange_control_number=st.just("000000101"),
    sender=st.just("PAYER"),
    receiver=st.just("HOSPITAL"),
    handling=st.just("I"),
    amount=amounts,
    credit_debit=st.sampled_from("CD"),
    method=st.sampled_from(["ACH", "CHK"]),
    payment_date=dates,
    trace_number=words,
    payer_identifier=codes,
    payer_supplemental=optional_codes,
    currency=optional_codes,
    production_date=optional_dates,
    receiver_identifier=optional_codes,
    payer=parties.flatmap(lambda party: words.map(lambda contact: replace(party, contact=contact))),
    payee=parties,
)
provider_adjustments = st.lists(
    st.builds(
        ProviderAdjustment,
        position=st.just(0),
        provider_identifier=codes,
        fiscal_period=dates,
        code=st.sampled_from(list(PROVIDER_ADJUSTMENTS)),
        reference=optional_codes,
        amount=amounts,
    ),
    max_size=9,
)
remittances = st.builds(Remittance, headers, st.lists(claims, max_size=4), provider_adjustments)


def write(delimiters: Delimiters, *written: Remittance) -> bytes:
    usage = written[0].header.usage
    interchange = Interchange(
        "101", "ZZ", "PAYER", "ZZ", "HOSPITAL", CREATED, "00501", False, usage, delimiters
    )
    group = Group("HP", "PAYER", "HOSPITAL", CREATED, "7", "X", "005010X221A1")
    return b"".join(write_remittance_file(interchange, group, written))


def comparable(document):
    """Return a document without what depends on its place, and without its findings."""
    if isinstance(document, list):
        return [comparable(one) for one in document]
    if is_dataclass(document) and not isinstance(document, Finding):
        left_out = {"position", "ordinal", "findings"}
        return {
            field.name: comparable(getattr(document, field.name))
            for field in fields(document)
            if field.name not in left_out
        }
    return document


@settings(deadline=None)
@given(remittances, st.sampled_from(DELIMITERS))
def test_written_read_and_written_again(remittance, delimiters):
    data = write(delimiters, remittance)
    file_findings = FindingLog()
    header, *read_claims, summary = read_remittance_file(data, file_findings)
    assert file_findings.report() == []
    assert comparable(header) == comparable(remittance.header)
    assert comparable(read_claims) == comparable(remittance.claims)
    assert comparable(summary.provider_adjustments) == comparable(remittance.provider_adjustments)
    assert write(delimiters, Remittance(header, read_claims, summary.provider_adjustments)) == data


@settings(deadline=None)
@given(remittances)
def test_totals_and_balance_follow_from_the_documents(remittance):
    _, *read_claims, summary = read_remittance_file(write(DELIMITERS[0], remittance))
    paid = sum((claim.paid for claim in remittance.claims), Decimal(0))
    withheld = sum((one.amount for one in remittance.provider_adjustments), Decimal(0))
    assert (summary.paid_total, summary.provider_adjustment_total) == (paid, withheld)
    codes_found = {finding.code for finding in summary.findings}
    assert ("remittance.balance.transaction" in codes_found) == (paid - withheld != remittance.header.amount)
    for claim in read_claims:
        own = {finding.code for finding in claim.findings}
        assert ("remittance.balance.claim" in own) == (claim.charge - claim.adjusted != claim.paid)
        assert ("remittance.balance.service" in own) == any(
            line.charge - sum(one.amount for one in line.adjustments) != line.paid
            for line in claim.service_lines
        )


@st.composite
def damaged_files(draw) -> bytes:
    """Return the bytes of two remittances with some of them replaced, inserted, removed or cut off."""
    first, second = draw(remittances), draw(remittances)
    data = write(draw(st.sampled_from(DELIMITERS)), first, replace(second, header=first.header))
    noise = st.binary(max_size=5) | st.sampled_from(
        [b"*", b"~", b"~SE*1*1~", b"~CLP~", b"~SVC*", b"~CAS*CO*", b"~PLB*", b"NaN", b"1E999", b"-", b"."]
    )
    for _ in range(draw(st.integers(1, 5))):
        start = draw(st.integers(0, len(data)))
        data = data[:start] + draw(noise) + data[start + draw(st.integers(0, 30)) :]
    return data


@settings(max_examples=200, deadline=None)
@given(damaged_files())
def test_damage_ends_in_findings_or_one_error(data):
    file_findings = FindingLog()
    claim_count = 0
    try:
        for document in read_remittance_file(data, file_findings):
            if isinstance(document, Claim):
                claim_count += 1
                assert all(
                    amount.is_finite() for amount in (document.charge, document.paid, document.adjusted)
                )
            elif isinstance(document, RemittanceSummary):
                assert document.claim_count == claim_count
                claim_count = 0
                for finding in document.findings:
                    assert finding.code and finding.message and finding.remedy
    except IntegrationError as error:
        assert error.code and error.remedy


identifiers = st.sampled_from(
    [
        "BPR",
        "TRN",
        "N1",
        "REF",
        "DTM",
        "LX",
        "CLP",
        "SVC",
        "CAS",
        "NM1",
        "AMT",
        "LQ",
        "PLB",
        "MOA",
        "PER",
        "SE",
        "ZZ",
    ]
)
any_segments = st.tuples(identifiers, st.lists(st.text(string.printable, max_size=6), max_size=8))


@settings(max_examples=200, deadline=None)
@given(st.lists(any_segments, max_size=12))
def test_any_segments_between_st_and_se(segments):
    body = "".join(f"{'*'.join([identifier, *values])}~" for identifier, values in segments)
    sound = write(DELIMITERS[0], Remittance(RemittanceHeader("0001", usage="P")))
    *_, summary = read_remittance_file(sound.replace(b"SE*", body.encode() + b"SE*"))
    assert isinstance(summary, RemittanceSummary)
