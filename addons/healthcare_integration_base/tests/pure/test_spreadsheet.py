import doctest

from odoo.addons.healthcare_integration_base.formats import spreadsheet


def test_examples():
    results = doctest.testmod(spreadsheet)
    assert results.attempted
    assert not results.failed
