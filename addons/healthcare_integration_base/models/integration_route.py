from fnmatch import fnmatchcase

from odoo import api, fields, models

from ..formats.content import Content

CRITERIA = (
    "transaction_set",
    "sender",
    "receiver",
    "file_pattern",
    "content_path",
    "content_value",
)
NO_CONTENT = Content(b"")


class IntegrationRoute(models.Model):
    """Which flow takes a payload of a mailbox, told by its envelope, its file name or its content.

    An empty criterion matches everything. The route with the lowest sequence wins; among routes of one
    sequence the one with the most criteria, then the oldest.
    """

    _name = "integration.route"
    _description = "Integration Route"
    _order = "endpoint_id, sequence, id"
    _check_company_auto = True

    sequence = fields.Integer(default=10, required=True)
    endpoint_id = fields.Many2one("integration.endpoint", required=True, index=True, ondelete="cascade")
    company_id = fields.Many2one(related="endpoint_id.company_id", store=True, index=True, precompute=True)
    flow_id = fields.Many2one(
        "integration.flow", required=True, index=True, check_company=True, ondelete="restrict"
    )
    document_type_id = fields.Many2one(related="flow_id.document_type_id")
    transaction_set = fields.Char(help="Identifier in the envelope, for example 835. Empty: any.")
    sender = fields.Char(help="Sender as the envelope names it. Empty: any.")
    receiver = fields.Char(help="Receiver as the envelope names it. Empty: any.")
    file_pattern = fields.Char(help="Pattern of the file name, for example *.835. Empty: any.")
    content_kind = fields.Selection(
        [("json", "JSON value"), ("xml", "XML root element"), ("csv", "CSV columns")],
        "Content",
        help="Compared with the first 64 KiB of the payload. Empty: any.",
    )
    content_path = fields.Char(
        "At",
        help="JSON: pointer to the value, for example /header/type. XML: name of the root element, with its "
        "namespace in braces or without. CSV: names of columns, separated by commas.",
    )
    content_value = fields.Char("Is", help="JSON: the value. Empty: any value at this place.")
    active = fields.Boolean(default=True)

    _content_complete = models.Constraint(
        "CHECK ((content_kind IS NULL) = (content_path IS NULL)"
        " AND (content_value IS NULL OR content_kind IS NOT DISTINCT FROM 'json'))",
        "Content needs its kind and its place; only JSON is compared with a value.",
    )
    _criteria_unique = models.UniqueIndex(
        "(endpoint_id, COALESCE(transaction_set, ''), COALESCE(sender, ''), COALESCE(receiver, ''),"
        " COALESCE(file_pattern, ''), COALESCE(content_kind, ''), COALESCE(content_path, ''),"
        " COALESCE(content_value, '')) WHERE active",
        "Another active route of this endpoint has the same criteria.",
    )

    @api.depends("endpoint_id", "flow_id")
    def _compute_display_name(self):
        for route in self:
            route.display_name = f"{route.endpoint_id.name} → {route.flow_id.name}"

    @api.model_create_multi
    def create(self, vals_list):
        return super().create([self._strip_criteria(vals) for vals in vals_list])

    def write(self, vals):
        return super().write(self._strip_criteria(vals))

    @api.model
    def _strip_criteria(self, vals):
        """Return the values with trimmed criteria: envelopes pad identifiers, people paste them padded."""
        return {
            name: (value or "").strip() or False if name in CRITERIA else value
            for name, value in vals.items()
        }

    @api.model
    def _find_flow(
        self, endpoint, *, transaction_set="", sender="", receiver="", file_name="", content=NO_CONTENT
    ):
        """Return the flow that takes a payload of the endpoint, or no flow.

        Flows of every state but retired are found: whether a paused one waits is the caller's matter.

        :param Content content: the beginning of the payload
        """
        envelope = {
            "transaction_set": (transaction_set or "").strip(),
            "sender": (sender or "").strip(),
            "receiver": (receiver or "").strip(),
        }
        routes_sudo = endpoint.sudo().route_ids.filtered(
            lambda route: (
                route.active
                and route.flow_id.state != "retired"
                and route._matches(envelope, file_name or "")
                and route._matches_content(content)
            )
        )
        best_sudo = min(routes_sudo, key=lambda route: route._rank(), default=routes_sudo)
        return best_sudo.flow_id.sudo(False)

    def _matches(self, envelope, file_name):
        """Tell whether every criterion of this route is met; file names compare without case."""
        if any(self[name] and self[name] != value for name, value in envelope.items()):
            return False
        pattern = self.file_pattern
        return not pattern or fnmatchcase(file_name.lower(), pattern.lower())

    def _matches_content(self, content):
        """Tell whether the payload is of the kind, and has at the place what this route asks for."""
        if not self.content_kind:
            return True
        if self.content_kind == "xml":
            return content.has_root(self.content_path)
        if self.content_kind == "csv":
            return content.has_columns(self.content_path)
        value = content.json_value(self.content_path)
        return value is not None and (not self.content_value or value == self.content_value)

    def _rank(self):
        """Return the sort key of a matching route, best first."""
        return self.sequence, -sum(bool(self[name]) for name in CRITERIA), self.id
