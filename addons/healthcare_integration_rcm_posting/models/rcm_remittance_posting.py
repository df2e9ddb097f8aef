from odoo import models
from odoo.fields import Command

from odoo.addons.healthcare_integration_base.errors import BusinessRuleError
from odoo.addons.healthcare_integration_base.queue import integration_task

from ..posting.checks import period_locked


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

    # === DAY AND JOURNAL === #

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

    def _finish(self):
        self.state = "posted"
        self.message_id._set_state("applied")
