from odoo import models

from ..doors.delivery import RECEIVING_STATES
from ..doors.media_types import MEDIA_TYPES
from ..doors.openapi import FlowEntry, ReadEntry, describe


class IntegrationClientDescription(models.Model):
    """Describes the API to a client: what it may call, and nothing else."""

    _inherit = "integration.client"

    def _openapi(self, path):
        """Return the OpenAPI document of what this client may call, as a dict."""
        self.ensure_one()
        return describe(
            path,
            self.env._("Healthcare Integration: %s", self.company_id.name),
            [self._flow_entry(flow) for flow in self._incoming_flows() if flow.state in RECEIVING_STATES],
            [self._read_entry(grant) for grant in self.read_ids],
        )

    def _flow_entry(self, flow):
        document_type = flow.document_type_id
        return FlowEntry(
            code=flow.code,
            name=flow.name,
            media_types=MEDIA_TYPES[document_type.format],
            schema=document_type._schema() or {},
            largest=flow.max_bytes,
        )

    def _read_entry(self, grant):
        read = self.env["integration.read"]._all_reads()[grant.code]
        return ReadEntry(
            code=grant.code,
            title=read._read_title,
            parameters=read._read_parameters,
            required=read._read_required,
            fields={name: read._read_fields[name] for name in grant._field_names_told(read)},
            row_limit=grant.row_limit,
        )
