"""CSV and fixed width: columns, kinds of records, counts and totals, and what is refused."""

import datetime
from decimal import Decimal

import pytest

from odoo.addons.healthcare_integration_base.errors import DocumentError
from odoo.addons.healthcare_integration_base.formats.tabular import (
    Column,
    CsvLayout,
    FixedWidthLayout,
    read_csv,
    read_fixed_width,
    write_csv,
    write_fixed_width,
)

PEOPLE = CsvLayout(
    columns=(
        Column("id", title="Worker ID", is_required=True),
        Column("pay", "decimal", ",", title="Pay"),
        Column("hired", "date", "MM/DD/YYYY", title="Hired"),
    ),
    delimiter=";",
)
BATCH = {"header": "H", "detail": "D", "trailer": "T"}
PAYMENTS = FixedWidthLayout(
    columns=(
        Column("batch", start=2, width=4, role="header"),
        Column("id", start=2, width=6),
        Column("amount", "implied_decimal", "2", start=8, width=9, fill="0"),
        Column("day", "date", "YYYYMMDD", start=17, width=8),
        Column("count", "integer", start=2, width=5, role="trailer", check="detail_count"),
        Column("records", "integer", start=7, width=5, role="trailer", check="record_count"),
        Column(
            "total",
            "implied_decimal",
            "2",
            start=12,
            width=9,
            role="trailer",
            check="total",
            check_column="amount",
        ),
    ),
    codes=BATCH,
)
PAYMENT_FILE = b"HB001\r\nD00017 00000150020260131\r\nD00018 -0000002500000000\r\nT    2    4     1475\r\n"


def csv_records(text, layout=PEOPLE, encoding="utf-8"):
    return list(read_csv([text.encode(encoding)], layout))


def fixed_records(data, layout=PAYMENTS):
    return list(read_fixed_width([data], layout))


def refusal(read, *arguments):
    with pytest.raises(DocumentError) as caught:
        read(*arguments)
    return caught.value


def codes(records):
    return [record.error and record.error.code for record in records]


def test_layouts_of_the_tests_are_sound():
    assert PEOPLE.problems() == PAYMENTS.problems() == []


