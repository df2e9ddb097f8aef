"""What the queue needs that is not a record. Pure Python."""

from .retry import RetryPolicy
from .task_method import TaskOptions, integration_task, task_options
