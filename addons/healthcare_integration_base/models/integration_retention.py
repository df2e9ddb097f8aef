from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL

from .access import require_group
from .data_classes import more_sensitive_than
from .integration_exception import OPEN_STATES
from .integration_message import FINAL_STATES

PREVIEW_LIMIT = 10_000


class IntegrationRetention(models.Model):
    """How long payloads and details of messages of one data class are kept in one company.

    A rule works only while it is active, and does not change meanwhile. What it does is in
    ``integration_retention_purge.py``.
    """

    _name = "integration.retention"
    _description = "Integration Retention Rule"
    _inherit = ["integration.closed.fields"]
    _order = "company_id, data_class"
    _check_company_auto = True

    name = fields.Char(compute="_compute_name", store=True)
    company_id = fields.Many2one(
        "res.company", required=True, index=True, default=lambda self: self._default_company_id()
    )
    data_class = fields.Selection(
        selection="_select_data_class",
        required=True,
        help="The more sensitive of the classes of a message's system and of its document type; for a file, "
        "the most sensitive among its transactions. Without a document type, that of the system. Messages "
        "without a system are never deleted.",
    )
    payload_days = fields.Integer(
        "Keep payloads (days)",
        required=True,
        default=365,
        help="Days after a message was settled; then its payload is deleted. 0: kept for ever.",
        aggregator=None,
    )
    metadata_days = fields.Integer(
        "Keep details (days)",
        required=True,
        default=0,
        help="Days after a message was settled; then file name, sender, receiver, envelope and findings are "
        "removed. Hash, size, control numbers, state and dates stay. 0: kept for ever.",
        aggregator=None,
    )
    state = fields.Selection(
        [("draft", "Draft"), ("active", "Active")], required=True, default="draft", readonly=True, copy=False
    )
    note = fields.Text("Basis", help="The law, contract or policy that the days come from.")
    preview = fields.Char(compute="_compute_preview", help="What the rule would delete now.")

    _class_uniq = models.Constraint(
        "UNIQUE (company_id, data_class)", "This company has a rule for this data class already."
    )
    _days_ordered = models.Constraint(
        "CHECK (payload_days >= 0 AND metadata_days >= 0 AND (metadata_days = 0 OR"
        " (payload_days > 0 AND metadata_days >= payload_days)))",
        "Details are kept at least as long as payloads, which cannot be read without them.",
    )

    @api.model
    def _default_company_id(self):
        return self.env.company

    @api.model
    def _select_data_class(self):
        return self.env["integration.system"]._fields["data_class"]._description_selection(self.env)

    @api.depends("data_class", "payload_days", "company_id")
    def _compute_name(self):
        labels = dict(self._select_data_class())
        for rule in self:
            rule.name = self.env._(
                "%(company)s, %(data_class)s, %(days)s days",
                company=rule.company_id.name,
                data_class=labels.get(rule.data_class, ""),
                days=rule.payload_days,
            )

    @api.depends("data_class", "payload_days", "metadata_days", "company_id")
    def _compute_preview(self):
        """Count what is due, up to PREVIEW_LIMIT: the table grows without bound, the preview need not."""
        for rule in self:
            payloads, size = rule._count_due("payload")
            details, _size = rule._count_due("metadata")
            rule.preview = self.env._(
                "%(payloads)s payloads (%(size)s MB) and details of %(details)s messages",
                payloads=self._bounded(payloads),
                size=size // 10**6,
                details=self._bounded(details),
            )

    @staticmethod
    def _bounded(count):
        return f"{PREVIEW_LIMIT} or more" if count >= PREVIEW_LIMIT else str(count)

    # === CHANGES === #

    def write(self, vals):
        """:raise UserError: when an active rule is changed"""
        if set(vals) & {"company_id", "data_class", "payload_days", "metadata_days"} and self.filtered(
            lambda rule: rule.state == "active"
        ):
            raise UserError(self.env._("Switch the rule off before you change it."))
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_active(self):
        if self.filtered(lambda rule: rule.state == "active"):
            raise UserError(self.env._("Switch the rule off before you delete it."))

    def action_activate(self):
        """Let the rule delete from its next run on."""
        self._set_state("active")

    def action_deactivate(self):
        """Let the rule delete nothing more."""
        self._set_state("draft")

    def _set_state(self, state):
        require_group(self, "group_manager", "write")
        for rule in self:
            # The state is closed to direct writes: see integration.closed.fields.
            rule.sudo().state = state
            self.env["integration.audit.entry"]._record(
                "retention.activated" if state == "active" else "retention.deactivated",
                rule,
                {
                    "data_class": rule.data_class,
                    "payload_days": rule.payload_days,
                    "metadata_days": rule.metadata_days,
                },
            )

    # === WHAT IS DUE === #

    def _count_due(self, part):
        """Return how many messages are due, at most PREVIEW_LIMIT, and how many bytes they have."""
        if not (self.company_id and self.data_class and self._days(part)):
            return 0, 0
        self.env.flush_all()
        self.env.cr.execute(
            SQL(
                "SELECT count(*), COALESCE(sum(payload_size), 0)::bigint FROM (%s) AS due",
                self._due(part, SQL("message.payload_size"), PREVIEW_LIMIT),
            )
        )
        return self.env.cr.fetchone()

    def _days(self, part):
        return self.payload_days if part == "payload" else self.metadata_days

    def _due(self, part, columns, limit):
        """Return the query of the settled messages whose time is over, the longest settled first.

        A rule takes what has its data class and nothing more sensitive. The class of a message is looked up
        when it is asked for, so that a class that is corrected counts for what was received before.

        A file is kept as long as anything of it is under hold: a transaction, its flow, a duplicate that
        reads the same payload. So is what a task is still to work on, or a person to decide about.

        :param str part: ``payload`` or ``metadata``
        """
        is_due = {
            "payload": SQL("message.payload_purged_at IS NULL AND message.duplicate_of_id IS NULL"),
            "metadata": SQL(
                "message.metadata_purged_at IS NULL"
                " AND (message.payload_purged_at IS NOT NULL OR message.duplicate_of_id IS NOT NULL)"
            ),
        }[part]
        more_sensitive = more_sensitive_than(self.data_class)
        return SQL(
            """
            SELECT %(columns)s FROM integration_message message
             WHERE message.system_id IS NOT NULL
               AND message.company_id = %(company)s
               AND (message.system_id = ANY(%(systems)s)
                    OR COALESCE(message.decisive_flow_id, message.flow_id) = ANY(%(flows)s))
               AND message.system_id <> ALL(%(more_sensitive_systems)s)
               AND (message.flow_id = ANY(%(more_sensitive_flows)s)) IS NOT TRUE
               AND message.parent_id IS NULL
               AND message.state = ANY(%(final)s)
               AND message.closed_at < %(now)s - make_interval(days => %(days)s)
               AND %(is_due)s
               AND message.legal_hold IS NOT TRUE
               AND NOT EXISTS (SELECT FROM integration_system system
                                WHERE system.id = message.system_id AND system.legal_hold)
               AND NOT EXISTS (SELECT FROM integration_flow flow
                                WHERE flow.id = message.flow_id AND flow.legal_hold)
               AND NOT EXISTS (SELECT FROM integration_message part
                                      LEFT JOIN integration_flow flow ON flow.id = part.flow_id
                                      LEFT JOIN integration_system system ON system.id = part.system_id
                                WHERE part.parent_id = message.id
                                  AND (part.legal_hold OR flow.legal_hold OR system.legal_hold
                                       OR part.state <> ALL(%(final)s)
                                       OR part.system_id = ANY(%(more_sensitive_systems)s)
                                       OR part.flow_id = ANY(%(more_sensitive_flows)s)))
               AND NOT EXISTS (SELECT FROM integration_message repeat
                                WHERE repeat.duplicate_of_id = message.id AND repeat.legal_hold)
               AND NOT %(is_needed)s
             ORDER BY message.closed_at LIMIT %(limit)s
            """,
            columns=columns,
            company=self.company_id._origin.id,
            systems=self._systems_of([self.data_class]),
            flows=self._flows_of([self.data_class]),
            more_sensitive_systems=self._systems_of(more_sensitive),
            more_sensitive_flows=self._flows_of(more_sensitive),
            final=[*FINAL_STATES, "sent"],
            now=self.env.cr.now(),
            days=self._days(part),
            is_due=is_due,
            is_needed=self._is_needed(),
            limit=limit,
        )

    def _is_needed(self):
        """Return the condition that a task or a person has still to do with the file or a transaction of it.

        A transaction may be applied and yet wait: for a rule, for the match of a claim.
        """
        return SQL(
            """
            EXISTS (SELECT FROM integration_message part
                     WHERE (part.id = message.id OR part.parent_id = message.id)
                       AND (EXISTS (SELECT FROM integration_task task
                                     WHERE task.message_id = part.id
                                       AND task.state IN ('pending', 'waiting', 'running', 'dead'))
                            OR EXISTS (SELECT FROM integration_exception_message_rel waiting
                                         JOIN integration_exception exception
                                           ON exception.id = waiting.exception_id
                                        WHERE waiting.message_id = part.id
                                          AND exception.state = ANY(%(open)s))))
            """,
            open=list(OPEN_STATES),
        )

    def _systems_of(self, data_classes):
        """Return the ids of the systems of some classes."""
        return self._ids_found_by(
            SQL("SELECT id FROM integration_system WHERE data_class = ANY(%s)", data_classes)
        )

    def _flows_of(self, data_classes):
        """Return the ids of the flows whose system or document type is of some classes."""
        return self._ids_found_by(
            SQL(
                """
                SELECT flow.id FROM integration_flow flow
                  JOIN integration_system system ON system.id = flow.system_id
                  JOIN integration_document_type document_type ON document_type.id = flow.document_type_id
                 WHERE system.data_class = ANY(%(classes)s) OR document_type.data_class = ANY(%(classes)s)
                """,
                classes=data_classes,
            )
        )

    def _ids_found_by(self, query):
        # As values, not as a part of the query: PostgreSQL then knows how few messages they are about.
        self.env.cr.execute(query)
        return [row[0] for row in self.env.cr.fetchall()]
