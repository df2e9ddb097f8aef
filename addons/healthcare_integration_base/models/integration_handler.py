from pprint import pformat

from odoo import models

from ..errors import IntegrationError
from ..formats.json_records import write_json, write_json_lines


class IntegrationHandler(models.AbstractModel):
    """What a document type does: ``parse`` and ``plan`` are pure, ``apply`` writes exactly the plan.

    Each document type names the model that handles it, which inherits this one. The three steps are run in
    one transaction together with the state of the message and of its task. Outwards, ``build`` makes the
    document and ``serialize`` its bytes.
    """

    _name = "integration.handler"
    _description = "Integration Document Handler"

    def _parse(self, message):
        """Return the typed document of a message's payload.

        :raise DocumentError: when the payload is not what its type promises
        """
        raise self._missing("_parse")

    def _plan(self, message, document):
        """Return what would be written, without writing anything."""
        raise self._missing("_plan")

    def _apply(self, message, plan):
        """Write the plan.

        :return: the business records, to be linked to the message
        """
        raise self._missing("_apply")

    def _build(self, message, records):
        """Return the document that says what the records are: a dict, or a list of dicts, of plain values.

        What it writes itself, such as a control number on the message, is kept with the message.

        :param message: the outgoing message, whose file name and identifier every repeat will carry
        """
        raise self._missing("_build")

    def _serialize(self, message, document):
        """Yield the bytes of a document: by the mapping of the flow, or as JSON; override it for others.

        :param document: of :meth:`_build`, with those fields only that the flow shares
        :raise IntegrationError: if it cannot be written
        """
        mapping, rows = message.flow_id.mapping_id, [document] if isinstance(document, dict) else document
        if mapping:
            return mapping.sudo(self.env.su)._write_documents(rows)
        if message.document_type_id.format != "json":
            raise self._missing("_serialize")
        return write_json_lines(rows) if isinstance(document, dict) else write_json(rows)

    def _target_schema(self):
        """Return what the documents of this type hold: ``{field: SchemaField}``, for mappings to be checked.

        Empty: a mapping may fill any field.
        """
        return {}

    def _ordering_key(self, message):
        """Return what messages of a flow in order are told apart by: those of one key wait for each other.

        By default all of a flow do; a handler may return what the document is about, from its envelope.
        """
        return ""

    def _process(self, message):
        """Run the three steps for a message and close it."""
        records = self._apply(message, self._plan(message, self._parse(message)))
        self.env["integration.message.link"]._link(message, records)
        message._set_state("applied")

    def _preview(self, message):
        """Return what would be written, as text for a person; whatever it does is undone.

        :raise IntegrationError: as the steps do
        """
        return pformat(self._plan(message, self._parse(message)), width=100)

    def _missing(self, step):
        return IntegrationError(
            "handler.step_missing",
            f"The handler {self._name} does not support the step {step}.",
            remedy="Choose a document type whose handler supports the direction of this flow.",
        )
