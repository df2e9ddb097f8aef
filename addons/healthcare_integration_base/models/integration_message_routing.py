from odoo import models

from ..errors import BusinessRuleError
from ..formats.content import HEAD_SIZE, Content


class IntegrationMessageRouting(models.Model):
    """Finds the flow of a payload that is no X12: one document, told by its file name or its content.

    Such a message has no children: it is itself what the handler gets.
    """

    _inherit = "integration.message"

    def _open_interchange(self):
        """Split a file of X12; hand anything else to its flow as one document."""
        self.ensure_one()
        if not self._is_single_document():
            return super()._open_interchange()
        if not self.flow_id:
            self._route_by_content()
        self._queue_processing()

    def _is_single_document(self):
        """Tell whether the payload is a document of its own, and not a file of X12 transactions.

        A damaged file of X12 may begin with anything: where only X12 is expected, it is read as such.
        """
        if self.flow_id:
            return self.flow_id.document_type_id.format != "x12"
        if self._content().kind == "x12":
            return False
        endpoint_sudo = self.endpoint_id.sudo()
        expected = endpoint_sudo.route_ids.flow_id.document_type_id.mapped("format")
        if not expected:
            return endpoint_sudo.transport in ("webhook", "http")
        return endpoint_sudo.transport == "webhook" or any(name != "x12" for name in expected)

    def _content(self):
        """Return what the payload tells of itself at its beginning."""
        return Content(b"".join(self._payload_chunks(end=HEAD_SIZE)))

    def _route_by_content(self):
        """Set the flow, and the system that it is of, if a route takes the document."""
        flow = self.env["integration.route"]._find_flow(
            self.endpoint_id, file_name=self.file_name, content=self._content()
        )
        if flow:
            self.write({"flow_id": flow.id, "system_id": flow.system_id.id})

    def _find_flow(self, transaction_set, sender, receiver):
        """Return the flow that the sender named, if it takes such transactions; else ask the routes."""
        taken = self.flow_id.document_type_id.transaction_set
        if self.flow_id and taken in (False, transaction_set):
            return self.flow_id
        return super()._find_flow(transaction_set, sender, receiver)

    def _route_if_unrouted(self):
        """Look for a flow again: routes may have been added since the message was held.

        :raise BusinessRuleError: if none takes the document
        """
        if self.parent_id or self.flow_id:
            return super()._route_if_unrouted()
        self._route_by_content()
        if not self.flow_id:
            kind = self._content().describe()
            raise BusinessRuleError(
                "route.not_found",
                self.env._("No route takes this document: %s.", kind),
                subject=f"{self.endpoint_id.id}/{kind}",
                location=self.name,
                expected=self.env._("a route of the endpoint %s", self.endpoint_id.name),
                found=kind,
                remedy=self.env._("Add a route on the endpoint, then resolve this exception."),
            )
