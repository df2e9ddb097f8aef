from collections import defaultdict
from dataclasses import replace
from itertools import islice

from odoo import models

from ..errors import BusinessRuleError, Finding

BATCH = 500
MOST_REFUSED = 10_000
MOST_CAUSES = 20
MOST_FINDINGS = 100


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

    def _parse(self, message):
        """Return an iterator over the mapped records of a message's payload."""
        mapping = message.flow_id.mapping_id
        if not mapping:
            raise BusinessRuleError(
                code="mapping.missing",
                message=self.env._("The flow %s has no mapping.", message.flow_id.name),
                subject=message.flow_id.code,
                expected=self.env._("an active mapping of the document type"),
                found=self.env._("none"),
                remedy=self.env._("Revise the flow and choose a mapping, then resolve this exception."),
            )
        # The message is read as the kernel does; codes are translated with the rights of the flow's user.
        return mapping.sudo(self.env.su)._map_records(mapping._read_records(message._payload_chunks()))

    def _process(self, message):
        """Take in all records of a message.

        :raise IntegrationError: if a record is refused where the flow takes all or nothing, or all are
        """
        count, refused = self._take_in(message, self._parse(message))
        if refused and (not count or message.flow_id.is_all_or_nothing or len(refused) > MOST_REFUSED):
            raise _summed_up([mapped.error for mapped in refused])
        if not refused:
            message._set_state("applied")
            return
        message._set_state(
            "parsed",
            self.env._(
                "%(refused)s of %(all)s records wait.", refused=len(refused), all=count + len(refused)
            ),
        )
        message._queue_refused_records(_numbers_by_cause(refused))

    def _process_refused(self, message, numbers):
        """Take in those records of a message that were refused before.

        :param numbers: of the records
        :raise IntegrationError: if one of them still is
        """
        wanted = set(numbers)
        _count, refused = self._take_in(
            message, (mapped for mapped in self._parse(message) if mapped.number in wanted)
        )
        if refused:
            raise _summed_up([mapped.error for mapped in refused])

    def _take_in(self, message, mapped_records):
        """Apply records in batches and link what they became.

        :return: ``(number of applied records, list of the refused MappedRecord)``
        """
        count, refused = 0, []
        mapped_records = iter(mapped_records)
        while batch := list(islice(mapped_records, BATCH)):
            refused += [mapped for mapped in batch if mapped.error]
            documents = [mapped.values for mapped in batch if not mapped.error]
            # nothing is applied for good once all is to be refused
            if documents and not (refused and message.flow_id.is_all_or_nothing):
                records = self._apply_documents(message, documents)
                self.env["integration.message.link"]._link(message, records)
            count += len(documents)
        return count, refused


def _numbers_by_cause(refused):
    """Return lists of record numbers, one for each cause; beyond some causes the rest are one."""
    by_cause = defaultdict(list)
    for mapped in refused:
        cause = (mapped.error.code, mapped.error.subject)
        by_cause[cause if cause in by_cause or len(by_cause) < MOST_CAUSES else None].append(mapped.number)
    return list(by_cause.values())


def _summed_up(errors):
    """Return the first error with the findings of all, up to a number."""
    first = errors[0]
    findings = [
        finding for error in errors[:MOST_FINDINGS] for finding in error.findings or [_finding(error)]
    ]
    if len(findings) > 1:
        first.findings = tuple(findings[:MOST_FINDINGS])
    if len(errors) > MOST_FINDINGS:
        first.findings += (replace(_finding(first), code="findings.omitted", found=str(len(errors))),)
    return first


def _finding(error):
    return Finding(
        code=error.code,
        message=error.message,
        location=error.location,
        expected=error.expected,
        found=error.found,
        remedy=error.remedy,
    )
