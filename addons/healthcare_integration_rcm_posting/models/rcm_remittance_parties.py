from odoo import models

from odoo.addons.healthcare_integration_base.errors import MappingError

from ..posting.checks import payee_unknown, payer_unknown

PAYER_KIND = "payer"
PAYEE_KIND = "payee"


class RcmRemittanceParties(models.Model):
    """Finds out whose remittance it is and for whom, by the references of the sending system."""

    _inherit = "rcm.remittance"

    def _identify_parties(self, header):
        """Set the payer, and the company or branch that is paid.

        :raise MappingError: ``remittance.hold.payer_unknown`` or ``remittance.hold.payee_unknown``
        """
        self.ensure_one()
        self.payer_id = self._find_payer(header)
        company = self._find_payee_company(header)
        if company != self.company_id:
            self._move_to_company(company)

    def _find_payer(self, header):
        keys = [header.payer_identifier, header.payer_supplemental, header.payer.identifier]
        payer = self._referenced(PAYER_KIND, keys)
        if payer is None or payer._name != "res.partner":
            raise self._unmapped(payer_unknown(header), f"payer:{header.payer_identifier}")
        return payer

    def _find_payee_company(self, header):
        """Return the flow's company or one of its branches.

        A payee outside the flow's company is as unknown as one without a reference: a remittance
        must never reach the books of a company that its flow does not serve.
        """
        company = self._referenced(PAYEE_KIND, [header.payee.identifier, *header.payee.references.values()])
        own = self.message_id.company_id
        if company is None or company._name != "res.company" or own not in company.parent_ids:
            raise self._unmapped(payee_unknown(header), f"payee:{header.payee.identifier}")
        return company

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

    def _move_to_company(self, company):
        self.company_id = company
        self.claim_ids.write({"company_id": company.id})
        self.claim_ids.service_line_ids.write({"company_id": company.id})
        self.claim_ids.adjustment_ids.write({"company_id": company.id})
        self.provider_adjustment_ids.write({"company_id": company.id})
