from odoo.fields import Command
from odoo.tests import new_test_user, tagged

from .access_common import ADDON
from .access_matrix import AccessMatrixCase, expected_rights
from .test_access import EXPECTED, RESTRICTED, WITHOUT_COMPANY

OPERATORS = {"operator", "manager"}
VIEWERS = {"viewer", "operator", "manager", "secrets_officer", "auditor"}
WIZARDS = {
    "integration.audit.verification": {"auditor"},
    "integration.audit.verification.line": {"auditor"},
    "integration.endpoint.check": OPERATORS,
    "integration.endpoint.check.line": OPERATORS,
    "integration.exception.waive": OPERATORS,
    "integration.health.panel": VIEWERS,
    "integration.health.panel.line": VIEWERS,
    "integration.legal.hold.change": {"manager"},
    "integration.mapping.preview": VIEWERS,
    "integration.message.payload": VIEWERS,
    "integration.message.replay": OPERATORS,
    "integration.monitoring.token.shown": {"manager"},
    "integration.upload": OPERATORS,
}
# They have no company of their own, and are seen with the task that has one.
SHARED = WITHOUT_COMPANY - {"integration.task.dependency", "integration.task.progress"}
# The operations that change these are refused by other means than access rights: see test_queue_access.
RIGHTS = {
    **{name: expected_rights(beyond) for name, beyond in EXPECTED.items()},
    **{name: {role: "r" for role in readers} for name, readers in RESTRICTED.items()},
}


@tagged("post_install", "-at_install")
class TestAccessMatrix(AccessMatrixCase):
    addon = ADDON
    example_values = {
        "integration.crosswalk": {"target": "value"},
        "integration.crosswalk.line": {"value": "B"},
        "integration.mapping.line": {"source_path": "amount", "target_field": "amount"},
    }

    def example_integration_system(self, company):
        return self.system if company == self.company else self.other_system

    def example_integration_credential(self, company):
        return self.credential if company == self.company else self.other_credential

    def example_integration_endpoint(self, company):
        return self.endpoint if company == self.company else self.other_endpoint

    def example_integration_endpoint_window(self, company):
        endpoint = self.example_integration_endpoint(company)
        endpoint.time_zone = "America/New_York"
        return self.env["integration.endpoint.window"].create(
            {"endpoint_id": endpoint.id, "weekday": "6", "start": 2, "end": 5}
        )

    def example_integration_flow(self, company):
        return self.env["integration.flow"].create(
            {
                "name": "Flow",
                "code": f"flow-{company.id}",
                "system_id": self.example_integration_system(company).id,
                "document_type_id": self.example(self.env["integration.document.type"], company).id,
                "user_id": self.integration_clerk(company).id,
                "company_id": company.id,
            }
        )

    def example_integration_gate(self, company):
        return self.env["integration.gate"].create(
            {"endpoint_id": self.example_integration_endpoint(company).id}
        )

    def example_integration_client(self, company):
        user = self.integration_clerk(company)
        values = {"name": "Client", "company_id": company.id, "user_id": user.id}
        return self.env["integration.client"].create(values)

    def integration_clerk(self, company):
        """Return a user of a company, whose rights a flow or client may have."""
        clerks = self.__dict__.setdefault("_clerks", {})
        if company not in clerks:
            clerks[company] = new_test_user(
                self.env, f"clerk-{company.id}", company_id=company.id, company_ids=[Command.set(company.ids)]
            )
        return clerks[company]

    def example_integration_data_class(self, _company):
        return self.env["integration.data.class"].search([], limit=1)

    def example_integration_lane(self, _company):
        return self.env["integration.lane"].search([], limit=1)

    def example_integration_audit_entry(self, company):
        self.env["integration.audit.entry"]._record("matrix.seen", self.example_integration_system(company))
        return self.env["integration.audit.entry"].search([], order="id desc", limit=1)

    def example_integration_audit_seal(self, _company):
        seals = self.env["integration.audit.seal"]
        self.env.cr.execute("SELECT pg_current_xact_id()::text::bigint + 1")
        seals._seal(self.env.cr.fetchone()[0])
        return seals.search([], limit=1)

    def example_integration_instance(self, _company):
        return self.env["integration.instance"].search([], limit=1)

    def test_rights_of_each_role_on_records_of_each_company(self):
        self.assert_rights(RIGHTS, shared=SHARED)

    def test_wizards_of_each_role(self):
        self.assert_wizards(WIZARDS)
