"""The allow-list of methods that the queue may run."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from .retry import RetryPolicy

_MARK = "_integration_task_options"


@dataclass(frozen=True, slots=True)
class TaskOptions:
    """Defaults of a task method; a caller may override them for one task.

    :ivar description: what the task does, for the task list
    :ivar priority: smaller runs earlier
    :ivar max_attempts: attempts before the dead letter
    :ivar retry: when a failed attempt is tried again
    :ivar batchable: tasks of this method may share a transaction with their neighbours: each has a savepoint
        of its own, so that one that fails does not undo the others. For small work on records of its own
        that nothing outside the database hears of before the commit.
    :ivar time_limit: seconds that one run may take; None is without limit. What takes longer is ended, and
        retried as other failures that may pass.
    """

    description: str
    priority: int = 10
    max_attempts: int = 8
    retry: RetryPolicy = RetryPolicy()
    batchable: bool = False
    time_limit: float | None = None

    def __post_init__(self):
        if self.batchable and self.time_limit is not None:
            raise ValueError("A task that shares its transaction with others has no time limit of its own")


def integration_task(description: str, **options) -> Callable:
    """Allow the queue to run a method: ``@integration_task("Post a remittance", priority=5)``.

    The method is called as the task's user in the task's company, with no cursor of its own: it
    must not commit. Its arguments are stored as JSON, readable by operators: pass ids, never
    secrets or private data.
    """

    def mark(method):
        setattr(method, _MARK, TaskOptions(description, **options))
        return method

    return mark


def task_options(model_class: type, method_name: str) -> TaskOptions | None:
    """Return the options of a method, or None if the queue may not run it.

    An override needs no decorator of its own: the nearest decorated definition counts.

    >>> class Invoice:
    ...     @integration_task("Send an invoice")
    ...     def _send(self): ...
    ...     def unlink(self): ...
    >>> class Extended(Invoice):
    ...     def _send(self): ...
    >>> task_options(Extended, "_send").description
    'Send an invoice'
    >>> task_options(Extended, "unlink") is None
    True
    """
    for base in model_class.__mro__:
        options = getattr(base.__dict__.get(method_name), _MARK, None)
        if options is not None:
            return options
    return None
