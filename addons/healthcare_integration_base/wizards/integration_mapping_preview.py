from itertools import islice

from markupsafe import Markup

from odoo import api, fields, models
from odoo.exceptions import UserError

from ..errors import IntegrationError
from ..formats.mapping import InvalidMapping
from ..formats.showing import shown
from ..models.access import require_group

MOST_RECORDS = 50
PHI_GROUP = "healthcare_integration_base.group_phi"


class IntegrationMappingPreview(models.TransientModel):
    """Shows what a mapping makes of a message, line by line. It writes nothing, and stores no value.

    Without the role Unmasked the values are replaced by what they are and how long.
    """

    _name = "integration.mapping.preview"
    _description = "Mapping Preview"
    _check_company_auto = True

    mapping_id = fields.Many2one("integration.mapping", required=True, readonly=True, ondelete="cascade")
    company_id = fields.Many2one(related="mapping_id.company_id")
    message_id = fields.Many2one(
        "integration.message",
        check_company=True,
        domain="[('company_id', '=', company_id), ('direction', '=', 'in'), ('child_ids', '=', False)]",
        ondelete="cascade",
    )
    record_count = fields.Integer("Records", default=5, help="How many records are shown, at most 50.")
    is_masked = fields.Boolean(compute="_compute_result")
    result = fields.Html(compute="_compute_result", sanitize=False)

    def action_show(self):
        """Show what the mapping makes of the chosen message."""
        self.ensure_one()
        require_group(self.mapping_id, "group_viewer")
        if not self.message_id:
            raise UserError(self.env._("Choose a message."))
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Preview on a Message"),
            "res_model": self._name,
            "res_id": self.id,
            "view_mode": "form",
            "target": "new",
        }

    @api.depends_context("uid")
    @api.depends("message_id", "record_count")
    def _compute_result(self):
        for wizard in self:
            wizard.is_masked = not self.env.user.has_group(PHI_GROUP)
            # while a dialog is filled in nothing is read
            wizard.result = wizard._rendered() if wizard.message_id and wizard._origin == wizard else False

    # === RENDERING === #

    def _rendered(self):
        """Return the outcome as escaped HTML."""
        self.message_id.check_access("read")
        self.mapping_id.check_access("read")
        try:
            compiled = self.mapping_id._compiled()
        except InvalidMapping as error:
            return Markup("").join(map(self._alert, error.problems))
        except ValueError as error:
            return self._alert(error)
        return Markup("").join(self._sections(compiled))

    def _sections(self, compiled):
        """Yield a section per record; what is wrong with the file as a whole comes where it is met."""
        lookup = self.mapping_id._crosswalk_lookup()
        chunks = self.message_id._disclosed_payload(
            f"preview of {self.mapping_id.display_name}", is_masked=self.is_masked
        )
        try:
            records = self.mapping_id._read_records(chunks)
            for record in islice(records, max(1, min(self.record_count, MOST_RECORDS))):
                yield Markup("<h4>%s</h4>") % self.env._(
                    "Record %(number)s, %(location)s", number=record.number, location=record.location
                )
                if record.error:
                    yield self._alerts(record.error)
                else:
                    yield self._lines_table(compiled.explain(record, lookup))
        except IntegrationError as error:
            yield self._alerts(error)

    def _lines_table(self, outcomes):
        titles = (
            self.env._("Target"),
            self.env._("Source"),
            self.env._("Value in the Document"),
            self.env._("Becomes"),
        )
        head = Markup("").join(Markup("<th class='w-25'>%s</th>") % title for title in titles)
        rows = Markup("").join(map(self._row, outcomes))
        return Markup("<table class='table table-sm'><thead><tr>%s</tr></thead><tbody>%s</tbody></table>") % (
            head,
            rows,
        )

    def _row(self, outcome):
        if outcome.error:
            becomes = Markup("<span class='text-danger'><i class='fa fa-times' title='%s'></i> %s</span>") % (
                self.env._("Error"),
                self._told(outcome.error),
            )
        else:
            becomes = self._shown(outcome.value)
        return Markup("<tr><td>%s</td><td>%s</td><td>%s</td><td>%s</td></tr>") % (
            outcome.target,
            outcome.source,
            self._shown(outcome.raw),
            becomes,
        )

    def _shown(self, value):
        """Return a value as text; records by their name, if the user may read them."""
        if value is None or value == "" or value == []:
            return ""
        if self.is_masked:
            return self._masked(value)
        if isinstance(value, models.BaseModel):
            known = value.display_name if value.has_access("read") else f"#{value.id}"
            return f"{value._description}: {known}"
        return shown(value if isinstance(value, (str, list, dict)) else str(value))

    def _masked(self, value):
        if isinstance(value, models.BaseModel):
            return value._description
        if isinstance(value, str):
            return self.env._("%s characters", len(value))
        return self.env._("a value (%s)", type(value).__name__)

    def _told(self, error):
        """Return an error or finding in words; masked, without anything that could be of the document."""
        if self.is_masked and error.code.startswith("crosswalk."):
            return self.env._("The crosswalk does not translate the value. [%s]", error.code)
        told = [error.message]
        if error.expected:
            told.append(self.env._("Expected: %s.", error.expected))
        if error.found and not self.is_masked:
            told.append(self.env._("Found: %s.", error.found))
        return " ".join([*told, f"[{error.code}]"])

    def _alerts(self, error):
        """Return all that is wrong with a record or file that could not be read."""
        return Markup("").join(
            self._alert(": ".join(filter(None, (problem.location, self._told(problem)))))
            for problem in error.findings or [error]
        )

    def _alert(self, text):
        return Markup("<div class='alert alert-danger' role='alert'>%s</div>") % text
