from odoo import api, models

from ..queue import task_options


class DelayedCall:
    """Stands for a recordset whose next method call is put into the queue instead of run."""

    def __init__(self, records, each, dependencies, options):
        self._records = records
        self._each = each
        self._dependencies = dependencies
        self._options = options

    def __getattr__(self, method_name):
        def enqueue(*args, **kwargs):
            queue = self._records.env["integration.queue"]
            call = (self._records, method_name, args, kwargs, self._options)
            calls = queue._describe_each(*call) if self._each else [queue._describe_call(*call)]
            return queue._enqueue(calls, **self._dependencies)

        return enqueue


class Base(models.AbstractModel):
    _inherit = "base"

    @api.private
    def with_integration_task(
        self,
        *,
        priority=None,
        eta=None,
        identity_key=None,
        ordering_key=None,
        max_attempts=None,
        user=None,
        message=None,
        flow=None,
        endpoint=None,
        each=False,
        after=None,
        if_failed="hold",
    ):
        """Queue the next method call: ``remittances.with_integration_task(priority=5)._post(part=1)``.

        The task commits or vanishes with the caller's transaction, and runs later as ``user`` in the
        caller's company.

        :param int priority: smaller runs earlier; the method's own default when not given
        :param eta: not before this time: a naive UTC datetime, or a timedelta from now
        :param str identity_key: while a task of this key is unfinished, no second one is made
        :param str ordering_key: tasks of this key run one at a time, the oldest first; one that waits or is
            in the dead letter holds those behind it
        :param int max_attempts: attempts before the dead letter
        :param user: the res.users record that the task runs as; the current user when not given
        :param message: the integration.message that is held when the task dies
        :param flow: the integration.flow whose retry policy, pauses and limit apply
        :param endpoint: the integration.endpoint that the task talks to, whose pauses and limit apply
        :param bool each: make one task for each record, all in a few statements; keys and message may
            then be functions of the record: ``identity_key=lambda invoice: f"send:{invoice.id}"``
        :param after: the integration.task records that must be done first
        :param str if_failed: what follows when one of those dies or is cancelled: ``hold`` waits until the
            dead one is retried and done, ``cancel`` cancels, ``continue`` runs all the same
        :return: an object whose method calls return the integration.task
        :raise ValueError: on the call, if the method is not marked with ``@integration_task``
        """
        return DelayedCall(
            self,
            each,
            {"after": after, "if_failed": if_failed},
            {
                "priority": priority,
                "eta": eta,
                "identity_key": identity_key,
                "ordering_key": ordering_key,
                "max_attempts": max_attempts,
                "user": user,
                "message": message,
                "flow": flow,
                "endpoint": endpoint,
            },
        )

    @api.private
    def with_kernel_task(self, **options):
        """As :meth:`with_integration_task`, for the kernel's own steps, which no person's rights cover.

        They run as the system user, whoever or whatever caused them.
        """
        return self.with_integration_task(user=self.env.ref("base.user_root"), **options)

    def _integration_task_options(self, method_name):
        """Return the :class:`TaskOptions` of a method of this model, or None."""
        return task_options(type(self), method_name)

    # === HOOKS === #

    def _integration_task_failed(self, method_name, error):
        """Hook: note that a task on these records failed, in the transaction that settles it.

        Called as superuser for each failed attempt, after its effects were rolled back, with the records
        that still exist.

        :param IntegrationError error: what the attempt ended with
        """

    def _integration_task_cancelled(self, method_name):
        """Hook: note that a task on these records is given up; called as superuser.

        What it raises keeps a person from cancelling the task; where the queue gives it up, that is logged.
        """

    def _integration_task_context(self):
        """Hook: return what a dead task's exception is about, where no flow or message says so.

        :return: dict with ``system`` (integration.system) and ``record`` (the business record), or less
        """
        return {}

    def _integration_audit_name(self):
        """Hook: return the name that readers of the audit log may see, empty if it may be private.

        Only models whose names are never those of persons return one.
        """
        return False
