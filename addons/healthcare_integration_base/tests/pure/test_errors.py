from odoo.addons.healthcare_integration_base.errors import DocumentError


def test_the_text_of_an_error_has_a_line_for_each_thing_it_says():
    error = DocumentError("csv.title", "A column is missing", "line 1", "name", "nothing", "Add the column.")
    assert error.as_text().splitlines() == [
        "A column is missing",
        "Where: line 1",
        "Expected: name",
        "Found: nothing",
        "What to do: Add the column.",
        "Code: csv.title",
    ]


def test_the_text_of_an_error_leaves_out_what_it_does_not_say():
    error = DocumentError("csv.empty", "The file is empty")
    assert error.as_text() == "The file is empty\nCode: csv.empty"
