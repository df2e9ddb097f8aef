from unittest.mock import patch

from odoo.tests import TransactionCase, tagged

from .tracking_common import PRIVATE_GROUP, private_fields, tracked


@tagged("post_install", "-at_install")
class TestTracking(TransactionCase):
    """Over all models of the suite that are installed."""

    def test_nothing_private_is_tracked(self):
        fields = private_fields(self.registry)
        names = {str(field) for field in fields}
        self.assertLessEqual(
            {"integration.credential.new_secret", "integration.task.claim_token"}, names, "they are found"
        )
        self.assertEqual(tracked(fields), [])

    def test_a_tracked_secret_would_be_found(self):
        secret = self.env["integration.credential"]._fields["new_secret"]
        with patch.object(secret, "tracking", True, create=True):
            self.assertEqual(tracked(private_fields(self.registry)), [str(secret)])

    def test_what_masks_private_data_counts_as_private(self):
        name = self.env["integration.system"]._fields["name"]
        self.assertTrue(name.tracking)
        with patch.object(name, "groups", PRIVATE_GROUP):
            self.assertIn(str(name), tracked(private_fields(self.registry)))
