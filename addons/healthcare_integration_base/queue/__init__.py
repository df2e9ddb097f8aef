"""What the queue needs that is not a record. Pure Python."""

from .arguments import task_arguments
from .cpu_time import allow_cpu_time
from .postponement import PostponedTask
from .retry import RetryPolicy
from .task_method import TaskOptions, integration_task, task_options
from .windows import Window, is_open, next_opening
