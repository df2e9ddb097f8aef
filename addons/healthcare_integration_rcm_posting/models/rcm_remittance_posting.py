import psycopg2

from odoo import models
from odoo.fields import Command
from odoo.tools import groupby

from odoo.addons.healthcare_integration_base.errors import BusinessRuleError, TransientError
from odoo.addons.healthcare_integration_base.models.integration_exception_report import Report
from odoo.addons.healthcare_integration_base.queue import integration_task

from ..posting.checks import period_locked
from ..posting.content_difference import first_difference
from ..posting.identity import payment_identity
from ..posting.issues import NO_RULE_CODE
from ..posting.settlement import FORWARDED_STATUSES

CLAIM_STATUS_OF_OUTCOME = {
    "posted": "paid",
    "partially_posted": "partial",
    "denied": "denied",
    "review": "review",
    "held": "review",
}


class RcmRemittancePosting(models.Model):
    """Posts a remittance: entries, reconciliations, states and exceptions in one transaction per part."""

    _inherit = "rcm.remittance"

    # === QUEUE === #

    def _queue_posting(self):
        """Queue the posting of the next part, as the user of the flow."""
        message = self.message_id.sudo()
        for remittance in self:
            remittance.with_company(message.company_id).with_integration_task(
                identity_key=f"remittance.post:{remittance.id}:{remittance.generation}:{remittance.posted_claim_count}",
                message=message,
                flow=message.flow_id,
                user=message.flow_id.user_id,
            )._post_next_part()

    @integration_task("Post a remittance")
    def _post_next_part(self):
        """Post the next claims; with the last of them the provider adjustments.

        :raise IntegrationError: whatever holds the remittance; then nothing of this part is posted
        """
        self.ensure_one()
        # Remittances and claims are the system's records; the entries are the user's (rcm.ledger).
        self = self.sudo()
        if self.state not in ("received", "held", "posting"):
            return
        part = self._next_part()
        if self.state != "posting" and not self._open_posting(part):
            return
        # The task runs in the flow's company; the entries are the facility's, which may be a branch of it.
        self = self.with_company(self.company_id)
        entries = self._plan_part(part)
        records = {claim.position: record for claim, record in part.claims}
        self._apply_entries(entries, records, done=self.posted_claim_count, total=self.claim_count)
        self.posted_claim_count += len(part.claims)
        if part.is_last:
            self._finish()
        else:
            self._queue_posting()

    def _open_posting(self, part):
        """Decide whether the remittance may be posted, and take its identity.

        :return: False if the payment is posted already
        :raise IntegrationError: whatever holds the remittance
        """
        self._identify_parties(part.header)
        self._check_postable(part)
        if self._is_duplicate(part.header):
            return False
        if not part.is_last:
            self.with_company(self.company_id)._require_for_all_parts()
        self._begin(part.header)
        return True

    # === IDENTITY === #

    def _is_duplicate(self, header):
        """Tell whether this payment is posted already; then this remittance only points to it.

        :raise BusinessRuleError: ``remittance.identity.conflict`` when the same payment has other content
        """
        self.identity_key = payment_identity(self.company_id.id, header, self.content_hash).key
        original = self.search(
            [
                ("company_id", "=", self.company_id.id),
                ("identity_key", "=", self.identity_key),
                ("state", "in", ("posting", "posted")),
                ("id", "!=", self.id),
            ],
            limit=1,
        )
        if not original:
            return False
        self.original_id = original
        if original.content_hash != self.content_hash:
            raise self._conflict(original)
        self.write(
            {"state": "duplicate", "state_reason": self.env._("Posted before as %s", original.display_name)}
        )
        self.message_id._set_state("duplicate", self.state_reason)
        return True

    def _conflict(self, original):
        difference = None
        if not original.message_id._purged_owner():
            difference = first_difference(original._documents(), self._documents())
        expected, found = difference or ("", "")
        return BusinessRuleError(
            "remittance.identity.conflict",
            self.env._("The payment %s was posted before with other content.", self.trace_number),
            location=f"ST {self.control_number}, TRN02",
            subject=f"remittance:{self.id}",
            expected=": ".join(filter(None, (original._content_summary(), expected))),
            found=": ".join(filter(None, (self._content_summary(), found))),
            remedy=self.env._(
                "Compare both. To replace the first one, undo it, then resolve this exception."
            ),
            amount=abs(self.amount),
        )

    def _content_summary(self):
        return self.env._(
            "%(claims)s claims, charged %(charged)s, paid %(paid)s, provider adjustments %(adjustments)s",
            claims=self.claim_count,
            charged=self.charge_total,
            paid=self.paid_total,
            adjustments=self.provider_adjustment_total,
        )

    def _begin(self, header):
        """Take the identity: the unique index lets one remittance of a payment through.

        :raise TransientError: when another worker took it at this moment
        """
        self.accounting_date = self._open_day(header.payment_date, header)
        self.flush_recordset()
        try:
            self.env.cr.execute(
                "UPDATE rcm_remittance SET state = 'posting', state_reason = NULL WHERE id = %s",
                (self.id,),
                log_exceptions=False,
            )
        except psycopg2.errors.UniqueViolation as error:
            raise TransientError(
                "remittance.identity.race",
                "The same payment is being posted by another worker.",
                subject=str(self.id),
                remedy="Nothing to do: the next attempt finds it posted.",
            ) from error
        self.invalidate_recordset(["state", "state_reason"])

    def _open_day(self, day, header=None):
        """Return a day for entries, or the next one that is open; then a finding tells so.

        :param header: the typed header, if it was read already
        :raise BusinessRuleError: ``remittance.hold.period_locked`` when the company's policy is to hold,
            or no day is open
        """
        open_day = self.env["rcm.ledger"]._first_open_day(self.company_id, self._journal(), day)
        if open_day == day:
            return day
        is_held = self.company_id.rcm_closed_period_policy == "hold"
        reason = (
            self.env._("the company holds such payments") if is_held else self.env._("see the lock dates")
        )
        locked = period_locked(header or self._header(), open_day, reason)
        if is_held or not open_day:
            raise self._held([locked], [locked])
        warning = {**locked.as_dict(), "severity": "warning"}
        if warning not in (self.findings or []):
            self.findings = [*(self.findings or []), warning]
        return open_day

    def _journal(self):
        """:raise BusinessRuleError: ``remittance.hold.journal_missing`` before the setup was run"""
        journal = next((c.rcm_journal_id for c in self.company_id.parent_ids[::-1] if c.rcm_journal_id), None)
        if journal is None:
            raise BusinessRuleError(
                "remittance.hold.journal_missing",
                self.env._("%s has no journal for remittances.", self.company_id.name),
                location=f"ST {self.control_number}",
                subject=f"company:{self.company_id.id}",
                expected=self.env._("a journal in the posting setup"),
                found="-",
                remedy=self.env._("Run the posting setup, then resolve this exception."),
            )
        return journal

    # === APPLY === #

    def _apply_entries(self, entries, records, key_prefix="", done=0, total=None):
        """Write the plan: entry by entry, in its order.

        :param entries: list of EntryPlan
        :param records: ``{claim position: rcm.claim}``
        :param str key_prefix: what tells parts that follow the posting apart from those of the posting
        :param done: number of claims that were done before
        :param total: number of claims of all there is to do; those of the entries when not given
        """
        lines_by_key = {}
        # The period may have been locked since the remittance was posted, or its last part.
        defaults = {"journal_id": self._journal().id, "date": self._open_day(self.accounting_date)}
        total = sum(len(entry.claims) for entry in entries) if total is None else total
        for entry in entries:
            self.env["integration.task.progress"]._step(
                done, total, self.env._("Posting %s", self.trace_number or "-")
            )
            done += len(entry.claims)
            key = self._entry_key(f"{key_prefix}{entry.part}")
            self._apply_entry(entry, records, {**defaults, "rcm_entry_key": key}, lines_by_key)
            self._settle_claims(entry, records, lines_by_key)
            self._resolve_paired(entry)
        self._report_exceptions(entries, records)

    def _apply_entry(self, entry, records, defaults, lines_by_key):
        ledger, move_lines = self.env["rcm.ledger"].sudo(False), self.env["account.move.line"]
        if entry.unreconcile:
            targets = (
                lines_by_key[t] if isinstance(t, str) else move_lines.browse(t) for t in entry.unreconcile
            )
            ledger._unreconcile(move_lines.union(*targets))
        planned = entry.lines
        if not planned:
            return
        move = ledger._create_posted([{**self._entry_values(entry.part, planned, records), **defaults}])
        for line, record in zip(planned, move.line_ids.sorted("id"), strict=True):
            lines_by_key[line.key] = record
        self._link_provider_adjustments(entry, lines_by_key)
        ledger._reconcile(
            [
                lines_by_key[line.key]
                + (lines_by_key[target] if isinstance(target, str) else move_lines.browse(target))
                for line in planned
                for target in line.reconcile
            ]
        )

    def _entry_values(self, part, planned, records):
        return {
            "move_type": "entry",
            "company_id": self.company_id.id,
            "ref": self.env._("Remittance %(trace)s, part %(part)s", trace=self.trace_number, part=part),
            "rcm_remittance_id": self.id,
            "line_ids": [Command.create(self._line_values(line, records)) for line in planned],
        }

    def _line_values(self, line, records):
        amount = float(line.amount)
        claim = records.get(line.position)
        # Without a value Odoo's own distribution models decide.
        analytic = {} if line.distribution is None else {"analytic_distribution": dict(line.distribution)}
        return {
            **analytic,
            "name": line.label,
            "account_id": line.account,
            "partner_id": line.partner,
            "currency_id": self.currency_id.id,
            "balance": amount,
            "amount_currency": amount,
            "rcm_role": line.role.value,
            "rcm_reference": line.reference or False,
            "rcm_claim_id": claim.id if claim else False,
            "rcm_invoice_id": claim.invoice_id.id if claim else False,
        }

    def _link_provider_adjustments(self, entry, lines_by_key):
        """Let provider adjustments lead to their journal items."""
        records = {(record.position, record.ordinal): record for record in self.provider_adjustment_ids}
        for plan in entry.provider_adjustments:
            for line in plan.lines:
                lines_by_key[line.key].rcm_provider_adjustment_id = records[plan.position, plan.ordinal]

    def _settle_claims(self, entry, records, lines_by_key):
        """Note on claims, adjustments and invoices what became of them."""
        claims = self.env["rcm.claim"]
        for outcome, plans in groupby(entry.claims, lambda plan: plan.outcome.value):
            claims.union(*(records[plan.position] for plan in plans)).outcome = outcome
        raising = (records[plan.position] for plan in entry.claims if plan.exceptions)
        claims.union(*raising).has_exceptions = True
        if posted := [plan for plan in entry.claims if plan.lines]:
            # All lines of an entry plan are in one entry.
            move = lines_by_key[posted[0].lines[0].key].move_id
            claims.union(*(records[plan.position] for plan in posted)).entry_id = move
        for plan in entry.claims:
            if plan.reverses is not None:
                records[plan.position]._note_reversal(plan.reverses, records)
        self._store_treatments(entry, records)
        self._log_on_invoices(entry, records)
        self._store_invoice_statuses(entry, records)

    def _store_invoice_statuses(self, entry, records):
        """Note what each claim made of its invoice; of several claims on one the latest decides."""
        claims = self.env["rcm.claim"]
        for status, plans in groupby(entry.claims, self._invoice_status):
            claims.union(*(records[plan.position] for plan in plans)).invoice_status = status
        settled = claims.union(*(records[plan.position] for plan in entry.claims))
        claims._update_status_of(settled.invoice_id)

    @staticmethod
    def _invoice_status(plan):
        if plan.reverses is not None:
            return "reversed"
        if plan.outcome.value in ("posted", "no_effect") and plan.patient_share > 0:
            return "patient"
        if plan.outcome.value == "posted" and plan.transferred:
            return "forwarded" if plan.status in FORWARDED_STATUSES else "patient"
        return CLAIM_STATUS_OF_OUTCOME.get(plan.outcome.value)

    def _log_on_invoices(self, entry, records):
        """Leave one note per invoice of what the remittance did to it, for all invoices at once."""
        outcomes = dict(self.env["rcm.claim"]._fields["outcome"]._description_selection(self.env))
        notes = {
            records[plan.position].invoice_id.id: self.env._(
                "Remittance %(remittance)s: %(outcome)s, paid %(amount)s",
                remittance=self.display_name,
                outcome=outcomes[plan.outcome.value].lower(),
                amount=self.currency_id.format(float(plan.paid)),
            )
            for plan in entry.claims
            if records[plan.position].invoice_id
        }
        self.env["account.move"].browse(notes)._message_log_batch(notes)

    def _store_treatments(self, entry, records):
        rows = [
            (
                records[plan.position].id,
                part.adjustment.position,
                part.adjustment.group,
                part.adjustment.reason,
                part.treatment.value,
            )
            for plan in entry.claims
            for part in plan.adjustments
        ]
        self.env["rcm.adjustment"]._store_treatments(rows)

    def _report_exceptions(self, entries, records):
        """Report what entries raise, all at once: workers that meet the same causes never block each other.

        An exception leads to where its cause was met first; those that join it write nothing to it.
        """
        no_claim = self.env["rcm.claim"]
        raised = [
            (planned, records[plan.position])
            for entry in entries
            for plan in entry.claims
            for planned in plan.exceptions
        ] + [(planned, no_claim) for entry in entries for planned in entry.other_exceptions]
        exceptions = self.env["integration.exception"]
        found = exceptions._report_each([self._report_of(planned) for planned, _claim in raised])
        claim_of = {}
        for exception, (_planned, claim) in zip(found, raised, strict=True):
            claim_of.setdefault(exception, claim)
        for exception in exceptions.union(*found).filtered(lambda known: not known.rcm_remittance_id):
            exception.write({"rcm_remittance_id": self.id, "rcm_claim_id": claim_of[exception].id})

    def _report_of(self, planned):
        return Report(
            planned.finding,
            company=self.company_id,
            message=self.message_id,
            record=self,
            subject=self._exception_subject(planned),
            category=planned.category,
        )

    def _exception_subject(self, planned):
        """Return what identifies the cause to a person: a missing rule goes by the payer's name."""
        if planned.finding.code == NO_RULE_CODE:
            _payer, group_and_reason = planned.subject.split(" ", 1)
            return f"{self.payer_id.name} {group_and_reason}"
        return planned.subject

    def _finish(self):
        self.state = "posted"
        self.message_id._set_state("applied")
