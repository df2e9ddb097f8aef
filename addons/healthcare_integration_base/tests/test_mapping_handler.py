import datetime

from odoo.exceptions import UserError
from odoo.tests import tagged

from .mapping_common import WORKERS, MappingCase


@tagged("post_install", "-at_install")
class TestMappingHandler(MappingCase):
    def partners(self, message):
        return self.env["res.partner"].browse(message.link_ids.mapped("res_id"))

    def test_records_become_documents_with_the_rights_of_the_flow(self):
        self.add_country("DE", "base.de")
        message = self.process(WORKERS)
        self.assert_no_dead_task()
        self.assertEqual(message.state, "applied")
        self.assertEqual(self.partners(message).mapped("name"), ["Ann", "Bob"])
        [(documents, user, is_superuser)] = self.batches
        self.assertEqual((user, is_superuser), (self.runner, False))
        self.assertEqual(documents[0]["country"], self.env.ref("base.us"))
        self.assertFalse(documents[0]["country"].env.su)
        self.assertEqual(documents[1]["hired"], datetime.date(2026, 2, 28))

    def test_a_refused_record_waits_and_the_others_are_taken_in(self):
        message = self.process(WORKERS)
        self.assertEqual(self.partners(message).mapped("name"), ["Ann"])
        self.assertEqual((message.state, message.refused_count), ("held", 1))
        exception = message.exception_ids
        self.assertEqual((exception.code, exception.subject), ("crosswalk.unknown_code", "country:DE"))
        self.assertIn("line 3, country", exception.location)
        self.add_country("DE", "base.de")
        message.action_reprocess()
        self.run_tasks()
        self.assertEqual((message.state, message.refused_count), ("applied", 0))
        self.assertEqual(self.partners(message).mapped("name"), ["Ann", "Bob"])
        self.assertEqual(len(self.batches), 2)

    def test_each_cause_waits_for_itself(self):
        message = self.process(WORKERS + b"3,Cid,FR,2026-01-01\n4,Dan,DE,2026-01-01\n")
        self.assertEqual(message.refused_count, 3)
        subjects = message.exception_ids.mapped("subject")
        self.assertEqual(sorted(subjects), ["country:DE", "country:FR"])
        self.add_country("DE", "base.de")
        message.action_reprocess()
        self.run_tasks()
        self.assertEqual((message.state, message.refused_count), ("held", 1))
        self.assertEqual(self.partners(message).mapped("name"), ["Ann", "Bob", "Dan"])

    def test_all_or_nothing_takes_in_nothing(self):
        self.flow.action_revise()
        self.flow.is_all_or_nothing = True
        self.flow.action_approve()
        self.flow.action_go_live()
        message = self.process(WORKERS)
        self.assertEqual((message.state, message.refused_count), ("held", 0))
        self.assertFalse(self.partners(message))
        self.add_country("DE", "base.de")
        message.action_reprocess()
        self.run_tasks()
        self.assertEqual(message.state, "applied")
        self.assertEqual(self.partners(message).mapped("name"), ["Ann", "Bob"])

    def test_a_file_without_any_good_record_is_held_with_all_its_findings(self):
        message = self.process(b"number,name,country,hired\n1,,XX,yesterday\n2,Bob,XX,2026\n")
        self.assertEqual(message.state, "held")
        self.assertFalse(self.batches)
        task = message.task_ids
        self.assertEqual(len(task), 1)
        self.assertEqual(task.error_code, "mapping.required_value_missing")

    def test_a_file_that_is_wrong_at_its_end_takes_in_nothing(self):
        message = self.process(WORKERS.replace(b"2,Bob,DE", b"2,Bob,US") + b"3,\xff,US,2026-01-01\n")
        self.assertEqual(message.state, "held")
        self.assertEqual(message.exception_ids.code, "text.encoding")
        self.assertFalse(self.env["res.partner"].search([("name", "in", ["Ann", "Bob"])]))

    def test_private_values_stay_out_of_what_is_stored(self):
        self.flow.action_revise()
        self.flow.mapping_id = self.mapping = self.new_mapping(name="Strict")
        self.mapping.line_ids.filtered(lambda line: line.target_field == "name").write(
            {"transform": "at_most", "transform_argument": "2"}
        )
        self.mapping.action_activate()
        self.flow.action_approve()
        self.flow.action_go_live()
        message = self.process(WORKERS)
        exception = message.exception_ids
        self.assertEqual(exception.code, "mapping.invalid_value")
        stored = f"{message.read()} {exception.read()} {message.task_ids.read()}"
        self.assertNotIn("Ann", stored)
        self.assertNotIn("Bob", stored)

    def test_a_flow_is_approved_with_an_active_mapping_only(self):
        self.flow.action_revise()
        self.flow.mapping_id = self.new_mapping(name="Draft")
        with self.assertRaisesRegex(UserError, "Activate the mapping"):
            self.flow.action_approve()

    def test_a_mapping_that_cannot_run_holds_the_message(self):
        self.env.cr.execute(
            "UPDATE integration_mapping_line SET source_path = 'x' WHERE target_field = 'ref'"
        )
        self.env.invalidate_all()
        message = self.process(WORKERS)
        self.assertEqual(message.exception_ids.code, "mapping.cannot_run")

    def test_a_flow_without_a_mapping_says_so(self):
        self.flow.action_revise()
        self.flow.mapping_id = False
        self.flow.action_approve()
        self.flow.action_go_live()
        message = self.process(WORKERS)
        self.assertEqual(message.exception_ids.code, "mapping.missing")
