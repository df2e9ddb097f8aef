from odoo import fields, models

#: What a document's sender can mend. All else is for people here, and its words may name records of Odoo.
TOLD_CATEGORIES = ("data", "mapping")


class IntegrationMessageClient(models.Model):
    """Who brought a message through the API, and what that program may know of it."""

    _inherit = "integration.message"

    client_id = fields.Many2one(
        "integration.client", "API Client", readonly=True, index="btree_not_null", ondelete="set null"
    )

    def _status_for_client(self):
        """Return what a client is told of its message: no names, no values, no text that a person wrote."""
        self.ensure_one()
        return {
            "id": self.uuid,
            "flow": self.flow_id.code or "",
            "state": self.state,
            "received_at": self.received_at.isoformat() + "Z",
            "closed_at": self.closed_at.isoformat() + "Z" if self.closed_at else None,
            "size": self.payload_size,
            "sha256": self.payload_hash,
            "problems": [
                self._problem_for_client(exception)
                for exception in self.exception_ids
                if exception.state in ("open", "in_progress")
            ],
        }

    def _problem_for_client(self, exception):
        if exception.category in TOLD_CATEGORIES:
            return {"code": exception.code, "title": exception.name, "remedy": exception.remedy or ""}
        return {
            "code": exception.code,
            "title": self.env._("The document waits for somebody of the hospital."),
            "remedy": self.env._("Nothing needs to be sent again."),
        }