class TestCsv:
    def test_rows_become_typed_values(self):
        records = csv_records(
            '\ufeffPay;Worker ID;Other;Hired\r\n1.234,50; 007 ;"a;\r\nb";01/31/2026\r\n\r\n;008;;\r\n'
        )
        assert [record.data for record in records] == [
            {"id": "007", "pay": Decimal("1234.50"), "hired": datetime.date(2026, 1, 31), "header": {}},
            {"id": "008", "header": {}},
        ]
        assert [record.location for record in records] == ["line 2", "line 5"]

    def test_a_row_that_is_wrong_does_not_stop_the_others(self):
        rows = ["A1;1,5;", "A2", "A3;x;02/30/2026", ";1;", '"A4"x;1;', "A5;1;"]
        records = csv_records("Worker ID;Pay;Hired\n" + "\n".join(rows))
        assert codes(records) == [None, "csv.cells", "tabular.cell", "tabular.cell", "csv.row", None]
        error = records[2].error
        assert [(finding.location, finding.found) for finding in error.findings] == [
            ("line 4, column pay", "x"),
            ("line 4, column hired", "02/30/2026"),
        ]  # fmt: skip
        assert records[3].error.found == "nothing"

    def test_a_private_cell_is_not_repeated_in_its_error(self):
        layout = CsvLayout(columns=(Column("pay", "decimal", is_private=True),))
        [record] = csv_records("pay\nsecret", layout)
        assert record.error.found == "a private value of 6 characters"
        assert "secret" not in str(record.error)
        error = refusal(lambda: list(write_csv([{"pay": "secret"}], layout)))
        assert "secret" not in str(error)

    @pytest.mark.parametrize(
        ("titles", "code"),
        [
            ("Worker ID;Pay", "csv.title_missing"),
            ("Worker ID;Pay;Pay;Hired", "csv.title_repeated"),
            ("", "csv.title_missing"),
        ],
    )
    def test_titles_must_fit(self, titles, code):
        assert refusal(csv_records, titles).code == code

    def test_columns_by_position_need_no_titles(self):
        layout = CsvLayout(
            columns=(Column("b", position=2), Column("a", position=1)), has_titles=False, quote=""
        )
        assert layout.problems() == []
        records = csv_records('"1,2,3\n4\n', layout)
        assert records[0].data == {"a": '"1', "b": "2", "header": {}}
        assert codes(records) == [None, "csv.cells"]

    def test_lines_before_the_titles_are_skipped(self):
        layout = CsvLayout(columns=PEOPLE.columns, delimiter=";", skip_rows=2)
        [record] = csv_records('Report "of\ntoday\nWorker ID;Pay;Hired\nA1;x;', layout)
        assert record.error.location == "line 4, column pay"

    def test_kinds_of_records_are_told_apart(self):
        layout = CsvLayout(
            columns=(
                Column("batch", position=2, role="header"),
                Column("id", position=2),
                Column("amount", "decimal", position=3),
                Column("total", "decimal", position=2, role="trailer", check="total", check_column="amount"),
            ),
            codes=BATCH,
            has_titles=False,
        )
        assert layout.problems() == []
        records = csv_records("H,B1\nD,1,2.50\nD,2,\nT,2.5\n", layout)
        assert [record.data["header"] for record in records] == [{"batch": "B1"}] * 2
        for text, code in {
            "H,B1\nD,1,2.50\nT,2.51\n": "tabular.control",
            "H,B1\nD,1,2.50\n": "tabular.record_missing",
            "D,1,2.50\nT,2.5\n": "tabular.record_missing",
            "H,B1\nT,0\nD,1,2.50\n": "tabular.record_order",
            "D,1,2.50\nH,B1\nT,2.5\n": "tabular.record_order",
            "H,B1\nX,1\nT,0\n": "tabular.record_code",
            "H,B1\nT,x\n": "tabular.cell",
            "": "tabular.record_missing",
        }.items():
            assert refusal(csv_records, text, layout).code == code, text
        written = b"".join(write_csv([{"id": "1", "amount": 5}, {"id": "2"}], layout, header={"batch": "B2"}))
        assert written == b"H,B2\nD,1,5\nD,2,\nT,5\n"

    @pytest.mark.parametrize("encoding", ["utf-16", "iso-8859-1", "iso-8859-15", "windows-1252"])
    def test_encodings(self, encoding):
        layout = CsvLayout(columns=(Column("name"),), encoding=encoding)
        assert csv_records("name\nJosé\n", layout, encoding)[0].data["name"] == "José"
        assert list(read_csv(write_csv([{"name": "José"}], layout), layout))[0].data["name"] == "José"

    def test_an_encoding_that_lacks_a_character_is_refused(self):
        layout = CsvLayout(columns=(Column("name"),), encoding="ascii")
        error = refusal(lambda: list(write_csv([{"name": "é"}], layout)))
        assert (error.code, error.found) == ("text.not_encodable", "U+00E9")
        assert refusal(csv_records, "name\né", layout).code == "text.encoding"

    def test_a_byte_order_mark_is_written_on_request(self):
        layout = CsvLayout(columns=(Column("a"),), has_mark=True, line_end="\r\n")
        assert b"".join(write_csv([{"a": "1"}], layout)) == b"\xef\xbb\xbfa\r\n1\r\n"

    @pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "=cmd|' /C calc'!A0"])
    def test_formulas_are_neutralized_for_spreadsheets_only(self, text):
        columns = (Column("name"), Column("amount", "decimal"))
        row = {"name": text, "amount": Decimal("-5")}
        for is_for_spreadsheets, expected in ((False, text), (True, f"'{text}")):
            layout = CsvLayout(columns=columns, is_for_spreadsheets=is_for_spreadsheets)
            [record] = read_csv(write_csv([row], layout), layout)
            assert (record.data["name"], record.data["amount"]) == (expected, Decimal("-5"))

    def test_what_does_not_fit_is_not_written(self):
        layout = CsvLayout(columns=(Column("a", is_required=True), Column("b", "integer")), quote="")
        for row, code in (
            ({"a": "1", "b": "x"}, "tabular.cell"),
            ({"b": 1}, "tabular.cell"),
            ({"a": "1", "c": 1}, "tabular.unknown_column"),
            ({"a": "1,2"}, "csv.cell"),
            ({"a": "1\n2"}, "csv.line_end"),
            ({"a": "1\0"}, "csv.nul"),
            ({"a": ["1"]}, "tabular.cell"),
        ):
            assert refusal(lambda row=row: list(write_csv([row], layout))).code == code


