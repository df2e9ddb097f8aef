from odoo import fields, models

LINES_SHOWN = 200


class IntegrationAuditVerification(models.TransientModel):
    """The outcome of checking the audit log against its seals."""

    _name = "integration.audit.verification"
    _description = "Audit Verification"

    is_intact = fields.Boolean(readonly=True)
    seal_count = fields.Integer("Seals checked", readonly=True)
    finding_count = fields.Integer("Findings", readonly=True)
    head_number = fields.Integer("Newest seal", readonly=True)
    head_code = fields.Char(
        "Code of the newest seal",
        readonly=True,
        help="Keep a copy elsewhere: it proves that no later seal was cut off.",
    )
    is_head_exported = fields.Boolean("Compared with the copy outside the database", readonly=True)
    line_ids = fields.One2many("integration.audit.verification.line", "verification_id", readonly=True)

    def _open_result(self):
        """Check the log now, and return the action that shows the outcome."""
        seals = self.env["integration.audit.seal"]
        findings = seals._verify()
        head = seals._head() or {"number": 0, "code": False}
        verification = self.create(
            {
                "is_intact": not findings,
                "seal_count": len(seals._numbers()),
                "finding_count": len(findings),
                "head_number": head["number"],
                "head_code": head["code"],
                "is_head_exported": bool(seals._exported_head()),
                "line_ids": [
                    fields.Command.create({"kind": kind, "seal_number": number, "entry_id": entry_id})
                    for kind, number, entry_id in findings[:LINES_SHOWN]
                ],
            }
        )
        self.env["integration.audit.entry"]._record("audit.verified", detail={"findings": len(findings)})
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Audit log verified"),
            "res_model": self._name,
            "res_id": verification.id,
            "views": [(False, "form")],
            "target": "new",
        }


class IntegrationAuditVerificationLine(models.TransientModel):
    """One thing that is not as a seal says."""

    _name = "integration.audit.verification.line"
    _description = "Audit Verification Finding"

    verification_id = fields.Many2one(
        "integration.audit.verification", required=True, index=True, ondelete="cascade"
    )
    kind = fields.Selection(
        [
            ("changed", "Entry changed"),
            ("removed", "Entry removed"),
            ("inserted", "Entry inserted afterwards"),
            ("seal_changed", "Seal changed"),
            ("seal_removed", "Seal removed"),
            ("seal_unchecked", "Key of the seal is missing"),
            ("cut_off", "End of the log cut off"),
        ],
        "Finding",
        required=True,
        readonly=True,
    )
    seal_number = fields.Integer("Seal", readonly=True, aggregator=None)
    entry_id = fields.Char(readonly=True)
