"""What is read out of Odoo's log: a failure must never look like a success."""

import re

import pytest
from provisioning import odoo_log, suite_odoo
from provisioning.odoo_log import Allowance

HEAD = "2026-11-20 20:54:12,818 13470 {} db {}: {}"
TESTS = "odoo.addons.some.tests.test_one"


def line(level, logger, message):
    return HEAD.format(level, logger, message) + " - - -\n"


def started(test):
    return line("INFO", TESTS, f"Starting {test} ...")


def broken(kind, test):
    trace = 'Traceback (most recent call last):\n  File "x.py", line 1\nAssertionError: 1 != 2\n'
    return HEAD.format("ERROR", TESTS, f"{kind}: {test}") + f"\n{trace} 12 0.004 0.010\n"


def summary(failed, errors, run):
    level = "ERROR" if failed or errors else "INFO" if run else "WARNING"
    text = f"{failed} failed, {errors} error(s) of {run} tests when loading database 'db'"
    return line(level, "odoo.tests.result", text)


def results(*lines):
    return odoo_log.test_results(odoo_log.read_entries("".join(lines).splitlines(keepends=True)))


def suspects(*lines, allowances=()):
    entries = odoo_log.read_entries("".join(lines).splitlines(keepends=True))
    return [(entry.level, entry.message) for entry in odoo_log.unexpected(entries, allowances)]


def test_all_passed():
    found = results(started("TestA.test_one"), started("TestA.test_two"), summary(0, 0, 2))
    assert (found.run, found.broken, found.complete) == (["TestA.test_one", "TestA.test_two"], {}, True)


def test_a_failure_keeps_its_traceback():
    found = results(started("TestA.test_one"), broken("FAIL", "TestA.test_one"), summary(1, 0, 1))
    assert list(found.broken) == ["TestA.test_one"]
    assert found.broken["TestA.test_one"].endswith("AssertionError: 1 != 2")
    assert found.complete


def test_subtests_count_as_their_test():
    failure = broken("FAIL", "Subtest TestA.test_one (case=1)") + broken(
        "ERROR", "Subtest TestA.test_one (case=2)"
    )
    found = results(started("TestA.test_one"), failure, summary(1, 1, 1))
    assert list(found.broken) == ["TestA.test_one"]
    assert found.broken["TestA.test_one"].count("AssertionError") == 2


def test_a_class_that_cannot_be_set_up():
    name = "setUpClass (odoo.addons.some.tests.test_one.TestA)"
    found = results(broken("ERROR", name), summary(0, 1, 0))
    assert list(found.broken) == [name]


def test_skipped():
    found = results(
        started("TestA.test_one"),
        line("INFO", TESTS, "skipped TestA.test_one : Chrome executable not found"),
        summary(0, 0, 1),
    )
    assert found.skipped == {"TestA.test_one": "Chrome executable not found"}


@pytest.mark.parametrize(
    "lines",
    [
        [started("TestA.test_one")],
        [started("TestA.test_one"), summary(0, 0, 2)],
        [started("TestA.test_one"), summary(1, 0, 1)],
        [],
    ],
    ids=["killed", "fewer tests seen than counted", "a failure that was not seen", "empty"],
)
def test_an_incomplete_log(lines):
    assert not results(*lines).complete


def test_durations():
    report = "Detailed Tests Report:\n\tsome: 3.00s 9 queries\n\tsome.test_x.TestA: 3.00s 9 queries\n"
    report += "\tsome.test_x.TestA.test_one: 2.50s 9 queries\n\tsome.test_x.TestA.setUpClass: 0.50s 1 queries"
    found = results(HEAD.format("DEBUG", "odoo.tests.stats", report) + "\n - - -\n")
    assert found.seconds["TestA.test_one"] == 2.5
    assert found.seconds["TestA.setUpClass"] == 0.5


def test_warnings_and_errors_are_unexpected_each_once():
    warning = line("WARNING", "odoo.models", "no access rules")
    lines = [
        line("INFO", "odoo.models", "fine"),
        warning,
        warning,
        line("CRITICAL", "odoo.sql_db", "bad query"),
    ]
    assert suspects(*lines) == [("WARNING", "no access rules"), ("CRITICAL", "bad query")]


