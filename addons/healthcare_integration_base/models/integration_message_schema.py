from itertools import chain, islice

from odoo import fields, models

from ..doors.delivery import LARGEST_BODY
from ..doors.json_document import MOST_COMPLAINTS, MalformedJson, read_json
from ..errors import DocumentError, Finding
from ..formats.text import decode, split_lines


class IntegrationMessageSchema(models.Model):
    """Holds documents to the JSON Schema of their type before they are processed, whatever way they came."""

    _inherit = "integration.message"

    schema_digest = fields.Char(
        "Checked Against",
        readonly=True,
        help="SHA-256 of the JSON Schema that the document was checked against when it was taken in.",
    )

    def _check_schema(self):
        """Check the document, unless its door has done so against the same schema.

        Where the mapping of the flow reads JSON lines, each of them is a document.

        :raise DocumentError: ``body.json``, ``body.schema`` or ``body.size``
        """
        document_type = self.document_type_id
        if not document_type.json_schema or self.schema_digest == document_type._schema_digest():
            return
        if self.payload_size > LARGEST_BODY:
            raise self._too_large_for_schema()
        found = chain.from_iterable(self._schema_findings(*document) for document in self._schema_documents())
        if findings := list(islice(found, MOST_COMPLAINTS)):
            raise DocumentError.summing_up(findings)

    def _schema_documents(self):
        """Yield the place and the text of each document in the payload."""
        texts = decode(self._payload_chunks())
        if self.flow_id.mapping_id.record_format != "json_lines":
            yield "", "".join(texts)
            return
        for number, line in enumerate(split_lines(texts), 1):
            if line.strip():
                yield self.env._("line %s, ", number), line

    def _schema_findings(self, place, text):
        try:
            complaints = self.document_type_id._complaints(read_json(text.encode()))
        except MalformedJson as error:
            message = self.env._("The document is no JSON.")
            return [self._schema_finding("body.json", message, place, error.place)]
        message = self.env._("The document is not as the schema of its type describes it.")
        return [self._schema_finding("body.schema", message, place, complaint) for complaint in complaints]

    def _schema_finding(self, code, message, place, complaint):
        return Finding(
            code,
            message,
            location=f"{place}{complaint.pointer}",
            expected=complaint.expected,
            found=complaint.found,
            remedy=self.env._(
                "Ask the sender for a corrected document. If it is right as it is, correct the JSON Schema "
                "of the document type, then resolve this exception."
            ),
        )

    def _too_large_for_schema(self):
        return DocumentError(
            "body.size",
            self.env._("The document is too large to be checked against the schema of its type."),
            expected=self.env._("at most %s bytes", LARGEST_BODY),
            found=self.env._("%s bytes", self.payload_size),
            remedy=self.env._(
                "Ask the sender for smaller documents, or remove the JSON Schema from the document type and "
                "let the mapping check the records."
            ),
        )
