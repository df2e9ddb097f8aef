from odoo import models
from odoo.exceptions import UserError

from odoo.addons.healthcare_integration_base.errors import IntegrationError
from odoo.addons.healthcare_integration_base.models.access import require_group

POSTABLE_STATES = ("received", "held", "undone")


class RcmRemittanceActions(models.Model):
    """What a biller does with a remittance: look at its plan, post it."""

    _inherit = "rcm.remittance"

    def action_preview(self):
        """Show the journal entries that posting would make. Nothing is written."""
        require_group(self, "group_operator")
        self.ensure_one()
        preview = self.env["rcm.remittance.preview"]._of(self)
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Preview of %s", self.display_name),
            "res_model": preview._name,
            "res_id": preview.id,
            "view_mode": "form",
            "target": "new",
            "context": {"dialog_size": "extra-large"},
        }

    def action_post(self):
        """Queue the posting of remittances that wait or were undone.

        :raise UserError: if a remittance is posted already or will never be
        """
        require_group(self, "group_operator")
        if wrong := self.filtered(lambda remittance: remittance.state not in POSTABLE_STATES):
            raise UserError(self.env._("%s cannot be posted now.", wrong[0].display_name))
        # Remittances are the system's records: a person says when, and writes nothing to them.
        remittances = self.sudo()
        held = remittances.filtered(lambda remittance: remittance.state == "held")
        (remittances - held).write({"state": "received", "state_reason": False})
        (remittances - held)._queue_posting()
        # A held remittance has a dead task that waits; it starts afresh, so that it is not posted twice.
        dead = held.message_id.task_ids.filtered(lambda task: task.state == "dead")
        self.env["integration.queue"]._requeue(dead)

    def _preview_plan(self):
        """Plan the next part as posting would, and take back every trace of it.

        :return: the entry plans, and what holds the remittance (an error or a text) or None
        """
        # Planning reads and matches with the system's rights, as posting does.
        remittance = self.sudo()
        remittance.flush_recordset()
        with self.env.cr.savepoint() as savepoint:
            try:
                part = remittance._next_part()
                if remittance.state != "posting" and not remittance._open_posting(part):
                    return [], remittance.state_reason
                return remittance.with_company(remittance.company_id)._plan_part(part), None
            except IntegrationError as error:
                return [], error
            finally:
                savepoint.rollback()
                self.env.invalidate_all(flush=False)
