import base64

from odoo.tests import tagged

from .common import RcmCase, claim, provider_adjustment


@tagged("post_install", "-at_install")
class TestPreview(RcmCase):
    """The preview shows the plan that is then applied, and writes nothing."""

    def test_preview_is_what_is_posted(self):
        self.claim_invoice("V100001", 100)
        remittance = self.take_in(
            self.remit(claim("V100001", 100, 70, ("CO 45", 10), ("PR 1", 20)), payer="1666666666")
        )
        self.env["integration.reference"]._remember(self.system, "payer", "1666666666", self.payer)
        preview = self.env["rcm.remittance.preview"].with_user(self.biller)._of(remittance)
        self.assertFalse(preview.hold)
        self.assertFalse(remittance.claim_ids.match_state, "the preview leaves no match behind")
        self.assertFalse(remittance.payer_id)
        shown = [(line.role, line.account_id, line.debit, line.credit) for line in preview.line_ids]
        self.exceptions(remittance).with_user(self.biller).action_resolve()
        self.run_tasks()
        posted = [
            (line.rcm_role, line.account_id, line.debit, line.credit)
            for line in remittance.entry_ids.line_ids.sorted("id")
        ]
        self.assertEqual(shown, posted)

    def previewed(self, remittance, payer):
        """Return what is previewed of a remittance that waits for its payer, then what of it is posted."""
        self.env["integration.reference"]._remember(self.system, "payer", payer, self.payer)
        preview = self.env["rcm.remittance.preview"].with_user(self.biller)._of(remittance)
        self.assertFalse(preview.hold)
        shown = [
            (line.role, line.account_id, line.partner_id, line.label, line.debit, line.credit)
            for line in preview.sudo().line_ids
        ]
        self.exceptions(remittance).with_user(self.biller).action_resolve()
        self.run_tasks()
        posted = [
            (line.rcm_role, line.account_id, line.partner_id, line.name, line.debit, line.credit)
            for line in remittance.entry_ids.line_ids.sorted("id")
        ]
        return shown, posted

    def test_reversal_and_provider_adjustments_are_previewed_as_posted(self):
        self.claim_invoice("V100008", 600)
        self.take_in(self.remit(claim("V100008", 600, 500, ("CO 45", 60), ("PR 1", 40))))
        corrected = self.take_in(
            self.remit(
                claim("V100008", -600, -500, ("CO 45", -60), ("PR 1", -40), status="22"),
                claim("V100008", 600, 400, ("CO 45", 200)),
                adjustments=[provider_adjustment("WO", -200, "V100008"), provider_adjustment("L6", -5)],
                payer="1333333333",
            )
        )
        shown, posted = self.previewed(corrected, "1333333333")
        self.assertEqual(shown, posted)
        self.assertEqual(corrected.state, "posted")
        self.assertIn(self.patient, [line[2] for line in shown])

    def test_of_a_large_remittance_the_first_task_is_previewed(self):
        self.company.rcm_entry_claim_limit = 2
        claims = [claim(f"V2000{number:02d}", 100, 80, ("CO 45", 20)) for number in range(10)]
        for document in claims:
            self.claim_invoice(document.claim_id, 100)
        remittance = self.take_in(self.remit(*claims, payer="1222222222"))
        shown, posted = self.previewed(remittance, "1222222222")
        self.assertEqual((remittance.state, len(remittance.entry_ids)), ("posted", 5))
        self.assertEqual(shown, posted[: len(shown)])
        self.assertEqual(sum(line[0] == "clearing" for line in shown), 4)

    def test_preview_names_what_holds(self):
        remittance = self.take_in(self.remit(claim("V100002", 100, 100), amount=90))
        preview = self.env["rcm.remittance.preview"].with_user(self.biller)._of(remittance)
        self.assertEqual(preview.hold, "The remittance does not balance")
        self.assertIn("BPR02", preview.hold_location)
        self.assertIn("100", preview.hold_expected)
        self.assertIn("90", preview.hold_found)
        self.assertTrue(preview.hold_remedy)
        self.assertNotIn("remittance.hold", str(preview.read()), "codes are for the log")
        self.assertFalse(preview.line_ids)
        self.assertFalse(preview.is_postable)

    def test_what_is_previewed_is_posted_by_one_press(self):
        self.claim_invoice("V100007", 100)
        remittance = self.take_in(self.remit(claim("V100007", 100, 100), payer="1777777777"))
        self.env["integration.reference"]._remember(self.system, "payer", "1777777777", self.payer)
        preview = self.env["rcm.remittance.preview"].with_user(self.biller)._of(remittance)
        self.assertTrue(preview.is_postable)
        preview.action_post()
        self.run_tasks()
        self.assertEqual(remittance.state, "posted")
        self.assertFalse(preview.is_postable)

    def test_preview_names_the_payment_that_was_posted_before(self):
        self.claim_invoice("V100003", 100)
        self.claim_invoice("V100004", 100)
        self.take_in(self.remit(claim("V100003", 100, 100), trace="VSAME"))
        other = self.take_in(self.remit(claim("V100004", 100, 100), trace="VSAME"))
        preview = self.env["rcm.remittance.preview"].with_user(self.biller)._of(other)
        self.assertIn("was posted before with other content", preview.hold)
        self.assertTrue(preview.hold_expected and preview.hold_found)
        self.assertEqual(other.state, "held")

    def test_preview_names_a_locked_period(self):
        self.claim_invoice("V100005", 100)
        remittance = self.take_in(self.remit(claim("V100005", 100, 100), payer="1555555555"))
        self.env["integration.reference"]._remember(self.system, "payer", "1555555555", self.payer)
        self.company.fiscalyear_lock_date = "2026-03-31"
        self.company.rcm_closed_period_policy = "hold"
        preview = self.env["rcm.remittance.preview"].with_user(self.biller)._of(remittance)
        self.assertEqual(preview.hold, "The accounting period of the payment is locked")

    def test_patients_are_named_to_the_group_for_private_data_only(self):
        self.claim_invoice("V100006", 100)
        remittance = self.take_in(self.remit(claim("V100006", 100, 70, ("PR 1", 30)), payer="1444444444"))
        self.env["integration.reference"]._remember(self.system, "payer", "1444444444", self.payer)

        def shown():
            action = remittance.with_user(self.biller).action_preview()
            preview = self.env[action["res_model"]].with_user(self.biller).browse(action["res_id"])
            fields = list(preview.line_ids.fields_get(attributes=()))
            return str(preview.line_ids.read(fields)) + str(preview.read())

        masked = shown()
        self.assertNotIn(self.patient.name, masked)
        self.assertIn("Private", masked)
        self.assertIn(self.payer.name, masked)
        self.biller.group_ids += self.env.ref("healthcare_integration_base.group_phi")
        self.assertIn(self.patient.name, shown())

    def test_an_upload_is_previewed_and_leaves_nothing_behind(self):
        self.claim_invoice("V100006", 100)
        content = self.file_of(self.remit(claim("V100006", 100, 100)))
        person = self.integration_user("upload-biller", "operator", "phi")
        upload = (
            self.env["integration.upload"]
            .with_user(person)
            .create({"flow_id": self.flow.id, "file": base64.b64encode(content), "file_name": "x.835"})
        )
        upload.action_preview()
        self.assertIn("V100006", upload.preview)
        self.assertIn("100.00", upload.preview)
        self.assertFalse(self.env["rcm.remittance"].search([]))
        self.assertFalse(self.env["integration.message"].search([]))
