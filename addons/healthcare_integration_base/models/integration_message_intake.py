from odoo import api, models

from ..errors import BusinessRuleError, DocumentError
from ..failures import storable
from ..formats.x12 import TransactionEnvelope, TransactionIndex
from ..queue import integration_task

CHILD_BATCH = 500


class IntegrationMessageIntake(models.Model):
    """The way in: receive a file once, split it into its transactions, hand each to its handler."""

    _inherit = "integration.message"

    @api.model
    def _receive(self, endpoint, file_name, chunks):
        """Store a file that an endpoint took in, and queue what follows.

        The same bytes are taken once per company: a repeat becomes a message of state duplicate that
        points to the original and keeps no second copy.

        :param endpoint: the integration.endpoint
        :param str file_name: as the partner named it
        :param chunks: iterable of bytes
        :return: the integration.message
        """
        # Messages belong to the kernel: no role creates them by hand.
        message = self.sudo().create(
            {
                "direction": "in",
                "company_id": endpoint.company_id.id,
                "system_id": endpoint.system_id.id,
                "endpoint_id": endpoint.id,
                "file_name": file_name,
            }
        )
        message.correlation_id = message.uuid
        message._store_payload(chunks)
        original = (
            self.env["integration.message.key"].sudo()._claim(message, f"sha256:{message.payload_hash}")
        )
        if original != message:
            message._mark_duplicate(original)
        else:
            message.with_kernel_task(
                identity_key=f"message.open:{message.id}",
                ordering_key=f"message.open:{endpoint.id}" if endpoint._has_ordered_flow() else None,
                message=message,
            )._open_interchange()
        self.env["integration.audit.entry"]._record(
            "message.received", message, {"sha256": message.payload_hash, "size": message.payload_size}
        )
        return message

    def _mark_duplicate(self, original):
        self._drop_payload()
        self.duplicate_of_id = original
        self._set_state("duplicate", self.env._("The same content was received before as %s.", original.name))

    # === SPLIT === #

    @integration_task("Split a file into its transactions", priority=8)
    def _open_interchange(self):
        """Read the envelopes of an X12 file and make one child message per transaction.

        :raise DocumentError: if the file is no X12, or its envelopes hold no transaction
        """
        self.ensure_one()
        index, children, batch, flows = TransactionIndex(self._payload_chunks()), self.browse(), [], {}
        for entry in index:
            batch.append(self._child_values(entry, flows))
            if len(batch) == CHILD_BATCH:
                children += self.create(batch)
                batch = []
                self.env["integration.task.progress"]._step(entry.end, self.payload_size)
        children += self.create(batch)
        if not children:
            raise self._no_transaction(index.findings.report())
        self._set_state("split")
        first = children[0]
        self.write(
            {
                "findings": self._as_json(index.findings.report()),
                "event_at": first.event_at,
                "event_time_zone": first.event_time_zone,
            }
        )
        for siblings in children.grouped("flow_id").values():
            siblings._queue_processing()

    def _no_transaction(self, findings):
        return DocumentError(
            "x12.no_transaction",
            self.env._("The file holds no transaction."),
            location=self.file_name or "",
            expected=self.env._("at least one ST..SE in an ISA..IEA envelope"),
            found=findings[0].message if findings else self.env._("none"),
            remedy=self.env._("Ask the sender for the complete file."),
            subject=self.uuid,
            findings=tuple(findings),
        )

    def _child_values(self, entry, flows):
        """Return the values of the child for one indexed transaction; flows are found once per envelope."""
        envelope = entry.envelope
        interchange = envelope.interchange
        routing = (envelope.set_identifier, interchange.sender, interchange.receiver)
        if routing not in flows:
            flows[routing] = self._find_flow(*routing)
        return {
            "parent_id": self.id,
            "position": entry.ordinal,
            "company_id": self.company_id.id,
            "system_id": (flows[routing].system_id or self.system_id).id,
            "endpoint_id": self.endpoint_id.id,
            "flow_id": flows[routing].id,
            "correlation_id": self.correlation_id,
            "file_name": self.file_name,
            "byte_start": entry.start,
            "byte_end": entry.end,
            "payload_size": entry.end - entry.start,
            "envelope": envelope.as_dict(),
            "findings": self._as_json(entry.findings),
            "transaction_set": envelope.set_identifier,
            "sender": interchange.sender,
            "receiver": interchange.receiver,
            "is_test": interchange.usage == "T",
            "interchange_control_number": interchange.control_number,
            "group_control_number": envelope.group.control_number,
            "transaction_control_number": envelope.control_number,
            "received_at": self.received_at,
            **self._event_values(self.endpoint_id, interchange.created),
        }

    @staticmethod
    def _as_json(findings):
        return [storable(finding.as_dict()) for finding in findings]

    def _find_flow(self, transaction_set, sender, receiver):
        return self.env["integration.route"]._find_flow(
            self.endpoint_id,
            transaction_set=transaction_set,
            sender=sender,
            receiver=receiver,
            file_name=self.file_name,
        )

    def _transaction_envelope(self):
        """Return the envelope that the transaction had in its file."""
        self.ensure_one()
        return TransactionEnvelope.from_dict(self.envelope)

    def _queue_processing(self):
        """Queue the processing of transactions of one flow, each in a task of its own."""
        self.with_kernel_task(
            each=True,
            identity_key=lambda message: f"message.process:{message.id}",
            ordering_key=(lambda message: message._ordering_key()) if self.flow_id.is_ordered else None,
            message=lambda message: message,
            flow=self.flow_id,
        )._process()

    def _ordering_key(self):
        """Return the key that the message is processed in order of, where its flow asks for that."""
        handler = self.document_type_id.handler or ""
        key = self.env[handler]._ordering_key(self) if handler in self.env else ""
        return f"flow:{self.flow_id.id}:{key}"

    # === PROCESS === #

    @integration_task("Process a transaction")
    def _process(self):
        """Let the handler of the message's document type parse, plan and apply it, as the flow's user.

        :raise BusinessRuleError: if no flow takes it or the flow is not live
        :raise DocumentError: if it is not as the schema of its type has it
        """
        self.ensure_one()
        self._route_if_unrouted()
        if self.flow_id.state != "live":
            raise self.flow_id._not_live(self.name)
        handler = self._handler().with_user(self.flow_id.user_id).with_company(self.company_id)
        self._check_schema()
        self._note_event_time()
        # The handler works with its user's rights; the message itself belongs to the kernel.
        handler._process(self.with_env(handler.env).sudo())

    def _handler(self):
        """:raise BusinessRuleError: if no installed addon handles the document type"""
        document_type = self.document_type_id
        if (document_type.handler or "") not in self.env:
            raise BusinessRuleError(
                "document_type.no_handler",
                self.env._("Documents of the type %s cannot be processed here.", document_type.name),
                subject=document_type.code,
                expected=self.env._("a handler of an installed addon"),
                found=document_type.handler or self.env._("none"),
                remedy=self.env._("Install the addon that handles them, or choose another document type."),
            )
        return self.env[document_type.handler]

    def _route_if_unrouted(self):
        """Look for a flow again: routes may have been added since the message was held."""
        if self.flow_id:
            return
        self.flow_id = self._find_flow(self.transaction_set, self.sender, self.receiver)
        if not self.flow_id:
            raise BusinessRuleError(
                "route.not_found",
                self.env._(
                    "No route takes %(set)s from %(sender)s.", set=self.transaction_set, sender=self.sender
                ),
                subject=f"{self.endpoint_id.id}/{self.transaction_set}/{self.sender}/{self.receiver}",
                location=self.name,
                expected=self.env._("a route of the endpoint %s", self.endpoint_id.name),
                found=f"{self.transaction_set} {self.sender} > {self.receiver}",
                remedy=self.env._("Add a route on the endpoint, then resolve this exception."),
            )
