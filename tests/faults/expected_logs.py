"""What Odoo logs when workers are killed and its database server vanishes, and why that is no fault."""

from tests.odoo_logs import expected

_GONE = "|".join(
    (
        "server closed the connection unexpectedly",
        "connection (pointer is NULL|already closed|not open)",
        "cursor already closed",
        "terminating connection (because of crash of another server process|due to)",
        "the database system is (starting up|shutting down|in recovery mode|not yet accepting connections)",
        r"connection to server at \S+, port \d+ failed",
        "could not (receive data from|send data to) server",
    )
)
_LOGGERS = "|".join(
    (
        r"odoo\.sql_db",
        r"odoo\.addons\.base\.models\.ir_cron",
        r"odoo\.(http|registry|modules\.\w+|service\.server)",
        r"odoo\.addons\.healthcare_integration_\w+\.models\.\w+",
    )
)

#: A scheduled action whose workers were killed three times in a row, before it had done anything.
KILLED = expected(
    r"ERROR odoo\.addons\.base\.models\.ir_cron",
    r"Job [^\n]* timed out(\n|\Z)",
    "Odoo takes it for one that took too long; a test's end kills its workers, too.",
)
#: Whatever was under way when the server vanished, and whoever asks for it until it is back.
POSTGRESQL_GONE = expected(
    rf"(WARNING|ERROR) ({_LOGGERS})",
    rf"({_GONE})[^\n]*(\n[^\n]*){{0,3}}\Z",
    "The test crashes PostgreSQL.",
)
