"""Claims per second of match + post + reconcile, beside the naive way and beside the floor, in one run.

* ours: ``rcm.remittance._post_next_part`` of a stored remittance: read, match, plan, post, reconcile,
  states, one commit per part;
* naive: the same lines, one entry created, posted, reconciled and committed per claim (a sample of them);
* floor: ``create`` + ``_post`` + ``_reconcile_plan`` of the same lines with explicit values, nothing else.

Each claim has a payment, a contractual allowance and a patient line. The three are alternated; figures
are medians of the rounds.
"""

from __future__ import annotations

import time
from functools import partial

from odoo import Command

from tests.sandbox import claims as sample

from . import databases
from .figures import Figure, at_least, medians, peak_mib

CHARGE, PAID, ALLOWED, PATIENT = map(float, (sample.CHARGE, sample.PAID, sample.ALLOWED, sample.PATIENT))
LEAST_TIMES_NAIVE = 8
LEAST_SHARE_OF_FLOOR = 0.85


class Hospital:
    """A company with its posting accounts, a payer and a patient.

    :ivar naive_claims: how many claims the naive way is measured on, at most
    """

    def __init__(self, env, naive_claims):
        self.env = env
        self.naive_claims = naive_claims
        self.company = env.company
        if not self.company.chart_template:
            env["account.chart.template"].try_loading("generic_coa", self.company, install_demo=False)
        env["rcm.posting.setup"].create({"company_id": self.company.id}).action_apply()
        self.accounts = {
            role.value: account
            for role, account in env["rcm.posting.account"]._accounts(self.company).items()
        }
        self.journal = self.company.rcm_journal_id
        self.payer, self.patient = env["res.partner"].create(
            [{"name": "Northern Mutual Health Plan", "rcm_is_payer": True}, {"name": "Alex Testcase"}]
        )
        self.system = env["integration.system"].create(
            {"name": "Benchmark", "code": str(time.time()), "category": "payer"}
        )
        env["integration.reference"]._remember(self.system, "payer", sample.PAYER_ID, self.payer)
        env["integration.reference"]._remember(self.system, "payee", sample.NPI, self.company)
        self.sequence = int(time.time()) * 100_000

    def invoices(self, count):
        """Return posted invoices with claim numbers of their own, committed."""
        numbers = [f"C{self.sequence + number}" for number in range(count)]
        invoices = sample.draft_invoices(self.env, self.payer, self.patient, numbers)
        self.sequence += count
        for start in range(0, count, 200):
            invoices[start : start + 200]._post(soft=False)
        self.env.cr.commit()
        return invoices

    def stored_remittance(self, invoices):
        """Return a remittance that pays the invoices, taken in but not posted, committed."""
        numbers = invoices.mapped("rcm_claim_number")
        return self._take_in(sample.remittance_file(numbers, f"T{self.sequence}"))

    def _take_in(self, content):
        messages = self.env["integration.message"]
        parent = messages.create(
            {"company_id": self.company.id, "system_id": self.system.id, "file_name": f"{self.sequence}.835"}
        )
        parent._store_payload(content)
        parent._open_interchange()
        child = parent.child_ids
        remittance = self.env["rcm.remittance"]._store(
            child, self.env["rcm.remittance.handler"]._parse(child)
        )
        self.env.cr.execute("DELETE FROM integration_task")
        self.env.cr.commit()
        return remittance

    # === THE THREE WAYS === #

    def ours(self, count):
        """Return the seconds of posting through the product."""
        remittance = self.stored_remittance(self.invoices(count))
        self.env.invalidate_all()
        started = time.perf_counter()
        while remittance.state != "posted":
            remittance._post_next_part()
            self.env.cr.commit()
        seconds = time.perf_counter() - started
        assert remittance.posted_claim_count == count, remittance.posted_claim_count
        assert all(invoice.payment_state == "paid" for invoice in remittance.claim_ids.invoice_id)
        self.env.cr.execute("DELETE FROM integration_task")
        self.env.cr.commit()
        return seconds

    def naive(self, count):
        """Return the seconds of one entry, posted, reconciled and committed, per claim."""
        invoices = self.invoices(min(count, self.naive_claims))
        self.env.invalidate_all()
        started = time.perf_counter()
        for invoice in invoices:
            move = self.env["account.move"].create(
                {
                    "journal_id": self.journal.id,
                    "date": "2026-03-16",
                    "line_ids": [Command.create(values) for values in self._lines([invoice])],
                }
            )
            move.action_post()
            self._reconcile_pairs(move, [invoice])
            self.env.cr.commit()
        return (time.perf_counter() - started) * count / len(invoices)

    def floor(self, count):
        """Return the seconds of the bare calls on entries of 500 claims."""
        invoices = self.invoices(count)
        self.env.invalidate_all()
        started = time.perf_counter()
        for start in range(0, count, 500):
            batch = invoices[start : start + 500]
            values = {"journal_id": self.journal.id, "date": "2026-03-16"}
            moves = self.env["account.move"].with_context(tracking_disable=True)
            move = moves.create({**values, "line_ids": [Command.create(line) for line in self._lines(batch)]})
            move._post(soft=False)
            self._reconcile_pairs(move, batch)
        self.env.cr.commit()
        return time.perf_counter() - started

    def _lines(self, invoices):
        lines = [self._line("clearing", self.payer, PAID * len(invoices), "clearing")]
        for invoice in invoices:
            label = invoice.rcm_claim_number
            account = invoice.line_ids.account_id.filtered(lambda a: a.account_type == "asset_receivable")
            lines += [
                self._line(None, self.payer, -CHARGE, label, account.id),
                self._line("allowance", self.payer, ALLOWED, label),
                self._line("patient_receivable", self.patient, PATIENT, label),
            ]
        return lines

    def _line(self, role, partner, amount, label, account_id=None):
        return {
            "name": label,
            "account_id": account_id or self.accounts[role],
            "partner_id": partner.id,
            "currency_id": self.company.currency_id.id,
            "balance": amount,
            "amount_currency": amount,
        }

    def _reconcile_pairs(self, move, invoices):
        credits = move.line_ids.filtered(lambda line: line.balance == -CHARGE).sorted("id")
        debits = [
            invoice.line_ids.filtered(lambda line: line.account_id.account_type == "asset_receivable")
            for invoice in invoices
        ]
        self.env["account.move.line"]._reconcile_plan(
            [credit + debit for credit, debit in zip(credits, debits, strict=True)]
        )


