"""What is kept of refused records, and how they are grouped."""

import pytest

from odoo.addons.healthcare_integration_base.errors import DocumentError, Finding, MappingError
from odoo.addons.healthcare_integration_base.formats.mapping import MappedRecord
from odoo.addons.healthcare_integration_base.refused_records import RefusedRecords


def record(number, subject="a", findings=()):
    error = MappingError("m.code", "Wrong.", subject=subject, location=f"line {number}", findings=findings)
    return MappedRecord(number, f"line {number}", None, error)


def test_records_of_one_cause_wait_together():
    refused = RefusedRecords()
    for number in range(6):
        refused.add(record(number, "ab"[number % 2]))
    refused.add(MappedRecord(9, "", None, DocumentError("d.code", "Broken.")))
    assert refused.groups() == [[0, 2, 4], [1, 3, 5], [9]]


def test_beyond_some_causes_the_rest_is_one():
    refused = RefusedRecords()
    for number in range(30):
        refused.add(record(number, str(number)))
    assert [len(group) for group in refused.groups()] == [1] * 20 + [10]


def test_one_error_is_told_as_it_is():
    refused = RefusedRecords()
    refused.add(record(1))
    assert refused.summed_up().findings == ()


def test_the_findings_of_all_are_summed_up():
    refused = RefusedRecords()
    refused.add(record(1, findings=(Finding("x", "X"), Finding("y", "Y"))))
    refused.add(record(2))
    error = refused.summed_up()
    assert error.location == "line 1"
    assert [finding.code for finding in error.findings] == ["x", "y", "m.code"]


def test_a_flood_is_bounded():
    refused = RefusedRecords()
    with pytest.raises(MappingError) as caught:
        for number in range(100_000):
            refused.add(record(number))
    assert refused.count == 10_001
    assert len(caught.value.findings) == 101
    assert caught.value.findings[-1].found == "10001 records"
