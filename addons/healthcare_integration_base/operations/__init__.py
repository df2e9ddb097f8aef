"""What watching over the integration needs that is not a record. Pure Python."""

from .check import Check, worst_state
from .exposition import CONTENT_TYPE, Metric, exposition
from .recent_answers import RecentAnswers
from .server_settings import ServerFacts, server_checks
