"""Walks at random through what people do, what partners do and what the queue does, in any order.

After each step no two records may tell different stories, and from wherever a walk ends, a person who mends
every cause brings everything to its end. The walks are drawn from fixed seeds: each run makes the same ones,
and a walk that fails names its seed and its steps.
"""

import datetime
import random

from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from ..errors import BusinessRuleError, DocumentError, IntegrationError, MappingError, TransientError
from ..models.integration_message import FINAL_STATES
from .intake_common import IntakeCase, x12_file
from .outbox_common import OutboxMixin

WALKS = 7
STEPS = 15
UNFINISHED = "('pending', 'waiting', 'running')"
FINAL = ", ".join(f"'{state}'" for state in FINAL_STATES)

#: What must never be found, by the sentence that a failure shows.
CONTRADICTIONS = {
    "a dead task without an open exception": """
        SELECT task.id FROM integration_task task
          LEFT JOIN integration_exception exception ON exception.id = task.exception_id
         WHERE task.state = 'dead' AND (exception.state IN ('open', 'in_progress')) IS NOT TRUE""",
    "a task that is not dead and waits for an exception": """
        SELECT id FROM integration_task WHERE state <> 'dead' AND exception_id IS NOT NULL""",
    "an open exception that nothing waits for": """
        SELECT exception.id FROM integration_exception exception
         WHERE exception.state IN ('open', 'in_progress')
           AND NOT EXISTS (SELECT FROM integration_task task WHERE task.exception_id = exception.id)
           AND NOT EXISTS (SELECT FROM integration_exception_message_rel rel
                             JOIN integration_message message ON message.id = rel.message_id
                            WHERE rel.exception_id = exception.id
                              AND message.state IN ('overdue', 'refused'))""",
    "a message of a dead task that looks to be under way or at its end": """
        SELECT message.id FROM integration_message message
          JOIN integration_task task ON task.message_id = message.id
         WHERE task.state = 'dead' AND message.state NOT IN ('held', 'failed', 'refused')""",
    "a message under way that no task works on": f"""
        SELECT message.id FROM integration_message message
         WHERE message.state IN ('received', 'parsed', 'queued')
           AND NOT EXISTS (SELECT FROM integration_task task WHERE task.message_id = message.id
                              AND task.state IN {UNFINISHED})""",
    "a stopped message that a task still works on": f"""
        SELECT message.id FROM integration_message message
         WHERE message.state IN ('held', 'failed', 'overdue')
           AND EXISTS (SELECT FROM integration_task task WHERE task.message_id = message.id
                          AND task.state IN {UNFINISHED})""",
    "a message at its end that a task still works on": f"""
        SELECT message.id FROM integration_message message
         WHERE message.state IN ({FINAL}, 'sent') AND message.state <> 'refused'
           AND EXISTS (SELECT FROM integration_task task WHERE task.message_id = message.id
                          AND task.state IN ('pending', 'waiting', 'running', 'dead'))""",
    "a file that does not say how its transactions are": f"""
        SELECT file.id FROM integration_message file
         WHERE file.state IN ('split', 'settled')
           AND (file.state = 'settled') = EXISTS (
               SELECT FROM integration_message part
                WHERE part.parent_id = file.id AND part.state NOT IN ({FINAL}))""",
    "an end without a date, or a date without an end": f"""
        SELECT id FROM integration_message
         WHERE (state IN ({FINAL})) <> (closed_at IS NOT NULL) AND state <> 'sent'""",
    "an overdue message of which nobody is told": """
        SELECT message.id FROM integration_message message
         WHERE message.state = 'overdue'
           AND NOT EXISTS (SELECT FROM integration_exception_message_rel rel
                             JOIN integration_exception exception ON exception.id = rel.exception_id
                            WHERE rel.message_id = message.id
                              AND exception.state IN ('open', 'in_progress'))""",
}


