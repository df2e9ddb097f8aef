from itertools import islice

from odoo import models

from ..errors import BusinessRuleError
from ..refused_records import RefusedRecords

BATCH = 500


class IntegrationMappingHandler(models.AbstractModel):
    """Takes in records by the mapping of their flow; an addon says what its documents become.

    A record that is refused does not stop the others, unless the flow takes all or nothing: the refused ones
    wait, by cause, in tasks of their own, which take them in when the cause is mended.
    """

    _name = "integration.mapping.handler"
    _inherit = "integration.handler"
    _description = "Mapped Document Handler"

    # === HOOKS === #

    def _apply_documents(self, message, documents):
        """Hook: write documents, with the rights of the flow's user.

        Called for batches of at most 500, in the order of the file. What it raises refuses the whole message.

        :param documents: list of dicts, as the lines of the mapping give them
        :return: the business records, to be linked to the message
        """
        raise self._missing("_apply_documents")

    # === STEPS === #

    def _parse(self, message, numbers=None):
        """Return an iterator over the mapped records of a message's payload.

        :param numbers: of the records to be mapped; all when not given
        """
        mapping = message.flow_id.mapping_id
        if not mapping:
            raise self._no_mapping(message.flow_id)
        records = mapping._read_records(message._payload_chunks())
        if numbers is not None:
            wanted = set(numbers)
            records = (record for record in records if record.number in wanted)
        # The message is read as the kernel does; codes are translated with the rights of the flow's user.
        return mapping.sudo(self.env.su)._map_records(records)

    def _no_mapping(self, flow):
        return BusinessRuleError(
            code="mapping.missing",
            message=self.env._("The flow %s has no mapping.", flow.name),
            subject=flow.code,
            expected=self.env._("an active mapping of the document type"),
            found=self.env._("none"),
            remedy=self.env._("Revise the flow and choose a mapping, then resolve this exception."),
        )

    def _process(self, message):
        """Take in all records of a message.

        :raise IntegrationError: if a record is refused where the flow takes all or nothing, if all are, or
            more than can wait
        """
        count, refused = self._take_in(message, self._parse(message))
        if not refused.count:
            message._set_state("applied")
            return
        if not count or message.flow_id.is_all_or_nothing:
            raise refused.summed_up()
        message._set_state(
            "parsed",
            self.env._(
                "%(refused)s of %(all)s records wait.", refused=refused.count, all=count + refused.count
            ),
        )
        message._queue_refused_records(refused.groups())

    def _process_refused(self, message, numbers):
        """Take in those records of a message that were refused before.

        :param numbers: of the records
        :raise IntegrationError: if one of them still is
        """
        _count, refused = self._take_in(message, self._parse(message, numbers))
        if refused.count:
            raise refused.summed_up()

    def _take_in(self, message, mapped_records):
        """Apply records in batches and link what they became.

        :return: ``(number of applied records, RefusedRecords)``
        """
        count, refused = 0, RefusedRecords()
        mapped_records = iter(mapped_records)
        while batch := list(islice(mapped_records, BATCH)):
            for mapped in batch:
                if mapped.error:
                    refused.add(mapped)
            documents = [mapped.values for mapped in batch if not mapped.error]
            # what is applied once all is to be refused is rolled back anyway
            if documents and not (refused.count and message.flow_id.is_all_or_nothing):
                records = self._apply_documents(message, documents)
                self.env["integration.message.link"]._link(message, records)
            count += len(documents)
        return count, refused
