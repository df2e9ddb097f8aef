"""In what two deliveries of one payment differ first."""

import copy

import pytest
from posting_documents import claim, money, remit

from odoo.addons.healthcare_integration_rcm_posting.posting.content_difference import first_difference
from odoo.addons.healthcare_integration_rcm_posting.posting.figures import Figures


def given():
    paid = claim("A2", 100, 80, ("CO", "45", 20))
    paid.patient_name = "Testcase, Alex"
    return remit(claim("A1", 600, 600), paid, plb=[("L6", "R1", -5)])


def documents(remittance):
    return iter([remittance.header, *remittance.claims, remittance.summary])


def difference(other):
    found = first_difference(documents(given()), documents(other))
    assert found is None or found[0] != found[1]
    return found


def changed(change):
    other = copy.deepcopy(given())
    change(other)
    return other


def test_no_difference():
    assert difference(given()) is None
    assert difference(changed(lambda r: setattr(r.claims[0], "position", 99))) is None


@pytest.mark.parametrize(
    ("change", "first", "other"),
    [
        (lambda r: setattr(r.claims[1], "claim_id", "A3"), "claim A2", "claim A3"),
        (lambda r: setattr(r.claims[1], "status", "2"), "claim A2, status 1", "claim A2, status 2"),
        (lambda r: setattr(r.claims[1].adjustments[0], "reason", "50"), "CO 45 20", "CO 50 20"),
        (lambda r: r.claims.pop(), "claim A2", "provider adjustment L6"),
        (lambda r: setattr(r.summary.provider_adjustments[0], "reference", "R2"), "L6 R1 -5", "L6 R2 -5"),
        (lambda r: r.summary.provider_adjustments.pop(), "L6 R1 -5", "nothing more"),
        (lambda r: setattr(r.header, "method", "CHK"), "the payment itself, method", "other method"),
    ],
)
def test_first_difference(change, first, other):
    expected, found = difference(changed(change))
    assert first in expected
    assert other in found


def test_what_is_private_is_only_named():
    expected, found = difference(changed(lambda r: setattr(r.claims[1], "patient_name", "Otherwise, Robin")))
    assert expected.endswith("paid 80, patient_name")
    assert found.endswith("paid 80, other patient_name")


def test_difference_of_amounts_that_only_one_has():
    first = Figures.build(money(100), money(60), [("CO", "45", money(40))])
    other = Figures.build(money(100), money(60), [("PR", "1", money(40))])
    assert first.differences(other) == ("CO 45 40, PR 1 0", "CO 45 0, PR 1 40")


def test_difference_of_level_alone_shows_the_levels():
    adjusted = [("CO", "45", money(40))]
    of_claim = Figures.build(money(100), money(60), adjusted)
    of_line = Figures.build(money(100), money(60), lines=[(money(100), money(60), adjusted)])
    assert of_claim.differences(of_line) == ("claim CO 45 40", "line 100 paid 60, CO 45 40")