def measure(claims: int, many_claims: int, naive_claims: int, rounds: int) -> list[Figure]:
    """Post remittances of both sizes; a size of 0 is left out."""
    with databases.environment(databases.REMITTANCES) as env:
        hospital = Hospital(env, naive_claims)
        env.cr.commit()
        figures = []
        for count in filter(None, (claims, many_claims)):
            figures += _compared(hospital, count, rounds)
    return [*figures, Figure("peak memory of that process, its invoices included", f"{peak_mib():.0f} MiB")]


def _compared(hospital: Hospital, count: int, rounds: int) -> list[Figure]:
    ways = {"ours": hospital.ours, "naive": hospital.naive, "floor": hospital.floor}
    seconds = medians({name: partial(way, count) for name, way in ways.items()}, rounds)
    rates = {name: count / median for name, median in seconds.items()}
    found = f"{rates['ours']:.0f} claims/s"
    times, share = rates["ours"] / rates["naive"], rates["ours"] / rates["floor"]
    return [
        Figure(
            f"match, post and reconcile {count:,} claims (medians of {rounds})",
            found,
            f"one entry per claim, {rates['naive']:.1f} claims/s",
            times,
            *at_least(times, LEAST_TIMES_NAIVE),
        ),
        Figure(
            "the same",
            found,
            f"the bare calls of Odoo, {rates['floor']:.0f} claims/s",
            share,
            *at_least(share, LEAST_SHARE_OF_FLOOR),
        ),
    ]
