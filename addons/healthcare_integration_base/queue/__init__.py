"""What the queue needs that is not a record. Pure Python."""

from .cpu_time import allow_cpu_time
from .current_task import ClaimedTask, current_task, running
from .postponement import PostponedTask
from .retry import RetryPolicy
from .task_method import TaskOptions, integration_task, task_options
