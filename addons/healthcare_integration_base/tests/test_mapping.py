import datetime
from decimal import Decimal
from unittest.mock import patch

from psycopg2 import IntegrityError

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.fields import Command
from odoo.tests import tagged
from odoo.tools import mute_logger

from ..errors import MappingError
from ..formats.mapping import SchemaField
from .configuration_common import ConfigurationCase


@tagged("post_install", "-at_install")
class TestMapping(ConfigurationCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.crosswalk = cls.create_crosswalk("60054")
        cls.mapping = cls.env["integration.mapping"].create(
            {
                "name": "Payment",
                "document_type_id": cls.document_type.id,
                "record_format": "values",
                "line_ids": [
                    Command.create(values)
                    for values in (
                        {
                            "source_path": "payer.id",
                            "target_field": "partner",
                            "crosswalk_id": cls.crosswalk.id,
                        },
                        {"source_path": "amount", "target_field": "amount", "transform": "decimal"},
                        {
                            "source_path": "paid",
                            "target_field": "date",
                            "transform": "date",
                            "transform_argument": "YYYYMMDD",
                            "is_required": True,
                        },
                    )
                ],
            }
        )
        cls.manager = cls.user_with("group_manager")

    def test_a_document_becomes_values_and_records(self):
        [values] = self.mapping.with_user(self.runner)._map_values(
            [{"payer": {"id": "60054"}, "amount": "12.30", "paid": "20260131"}]
        )
        self.assertEqual(
            values, {"partner": self.partner, "amount": Decimal("12.30"), "date": datetime.date(2026, 1, 31)}
        )
        self.assertEqual((values["partner"].env.uid, values["partner"].env.su), (self.runner.id, False))

    def test_unknown_codes_and_missing_values_are_both_named(self):
        with self.assertRaises(MappingError) as caught:
            self.mapping._map_values([{"payer": {"id": "1"}}])
        self.assertEqual(
            (caught.exception.code, caught.exception.subject), ("crosswalk.unknown_code", "payer:1")
        )
        self.assertEqual(
            [finding.code for finding in caught.exception.findings],
            ["crosswalk.unknown_code", "mapping.required_value_missing"],
        )

    def test_the_codes_of_many_documents_cost_two_queries(self):
        documents = [{"payer": {"id": "60054"}, "paid": f"202601{day}"} for day in range(10, 29)]
        self.mapping._map_values(documents[:1])
        with self.assertQueryCount(2):
            self.mapping._map_values(documents)

    def test_a_value_has_one_code_outwards(self):
        lines = self.crosswalk.line_ids
        lines.create(
            {"crosswalk_id": self.crosswalk.id, "external_code": "2", "res_id": self.other_partner.id}
        )
        lines.create(
            {"crosswalk_id": self.crosswalk.id, "external_code": "3", "res_id": self.other_partner.id}
        )
        codes = self.crosswalk._external_codes([str(self.partner.id), str(self.other_partner.id), "0", "x"])
        self.assertEqual(codes.pop(str(self.partner.id)), "60054")
        self.assertEqual(
            [(error.code, error.found) for error in codes.values()],
            [
                ("crosswalk.ambiguous_value", "2, 3"),
                ("crosswalk.unknown_value", "none"),
                ("crosswalk.unknown_value", "none"),
            ],
        )

    def test_rules_are_checked_when_they_are_saved(self):
        for values in (
            {"source_path": False, "default_value": False},
            {"transform": "implied_decimal"},
            {"transform": "date", "transform_argument": "%Y"},
            {"source_path": "a..b"},
            {"source_path": "length(a)"},
            {"transform": "integer", "default_value": "x"},
            {"condition": "equals"},
            {"target_field": "a b"},
        ):
            with self.subTest(values), self.assertRaises(ValidationError):
                self.mapping.line_ids[1].write(values)

    def test_a_target_field_has_one_line(self):
        with mute_logger("odoo.sql_db"), self.assertRaises(IntegrityError):
            self.mapping.line_ids[1].copy()

    def test_an_active_version_no_longer_changes(self):
        self.mapping.with_user(self.manager).action_activate()
        line = self.mapping.line_ids[0]
        for change in (
            lambda: line.write({"target_field": "other"}),
            lambda: line.unlink(),
            lambda: line.copy({"target_field": "new"}),
            lambda: self.mapping.write({"record_format": "xml"}),
            lambda: self.mapping.write({"column_ids": [Command.create({"name": "a"})]}),
        ):
            with self.assertRaisesRegex(UserError, "new version"):
                change()

    def test_a_mapping_without_lines_cannot_be_activated(self):
        self.mapping.line_ids.unlink()
        with self.assertRaisesRegex(UserError, "needs lines"):
            self.mapping.with_user(self.manager).action_activate()

    def test_a_mapping_that_cannot_run_is_not_activated(self):
        column = Command.create({"name": "worker", "type": "date", "argument": "x"})
        mapping = self.mapping.copy({"record_format": "csv", "column_ids": [column]})
        with self.assertRaises(UserError) as caught:
            mapping.with_user(self.manager).action_activate()
        for problem in ("worker: A date pattern", "no column payer.id", "no column amount", "no column paid"):
            self.assertIn(problem, str(caught.exception))
        self.assertEqual(mapping.state, "draft")

    def test_the_handler_says_what_its_documents_hold(self):
        schema = {
            "amount": SchemaField("integer"),
            "partner": SchemaField("record"),
            "name": SchemaField("text", True),
        }
        self.document_type.handler = "integration.mapping.handler"
        with patch.object(
            self.registry["integration.mapping.handler"], "_target_schema", lambda handler: schema
        ):
            self.assertEqual(
                self.mapping._problems(),
                [
                    "amount is a integer, and its line gives a decimal.",
                    "date is not a field of the document type.",
                    "name is required by the document type and has no line.",
                ],
            )

    def test_a_new_version_continues_the_numbers_and_keeps_the_lines(self):
        mapping = self.mapping.with_user(self.manager)
        mapping.action_activate()
        draft = mapping.browse(mapping.action_new_version()["res_id"])
        self.assertEqual((draft.name, draft.version, draft.state), (mapping.name, 2, "draft"))
        self.assertEqual(draft.line_ids.mapped("target_field"), mapping.line_ids.mapped("target_field"))
        later = mapping.browse(mapping.action_new_version()["res_id"])
        self.assertEqual(later.version, 3)

    def test_a_version_in_use_cannot_be_retired(self):
        mapping = self.mapping.with_user(self.manager)
        mapping.action_activate()
        flow = self.create_flow(mapping_id=mapping.id)
        self.assertEqual(mapping.flow_count, 1)
        with self.assertRaisesRegex(UserError, flow.name):
            mapping.action_retire()
        flow.with_user(self.manager).action_retire()
        mapping.action_retire()
        self.assertEqual(mapping.state, "retired")

    def test_the_state_changes_by_its_actions_only(self):
        mapping = self.mapping.with_user(self.manager)
        mapping.action_activate()
        for change in (
            lambda: mapping.write({"state": "draft"}),
            lambda: mapping.copy({"name": "Other", "state": "active"}),
        ):
            with self.assertRaisesRegex(UserError, "by Activate and Retire"):
                change()

    def test_operators_do_not_change_mappings(self):
        mapping = self.mapping.with_user(self.user_with("group_operator"))
        with self.assertRaises(AccessError):
            mapping.action_activate()
        with self.assertRaises(AccessError):
            mapping.line_ids[0].target_field = "other"