@tagged("post_install", "-at_install")
class TestWalks(OutboxMixin, IntakeCase):
    def setUp(self):
        super().setUp()
        self.route()
        self.applied = []
        self.outgoing_mailbox = self.sending_mailbox(name="Partner")
        self.outgoing = self.outgoing_mailbox.endpoint
        self.sender = self.sending_flow(
            self.outgoing, is_ordered=True, acknowledgement="functional", acknowledgement_hours=1.0
        )
        self.outbox, self.away = (self.outgoing_mailbox.root / name for name in ("outbox", "away"))
        self.operator = self.integration_user("walk-operator", "operator")
        self.flow.max_attempts = self.sender.max_attempts = 2
        self.before = {name: self._found(query) for name, query in CONTRADICTIONS.items()}

    def _plan(self, handler, message, document):
        if self.refusal:
            raise self.refusal
        self.applied.append(message.id)
        return document

    def test_any_order_of_steps_ends_well(self):
        for seed in range(WALKS):
            savepoint = self.env.cr.savepoint()
            self._walk(random.Random(seed), f"walk {seed}")
            savepoint.close(rollback=True)
            self.env.invalidate_all()

    def _walk(self, draw, name):
        self.draw, self.number, self.refusal, self.applied = draw, 0, None, []
        self._bring_partner_back()
        taken = []
        steps = self._steps()
        for step in [self._receive, self._send, self._choose_refusal, *draw.choices(steps, k=STEPS)]:
            taken.append(step.__name__.strip("_"))
            self._try(step)
            self._assert_one_story(f"{name}: {', '.join(taken)}")
        self._mend_everything()
        self._assert_one_story(f"{name}, mended: {', '.join(taken)}")
        self._assert_ended(f"{name}: {', '.join(taken)}")

    def _try(self, step):
        """Take a step; where the rules do not allow it, nothing of it stays."""
        savepoint = self.env.cr.savepoint()
        try:
            step()
        except AccessError:
            raise
        except (UserError, IntegrationError):
            savepoint.rollback()
            self.env.invalidate_all()
        savepoint.close(rollback=False)
        # The next one is of somebody else, who sees what was committed.
        self.env.flush_all()
        self.env.invalidate_all()

    # === STEPS === #

    def _steps(self):
        often = [self._receive, self._send, self._make_due, *[self._run] * 8]
        weather = [self._choose_refusal, self._choose_refusal, self._partner_away, self._bring_partner_back]
        people = [
            self._resolve, self._waive, self._retry, self._cancel_task, self._reprocess, self._replay,
            self._send_again, self._give_up, self._cancel_sending, self._mark_acknowledged,
        ]  # fmt: skip
        return often + weather + people + [
            self._accepted, self._refused, self._silence, self._pause_flow, self._flow_live, self._revise,
            self._pause_endpoint, self._activate_endpoint, self._suspend_system, self._system_live,
        ]  # fmt: skip

    def _receive(self):
        self.number += 1
        bodies = [["BPR", "I", str(self.number * 10 + part)] for part in range(2)]
        content = x12_file(*([body] for body in bodies), control=str(self.number))
        self.env["integration.message"]._receive(self.endpoint, f"{self.number}.835", [content])

    def _send(self):
        self.number += 1
        self.send(self.sender, {"order": str(self.number)})

    def _run(self):
        self.run_tasks()

    def _make_due(self):
        self.env["integration.task"].search([("state", "=", "waiting"), ("eta", "!=", False)]).write(
            {"eta": self.env.cr.now()}
        )

    def _choose_refusal(self):
        self.refusal = self.draw.choice(
            [
                None,
                DocumentError("walk.damaged", "Damaged.", location="here"),
                MappingError("walk.unknown_code", "Unknown.", subject="X"),
                BusinessRuleError("walk.refused", "Refused.", subject="Y"),
                TransientError("walk.away", "Away.", subject="Z"),
            ]
        )

    def _partner_away(self):
        if self.outbox.exists():
            self.outbox.rename(self.away)

    def _bring_partner_back(self):
        if self.away.exists():
            self.away.rename(self.outbox)

    def _pick(self, model_name, *domain):
        records = self.env[model_name].with_user(self.operator).search(list(domain), order="id")
        if not records:
            raise UserError("There is none.")
        return self.draw.choice(list(records))

    def _message(self):
        return self._pick("integration.message")

    def _outgoing_message(self):
        return self._pick("integration.message", ("direction", "=", "out"))

    def _exception(self):
        return self._pick("integration.exception", ("state", "in", ("open", "in_progress")))

    def _resolve(self):
        self._exception().action_resolve()

    def _waive(self):
        self._exception()._waive("Known")

    def _retry(self):
        self._pick("integration.task", ("state", "in", ("dead", "waiting"))).action_retry()

    def _cancel_task(self):
        self._pick("integration.task", ("state", "in", ("pending", "waiting", "dead"))).action_cancel()

    def _reprocess(self):
        self._pick("integration.message", ("state", "=", "held")).action_reprocess()

    def _replay(self):
        self._message()._replay("A walk")

    def _give_up(self):
        self._pick("integration.message", ("state", "in", ("held", "failed"))).action_give_up()

    def _send_again(self):
        self._outgoing_message().action_send_again()

    def _cancel_sending(self):
        self._outgoing_message().action_cancel_sending()

    def _mark_acknowledged(self):
        self._outgoing_message().action_mark_acknowledged()

    def _accepted(self):
        self._outgoing_message().sudo()._acknowledge(True)

    def _refused(self):
        self._outgoing_message().sudo()._acknowledge(False, "No")

    def _silence(self):
        with self.frozen_clock(self.env.cr.now() + datetime.timedelta(hours=2)):
            self.env["integration.message"]._mark_overdue()

    def _pause_flow(self):
        self.draw.choice([self.flow, self.sender]).action_pause()

    def _flow_live(self):
        self.draw.choice([self.flow, self.sender]).action_go_live()

    def _revise(self):
        flow = self.draw.choice([self.flow, self.sender])
        flow.action_revise()
        flow.action_approve()

    def _pause_endpoint(self):
        self.outgoing.action_pause()

    def _activate_endpoint(self):
        self.outgoing.action_activate()

    def _suspend_system(self):
        self.system.action_suspend()

    def _system_live(self):
        self.system.action_go_live()

    # === WHAT MUST BE === #

    def _found(self, query):
        self.env.flush_all()
        self.env.cr.execute(query)
        return {row[0] for row in self.env.cr.fetchall()}

    def _assert_one_story(self, told):
        for name, query in CONTRADICTIONS.items():
            self.assertFalse(self._found(query) - self.before[name], f"{name} after {told}")
        effects = {message_id: self.applied.count(message_id) for message_id in self.applied}
        for message in self.env["integration.message"].search([("transaction_set", "!=", False)]):
            expected = int(message.state == "applied")
            self.assertEqual(effects.get(message.id, 0), expected, f"effects of {message.name} after {told}")

    def _mend_everything(self):
        """Do what a person does who knows every cause: mend it, and bring along whatever was stopped."""
        self.refusal = None
        self._bring_partner_back()
        if self.system.state != "live":
            self.system.action_go_live()
        self.outgoing.action_activate()
        for flow in self.flow + self.sender:
            if flow.state != "live":
                flow.action_go_live()
        for _round in range(3):
            self._run_to_the_end()
            self._ours("integration.exception", ("state", "in", ("open", "in_progress"))).action_resolve()
        self._run_to_the_end()
        # Of a cancelled task, or of a flow that was revised: what is not wanted lets those behind it go.
        while stopped := self._ours("integration.message", ("state", "in", ("held", "failed"))):
            stopped.with_user(self.operator).action_give_up()
            self._run_to_the_end()

    def _run_to_the_end(self):
        self._make_due()
        self.run_tasks()

    def _assert_ended(self, told):
        left = self._ours("integration.message", ("state", "not in", (*FINAL_STATES, "sent")))
        self.assertFalse(left.mapped("state"), told)
        opened = self._ours("integration.exception", ("state", "in", ("open", "in_progress")))
        self.assertFalse(opened.mapped("code"), told)
        unfinished = self.env["integration.task"].search(
            [("message_id.system_id", "=", self.system.id), ("state", "not in", ("done", "cancelled"))]
        )
        self.assertFalse(unfinished.mapped("state"), told)

    def _ours(self, model_name, *domain):
        return self.env[model_name].search([("system_id", "=", self.system.id), *domain])
