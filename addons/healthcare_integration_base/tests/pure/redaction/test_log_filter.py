"""Records of any make pass the filter without their values: arguments, finished text, exceptions, chains."""

import io
import logging

import psycopg2
import pytest

from odoo.addons.healthcare_integration_base.errors import BusinessRuleError
from odoo.addons.healthcare_integration_base.redaction import install, safe_traceback
from odoo.addons.healthcare_integration_base.redaction.log_filter import LOGGERS

NAME = "Quarles Wexford"
SUITE_LOGGER = "odoo.addons.healthcare_integration_base.models.some_model"


class FailedQuery(psycopg2.Error):
    def __init__(self):
        super().__init__(f"duplicate key\nDETAIL:  Key (name)=({NAME}) already exists.\n")


@pytest.fixture
def output():
    """The text that an Odoo process would print, after the filter is installed twice."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    logging.getLogger().addHandler(handler)
    logging.getLogger(SUITE_LOGGER)
    install()
    install()
    yield stream
    logging.getLogger().removeHandler(handler)


def test_it_is_installed_once(output):
    for name in (*LOGGERS, SUITE_LOGGER):
        filters = [one for one in logging.getLogger(name).filters if type(one).__name__ == "RedactingFilter"]
        assert len(filters) == 1, name


@pytest.mark.parametrize(
    "arguments",
    [
        ("bad query: %s\nERROR: %s", f"UPDATE t SET a = '{NAME}'".encode(), FailedQuery()),
        ("bad query: %s\nERROR: %s", f"UPDATE t SET a = '{NAME}'", FailedQuery()),
        (f"bad query: UPDATE t SET a = '{NAME}'\nERROR: {FailedQuery()}",),
        ("bad query: " + repr(f"UPDATE t SET a = '{NAME}'".encode()) + f"\nERROR: {FailedQuery()}",),
    ],
)
def test_the_statement_and_the_error_stay(output, arguments):
    logging.getLogger("odoo.sql_db").error(*arguments)
    assert output.getvalue() == (
        "bad query: UPDATE t SET a = ?\nERROR: duplicate key\nDETAIL: Key (name)=(?) already exists.\n"
    )


def test_the_debug_line_of_a_query(output):
    logger = logging.getLogger("odoo.sql_db")
    level, logger.level = logger.level, logging.DEBUG
    try:
        logger.debug("[%.3f ms] query: %s", 0.5, f"SELECT '{NAME}'")
    finally:
        logger.setLevel(level)
    assert output.getvalue() == "[0.500 ms] query: SELECT ?\n"


@pytest.mark.parametrize("logger", ["odoo.http", "odoo.addons.base.models.ir_cron", "some.other.library"])
def test_tracebacks_of_failed_queries(output, logger):
    try:
        try:
            raise FailedQuery
        except FailedQuery as error:
            raise ValueError(f"the request failed: {error!r}") from error
    except ValueError:
        logging.getLogger(logger).exception("Exception during request handling.")
    text = output.getvalue()
    assert NAME not in text
    assert "Key (name)=(?) already exists." in text
    assert "direct cause" in text
    assert text.rstrip().endswith("ValueError: (text withheld)")
    assert "test_log_filter.py" in text


def test_what_passed_through_the_suite_shows_its_type_and_place_only(output):
    suite = {"__name__": SUITE_LOGGER}
    exec("def read_count(text):\n    return int(text)", suite)  # as if a module of the suite held it
    try:
        suite["read_count"](NAME)
    except ValueError:
        logging.getLogger("odoo.http").exception("Exception during request handling.")
    text = output.getvalue()
    assert NAME not in text
    assert "text withheld" in text
    assert "read_count" in text


@pytest.mark.parametrize("logger", ["odoo.http", "odoo.addons.base.models.ir_cron", SUITE_LOGGER])
def test_a_warning_of_what_passed_through_the_suite_tells_where_to_look(output, logger):
    suite = {"__name__": SUITE_LOGGER}
    exec("def read_count(text):\n    return int(text)", suite)
    try:
        suite["read_count"](NAME)
    except ValueError as error:
        logging.getLogger(logger).warning(error)
        logging.getLogger(logger).warning("It failed: %s", error)
    line = "ValueError at healthcare_integration_base/models/some_model.py:2 (text withheld)"
    assert output.getvalue() == f"{line}\nIt failed: {line}\n"


def test_the_place_is_that_of_what_led_to_it(output):
    suite = {"__name__": SUITE_LOGGER}
    exec("def read_count(text):\n    return int(text)", suite)
    try:
        try:
            suite["read_count"](NAME)
        except ValueError as error:
            raise KeyError(str(error)) from error
    except KeyError as error:
        logging.getLogger("odoo.http").warning(error)
    assert output.getvalue() == (
        "KeyError at healthcare_integration_base/models/some_model.py:2 (text withheld)\n"
    )


def test_foreign_exceptions_keep_their_text(output):
    try:
        int("no number")
    except ValueError as error:
        logging.getLogger("odoo.http").warning(error)
        logging.getLogger("odoo.http").exception("Failed: %s", error)
    assert output.getvalue().count("invalid literal") == 3


def test_errors_of_the_suite_are_written_to_be_read():
    error = BusinessRuleError("a.b", "The flow is not live.")
    assert "The flow is not live" in safe_traceback(error)


def test_a_traceback_that_is_text_already(output):
    text = f'Traceback:\npsycopg2.errors.X: bad: "{NAME}"\nDETAIL:  Key (name)=({NAME}) already exists.'
    logging.getLogger(SUITE_LOGGER).error(text)
    logging.getLogger("odoo.http").error("It failed: %s", text)
    assert NAME not in output.getvalue()
    assert output.getvalue().count("Key (name)=(?)") == 2
