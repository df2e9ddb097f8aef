from odoo import api, fields, models
from odoo.exceptions import UserError

from odoo.addons.healthcare_integration_base.errors import BusinessRuleError
from odoo.addons.healthcare_integration_base.models.access import require_group

from ..models.rcm_remittance_parties import PAYEE_KIND, PAYER_KIND


class RcmPartyMapping(models.TransientModel):
    """Asks which contact an unknown payer is, or which company or facility a payee; posts what waited."""

    _name = "rcm.party.mapping"
    _description = "Map Payer or Payee"

    exception_id = fields.Many2one("integration.exception", required=True, readonly=True)
    system_id = fields.Many2one(related="exception_id.system_id")
    kind = fields.Selection(
        [(PAYER_KIND, "Payer"), (PAYEE_KIND, "Payee")], compute="_compute_kind", string="Who Is Unknown"
    )
    name_in_file = fields.Char(string="Name", compute="_compute_party")
    identifiers = fields.Text(compute="_compute_party", help="All that the file has of it")
    place = fields.Char(string="Address", compute="_compute_party")
    external_key = fields.Char(
        string="Identifier to Map", compute="_compute_party", help="By this it is known from now on"
    )
    own_company_id = fields.Many2one(related="exception_id.company_id", string="Company of the Flow")
    partner_id = fields.Many2one("res.partner", string="Contact")
    is_health_plan = fields.Boolean(related="partner_id.rcm_is_payer")
    company_id = fields.Many2one("res.company", domain="[('id', 'child_of', own_company_id)]")
    facility_id = fields.Many2one(
        "account.analytic.account",
        string="or Facility",
        domain="['|', ('company_id', '=', False), ('company_id', 'parent_of', own_company_id)]",
        groups="analytic.group_analytic_accounting",
        help="Where facilities are no companies: the analytic account of this one",
    )

    @api.depends("exception_id")
    def _compute_kind(self):
        for mapping in self:
            kind = (mapping.exception_id.subject or "").partition(":")[0]
            mapping.kind = kind if kind in (PAYER_KIND, PAYEE_KIND) else False

    @api.depends("exception_id", "kind")
    def _compute_party(self):
        for mapping in self:
            # Only what the file says of the organisation is read, never a claim.
            header = mapping.exception_id.rcm_remittance_id.sudo()._header()
            party = header.payee if mapping.kind == PAYEE_KIND else header.payer
            identifiers = mapping._identifiers(header, party)
            mapping.name_in_file = party.name
            mapping.identifiers = "\n".join(f"{label}: {value}" for label, value in identifiers)
            mapping.place = ", ".join(part for part in (*party.address, party.city, party.state) if part)
            mapping.external_key = identifiers[0][1] if identifiers else False

    def _identifiers(self, header, party):
        """Return ``[(where the file has it, identifier)]``, in the order in which they are looked up."""
        own = (f"N104 {party.qualifier}".strip(), party.identifier)
        if self.kind == PAYEE_KIND:
            found = [own, *((f"REF {code}", value) for code, value in party.references.items())]
        else:
            found = [("TRN03", header.payer_identifier), ("TRN04", header.payer_supplemental), own]
        return [(label, value.strip()) for label, value in found if value and value.strip()]

    def action_map(self):
        """Remember who it is, and run again what waited for that.

        :raise UserError: if the file has no identifier, it names somebody else already, or not one is chosen
        """
        self.ensure_one()
        require_group(self.exception_id, "group_operator")
        record = self._chosen()
        if not self.external_key:
            raise UserError(self.env._("The file has no identifier that could be mapped."))
        try:
            self.env["integration.reference"]._remember(self.system_id, self.kind, self.external_key, record)
        except BusinessRuleError as error:
            raise UserError(
                self.env._("%(problem)s %(remedy)s", problem=error.message, remedy=error.remedy)
            ) from error
        self.exception_id.action_resolve()
        return {"type": "ir.actions.act_window_close"}

    def _chosen(self):
        """Return who it is.

        :raise UserError: if nobody is chosen, or both a company and a facility
        """
        # Without the right to analytic accounts the facility was not to be chosen, and is empty.
        payee = (self.company_id, self.sudo().facility_id)
        possible = payee if self.kind == PAYEE_KIND else (self.partner_id,)
        chosen = [record for record in possible if record]
        if not chosen:
            raise UserError(self.env._("Choose who it is."))
        if len(chosen) > 1:
            raise UserError(self.env._("Choose a company or a facility, not both."))
        return chosen[0]
