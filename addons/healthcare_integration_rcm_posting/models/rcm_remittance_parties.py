from odoo import models

from odoo.addons.healthcare_integration_base.errors import MappingError

from ..posting.checks import payee_unknown, payer_unknown

PAYER_KIND = "payer"
PAYEE_KIND = "payee"


class RcmRemittanceParties(models.Model):
    """Finds out whose remittance it is and for whom, by the references of the sending system."""

    _inherit = "rcm.remittance"

    def _identify_parties(self, header):
        """Set the payer, and the company, branch or facility that is paid.

        :raise MappingError: ``remittance.hold.payer_unknown`` or ``remittance.hold.payee_unknown``
        """
        self.ensure_one()
        self.payer_id = self._find_payer(header)
        company, self.facility_id = self._find_payee(header)
        if company != self.company_id:
            self._move_to_company(company)

    def _find_payer(self, header):
        keys = [header.payer_identifier, header.payer_supplemental, header.payer.identifier]
        payer = self._referenced(PAYER_KIND, keys)
        if payer is None or payer._name != "res.partner":
            raise self._unmapped(payer_unknown(header), f"payer:{header.payer_identifier}")
        return payer

    def _find_payee(self, header):
        """Return ``(company, facility)``: the flow's company or a branch, or the flow's company and an
        analytic account of its own or of a parent.

        A payee outside the flow's company is as unknown as one without a reference: a remittance
        must never reach the books of a company that its flow does not serve.
        """
        payee = self._referenced(PAYEE_KIND, [header.payee.identifier, *header.payee.references.values()])
        own, facility = self.message_id.company_id, self.env["account.analytic.account"]
        if payee is not None and payee._name == "res.company" and own in payee.parent_ids:
            return payee, facility
        if payee is not None and payee._name == facility._name and payee.company_id <= own.parent_ids:
            return own, payee
        raise self._unmapped(payee_unknown(header), f"payee:{header.payee.identifier}")

    def _unmapped(self, finding, subject):
        return MappingError(
            finding.code,
            finding.message,
            location=finding.location,
            expected=finding.expected,
            found=finding.found,
            remedy=finding.remedy,
            subject=subject,
            amount=finding.amount,
        )

    def _referenced(self, kind, keys):
        """Return the record that the sending system calls one of the keys, the first that is known."""
        keys = [key.strip() for key in keys if key and key.strip()]
        found = self.env["integration.reference"]._find_many(self.system_id, kind, keys)
        record = next((found[key] for key in keys if key in found), None)
        return record if record is None else record.with_env(self.env)

    def _known_payers(self, keys):
        """Return ``{key: res.partner}`` of the keys by which the sending system names a payer."""
        found = self.env["integration.reference"]._find_many(self.system_id, PAYER_KIND, keys)
        return {key: record for key, record in found.items() if record._name == "res.partner"}

    def _move_to_company(self, company):
        self.company_id = company
        self.claim_ids.write({"company_id": company.id})
        self.claim_ids.service_line_ids.write({"company_id": company.id})
        self.claim_ids.adjustment_ids.write({"company_id": company.id})
        self.provider_adjustment_ids.write({"company_id": company.id})
