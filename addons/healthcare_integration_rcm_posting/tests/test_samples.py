from pathlib import Path

from odoo.tests import tagged

from .common import RcmCase

SAMPLES = Path(__file__).parent / "samples" / "x12_835"
NOTICE = "azoner-pyx12__pyx12_tests_835_mult_loops.txt"
NOTICE_OLD_VERSION = "azoner-pyx12__H_6bf5859_pyx12_tests_835_mult_loops.txt"
BLUE_CROSS = "keironstoddart-edi-835-parser__tests_test_edi_835_files_blue_cross_nc_sample.txt"
MEDICAID = "keironstoddart-edi-835-parser__tests_test_edi_835_files_emedny_sample.txt"
UNITED = "keironstoddart-edi-835-parser__tests_test_edi_835_files_united_healthcare_legacy_sample.txt"


@tagged("post_install", "-at_install")
class TestSamples(RcmCase):
    """Public sample files, with their payer and payee mapped, each end as they should."""

    def take_in_sample(self, name, payer, payee):
        """Take in a sample file.

        :param payer: TRN03 of the file
        :param payee: N104 of its payee
        """
        references = self.env["integration.reference"]
        references._remember(self.system, "payer", payer, self.payer)
        references._remember(self.system, "payee", payee, self.company)
        message = self.receive(self.mailbox, name, (SAMPLES / name).read_bytes())
        self.assertEqual(message._payload(), (SAMPLES / name).read_bytes())
        return self.env["rcm.remittance"].search([("message_id", "in", message.child_ids.ids)])

    def test_every_sample_has_its_outcome_here(self):
        tested = {NOTICE, NOTICE_OLD_VERSION, BLUE_CROSS, MEDICAID, UNITED}
        self.assertEqual({path.name for path in SAMPLES.glob("*.txt")}, tested)

    def test_notices_without_payment_post_nothing(self):
        for name in (NOTICE, NOTICE_OLD_VERSION):
            with self.subTest(name):
                remittance = self.take_in_sample(name, "1386000134", "444313000")
                self.assertEqual((remittance.amount, remittance.state), (0, "posted"))
                self.assertEqual(remittance.claim_ids.mapped("outcome"), ["held"])
                self.assertEqual(self.exceptions(remittance).mapped("code"), ["remittance.claim.unmatched"])
                self.assertFalse(remittance.entry_ids)

    def test_united_healthcare_posts(self):
        remittance = self.take_in_sample(UNITED, "1234567890", "1922164458")
        self.assert_posted(remittance, unapplied_cash=-349.99)
        self.assertEqual(set(remittance.claim_ids.mapped("match_state")), {"unmatched"})

    def test_medicaid_test_file_is_held(self):
        remittance = self.take_in_sample(MEDICAID, "1000000000", "9999999995")
        self.assertEqual(remittance.state, "held")
        self.assertEqual(self.exceptions(remittance).code, "remittance.hold.test_file")

    def test_blue_cross_without_envelope(self):
        remittance = self.take_in_sample(BLUE_CROSS, "560894904", "0987654321")
        self.assert_posted(remittance, unapplied_cash=-1922.86)
        self.assertEqual(self.exceptions(remittance).mapped("code"), ["remittance.claim.unmatched"])
        codes = [finding["code"] for finding in remittance.findings]
        self.assertEqual(codes, ["x12.decimal", "x12.decimal", "x12.segment_count"])
