"""What the queue needs that is not a record. Pure Python."""

from .arguments import task_arguments
from .cancellation import TaskCancelled
from .cpu_time import allow_cpu_time
from .current_task import ClaimedTask, current_run, current_task, running
from .postponement import PostponedTask
from .retry import RetryPolicy
from .task_method import TaskOptions, integration_task, task_options
from .time_limit import TimeLimitReached, interrupted_after
from .windows import Window, is_open, next_opening
