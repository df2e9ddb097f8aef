"""Keep values out of the log: statements keep their shape, errors their meaning, private data stays away."""

from .log_filter import RedactingFilter, install
from .safe_traceback import safe_line, safe_text, safe_traceback
from .statements import redact_details, redact_error, redact_statement
