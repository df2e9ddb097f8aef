import doctest

import pytest

from odoo.addons.healthcare_integration_base.doors import field_list
from odoo.addons.healthcare_integration_base.doors.field_list import keep_fields, read_field_list

ORDER = {
    "order": 1,
    "patient": {"name": "Alex Testcase", "ward": "3B"},
    "lines": [{"item": "a", "cost": {"net": 1, "vat": 2}}, {"item": "b"}, 7],
}


def test_examples():
    assert doctest.testmod(field_list).failed == 0


@pytest.mark.parametrize(
    ("paths", "kept"),
    [
        ([], {}),
        (["none", "order.below"], {}),
        (["order"], {"order": 1}),
        (["patient.ward"], {"patient": {"ward": "3B"}}),
        (["lines.cost.net"], {"lines": [{"cost": {"net": 1}}, {}]}),
        (["lines", "lines.item"], {"lines": ORDER["lines"]}),
        (["lines.item", "lines"], {"lines": ORDER["lines"]}),
        (["lines.cost", "lines.cost.net"], {"lines": [{"cost": {"net": 1, "vat": 2}}, {}]}),
    ],
)
def test_only_what_is_listed_is_kept(paths, kept):
    assert keep_fields(ORDER, paths) == kept


def test_lines_that_are_no_paths_are_refused():
    assert read_field_list(" order \n\nlines.item\n") == ["order", "lines.item"]
    for text in ("a b", "a..b", ".a", "a,b"):
        with pytest.raises(ValueError):
            read_field_list(text)