class TestFixedWidth:
    def test_rows_become_typed_values(self):
        header = {"batch": "B001"}
        assert [record.data for record in fixed_records(PAYMENT_FILE)] == [
            {"id": "00017", "amount": Decimal("15.00"), "day": datetime.date(2026, 1, 31), "header": header},
            {"id": "00018", "amount": Decimal("-0.25"), "header": header},
        ]

    def test_what_is_written_is_read(self):
        rows = [
            {key: value for key, value in record.data.items() if key != "header"}
            for record in fixed_records(PAYMENT_FILE)
        ]
        layout = FixedWidthLayout(columns=PAYMENTS.columns, codes=BATCH, line_end="\r\n")
        expected = PAYMENT_FILE.replace(b"-0000002500000000", b"-00000025        ").replace(
            b"25        ", b"25        "
        )
        assert b"".join(write_fixed_width(rows, layout, header={"batch": "B001"})) == expected

    @pytest.mark.parametrize(
        ("old", "new", "code"),
        [
            (b"T    2", b"T    3", "tabular.control"),
            (b"    4     1475", b"    3     1475", "tabular.control"),
            (b"1475", b"1474", "tabular.control"),
            (b"1475", b"    ", "fixed_width.length"),
            (b"     1475", b"         ", "tabular.control"),
            (b"HB001\r\n", b"", "tabular.record_missing"),
            (b"T    2    4     1475\r\n", b"", "tabular.record_missing"),
            (b"D00018", b"X00018", "tabular.record_code"),
            (b"D00017", b"\xff00017", "text.encoding"),
            (b"D00017", b"\x0000017", "text.nul"),
        ],
    )
    def test_a_file_that_does_not_hold_what_it_states(self, old, new, code):
        assert old in PAYMENT_FILE
        damaged = PAYMENT_FILE.replace(old, new)
        if code == "fixed_width.length":
            damaged = damaged.rstrip(b" \r\n")
        assert refusal(fixed_records, damaged).code == code

    def test_a_truncated_file_is_noticed_though_a_row_is_wrong(self):
        damaged = PAYMENT_FILE.replace(b"20260131", b"20260231")
        assert codes(fixed_records(damaged)) == ["tabular.cell", None]
        assert refusal(fixed_records, damaged.replace(b"T    2", b"T    3")).code == "tabular.control"

    def test_the_length_of_lines(self):
        layout = FixedWidthLayout(columns=(Column("a", start=1, width=2), Column("b", start=3, width=2)))
        records = fixed_records(b"aabb\naab\naabb  \naabbx\n\n", layout)
        assert codes(records) == [None, "fixed_width.length", None, "fixed_width.length"]
        lenient = FixedWidthLayout(columns=layout.columns, allows_short_rows=True)
        assert fixed_records(b"a\n", lenient)[0].data == {"a": "a", "header": {}}

    def test_what_does_not_fit_is_not_written(self):
        layout = FixedWidthLayout(
            columns=(Column("a", start=1, width=2), Column("n", "decimal", start=3, width=4, fill="0"))
        )
        for row, code in (
            ({"a": "abc"}, "fixed_width.overflow"),
            ({"n": Decimal("-1.25")}, "fixed_width.overflow"),
            ({"a": "\n"}, None),
            ({"a": "a\nb"}, "fixed_width.line_end"),
        ):
            if code:
                assert refusal(lambda row=row: list(write_fixed_width([row], layout))).code == code
            else:
                assert b"".join(write_fixed_width([row], layout)) == b"      \n"

    def test_a_header_that_states_counts(self):
        layout = FixedWidthLayout(
            columns=(
                Column("n", "integer", start=2, width=3, role="header", check="record_count"),
                Column("sum", "decimal", start=5, width=5, role="header", check="total", check_column="a"),
                Column("a", "decimal", start=2, width=5),
            ),
            codes={"header": "H", "detail": "D"},
        )
        assert layout.problems() == []
        data = b"".join(write_fixed_width([{"a": "1.5"}, {"a": 2}], layout))
        assert data == b"H  3  3.5\nD  1.5\nD    2\n"
        assert len(fixed_records(data, layout)) == 2


@pytest.mark.parametrize(
    ("layout", "problem"),
    [
        (CsvLayout(columns=()), "needs a column"),
        (CsvLayout(columns=(Column("a"), Column("a"))), "twice"),
        (CsvLayout(columns=(Column("a b"),)), "letters"),
        (CsvLayout(columns=(Column("header"),)), "not header"),
        (CsvLayout(columns=(Column("a", "float"),)), "no type float"),
        (CsvLayout(columns=(Column("a", "date", "x"),)), "date pattern"),
        (CsvLayout(columns=(Column("a"),), encoding="utf-7"), "no encoding"),
        (CsvLayout(columns=(Column("a"),), delimiter=",,"), "one character"),
        (CsvLayout(columns=(Column("a"),), delimiter='"'), "different"),
        (CsvLayout(columns=(Column("a"),), delimiter="\n"), "one character"),
        (CsvLayout(columns=(Column("a"),), has_titles=False), "position"),
        (CsvLayout(columns=(Column("a"), Column("b", role="trailer", position=1))), "no code"),
        (CsvLayout(columns=(Column("a"),), codes={"detail": "D", "header": "D"}), "code of its own"),
        (CsvLayout(columns=(Column("a"),), codes={"header": "H"}), "which one detail records have"),
        (CsvLayout(columns=(Column("a", "integer", check="detail_count"),)), "header or trailer"),
        (FixedWidthLayout(columns=(Column("a"),)), "start"),
        (FixedWidthLayout(columns=(Column("a", start=1, width=10**9),)), "width"),
        (
            FixedWidthLayout(columns=(Column("a", start=1, width=3), Column("b", start=3, width=1))),
            "overlaps a",
        ),
        (FixedWidthLayout(columns=(Column("a", start=1, width=3, fill="0"),)), "only numbers"),
        (FixedWidthLayout(columns=(Column("a", start=1, width=3, fill="*"),)), "blanks or zeros"),
        (
            FixedWidthLayout(columns=(Column("a", start=1, width=3),), codes={"detail": "D"}),
            "overlaps the code",
        ),
    ],
)
def test_a_layout_that_cannot_work(layout, problem):
    assert any(problem in text for text in layout.problems()), layout.problems()