def test_an_error_names_its_traceback():
    entry = HEAD.format("ERROR", "odoo.http", "Exception during request") + "\nTraceback:\nValueError: x\n"
    assert suspects(entry) == [("ERROR", "Exception during request\nTraceback:\nValueError: x")]


def test_reports_of_failed_tests_are_not_reported_twice():
    module = line("ERROR", "odoo.modules.loading", "Module some: 1 failures, 0 errors of 1 tests")
    assert suspects(broken("FAIL", "TestA.test_one"), module, summary(1, 0, 1)) == []


def test_an_error_that_only_looks_like_a_summary_is_unexpected():
    assert suspects(line("ERROR", "odoo.addons.some", "1 failed, 0 error(s) of 1 tests when loading x"))


def test_an_allowed_entry():
    allowed = Allowance(re.compile(r"^WARNING odoo\.http: no wkhtmltopdf"), "the machine has none")
    warnings = [
        line("WARNING", "odoo.http", "no wkhtmltopdf here"),
        line("ERROR", "odoo.http", "no wkhtmltopdf"),
    ]
    assert suspects(*warnings, allowances=[allowed]) == [("ERROR", "no wkhtmltopdf")]


def test_the_file_of_allowed_entries(tmp_path):
    file = tmp_path / "allowed"
    file.write_text("# the machine\n^WARNING a\n\n# its network\n^ERROR b\n")
    assert [allowance.reason for allowance in odoo_log.read_allowances(file)] == [
        "the machine",
        "its network",
    ]
    odoo_log.read_allowances(suite_odoo.ALLOWANCES)


@pytest.mark.parametrize("text", ["^WARNING a\n", "# one\n^A\n^B\n", "# broken\n(\n"])
def test_a_pattern_without_a_reason_is_refused(tmp_path, text):
    file = tmp_path / "allowed"
    file.write_text(text)
    with pytest.raises(ValueError, match="line "):
        odoo_log.read_allowances(file)


@pytest.fixture
def run_of(tmp_path, monkeypatch):
    """Return the outcomes of a log, of an addon that has tests."""
    tests = tmp_path / "some" / "tests"
    tests.mkdir(parents=True)
    (tests / "test_one.py").touch()
    monkeypatch.setattr(suite_odoo.paths, "ADDONS", tmp_path)

    def read(*lines, code=0, **options):
        log = tmp_path / "log"
        log.write_text("".join(lines))
        return {outcome.name: outcome for outcome in suite_odoo.outcomes("some", log, code, **options)}

    return read


def failed(outcomes):
    return [name for name, outcome in outcomes.items() if outcome.failed]


def test_a_good_run(run_of):
    outcomes = run_of(started("TestA.test_one"), summary(0, 0, 1))
    assert failed(outcomes) == []
    assert set(outcomes) == {"some: TestA.test_one", "some: installation and run"}


def test_a_run_with_a_failed_test(run_of):
    lines = [
        started("TestA.test_one"),
        started("TestA.test_two"),
        broken("FAIL", "TestA.test_two"),
        summary(1, 0, 2),
    ]
    assert failed(run_of(*lines, code=1)) == ["some: TestA.test_two"]


@pytest.mark.parametrize(
    ("lines", "code"),
    [
        ([summary(0, 0, 0)], 0),
        ([started("TestA.test_one"), summary(0, 0, 1)], 255),
        ([started("TestA.test_one")], -9),
        ([started("TestA.test_one")], None),
    ],
    ids=["tests that were not found", "a bad exit code", "killed", "not ended in time"],
)
def test_a_run_that_went_wrong(run_of, lines, code):
    assert "some: installation and run" in failed(run_of(*lines, code=code))


def test_a_skipped_test_is_a_failure_unless_its_need_is_optional(run_of):
    def skipped(reason, **options):
        note = line("INFO", TESTS, f"skipped TestA.test_one : {reason}")
        return run_of(started("TestA.test_one"), note, summary(0, 0, 1), **options)["some: TestA.test_one"]

    assert skipped("Chrome executable not found").failed
    assert not skipped("Chrome executable not found", may_lack_browser=True).failed
    left_out = skipped("optional: no such server here")
    assert (left_out.failed, left_out.passed) == (False, False)
