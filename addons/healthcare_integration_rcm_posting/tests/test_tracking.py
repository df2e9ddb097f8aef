from odoo.tests import TransactionCase, tagged

from odoo.addons.healthcare_integration_base.tests.tracking_common import private_fields, tracked


@tagged("post_install", "-at_install")
class TestTracking(TransactionCase):
    """What identifies a patient does not get into the chatter."""

    def test_nothing_private_is_tracked(self):
        fields = private_fields(self.registry)
        names = {str(field) for field in fields}
        self.assertLessEqual({"rcm.claim.patient_name", "rcm.claim.subscriber_identifier"}, names)
        self.assertEqual(tracked(fields), [])
