"""What the tests of mappings at work share: a live flow that reads workers, and a handler for them."""

from unittest.mock import patch

from odoo.fields import Command

from .common import IntegrationCase

WORKERS = b"""number,name,country,hired
1,Ann,US,2026-01-31
2,Bob,DE,2026-02-28
"""


class MappingCase(IntegrationCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.system = cls.live_system()
        cls.runner = cls.integration_user("mapping-runner")
        cls.runner.group_ids += cls.env.ref("base.group_partner_manager")
        cls.document_type = cls.env["integration.document.type"].create(
            {
                "name": "Workers",
                "code": "test.workers",
                "format": "csv",
                "handler": "integration.mapping.handler",
            }
        )
        cls.crosswalk = cls.env["integration.crosswalk"].create(
            {
                "name": "Countries",
                "code": "country",
                "system_id": cls.system.id,
                "target_model": "res.country",
                "line_ids": [Command.create({"external_code": "US", "res_id": cls.env.ref("base.us").id})],
            }
        )
        cls.mapping = cls.new_mapping()
        cls.mapping.action_activate()
        cls.flow = cls.env["integration.flow"].create(
            {
                "name": "Workers",
                "code": "workers",
                "system_id": cls.system.id,
                "document_type_id": cls.document_type.id,
                "mapping_id": cls.mapping.id,
                "user_id": cls.runner.id,
            }
        )
        cls.flow.action_approve()
        cls.flow.action_go_live()

    @classmethod
    def new_mapping(cls, **values):
        lines = (
            {"source_path": "number", "target_field": "ref"},
            {"source_path": "name", "target_field": "name", "is_required": True, "is_private": True},
            {"source_path": "country", "target_field": "country", "crosswalk_id": cls.crosswalk.id},
            {"source_path": "hired", "target_field": "hired", "transform": "date"},
        )
        return cls.env["integration.mapping"].create(
            {
                "name": "Workers",
                "document_type_id": cls.document_type.id,
                "line_ids": [Command.create(line) for line in lines],
                "column_ids": [Command.create({"name": line["source_path"]}) for line in lines],
                **values,
            }
        )

    def setUp(self):
        super().setUp()
        self.batches = []

        def apply_documents(handler, message, documents):
            self.batches.append((documents, handler.env.user, handler.env.su))
            return handler.env["res.partner"].create(
                [
                    {"ref": document["ref"], "name": document["name"], "country_id": document["country"].id}
                    for document in documents
                ]
            )

        patcher = patch.object(
            self.registry["integration.mapping.handler"], "_apply_documents", apply_documents
        )
        patcher.start()
        self.addCleanup(patcher.stop)

    def message(self, payload, **values):
        """Return a message that came to the flow, not yet processed."""
        message = self.env["integration.message"].create(
            {
                "direction": "in",
                "company_id": self.env.company.id,
                "system_id": self.system.id,
                "flow_id": self.flow.id,
                "file_name": "workers.csv",
                **values,
            }
        )
        message._store_payload([payload])
        return message

    def process(self, payload):
        """Let a message come to the flow, and everything happen that follows."""
        message = self.message(payload)
        message._queue_processing()
        self.run_tasks()
        return message

    def add_country(self, code, xml_id):
        self.crosswalk.line_ids.create(
            {"crosswalk_id": self.crosswalk.id, "external_code": code, "res_id": self.env.ref(xml_id).id}
        )
