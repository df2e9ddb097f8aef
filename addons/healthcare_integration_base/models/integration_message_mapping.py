from odoo import fields, models

from ..queue import current_task, integration_task

#: Marks cancelled tasks whose records nobody wants any more.
GIVEN_UP_CODE = "records.given_up"


class IntegrationMessageMapping(models.Model):
    """Messages of many records: those that were refused wait by cause while the others are applied."""

    _inherit = "integration.message"

    refused_count = fields.Integer(
        "Records That Wait",
        readonly=True,
        aggregator=None,
        help="Records that were refused and not yet taken in.",
    )

    def _queue_refused_records(self, groups):
        """Queue a task for each group of refused records; it holds the message until its cause is mended.

        :param groups: lists of record numbers
        """
        self.ensure_one()
        self.refused_count = sum(map(len, groups))
        for position, numbers in enumerate(groups):
            self.with_kernel_task(
                identity_key=f"message.refused:{self.id}:{position}", message=self, flow=self.flow_id
            )._process_refused_records(numbers)

    @integration_task("Take in records that were refused")
    def _process_refused_records(self, numbers):
        """Let the handler take in records again, as the flow's user; the last ones close the message."""
        self.ensure_one()
        handler = self._handler().with_user(self.flow_id.user_id).with_company(self.company_id)
        handler._process_refused(self.with_env(handler.env).sudo(), numbers)
        self.refused_count = max(self.refused_count - len(numbers), 0)
        if not self.refused_count:
            self._set_state("applied")
        elif self.state != "held":
            # The others may have been cancelled: then nothing would bring them in but a person.
            state = "parsed" if self._has_others_under_way() else "held"
            self._set_state(state, self.env._("%s records wait.", self.refused_count))

    def _has_others_under_way(self):
        task = current_task()
        under_way = self.task_ids.filtered(lambda other: other.state in ("pending", "waiting", "running"))
        return any(other.id != task.id for other in under_way) if task else bool(under_way)

    def _stopped_tasks(self):
        """Return also the cancelled tasks whose records still wait."""
        stopped = super()._stopped_tasks()
        if not self.refused_count:
            return stopped
        waiting = self._tasks_of_refused(self.task_ids).filtered(
            lambda task: task.state in ("dead", "cancelled") and task.error_code != GIVEN_UP_CODE
        )
        return waiting | stopped.filtered(lambda task: task.state == "dead")

    def _has_effect(self):
        return bool(self.refused_count) or super()._has_effect()

    def _give_up(self, tasks, reason):
        """Of a message of many records, those of the given tasks are given up: the others are applied."""
        refused = self._tasks_of_refused(tasks)
        refused.error_code = GIVEN_UP_CODE
        for message, own_tasks in refused.grouped("message_id").items():
            count = sum(len(task.arguments["args"][0]) for task in own_tasks)
            if message.refused_count > count:
                message.refused_count -= count
            else:
                message._reject(reason)
        return super(IntegrationMessageMapping, self - refused.message_id)._give_up(tasks - refused, reason)

    def _reject(self, reason):
        partly = self.filtered("refused_count")
        for message in partly:
            count, message.refused_count = message.refused_count, 0
            message._set_state(
                "applied",
                self.env._("%(count)s records were given up: %(reason)s", count=count, reason=reason),
            )
        return super(IntegrationMessageMapping, self - partly)._reject(reason)

    @staticmethod
    def _tasks_of_refused(tasks):
        return tasks.filtered(lambda task: task.method_name == "_process_refused_records")
