from odoo.exceptions import AccessError, UserError
from odoo.tests import Form, tagged

from ..formats.remittance.documents import Party
from .common import RcmCase, claim

UNKNOWN_PAYER = "1777777777"


@tagged("post_install", "-at_install")
class TestPartyMapping(RcmCase):
    """Who it is, is said once: the dialog shows what the file has, maps it and posts what waited."""

    def dialog(self, exception, user=None):
        user = user or self.biller
        action = exception.with_user(user).action_map_rcm_party()
        return Form(self.env[action["res_model"]].with_user(user).with_context(action["context"]))

    def unknown_payer(self, *numbers, identifier=UNKNOWN_PAYER):
        """Return the remittances of an unknown payer and their exception."""
        documents = []
        for number in numbers:
            self.claim_invoice(number, 100)
            document = self.remit(claim(number, 100, 100), payer=identifier)
            document.header.payer = Party(
                name="HARBOR HEALTH", qualifier="XV", identifier="55501", city="Orrendale", state="OR"
            )
            documents.append(document)
        remittances = self.take_in(*documents)
        return remittances, self.exceptions(remittances[0])

    def test_the_dialog_shows_the_payer_as_the_file_has_it(self):
        _remittances, exception = self.unknown_payer("M100001")
        dialog = self.dialog(exception)
        self.assertEqual(dialog.name_in_file, "HARBOR HEALTH")
        self.assertEqual(dialog.identifiers, f"TRN03: {UNKNOWN_PAYER}\nN104 XV: 55501")
        self.assertEqual(dialog.place, "Orrendale, OR")
        self.assertEqual(dialog.external_key, UNKNOWN_PAYER)

    def test_mapping_resolves_and_posts_all_that_waited(self):
        remittances, exception = self.unknown_payer("M100002", "M100003")
        dialog = self.dialog(exception)
        dialog.partner_id = self.payer
        dialog.save().action_map()
        self.assertEqual((exception.state, exception.resolved_by_id), ("resolved", self.biller))
        self.run_tasks()
        self.assertEqual(remittances.mapped("state"), ["posted", "posted"])
        self.assertEqual(remittances.payer_id, self.payer)

    def test_the_dialog_maps_a_payee_to_a_company(self):
        self.claim_invoice("M100004", 100)
        document = self.remit(claim("M100004", 100, 100))
        document.header.payee.identifier = "9999999999"
        remittance = self.take_in(document)
        dialog = self.dialog(self.exceptions(remittance))
        self.assertEqual((dialog.name_in_file, dialog.identifiers), ("LAKESIDE", "N104 XX: 9999999999"))
        dialog.company_id = self.company
        dialog.save().action_map()
        self.run_tasks()
        self.assert_posted(remittance, claim_receivable=-100)

    def test_an_identifier_of_somebody_else_is_not_taken_away(self):
        remittances, exception = self.unknown_payer("M100005")
        self.env["integration.reference"]._remember(self.system, "payer", UNKNOWN_PAYER, self.other_payer)
        dialog = self.dialog(exception)
        dialog.partner_id = self.payer
        with self.assertRaisesRegex(UserError, "for two records"):
            dialog.save().action_map()
        self.assertEqual((exception.state, remittances.state), ("open", "held"))

    def test_without_the_first_identifier_the_next_is_mapped(self):
        remittances, exception = self.unknown_payer("M100006", identifier="")
        dialog = self.dialog(exception)
        self.assertEqual(dialog.external_key, "55501")
        dialog.partner_id = self.payer
        dialog.save().action_map()
        self.run_tasks()
        self.assertEqual(remittances.state, "posted")

    def test_somebody_must_be_chosen(self):
        _remittances, exception = self.unknown_payer("M100007")
        mapping = self.env["rcm.party.mapping"].with_user(self.biller).create({"exception_id": exception.id})
        with self.assertRaisesRegex(UserError, "Choose who it is"):
            mapping.action_map()

    def test_a_viewer_maps_nobody(self):
        _remittances, exception = self.unknown_payer("M100008")
        viewer = self.integration_user(
            "mapping-viewer", "viewer", company_id=self.company.id, company_ids=self.company.ids
        )
        with self.assertRaises(AccessError):
            exception.with_user(viewer).action_map_rcm_party()
