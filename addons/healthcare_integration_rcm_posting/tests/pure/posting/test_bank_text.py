import pytest

from odoo.addons.healthcare_integration_rcm_posting.posting.bank_text import names_trace, traces_of_addenda


@pytest.mark.parametrize(
    "text",
    [
        "EFT1",
        "ach credit eft1 lakeside",
        "HCCLAIMPMT TRN*1*EFT1*1999999999~",
        '{"addenda": "TRN*1*EFT1*1999999999"}',
        "<p>EFT1</p>",
        "EFT12 and EFT1.",
    ],
)
def test_trace_number_as_a_whole(text):
    assert names_trace(text, "EFT1")


@pytest.mark.parametrize("text", ["", "EFT12", "AEFT1", "EFT1-2", "9-EFT1", "EFT 1", "EFT"])
def test_part_of_another_number_is_no_trace_number(text):
    assert not names_trace(text, "EFT1")


@pytest.mark.parametrize("trace_number", ["", "  "])
def test_no_trace_number_is_in_no_text(trace_number):
    assert not names_trace("ACH CREDIT", trace_number)
    assert not names_trace("", trace_number)


def test_blanks_in_a_trace_number_may_be_lost():
    assert names_trace("PAID 00451234", "0045 1234")
    assert names_trace("PAID 0045  1234", "0045 1234")


def test_special_characters_stand_for_themselves():
    assert names_trace("REF A.1(B)", "A.1(B)")
    assert not names_trace("REF AX1(B)", "A.1(B)")


def test_traces_of_addenda():
    assert traces_of_addenda("HCCLAIMPMT TRN*1*EFT12*1999999999~") == ["EFT12"]
    assert traces_of_addenda("trn * 1 * EFT12") == ["EFT12"]
    assert traces_of_addenda("TRN*1*EFT12 *1999999999~") == ["EFT12"]
    assert traces_of_addenda("ACH CREDIT EFT12") == []
