import datetime
from decimal import Decimal

from odoo.exceptions import UserError
from odoo.fields import Command
from odoo.tests import tagged

from ..errors import DocumentError, MappingError
from .configuration_common import ConfigurationCase

HIRED = datetime.date(2026, 1, 31)


@tagged("post_install", "-at_install")
class TestMappingFiles(ConfigurationCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        types = cls.env["integration.document.type"]
        cls.outgoing = types.create({"name": "Out", "code": "test.out", "direction": "out", "format": "csv"})
        cls.crosswalk = cls.create_crosswalk("P1", "Partners", "partner")

    def mapping(self, record_format, lines, columns=(), *, is_out=False, **values):
        mapping = self.env["integration.mapping"].create(
            {
                "name": f"{record_format} {'out' if is_out else 'in'}",
                "document_type_id": (self.outgoing if is_out else self.document_type).id,
                "record_format": record_format,
                "line_ids": [
                    Command.create(
                        {"source_path": source, "target_field": target, "transform": transform, **more}
                    )
                    for source, target, transform, more in lines
                ],
                "column_ids": [Command.create(column) for column in columns],
                **values,
            }
        )
        mapping.action_activate()
        return mapping

    def read(self, mapping, data):
        return [
            mapped.error or mapped.values for mapped in mapping._map_records(mapping._read_records([data]))
        ]

    def test_the_format_comes_from_the_document_type(self):
        mapping = self.env["integration.mapping"].create({"name": "x", "document_type_id": self.outgoing.id})
        self.assertEqual((mapping.record_format, mapping.direction), ("csv", "out"))
        self.document_type.format = "x12"
        mapping = self.env["integration.mapping"].create(
            {"name": "y", "document_type_id": self.document_type.id}
        )
        self.assertEqual(mapping.record_format, "values")

    def test_json(self):
        mapping = self.mapping(
            "json",
            [
                ("id", "ref", "text", {}),
                ("lines", "lines", "group", {}),
                ("amount", "lines.amount", "decimal", {}),
                (
                    "kind",
                    "kind",
                    "text",
                    {"condition": "differs", "condition_path": "kind", "condition_value": "X"},
                ),
            ],
            record_path="data.items",
        )
        data = b'{"data": {"items": [{"id": 1, "kind": "X", "lines": [{"amount": 1.50}]}, 2]}}'
        values, error = self.read(mapping, data)
        self.assertEqual(values, {"ref": "1", "lines": [{"amount": Decimal("1.50")}]})
        self.assertEqual(error.code, "json.record")

    def test_xml(self):
        mapping = self.mapping(
            "xml",
            [("@id", "ref", "text", {}), ("w:Hired", "hired", "date", {})],
            record_path="w:Workers/w:Worker",
            namespaces="w=urn:w",
        )
        data = b"<Workers xmlns='urn:w'><Worker id='7'><Hired>2026-01-31</Hired></Worker></Workers>"
        self.assertEqual(self.read(mapping, data), [{"ref": "7", "hired": HIRED}])

    def test_fixed_width_out_and_in(self):
        columns = [
            {"name": "batch", "start": 2, "width": 3, "role": "header"},
            {"name": "partner", "start": 2, "width": 4},
            {
                "name": "pay",
                "type": "implied_decimal",
                "argument": "2",
                "start": 6,
                "width": 7,
                "is_zero_filled": True,
            },
            {"name": "hired", "type": "date", "argument": "YYYYMMDD", "start": 13, "width": 8},
            {
                "name": "n",
                "type": "integer",
                "role": "trailer",
                "start": 2,
                "width": 3,
                "check": "detail_count",
            },
        ]
        roles = {"header_code": "H", "detail_code": "D", "trailer_code": "T"}
        outwards = self.mapping(
            "fixed_width",
            [
                ("partner_id", "partner", "copy", {"crosswalk_id": self.crosswalk.id, "is_required": True}),
                ("wage", "pay", "copy", {}),
                ("hired", "hired", "copy", {}),
            ],
            columns,
            is_out=True,
            **roles,
        )
        document = {"partner_id": self.partner.id, "wage": Decimal("1234.50"), "hired": HIRED}
        data = b"".join(outwards._write_documents([document], header={"batch": "B1"}))
        self.assertEqual(data, b"HB1 \nDP1  012345020260131\nT  1\n")
        inwards = self.mapping(
            "fixed_width",
            [
                ("partner", "partner_id", "text", {"crosswalk_id": self.crosswalk.id}),
                ("pay", "wage", "decimal", {}),
                ("hired", "hired", "date", {}),
                ("header.batch", "batch", "text", {}),
            ],
            columns,
            **roles,
        )
        [values] = self.read(inwards, data)
        self.assertEqual(values, {**document, "partner_id": self.partner, "batch": "B1"})
        with self.assertRaisesRegex(DocumentError, "fixed_width.overflow"):
            list(outwards._write_documents([{**document, "wage": Decimal("123456.00")}]))
        with self.assertRaisesRegex(MappingError, "crosswalk.unknown_value"):
            list(outwards._write_documents([{**document, "partner_id": self.other_partner.id}]))
        with self.assertRaisesRegex(DocumentError, "tabular.control"):
            self.read(inwards, data.replace(b"T  1", b"T  2"))

    def test_csv_for_people_is_neutralized(self):
        lines, columns = [("name", "name", "copy", {})], [{"name": "name"}]
        for is_for_spreadsheets, expected in ((False, b"name\n=1+1\n"), (True, b"name\n'=1+1\n")):
            mapping = self.mapping(
                "csv", lines, columns, is_out=True, is_for_spreadsheets=is_for_spreadsheets,
                name=f"people {is_for_spreadsheets}",
            )  # fmt: skip
            self.assertEqual(b"".join(mapping._write_documents([{"name": "=1+1"}])), expected)

    def test_json_and_xml_out(self):
        lines = [("name", "Person.@name", "text", {}), ("tags", "Tag", "copy", {})]
        document = {"name": "Ann", "tags": ["a", "b"]}
        mapping = self.mapping("xml", lines, is_out=True, record_path="People/Entry")
        data = b"".join(mapping._write_documents([document]))
        self.assertIn(b'<Entry><Person name="Ann"/><Tag>a</Tag><Tag>b</Tag></Entry>', data)
        mapping = self.mapping("json_lines", [("tags", "tags", "copy", {})], is_out=True)
        self.assertEqual(b"".join(mapping._write_documents([document])), b'{"tags":["a","b"]}\n')

    def test_what_cannot_be_written_is_not_activated(self):
        lines = [("name", "a", "text", {})]
        for record_format, values in (
            ("xml", {}),
            ("xml", {"record_path": "Worker"}),
            ("xml", {"record_path": "x:Workers/Worker"}),
            ("xml", {"record_path": "Workers/Worker", "namespaces": "x"}),
            ("csv", {}),
            ("csv", {"column_ids": [Command.create({"name": "b"})]}),
            ("fixed_width", {"column_ids": [Command.create({"name": "a"})]}),
            ("json", {"record_path": "a..b"}),
        ):
            with self.subTest(record_format, **values), self.assertRaisesRegex(UserError, "cannot run"):
                self.mapping(record_format, lines, is_out=True, name=str((record_format, values)), **values)
