import uuid

from odoo import api, fields, models
from odoo.exceptions import UserError

from .access import require_group
from .windows import list_window

FINAL_STATES = ("applied", "rejected", "duplicate", "settled", "acknowledged", "refused")
UNFINISHED_TASK_STATES = ("pending", "waiting", "running", "dead")


class IntegrationMessage(models.Model):
    """One payload in or out. A file is an interchange message; each transaction in it is a child.

    The payload is kept as received, encrypted, in chunks (see ``integration_message_payload.py``). A child
    has no payload of its own but a byte range of its parent's.
    """

    _name = "integration.message"
    _inherit = ["integration.live.progress"]
    _description = "Integration Message"
    _order = "id desc"
    _check_company_auto = True
    _check_company_domain = models.check_company_domain_parent_of
    _allow_sudo_commands = False

    name = fields.Char(compute="_compute_name", store=True)
    uuid = fields.Char(required=True, readonly=True, copy=False, default=lambda self: self._default_uuid())
    direction = fields.Selection([("in", "In"), ("out", "Out")], required=True, default="in", readonly=True)
    state = fields.Selection(
        [
            ("received", "Received"),
            ("split", "Split"),
            ("parsed", "Parsed"),
            ("applied", "Applied"),
            ("held", "Held"),
            ("rejected", "Rejected"),
            ("duplicate", "Duplicate"),
            ("settled", "Settled"),
            ("draft", "Draft"),
            ("queued", "Queued"),
            ("sent", "Sent"),
            ("acknowledged", "Acknowledged"),
            ("refused", "Refused"),
            ("overdue", "Overdue"),
            ("failed", "Failed"),
        ],
        required=True,
        default="received",
        readonly=True,
    )
    state_reason = fields.Text(readonly=True, help="Why the message is held, rejected or a duplicate")
    company_id = fields.Many2one("res.company", required=True, readonly=True, index=True)
    system_id = fields.Many2one(
        "integration.system", readonly=True, index="btree_not_null", check_company=True
    )
    endpoint_id = fields.Many2one(
        "integration.endpoint", readonly=True, index="btree_not_null", check_company=True
    )
    flow_id = fields.Many2one("integration.flow", readonly=True, index="btree_not_null", check_company=True)
    document_type_id = fields.Many2one(
        "integration.document.type", related="flow_id.document_type_id", store=True, readonly=True
    )
    parent_id = fields.Many2one(
        "integration.message", string="Interchange", readonly=True, index="btree_not_null", ondelete="cascade"
    )
    child_ids = fields.One2many("integration.message", "parent_id", string="Transactions", readonly=True)
    child_count = fields.Integer(compute="_compute_child_summary")
    child_summary = fields.Char(string="Transactions Are", compute="_compute_child_summary")
    position = fields.Integer(help="Ordinal of the transaction in its file", readonly=True, aggregator=None)
    byte_start = fields.Integer(readonly=True, aggregator=None)
    byte_end = fields.Integer(readonly=True, aggregator=None)
    envelope = fields.Json(readonly=True, help="What the reader of the transaction must know of its file")
    findings = fields.Json(readonly=True, help="What the reader of the envelope noticed")
    file_name = fields.Char(readonly=True)
    payload_hash = fields.Char(string="SHA-256", readonly=True)
    payload_size = fields.Integer(string="Size", readonly=True)
    transaction_set = fields.Char(readonly=True)
    sender = fields.Char(readonly=True)
    receiver = fields.Char(readonly=True)
    is_test = fields.Boolean(string="Test Document", readonly=True)
    interchange_control_number = fields.Char(readonly=True)
    group_control_number = fields.Char(readonly=True)
    transaction_control_number = fields.Char(readonly=True)
    correlation_id = fields.Char(readonly=True, help="Common to everything that one business event caused")
    received_at = fields.Datetime(readonly=True, default=lambda self: self.env.cr.now())
    closed_at = fields.Datetime(string="Settled At", readonly=True)
    duplicate_of_id = fields.Many2one("integration.message", readonly=True, index="btree_not_null")
    exception_ids = fields.Many2many(
        "integration.exception",
        "integration_exception_message_rel",
        "message_id",
        "exception_id",
        readonly=True,
    )
    exception_count = fields.Integer(compute="_compute_exception_count")
    task_ids = fields.One2many("integration.task", "message_id", readonly=True)
    link_ids = fields.One2many("integration.message.link", "message_id", string="Records", readonly=True)

    _uuid_uniq = models.Constraint("UNIQUE (uuid)", "A message has an identifier of its own.")
    _child_uniq = models.UniqueIndex("(parent_id, position) WHERE parent_id IS NOT NULL")
    # What was sent and needs no answer is settled as it is.
    _open_idx = models.Index(
        "(state, id) WHERE state NOT IN ('applied', 'rejected', 'duplicate', 'settled', 'acknowledged')"
        " AND (state <> 'sent' OR closed_at IS NULL)"
    )
    _open_part_idx = models.Index(
        "(parent_id) WHERE parent_id IS NOT NULL AND state NOT IN"
        " ('applied', 'rejected', 'duplicate', 'settled', 'acknowledged', 'refused')"
    )
    _received_idx = models.Index("(company_id, received_at)")

    @api.model
    def _default_uuid(self):
        return uuid.uuid4().hex

    @api.depends("file_name", "transaction_set", "transaction_control_number", "parent_id", "position")
    def _compute_name(self):
        for message in self:
            if message.parent_id:
                control = message.transaction_control_number or message.position
                message.name = f"{message.parent_id.file_name or message.parent_id.uuid[:8]} / {control}"
            else:
                message.name = message.file_name or message.uuid[:8]

    @api.depends("child_ids.state")
    def _compute_child_summary(self):
        labels = dict(self._fields["state"]._description_selection(self.env))
        counts = self._read_group([("parent_id", "in", self.ids)], ["parent_id", "state"], ["__count"])
        for message in self:
            own = [(state, count) for parent, state, count in counts if parent == message]
            message.child_count = sum(count for _state, count in own)
            message.child_summary = ", ".join(f"{count} {labels[state].lower()}" for state, count in own)

    @api.depends("exception_ids")
    def _compute_exception_count(self):
        for message in self:
            message.exception_count = len(message.exception_ids)

    # === STATES === #

    def _set_state(self, state, reason=None):
        """Move messages to a state, in one write; a final one is dated and may settle the file."""
        if not self:
            return
        values = {"state": state, "state_reason": reason or False}
        if state in FINAL_STATES:
            values["closed_at"] = self.env.cr.now()
        # A message is written by the queue for whoever the task runs as; users never write one themselves.
        self.sudo().write(values)
        if state in FINAL_STATES:
            self.sudo().parent_id._settle_interchange()

    def _hold(self, exception):
        """Mark messages as waiting for a person."""
        # A later step of what was applied may stop: the file is then not settled any more.
        self.sudo().parent_id._unsettle_interchange()
        self._set_state("held", exception.name)

    def _hold_unprocessed(self, reason):
        """Mark those messages as waiting for a person that are not at their end."""
        self.filtered(lambda message: message.state not in FINAL_STATES)._set_state("held", reason)

    def _unhold(self):
        """Mark held messages as under way again, or as applied where that was so before a later step."""
        held_sudo = self.sudo().filtered(lambda message: message.state == "held")
        applied_sudo = held_sudo.filtered("closed_at")
        applied_sudo._set_state("applied")
        (held_sudo - applied_sudo)._set_state("received")

    def _give_up(self, tasks, reason):
        """Close messages whose tasks were given up for good, unless other tasks of theirs are left.

        :param tasks: the integration.task records that were cancelled
        """
        (self - self._unfinished_tasks().message_id)._reject(reason)

    def _unfinished_tasks(self):
        """Return the tasks that work on these messages or wait for it, the dead ones included."""
        # Which tasks a message has is the kernel's matter; the queue makes and moves them past the cache.
        tasks_sudo = self.env["integration.task"].sudo()
        tasks_sudo.invalidate_model(["state"])
        return tasks_sudo.search([("message_id", "in", self.ids), ("state", "in", UNFINISHED_TASK_STATES)])

    def _reject(self, reason):
        """Close messages that will not be applied, or no further; the payload stays."""
        applied = self.filtered(lambda message: message._has_effect())
        applied._set_state("applied", reason)
        (self - applied)._set_state("rejected", reason)

    def _has_effect(self):
        """Tell whether a held message, or a part of it, was applied before a later step of it stopped."""
        self.ensure_one()
        return self.direction == "in" and self.state == "held" and bool(self.closed_at)

    def _settle_interchange(self):
        """Close the files all of whose transactions are closed.

        Two transactions that close at the same moment may each miss the other: a cron looks again.
        """
        if not self:
            return
        self.flush_model(["state", "parent_id"])
        self.env.cr.execute(
            """
            UPDATE integration_message AS file SET state = 'settled', closed_at = %s
             WHERE file.id = ANY(%s) AND file.state = 'split'
               AND NOT EXISTS (SELECT FROM integration_message AS part
                                WHERE part.parent_id = file.id AND part.state <> ALL(%s))
            RETURNING file.id
            """,
            (self.env.cr.now(), self.ids, list(FINAL_STATES)),
        )
        settled = self.browse(row[0] for row in self.env.cr.fetchall())
        self.invalidate_recordset(["state", "closed_at"])
        settled._after_settlement()

    def _unsettle_interchange(self):
        """Let settled files wait for their transactions again."""
        settled = self.filtered(lambda file: file.state == "settled")
        settled.write({"state": "split", "closed_at": False})

    def _after_settlement(self):
        """Do what follows when the last transaction of files is closed; for extensions."""

    @api.model
    def _cron_settle_interchanges(self):
        """Close the files that the last of their transactions left open."""
        self.env["integration.queue"]._in_own_transaction(
            lambda: self.search([("state", "=", "split")])._settle_interchange()
        )

    # === ACTIONS === #

    def action_reprocess(self):
        """Process held messages again: for a cause that was mended outside the exception.

        :raise UserError: if a message is not held, or no task of it is left to be run
        """
        require_group(self, "group_operator")
        if wrong := self.filtered(lambda message: message.state != "held"):
            raise UserError(
                self.env._("Only held messages can be processed again: %s is not.", wrong[0].name)
            )
        # Which tasks a message has is the kernel's matter; whoever may process it need not see them.
        tasks = self.sudo().mapped(lambda message: message._stopped_tasks())
        if without := self - tasks.message_id.sudo(False):
            raise UserError(self.env._("Nothing of %s is left to be run.", without[0].name))
        self.env["integration.queue"]._requeue(tasks, self.env._("The messages are processed again."))

    def _stopped_tasks(self):
        """Return the dead tasks of a message; without any, its last one if that was cancelled."""
        self.ensure_one()
        dead = self.task_ids.filtered(lambda task: task.state == "dead")
        return dead or self.task_ids[:1].filtered(lambda task: task.state == "cancelled")

    def action_show_payload(self):
        """Open the payload; every reading is audited."""
        self.ensure_one()
        require_group(self, "group_phi")
        wizard = self.env["integration.message.payload"].create({"message_id": self.id})
        return {
            "type": "ir.actions.act_window",
            "name": self.name,
            "res_model": wizard._name,
            "res_id": wizard.id,
            "view_mode": "form",
            "target": "new",
        }

    def action_open_children(self):
        self.ensure_one()
        self.check_access("read")
        children = [("parent_id", "=", self.id)]
        return list_window(self.env._("Transactions"), "integration.message", children)

    def action_open_exceptions(self):
        self.ensure_one()
        self.check_access("read")
        domain = [("id", "in", self.exception_ids.ids)]
        return list_window(self.env._("Exceptions"), "integration.exception", domain)

    def action_open_tasks(self):
        self.ensure_one()
        self.check_access("read")
        return list_window(self.env._("Tasks"), "integration.task", [("message_id", "=", self.id)])
