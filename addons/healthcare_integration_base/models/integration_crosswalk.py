from odoo import api, fields, models

from ..errors import MappingError
from .model_selection import business_models


class IntegrationCrosswalk(models.Model):
    """A translation table of one system: its codes against Odoo records or values."""

    _name = "integration.crosswalk"
    _description = "Integration Crosswalk"
    _order = "system_id, name"

    name = fields.Char(required=True)
    code = fields.Char(required=True, help="Stable identifier, unique in the system.")
    system_id = fields.Many2one("integration.system", required=True, index=True, ondelete="cascade")
    company_id = fields.Many2one(related="system_id.company_id", store=True, index=True, precompute=True)
    target = fields.Selection(
        [("record", "Odoo record"), ("value", "Value")],
        required=True,
        default="record",
        help="What a code of the system stands for.",
    )
    target_model = fields.Selection(
        "_selection_target_model", "Kind of record", help="Kind of records that the codes stand for."
    )
    line_ids = fields.One2many("integration.crosswalk.line", "crosswalk_id", copy=True)
    line_count = fields.Integer(compute="_compute_line_count", string="Codes")
    note = fields.Text()
    active = fields.Boolean(default=True)

    _code_unique = models.Constraint(
        "UNIQUE (system_id, code)", "Another crosswalk of this system already has this code."
    )
    _target_complete = models.Constraint(
        "CHECK (target = 'value' OR target_model IS NOT NULL)",
        "Choose the kind of records that the codes stand for.",
    )

    @api.model
    def _selection_target_model(self):
        return business_models(self.env)

    @api.depends("line_ids")
    def _compute_line_count(self):
        counts = dict(
            self.env["integration.crosswalk.line"]._read_group(
                [("crosswalk_id", "in", self._origin.ids)], ["crosswalk_id"], ["__count"]
            )
        )
        for crosswalk in self:
            crosswalk.line_count = counts.get(crosswalk._origin, 0)

    def _lookup(self, code):
        """Translate one code of the system.

        :return: the record (with the caller's rights) or the text that the code stands for
        :raise MappingError: ``crosswalk.unknown_code`` or ``crosswalk.record_missing``
        """
        return self._resolve(self._translations([code]), code)

    def _translations(self, codes=None):
        """Return ``{code: record or text}`` for those codes or for all; None where the record is gone."""
        self.ensure_one()
        domain = [("crosswalk_id", "=", self.id)]
        if codes is not None:
            domain.append(("external_code", "in", [str(code).strip() for code in codes]))
        lines_sudo = (
            self.env["integration.crosswalk.line"]
            .sudo()
            .search_fetch(domain, ["external_code", "value", "res_id"])
        )
        if self.sudo().target == "value":
            return {line_sudo.external_code: line_sudo.value for line_sudo in lines_sudo}
        records = self.env[self.sudo().target_model].browse(lines_sudo.mapped("res_id"))
        existing = {record.id: record for record in records.exists()}
        return {line_sudo.external_code: existing.get(line_sudo.res_id) for line_sudo in lines_sudo}

    def _resolve(self, translations, code):
        """Return what a code stands for in a result of :meth:`_translations`; raise as :meth:`_lookup`."""
        code = str(code).strip()
        if code not in translations:
            raise self._unknown_code(code)
        if translations[code] is None:
            raise self._record_missing(code)
        return translations[code]

    def _lookup_many(self, codes):
        """Translate codes of the system, with one query for all.

        :return: ``{code: record (with the caller's rights), text, or the MappingError of that code}``
        """
        translations = self._translations(codes)
        return {code: self._resolved_or_error(translations, code) for code in codes}

    def _resolved_or_error(self, translations, code):
        try:
            return self._resolve(translations, code)
        except MappingError as error:
            return error

    def _external_codes(self, values):
        """Translate what Odoo holds into codes of the system, with one query for all.

        :param values: texts: ids of records, or values
        :return: ``{text: code, or the MappingError of that value}``
        """
        self.ensure_one()
        name = "value" if self.sudo().target == "value" else "res_id"
        wanted = [value for value in values if name == "value" or value.isdecimal()]
        lines_sudo = (
            self.env["integration.crosswalk.line"]
            .sudo()
            .search_fetch([("crosswalk_id", "=", self.id), (name, "in", wanted)], ["external_code", name])
        )
        found = lines_sudo.grouped(lambda line_sudo: str(line_sudo[name]))
        return {
            value: found[value].external_code
            if len(found.get(value, ())) == 1
            else self._no_single_code(value, found.get(value))
            for value in values
        }

    def _no_single_code(self, value, lines_sudo):
        crosswalk_sudo = self.sudo()
        return MappingError(
            code="crosswalk.ambiguous_value" if lines_sudo else "crosswalk.unknown_value",
            message=self.env._(
                "%(crosswalk)s has not exactly one code for %(value)s.",
                crosswalk=crosswalk_sudo.name,
                value=value,
            ),
            subject=f"{crosswalk_sudo.code}:{value}",
            expected=self.env._("one code of the crosswalk %s", crosswalk_sudo.name),
            found=", ".join(lines_sudo.mapped("external_code")) if lines_sudo else self.env._("none"),
            remedy=self.env._("Give the value one code in the crosswalk, and archive the others."),
        )

    def _unknown_code(self, code):
        crosswalk_sudo = self.sudo()
        return MappingError(
            code="crosswalk.unknown_code",
            message=self.env._(
                "%(crosswalk)s does not know the code %(code)s.", crosswalk=crosswalk_sudo.name, code=code
            ),
            subject=f"{crosswalk_sudo.code}:{code}",
            expected=self.env._("a code of the crosswalk %s", crosswalk_sudo.name),
            found=code,
            remedy=self.env._("Add the code to the crosswalk."),
        )

    def _record_missing(self, code):
        crosswalk_sudo = self.sudo()
        return MappingError(
            code="crosswalk.record_missing",
            message=self.env._(
                "The record that %(crosswalk)s names for the code %(code)s no longer exists.",
                crosswalk=crosswalk_sudo.name,
                code=code,
            ),
            subject=f"{crosswalk_sudo.code}:{code}",
            found=code,
            remedy=self.env._("Choose another record for the code in the crosswalk."),
        )

    def action_open_lines(self):
        """Open the codes in a list of their own, where they can be searched and imported."""
        self.check_access("read")
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "healthcare_integration_base.action_integration_crosswalk_line"
        )
        action["domain"] = [("crosswalk_id", "in", self.ids)]
        action["context"] = {"default_crosswalk_id": self.id if len(self) == 1 else False}
        return action
