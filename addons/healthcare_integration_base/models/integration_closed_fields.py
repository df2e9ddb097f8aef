from odoo import api, models
from odoo.exceptions import AccessError


class IntegrationClosedFields(models.AbstractModel):
    """Mixin of configuration with fields that its actions alone set, where they are checked and audited.

    ``readonly`` closes a field on screens only: whoever may write a record could write its state over RPC,
    by an import, or by a default in the context, past the checks of the action and past the audit log.
    """

    _name = "integration.closed.fields"
    _description = "Integration Closed Fields"

    @api.model
    def _closed_fields(self):
        """Return the names of the fields that only code with full rights sets."""
        return {"state"}

    @api.model_create_multi
    def create(self, vals_list):
        """:raise AccessError: when somebody gives a record another beginning than all have"""
        records = super().create(vals_list)
        if not self.env.su:
            # Asked of the records, since defaults of the context and of users count too.
            begun = {name for name in self._closed_fields() if any(not r._is_as_begun(name) for r in records)}
            self._refuse_closed(begun)
        return records

    def write(self, vals):
        """:raise AccessError: when somebody sets what an action sets"""
        if not self.env.su:
            self._refuse_closed(self._closed_fields() & set(vals))
        return super().write(vals)

    def _is_as_begun(self, name):
        field = self._fields[name]
        first = field.default(self) if field.default else False
        return (field.convert_to_write(self[name], self) or False) == (first or False)

    @api.model
    def _refuse_closed(self, names):
        if names:
            labels = [self._fields[name]._description_string(self.env) for name in sorted(names)]
            raise AccessError(
                self.env._("These fields are set by the integration itself: %s", ", ".join(labels))
            )
