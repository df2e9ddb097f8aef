import base64
import hashlib

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError

from ..doors.delivery import LARGEST_BODY, RECEIVING_STATES, Delivery
from ..doors.json_document import MalformedJson, read_json
from ..errors import IntegrationError
from ..models.access import require_group
from ..models.windows import form_window


class IntegrationUpload(models.TransientModel):
    """Brings a document to a flow by hand: a file, or in test mode typed or pasted text.

    A preview shows what would be written and writes nothing.
    """

    _name = "integration.upload"
    _description = "Integration Upload"
    # A document may hold private data: it does not lie here longer than somebody looks at it.
    _transient_max_hours = 0.25

    flow_id = fields.Many2one("integration.flow", required=True, readonly=True)
    source = fields.Selection([("file", "File"), ("text", "Text")], default="file", required=True)
    file = fields.Binary(attachment=False)
    file_name = fields.Char()
    text = fields.Text()
    may_type = fields.Boolean(compute="_compute_may_type")
    preview = fields.Text("What would be written", readonly=True)

    @api.depends("flow_id")
    def _compute_may_type(self):
        for upload in self:
            upload.may_type = upload._is_in_test_mode()

    def _is_in_test_mode(self):
        flow = self.flow_id
        return flow.system_id.environment == "test" or flow.endpoint_id.is_test

    # === ACTIONS === #

    def action_upload(self):
        """Take the document in and open its message.

        :raise UserError: if the flow does not take it
        """
        self._check_allowed()
        flow = self.flow_id
        if flow.state not in RECEIVING_STATES:
            raise UserError(
                self.env._("%s is not live: it takes no documents, but shows previews.", flow.name)
            )
        if self.source == "text" and not self.may_type:
            raise UserError(
                self.env._(
                    "Typed text is only previewed here: the flow is of a production system. Use a file."
                )
            )
        receipt = self._take_in()
        # Uploading is the operator's right; the message belongs to the kernel.
        message_sudo = self.env["integration.message"].sudo().search([("uuid", "=", receipt.uuid)])
        if not receipt.is_new:
            raise UserError(
                self.env._("The same content was received before as %s.", message_sudo.display_name)
            )
        self.env["integration.audit.entry"]._record("message.uploaded", message_sudo)
        self.unlink()
        return form_window("integration.message", message_sudo.id)

    def action_preview(self):
        """Show what would be written, in a transaction that is undone."""
        self._check_allowed()
        if not self.env.user.has_group("healthcare_integration_base.group_phi"):
            raise AccessError(
                self.env._("The preview may show private data: ask for the group that may read it.")
            )
        with self.env.cr.savepoint() as savepoint:
            text = self._previewed()
            savepoint.rollback()
        self.preview = text
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Preview"),
            "res_model": self._name,
            "res_id": self.id,
            "view_mode": "form",
            "target": "new",
        }

    def _check_allowed(self):
        self.ensure_one()
        require_group(self.flow_id, "group_operator")
        if self.flow_id.direction != "in":
            raise UserError(self.env._("%s sends: it takes no documents.", self.flow_id.name))

    # === THE DOCUMENT === #

    def _body(self):
        """Return the bytes that were given.

        :raise UserError: if there are none, too many, or not those of the schema
        """
        body = base64.b64decode(self.file or b"") if self.source == "file" else (self.text or "").encode()
        if not body:
            raise UserError(self.env._("Choose a file, or enter a text."))
        largest = min(self.flow_id.max_bytes, LARGEST_BODY)
        if len(body) > largest:
            raise UserError(
                self.env._("The document has %(size)s bytes; the flow takes %(largest)s.",
                           size=len(body), largest=largest)
            )  # fmt: skip
        if self.flow_id.document_type_id.format == "json":
            self._check_json(body)
        return body

    def _check_json(self, body):
        try:
            places = self.flow_id.document_type_id._complaints(read_json(body))
        except MalformedJson as error:
            places = [error.place]
        if places:
            lines = [f"{place.pointer}: {place.expected} ({place.found})" for place in places]
            raise UserError(
                self.env._("The document is not as its schema describes it:\n%s", "\n".join(lines))
            )

    def _take_in(self):
        """Store the document as its flow's; the same bytes are one message, whichever way they came.

        :rtype: Receipt
        """
        body, flow = self._body(), self.flow_id
        digest = hashlib.sha256(body).hexdigest()
        # No role creates messages: the kernel does.
        messages = self.env["integration.message"].with_user(self.env.ref("base.user_root"))
        return messages._take_in(
            Delivery(
                company_id=flow.company_id.id,
                system_id=flow.system_id.id,
                endpoint_id=flow.endpoint_id.id or None,
                flow=flow,
                file_name=self.file_name if self.source == "file" else self.env._("Typed text"),
                body=body,
                identity=f"sha256:{digest}",
                is_test=self.source == "text",
                schema_digest=flow.document_type_id._schema_digest(),
            )
        )

    # === PREVIEW === #

    def _previewed(self):
        """Return what the handler would write, or what is wrong, as text; the caller undoes all of it."""
        try:
            receipt = self._take_in()
            messages = self.env["integration.message"].with_user(self.env.ref("base.user_root"))
            message = messages.search([("uuid", "=", receipt.uuid)])
            if receipt.is_new:
                message._open_interchange()
            return "\n\n".join(
                self._previewed_document(document) for document in message.child_ids or message
            )
        except IntegrationError as error:
            return self._as_text(error)

    def _previewed_document(self, message):
        flow = self.flow_id
        handler = message._handler().with_user(flow.user_id).with_company(flow.company_id)
        # As in processing: the handler works with its user's rights, the message is the kernel's.
        return handler._preview(message.with_env(handler.env).sudo())

    @staticmethod
    def _as_text(error):
        findings = [
            f"- {finding.location}: {finding.message} ({finding.expected} / {finding.found})"
            for finding in error.findings
        ]
        return "\n".join([str(error), *findings])
