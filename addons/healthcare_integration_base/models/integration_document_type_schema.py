import hashlib

from odoo import api, fields, models, tools
from odoo.exceptions import ValidationError

from ..doors.json_document import InvalidSchema, complaints, read_schema


class IntegrationDocumentTypeSchema(models.Model):
    """What a JSON document of a type looks like: checked whatever way it comes, and published by the API."""

    _inherit = "integration.document.type"

    json_schema = fields.Text(
        "JSON Schema",
        help="JSON Schema 2020-12, complete in itself. The API and the upload refuse what is not as it has "
        "it; what comes by webhook, mailbox or collection is held. Patterns are in the notation of RE2: no "
        "look-around, no references back.",
    )

    @api.constrains("json_schema", "format")
    def _check_json_schema(self):
        for document_type in self.filtered("json_schema"):
            if document_type.format != "json":
                raise ValidationError(self.env._("Only documents of the format JSON have a JSON Schema."))
            try:
                read_schema(document_type.json_schema)
            except InvalidSchema as error:
                raise ValidationError(self.env._("The JSON Schema cannot be used: %s", str(error))) from error

    @tools.ormcache("self._schema_digest()")
    def _schema(self):
        """Return the schema as a dict, None without one."""
        self.ensure_one()
        return read_schema(self.json_schema) if self.json_schema else None

    def _schema_digest(self):
        """Return what tells the schema from any other, None without one."""
        return hashlib.sha256(self.json_schema.encode()).hexdigest() if self.json_schema else None

    def _complaints(self, document):
        """Return the places of a document that are not as the schema has them."""
        schema = self._schema()
        return complaints(schema, document) if schema else []
