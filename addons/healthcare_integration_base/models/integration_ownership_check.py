from odoo import api, fields, models

from ..errors import BusinessRuleError, Finding


class IntegrationOwnershipCheck(models.Model):
    """The one place where flows are held to the register: domain addons pass all values through here."""

    _inherit = "integration.ownership"

    policy = fields.Selection(
        [("refuse", "Refuse the document"), ("leave_out", "Leave the field out and report it")],
        "Another System's Value",
        required=True,
        default="refuse",
        help="What happens when a flow of a system that is not the system of record brings a value.",
    )

    @api.model
    def _checked_values(self, system, model_name, values, *, record=None, message=None):
        """Return those of the values that a flow of the system may write.

        A value that the record has already is no conflict. What is left out is reported, once per system and
        field, as an exception.

        :param system: the integration.system whose flow writes
        :param dict values: of the fields of one record, as ``write`` takes them
        :param record: the record that is to be written; none when it is created
        :param message: the integration.message that brought the values
        :raise BusinessRuleError: ``ownership.refused``, when a field's policy is to refuse
        """
        return self._checked_values_list(
            system, model_name, [values], records=[record] if record else None, message=message
        )[0]

    @api.model
    def _checked_values_list(self, system, model_name, values_list, *, records=None, message=None):
        """As :meth:`_checked_values`, for many records with one query.

        :param values_list: list of dicts
        :param records: the records that are to be written, in the order of the values
        :return: list of dicts, in the same order
        """
        records = records or [None] * len(values_list)
        lines = self._lines_by_field(system, model_name)
        left_out = set()
        checked = []
        for values, record in zip(values_list, records, strict=True):
            refused = {
                name
                for name, value in values.items()
                if self._is_foreign(lines, system, name) and not self._is_unchanged(record, name, value)
            }
            checked.append({name: value for name, value in values.items() if name not in refused})
            left_out |= refused
        for name in sorted(left_out):
            self._report_conflict(self._line_of(lines, name), system, name, message)
        return checked

    def _lines_by_field(self, system, model_name):
        """Return ``{field name, or an empty text for the entity: line}`` of the system's company."""
        # The register binds every flow, whoever it runs as.
        lines_sudo = self.sudo().search_fetch(
            [("company_id", "=", system.sudo().company_id.id), ("entity", "=", model_name)],
            ["field_name", "system_id", "policy", "entity"],
        )
        return {line_sudo.field_name or "": line_sudo for line_sudo in lines_sudo}

    @staticmethod
    def _line_of(lines, name):
        return lines.get(name) or lines.get("")

    def _is_foreign(self, lines, system, name):
        line_sudo = self._line_of(lines, name)
        return bool(line_sudo) and line_sudo.system_id.id != system.id

    @staticmethod
    def _is_unchanged(record, name, value):
        if not record or name not in record._fields:
            return False
        current = record._fields[name].convert_to_write(record[name], record)
        return current == value or (not current and not value)

    def _report_conflict(self, line_sudo, system, name, message):
        """Refuse or report a field, as its line says; the value itself may be private and is not told."""
        details = {
            "code": "ownership.refused" if line_sudo.policy == "refuse" else "ownership.left_out",
            "message": self.env._(
                "%(system)s is not the system of record of %(field)s.",
                system=system.sudo().name,
                field=f"{line_sudo.entity}.{name}",
            ),
            "location": f"{line_sudo.entity}.{name}",
            "expected": self.env._("values of %s", line_sudo.owner_name),
            "found": self.env._("another value of %s", system.sudo().name),
            "remedy": self.env._(
                "Correct the value at its system of record, or change the register, then resolve this."
            ),
        }
        subject = f"{line_sudo.entity}.{name}"
        if line_sudo.policy == "refuse":
            raise BusinessRuleError(**details, subject=subject)
        self.env["integration.exception"]._report(
            Finding(**details, severity="warning"),
            company=system.sudo().company_id,
            system=system,
            message=message,
            subject=subject,
        )
