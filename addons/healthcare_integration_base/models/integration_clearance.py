from odoo import fields, models

from ..errors import BusinessRuleError

UNPROTECTED = "none"


class IntegrationClearance(models.AbstractModel):
    """What protected data may pass here. Nothing does that is not named: each class stands for itself."""

    _name = "integration.clearance"
    _description = "Integration Clearance"

    data_class_ids = fields.Many2many(
        "integration.data.class",
        string="Cleared for",
        help="Protected data that may pass, as agreed with the partner. Empty: only what is not protected.",
    )

    def _is_cleared(self, data_class):
        """Tell whether data of a class, as document types have it, may pass."""
        self.ensure_one()
        # Whoever receives or sends need not see the configuration.
        return data_class == UNPROTECTED or data_class in self.sudo().data_class_ids.mapped("code")

    def _require_cleared(self, document_type):
        """:raise BusinessRuleError: if documents of a type must not pass here"""
        self.ensure_one()
        if self._is_cleared(document_type.data_class):
            return
        labels = dict(document_type._fields["data_class"]._description_selection(self.env))
        name = self.sudo().display_name
        raise BusinessRuleError(
            "policy.data_class",
            self.env._("%(name)s is not cleared for: %(class)s.",
                       **{"name": name, "class": labels[document_type.data_class]}),
            location=document_type.name,
            subject=f"{self._name},{self.id}/{document_type.data_class}",
            expected=", ".join(self.sudo().data_class_ids.mapped("name")) or labels[UNPROTECTED],
            found=labels[document_type.data_class],
            remedy=self.env._(
                "If the agreement with the partner covers it, a manager adds it under Cleared for; "
                "else exchange these documents another way."
            ),
        )  # fmt: skip
