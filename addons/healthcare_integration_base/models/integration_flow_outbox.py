import re

from odoo import fields, models

from ..doors.media_types import FILE_ENDINGS
from ..errors import BusinessRuleError
from ..transports.selection import require_plain_name

UNSAFE_IN_NAMES = re.compile(r"[^A-Za-z0-9._-]+")
COMPOSING_STATES = ("approved", "live", "paused")


class IntegrationFlowOutbox(models.Model):
    """The way out: what an addon calls to send records to the partner of a flow."""

    _inherit = "integration.flow"

    acknowledgement_hours = fields.Float(
        "Acknowledged within (hours)",
        default=24.0,
        required=True,
        help="Later, a message that was sent is overdue, and a person is told. Zero: it may take any time.",
    )

    _acknowledgement_valid = models.Constraint(
        "CHECK (acknowledgement_hours >= 0)", "An acknowledgement does not come before the message."
    )

    def _send(self, records, **options):
        """Make a message of records and queue it; both are committed before a byte leaves.

        :param options: see :meth:`_compose`
        :return: the integration.message
        :raise IntegrationError: as :meth:`_compose`
        """
        message = self._compose(records, **options)
        if message.state == "draft":
            message._queue_sending()
        return message

    def _compose(self, records, *, documents=None, file_name="", key="", correlation_id=""):
        """Make a draft of an outgoing message, which ``message._queue_sending()`` then sends.

        The document is built with the rights of the flow's user; of it, the flow's shared fields leave.

        :param records: what is sent, one model; linked to the message
        :param documents: a dict, or a list of dicts, of plain values, where the caller knows them already;
            else the handler of the document type builds them from the records
        :param str file_name: as the partner asks for it; by default it is made of the flow's code and the
            message's identifier. Every repeat has the same.
        :param str key: of the business event, e.g. ``order:17:2``: a second message for it is not made
        :param str correlation_id: of what caused it
        :return: the integration.message; of a known key the one that was made before, in whichever state
        :raise BusinessRuleError: if the flow may not send, or not this
        :raise IntegrationError: if the document cannot be built
        """
        self.ensure_one()
        # Whoever causes a message need not see how it travels; it is made as the flow's user.
        flow_sudo = self.sudo()
        flow_sudo._require_sender()
        with self.env.cr.savepoint():
            message_sudo = flow_sudo._new_outgoing(file_name, correlation_id)
            original_sudo = message_sudo._claim_sending_key(key)
            if original_sudo != message_sudo:
                message_sudo.unlink()
                return original_sudo.sudo(self.env.su)
            flow_sudo._write_outgoing(message_sudo, records, documents)
        return message_sudo.sudo(self.env.su)

    def _require_sender(self):
        """:raise BusinessRuleError: if the flow is not one that may make messages"""
        if self.direction != "out" or not self.endpoint_id or self.endpoint_id.direction == "in":
            raise BusinessRuleError(
                "flow.no_way_out",
                self.env._("The flow %s does not send.", self.name),
                subject=self.code,
                location=self.name,
                expected=self.env._("an outgoing document type, and an endpoint that sends"),
                found=f"{self.document_type_id.name}, {self.endpoint_id.name or self.env._('no endpoint')}",
                remedy=self.env._("Revise the flow, or choose another one for these records."),
            )
        if self.state not in COMPOSING_STATES:
            raise self._not_live(self.name)

    def _not_live(self, location):
        return BusinessRuleError(
            "flow.not_live",
            self.env._("The flow %s is not live.", self.name),
            subject=self.code,
            location=location,
            expected="live",
            found=self.state,
            remedy=self.env._("Put the flow live, then resolve this exception: its messages are run."),
        )

    def _revised(self, message):
        return BusinessRuleError(
            "flow.revised",
            self.env._("The flow %s was revised after messages of it were made.", self.name),
            subject=self.code,
            location=message.name,
            expected=self.env._("a message of version %s", self.version),
            found=self.env._("version %s", message.flow_version),
            remedy=self.env._(
                "Make the message anew from its records. Or look at its payload and, if it may leave under "
                "the present version, press Send Again on it."
            ),
        )

    def _new_outgoing(self, file_name, correlation_id):
        if file_name:
            require_plain_name("flow", file_name)
        message = self.env["integration.message"].create(
            {
                "direction": "out",
                "state": "draft",
                "company_id": self.company_id.id,
                "system_id": self.system_id.id,
                "endpoint_id": self.endpoint_id.id,
                "flow_id": self.id,
                "flow_version": self.version,
            }
        )
        stem = UNSAFE_IN_NAMES.sub("-", self.code).strip(".-")[:80] or "message"
        ending = FILE_ENDINGS[self.document_type_id.format]
        message.write(
            {
                "file_name": file_name or f"{stem}-{message.uuid}.{ending}",
                "correlation_id": correlation_id or message.uuid,
            }
        )
        return message

    def _write_outgoing(self, message, records, documents):
        """Build the document of a message, store what of it may leave, and link the records."""
        handler = message._sending_handler().with_user(self.user_id).with_company(self.company_id)
        message_for_handler = message.with_env(handler.env).sudo()
        if documents is None:
            documents = handler._build(message_for_handler, records.with_env(handler.env))
        shared = self._shared_document(documents)
        message._store_payload(handler._serialize(message_for_handler, shared))
        if records:
            self.env["integration.message.link"]._link(message, records)
        self.env["integration.audit.entry"]._record(
            "message.composed", message, {"sha256": message.payload_hash, "size": message.payload_size}
        )
