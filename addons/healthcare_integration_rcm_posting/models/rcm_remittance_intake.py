from itertools import islice

from odoo import api, models

from ..formats.remittance.documents import Claim, RemittanceSummary
from ..posting.identity import ContentHash

CLAIM_BATCH = 500


class RcmRemittanceIntake(models.Model):
    """Stores a typed remittance as records, claim by claim as the reader yields them."""

    _inherit = "rcm.remittance"

    @api.model
    def _store(self, message, documents):
        """Store one remittance.

        :param message: the integration.message of its transaction
        :param documents: iterator of one RemittanceHeader, its Claims, and one RemittanceSummary
        :return: the rcm.remittance in state received
        """
        # Remittances are written by the system alone: no role may create or change one by hand.
        self = self.sudo()
        header = next(documents)
        remittance, content = self.create(self._header_values(message, header)), ContentHash(header)
        while batch := list(islice(documents, CLAIM_BATCH)):
            claims = [document for document in batch if isinstance(document, Claim)]
            for claim in claims:
                content.add_claim(claim)
            remittance._store_claims(claims)
            # A transaction may hold hundreds of thousands of claims: the cache must not keep them all.
            self.env.flush_all()
            self.env.invalidate_all(flush=False)
            self.env["integration.lease"]._keep_alive()
            if isinstance(batch[-1], RemittanceSummary):
                remittance._store_summary(batch[-1], content.finish(batch[-1]))
        return remittance

    def _header_values(self, message, header):
        company = message.company_id
        return {
            "company_id": company.id,
            "currency_id": self._currency(header.currency, company).id,
            "message_id": message.id,
            "system_id": message.system_id.id,
            "control_number": header.control_number,
            "is_test": header.usage == "T",
            "handling": header.handling,
            "amount": float(header.amount),
            "credit_debit": header.credit_debit,
            "method": header.method,
            "payment_date": header.payment_date,
            "production_date": header.production_date,
            "trace_number": header.trace_number,
            "payer_name": header.payer.name,
            "payer_identifier": header.payer_identifier,
            "payer_supplemental": header.payer_supplemental,
            "payee_name": header.payee.name,
            "payee_identifier": header.payee.identifier,
        }

    def _currency(self, code, company):
        """Return the currency of a code, active or not; the company's for none or an unknown one."""
        currencies = self.env["res.currency"].with_context(active_test=False)
        return (code and currencies.search([("name", "=", code)], limit=1)) or company.currency_id

    # === CLAIMS === #

    def _store_claims(self, documents):
        claims = self.env["rcm.claim"].create([self._claim_values(document) for document in documents])
        pairs = [
            (claim, line, self._service_line_values(claim, line))
            for claim, document in zip(claims, documents, strict=True)
            for line in document.service_lines
        ]
        lines = self.env["rcm.service.line"].create([values for _claim, _line, values in pairs])
        adjustments = [
            self._adjustment_values(claim, adjustment)
            for claim, document in zip(claims, documents, strict=True)
            for adjustment in document.adjustments
        ]
        adjustments += [
            self._adjustment_values(claim, adjustment, record)
            for (claim, line, _values), record in zip(pairs, lines, strict=True)
            for adjustment in line.adjustments
        ]
        self.env["rcm.adjustment"].create(adjustments)

    def _claim_values(self, document):
        return {
            "remittance_id": self.id,
            "company_id": self.company_id.id,
            "position": document.position,
            "claim_number": document.claim_id,
            "status": document.status,
            "charge": float(document.charge),
            "paid": float(document.paid),
            "patient_responsibility": float(document.patient_responsibility),
            "adjusted": float(document.adjusted),
            "filing_indicator": document.filing_indicator,
            "payer_claim_number": document.payer_claim_number,
            "facility_type": document.facility_type,
            "frequency": document.frequency,
            "patient_name": document.patient_name,
            "patient_identifier": document.patient_identifier,
            "subscriber_identifier": document.subscriber_identifier,
            "rendering_provider": document.rendering_provider,
            "crossover_payer_name": document.crossover_payer_name,
            "crossover_payer_identifier": document.crossover_payer_identifier,
            "statement_from": document.statement_from,
            "statement_to": document.statement_to,
            "remarks": " ".join(document.remarks),
            "findings": [finding.as_dict() for finding in document.findings],
        }

    def _service_line_values(self, claim, document):
        return {
            "claim_id": claim.id,
            "company_id": self.company_id.id,
            "position": document.position,
            "qualifier": document.qualifier,
            "code": document.code,
            "modifiers": " ".join(document.modifiers),
            "revenue_code": document.revenue_code,
            "control_number": document.control_number,
            "charge": float(document.charge),
            "paid": float(document.paid),
            "units": float(document.units or 0),
            "service_date": document.service_date,
            "service_date_end": document.service_date_end,
            "remarks": " ".join(document.remarks),
        }

    def _adjustment_values(self, claim, document, service_line=None):
        return {
            "claim_id": claim.id,
            "service_line_id": service_line.id if service_line else False,
            "company_id": self.company_id.id,
            "position": document.position,
            "group_code": document.group,
            "reason": document.reason,
            "amount": float(document.amount),
            "quantity": float(document.quantity or 0),
        }

    # === SUMMARY === #

    def _store_summary(self, summary, content_hash):
        self.env["rcm.provider.adjustment"].create(
            [
                {
                    "remittance_id": self.id,
                    "company_id": self.company_id.id,
                    "position": adjustment.position,
                    "ordinal": adjustment.ordinal,
                    "provider_identifier": adjustment.provider_identifier,
                    "fiscal_period": adjustment.fiscal_period,
                    "code": adjustment.code,
                    "reference": adjustment.reference,
                    "amount": float(adjustment.amount),
                }
                for adjustment in summary.provider_adjustments
            ]
        )
        self.write(
            {
                "content_hash": content_hash,
                "claim_count": summary.claim_count,
                "charge_total": float(summary.charge_total),
                "paid_total": float(summary.paid_total),
                "provider_adjustment_total": float(summary.provider_adjustment_total),
                "is_balanced": summary.balanced,
                "findings": [finding.as_dict() for finding in summary.findings],
            }
        )
