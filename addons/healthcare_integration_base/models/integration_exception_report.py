import datetime
from collections import defaultdict
from dataclasses import dataclass
from typing import Any

from odoo import api, models

from ..errors import Finding, IntegrationError
from ..failures import storable
from .integration_exception import OPEN_STATES
from .integration_exception_stake import Stake

LONGEST_SUBJECT = 500
DEADLINE_HOURS = {"critical": 4, "high": 24, "medium": 72, "low": 168}


@dataclass(frozen=True)
class Report:
    """Something that went wrong, for a person to resolve.

    :ivar error: an IntegrationError, or a Finding of a document that is applied in part
    :ivar company: the res.company whose people resolve it
    :ivar system: the integration.system, when it is not the one of the flow or message
    :ivar message: the integration.message to link
    :ivar record: the business record that the exception is about
    :ivar subject: when it is not the error's own
    :ivar category: when it is not the error's own; a finding is ``business``
    :ivar owner: the res.users to whom it goes, when not to the owner of the flow or the system
    """

    error: IntegrationError | Finding
    company: Any
    system: Any = None
    flow: Any = None
    message: Any = None
    record: Any = None
    subject: str | None = None
    category: str | None = None
    owner: Any = None

    @property
    def stake(self):
        """The money of what is reported, None without any: of a place of a document, or of a whole one."""
        if self.error.amount is None:
            return None
        document = self.message or self.record
        return Stake(
            f"{document._name},{document.id}" if document else "",
            # An error stops the whole document; findings leave the rest of it to be applied.
            self.error.location if isinstance(self.error, Finding) else "",
            self.error.amount,
            self.message.id if self.message else None,
        )


class IntegrationExceptionReport(models.Model):
    """How an exception comes to be: what is reported joins the open one of its cause."""

    _inherit = "integration.exception"

    @api.model
    @api.private
    def _report(self, error, **about):
        """Return the open exception of an error's cause, made if there is none.

        :param error: an IntegrationError, or a Finding of a document that is applied in part
        :param about: further values of :class:`Report`; ``company`` is needed
        """
        [exception] = self._report_each([Report(error, **about)])
        return exception

    @api.model
    @api.private
    def _report_each(self, reports):
        """Return the open exception of each :class:`Report`, in their order; each cause is looked up once.

        Causes are met in one order, so that two transactions which meet the same never block each other.
        """
        # Whoever meets an exception may report it, also a flow's user without any role here.
        self = self.sudo()
        by_cause, values_of, found = defaultdict(list), {}, {}
        for position, report in enumerate(reports):
            values = self._values_of(report)
            cause = (values["company_id"], values["system_id"] or 0, values["code"], values["subject"] or "")
            by_cause[cause].append(position)
            values_of.setdefault(cause, values)
        for cause in sorted(by_cause):
            exception = self._open_of_cause(values_of[cause]) or self._insert_or_find(values_of[cause])
            exception._note([reports[position] for position in by_cause[cause]])
            found.update(dict.fromkeys(by_cause[cause], exception))
        return [found[position] for position in range(len(reports))]

    def _note(self, reports):
        """Note whose money and which messages wait for the exception."""
        if stakes := [report.stake for report in reports if report.stake]:
            self.env["integration.exception.stake"]._put(self, stakes)
        message_ids = [report.message.id for report in reports if report.message]
        if message_ids:
            self._link_messages(self.env["integration.message"].browse(message_ids))

    def _values_of(self, report):
        error, flow, message, record = report.error, report.flow, report.message, report.record
        flow = flow or (message and message.flow_id)
        system = report.system or (flow and flow.system_id) or (message and message.system_id)
        return storable(
            {
                **self._exception_values(error, report.company, system, flow, record),
                **({"owner_id": report.owner.id} if report.owner else {}),
                "category": report.category or self._category(error),
                "subject": (report.subject or self._subject(error, record, message) or "")[:LONGEST_SUBJECT]
                or None,
                "location": self._location(error, message),
            }
        )

    def _exception_values(self, error, company, system, flow, record):
        severity = self._default_severity(error)
        owner = (flow and flow.owner_id) or (system and system.business_owner_id)
        now = self.env.cr.now()
        return {
            "name": error.message,
            "company_id": company.id,
            "system_id": system.id if system else None,
            "flow_id": flow.id if flow else None,
            "severity": severity,
            "code": error.code,
            "expected": error.expected or None,
            "found": error.found or None,
            "remedy": error.remedy or None,
            "detail": [finding.as_dict() for finding in getattr(error, "findings", ())],
            "owner_id": owner.id if owner else None,
            "deadline": now + datetime.timedelta(hours=DEADLINE_HOURS[severity]),
            "first_seen_at": now,
            "res_model": record._name if record else None,
            "res_id": record.id if record else None,
        }

    @staticmethod
    def _subject(error, record, message):
        if isinstance(error, Finding):
            return f"{record._name},{record.id}" if record else error.location
        if error.category == "data" and message and not error.subject:
            # Two files that are damaged at the same place are two causes.
            return f"{message.uuid} {error.location}"
        return error.subject or error.location

    @staticmethod
    def _location(error, message):
        """Return the place with the file that it is in."""
        name = message.name if message else None
        if not name or name in error.location:
            return error.location or None
        return f"{name}: {error.location}" if error.location else name

    @staticmethod
    def _category(error):
        return error.category if isinstance(error, IntegrationError) else "business"

    def _default_severity(self, error):
        if isinstance(error, Finding) and error.severity == "warning":
            return "low"
        return "high" if self._category(error) == "technical" or error.amount else "medium"

    def _open_of_cause(self, values):
        return self.search(
            [
                ("company_id", "=", values["company_id"]),
                ("system_id", "=", values["system_id"] or False),
                ("code", "=", values["code"]),
                ("subject", "=", values["subject"] or False),
                ("state", "in", OPEN_STATES),
            ],
            limit=1,
        )

    def _insert_or_find(self, values):
        """Create the exception; the unique index decides when two workers meet the cause at once.

        The row that wins is claimed by SQL before the ORM fills it, since a unique violation would
        end the caller's transaction.
        """
        self.flush_model()
        self.env.cr.execute(
            """
            INSERT INTO integration_exception (
                company_id, system_id, code, subject, name, category, severity, state)
            VALUES (
                %(company_id)s, %(system_id)s, %(code)s, %(subject)s,
                %(name)s, %(category)s, %(severity)s, 'open')
            ON CONFLICT (company_id, COALESCE(system_id, 0), code, COALESCE(subject, ''))
                  WHERE state IN ('open', 'in_progress') DO NOTHING
            RETURNING id
            """,
            values,
            log_exceptions=False,
        )
        row = self.env.cr.fetchone()
        if row is None:
            return self._open_of_cause(values)
        exception = self.browse(row[0])
        exception.write({key: value for key, value in values.items() if value is not None})
        exception.modified(["severity"])
        self.env["integration.audit.entry"]._record("exception.opened", exception)
        return exception

    def _link_messages(self, messages):
        self.env.cr.execute(
            """
            INSERT INTO integration_exception_message_rel (exception_id, message_id)
            SELECT %s, unnest(%s) ON CONFLICT DO NOTHING
            """,
            (self.id, messages.ids),
        )
        self.invalidate_recordset(["message_ids", "message_count"])
