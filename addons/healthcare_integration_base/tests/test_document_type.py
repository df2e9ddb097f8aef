from psycopg2 import IntegrityError

from odoo.exceptions import ValidationError
from odoo.tests import tagged
from odoo.tools import mute_logger

from .configuration_common import ConfigurationCase


@tagged("post_install", "-at_install")
class TestDocumentType(ConfigurationCase):
    def test_a_code_names_one_type(self):
        with mute_logger("odoo.sql_db"), self.assertRaises(IntegrityError):
            self.env["integration.document.type"].create({"name": "Again", "code": "test.type"})

    def test_a_handler_must_inherit_the_handler_model(self):
        for model_name in ("res.partner", "integration.nothing"):
            with self.assertRaisesRegex(ValidationError, model_name):
                self.document_type.handler = model_name
        self.document_type.handler = "integration.handler"

    def test_the_flows_of_a_type_are_counted_and_opened(self):
        flow = self.create_flow()
        self.assertEqual(self.document_type.flow_count, 1)
        action = self.document_type.action_open_flows()
        self.assertEqual(self.env["integration.flow"].search(action["domain"]), flow)
