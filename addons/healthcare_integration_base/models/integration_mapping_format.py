from odoo import api, fields, models

from ..errors import BusinessRuleError
from ..formats.json_records import read_json, read_json_lines, write_json, write_json_lines
from ..formats.tabular import (
    CsvLayout,
    FixedWidthLayout,
    read_csv,
    read_fixed_width,
    write_csv,
    write_fixed_width,
)
from ..formats.text import ENCODINGS
from ..formats.xml_records import parse_namespaces, read_xml, write_xml

FORMATS_OF_DOCUMENTS = {"csv": "csv", "fixed_width": "fixed_width", "json": "json", "xml": "xml"}
LINE_ENDS = {"lf": "\n", "crlf": "\r\n"}


class IntegrationMappingFormat(models.Model):
    """How the records of a mapping are written in a file: format, encoding, column table."""

    _inherit = "integration.mapping"

    record_format = fields.Selection(
        [
            ("values", "Values of the handler"),
            ("json", "JSON"),
            ("json_lines", "JSON lines"),
            ("csv", "CSV"),
            ("fixed_width", "Fixed width"),
            ("xml", "XML"),
        ],
        string="Format",
        compute="_compute_record_format",
        store=True,
        readonly=False,
        required=True,
        precompute=True,
        help="Values of the handler: the handler of the document type reads the file, and the lines map what "
        "it found.",
    )
    record_path = fields.Char(
        "Records Are At",
        help="JSON: names with dots, for example data.workers; empty for the document itself. "
        "XML: elements from the root, for example Workers/Worker, or Worker alone for wherever it stands.",
    )
    namespaces = fields.Text(help="One per line: a prefix, an equals sign, the namespace.")
    encoding = fields.Selection("_selection_encoding", required=True, default="utf-8")
    has_mark = fields.Boolean(
        "Byte Order Mark", help="Write one before UTF-8. When reading, one is always understood."
    )
    skip_rows = fields.Integer("Lines to Skip", help="Lines before the titles or the first record.")
    line_end = fields.Selection(
        [("lf", "Line feed"), ("crlf", "Carriage return and line feed")],
        required=True,
        default="lf",
        help="Of written files. When reading, both are understood.",
    )
    delimiter = fields.Selection(
        [(",", "Comma"), (";", "Semicolon"), ("\t", "Tab"), ("|", "Vertical bar"), ("^", "Caret")],
        required=True,
        default=",",
    )
    quote = fields.Selection(
        [('"', "Double quotes"), ("'", "Single quotes"), ("none", "Not quoted")], required=True, default='"'
    )
    has_titles = fields.Boolean("First Row Holds Titles", default=True)
    is_for_spreadsheets = fields.Boolean(
        "For People",
        help="The file is opened in a spreadsheet: texts that it would run as a formula get an apostrophe. "
        "Not for machines, which read the apostrophe as data.",
    )
    allows_short_rows = fields.Boolean(
        "Lines May Be Short", help="A line may end before its last columns, which are then empty."
    )
    code_start = fields.Integer(
        "Code Is At",
        default=1,
        help="Where a record says of which kind it is: the cell (CSV) or character (fixed width), from 1.",
    )
    header_code = fields.Char(help="What header records have there. Empty: the file has no header record.")
    detail_code = fields.Char(help="What detail records have there. Empty: all records are details.")
    trailer_code = fields.Char(help="What trailer records have there. Empty: the file has no trailer record.")
    column_ids = fields.One2many("integration.mapping.column", "mapping_id", copy=True)

    @api.model
    def _selection_encoding(self):
        return list(ENCODINGS.items())

    @api.depends("document_type_id")
    def _compute_record_format(self):
        for mapping in self:
            document_format = mapping.document_type_id.format
            mapping.record_format = FORMATS_OF_DOCUMENTS.get(document_format, "values")

    def _is_tabular(self):
        return self.record_format in ("csv", "fixed_width")

    def _namespaces(self):
        """:raise ValueError: if a line is none"""
        return parse_namespaces(self.namespaces or "")

    def _layout(self):
        """Return the column table as the tabular formats use it."""
        common = {
            "columns": tuple(column._column() for column in self.column_ids),
            "encoding": self.encoding,
            "has_mark": self.has_mark,
            "skip_rows": max(self.skip_rows, 0),
            "line_end": LINE_ENDS[self.line_end],
            "codes": self._role_codes(),
            "code_start": self.code_start,
        }
        if self.record_format == "fixed_width":
            return FixedWidthLayout(**common, allows_short_rows=self.allows_short_rows)
        return CsvLayout(
            **common,
            delimiter=self.delimiter,
            quote="" if self.quote == "none" else self.quote,
            has_titles=self.has_titles,
            is_for_spreadsheets=self.is_for_spreadsheets,
        )

    def _role_codes(self):
        codes = {"header": self.header_code, "detail": self.detail_code, "trailer": self.trailer_code}
        return {role: code.strip() for role, code in codes.items() if code} or None

    def _read_records(self, chunks):
        """Yield the :class:`SourceRecord` of a file as it streams in.

        :param chunks: iterable of bytes
        :raise DocumentError: if the file as a whole is wrong, perhaps at its end only
        :raise BusinessRuleError: ``mapping.no_format``, when the handler is what reads the files
        """
        self.ensure_one()
        mapping_sudo = self.sudo()
        readers = {
            "json": lambda: read_json(chunks, mapping_sudo.record_path or ""),
            "json_lines": lambda: read_json_lines(chunks),
            "csv": lambda: read_csv(chunks, mapping_sudo._layout()),
            "fixed_width": lambda: read_fixed_width(chunks, mapping_sudo._layout()),
            "xml": lambda: read_xml(chunks, mapping_sudo.record_path or "", mapping_sudo._namespaces()),
        }
        if mapping_sudo.record_format not in readers:
            raise self._no_format()
        return readers[mapping_sudo.record_format]()

    def _write_records(self, rows, header=None, trailer=None):
        """Yield a file of what the lines gave for each document, as bytes.

        :param rows: iterable of dicts; a list where a header record states counts
        :param header: values of the header record of CSV and fixed width files, by column
        :param trailer: values of the trailer record
        :raise DocumentError: if a value does not fit
        """
        self.ensure_one()
        mapping_sudo = self.sudo()
        record_path = mapping_sudo.record_path or ""
        writers = {
            "json": lambda: write_json(rows, record_path),
            "json_lines": lambda: write_json_lines(rows),
            "csv": lambda: write_csv(rows, mapping_sudo._layout(), header, trailer),
            "fixed_width": lambda: write_fixed_width(rows, mapping_sudo._layout(), header, trailer),
            "xml": lambda: write_xml(rows, record_path, mapping_sudo._namespaces()),
        }
        if mapping_sudo.record_format not in writers:
            raise self._no_format()
        return writers[mapping_sudo.record_format]()

    def _no_format(self):
        return BusinessRuleError(
            code="mapping.no_format",
            message=self.env._(
                "The mapping %s takes values of a handler, not files.", self.sudo().display_name
            ),
            subject=self.sudo().name,
            expected=self.env._("a mapping with a format of files"),
            found=self.env._("values of the handler"),
            remedy=self.env._("Choose the format of the files in a new version of the mapping."),
        )
