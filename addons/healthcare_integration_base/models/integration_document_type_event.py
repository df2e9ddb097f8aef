from odoo import api, fields, models
from odoo.exceptions import ValidationError

from ..errors import DocumentError
from ..formats.date_patterns import InvalidValue, check_date_pattern, local_time_parser
from ..formats.json_records import read_json
from ..formats.mapping import JsonPaths, XmlPaths
from ..formats.xml_records import read_xml

# Their paths begin at the document; those of the other formats are columns, which mappings tell.
DOCUMENT_READERS = {"json": (JsonPaths, read_json), "xml": (XmlPaths, read_xml)}
COLUMN_FORMATS = ("csv", "fixed_width")


class IntegrationDocumentTypeEvent(models.Model):
    """Where a document says when it happened, for formats whose envelope does not say it."""

    _inherit = "integration.document.type"

    event_path = fields.Char(
        "Time Is At",
        help="Where a document says when it happened, in the notation of mappings. JSON: for example "
        "header.created (of a list, its first item). XML: for example Header/Created, from the root element. "
        "CSV and fixed width: a column of the first record, or header. and a column of the header record. A "
        "time without a zone is in the time zone of the endpoint.",
    )
    event_pattern = fields.Char(
        "Time Is Written As",
        help="For example MM/DD/YYYY HH:mm. Empty: ISO 8601 as in 2026-01-31T14:05:00+00:00, or whole "
        "seconds since 1970.",
    )

    @api.constrains("event_path", "event_pattern", "format")
    def _check_event_time(self):
        for document_type in self.filtered("event_path"):
            try:
                document_type._check_event_path()
                check_date_pattern(document_type.event_pattern or "")
            except ValueError as error:
                raise ValidationError(str(error)) from error

    def _check_event_path(self):
        """:raise ValueError: if the path cannot be one of the format"""
        if self.format in DOCUMENT_READERS:
            language, _reader = DOCUMENT_READERS[self.format]
            language().value(self.event_path)
        elif self.format not in COLUMN_FORMATS:
            raise ValueError(
                self.env._("Only documents of JSON, XML, CSV and fixed width have a path to their time.")
            )

    def _event_time(self, chunks, mapping):
        """Return when a document says that it happened.

        :param chunks: iterable of its bytes
        :param mapping: the integration.mapping of its flow, if it has one
        :return: datetime, naive where the document tells no zone
        :raise IntegrationError: if it does not say it, or cannot be read
        """
        read, records = self._event_source(chunks, mapping)
        record = next(iter(records), None)
        if record is not None and record.error:
            raise record.error
        try:
            value = None if record is None else read(record.data)
            if value is None or value == "":
                raise self._event_error("event_time.missing", self.env._("a time"), self.env._("nothing"))
            return local_time_parser(self.event_pattern or "")(value)
        except InvalidValue as error:
            found = self.env._("another value")
            raise self._event_error("event_time.unreadable", error.expected, found) from None

    def _event_source(self, chunks, mapping):
        """Return the function that reads the time of a record, and the records."""
        try:
            if self.format in DOCUMENT_READERS:
                language, reader = DOCUMENT_READERS[self.format]
                return language().value(self.event_path), reader(chunks)
            return mapping._path_language().value(self.event_path), mapping._read_records(chunks)
        except ValueError as error:
            expected = self.env._("a column of the mapping")
            raise self._event_error("event_time.path", expected, str(error)) from None

    def _event_error(self, code, expected, found):
        return DocumentError(
            code,
            self.env._("It is not known when the document says that it happened."),
            location=self.event_path,
            expected=expected,
            found=found,
            remedy=self.env._("Correct Time Is At and Time Is Written As of the document type."),
        )
