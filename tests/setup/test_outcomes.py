"""The closing line and the exit code: what a CI run is judged by."""

import pytest
from provisioning import suite_pytest
from provisioning.outcomes import LONGEST_TEXT, Outcome, Report, shortened

CASES = {
    "test_good": "",
    "test_bad": '<failure message="m">trace</failure>',
    "test_left": '<skipped type="pytest.skip" message="no">x</skipped>',
    "test_may": '<skipped type="pytest.skip" message="optional: no sshd">x</skipped>',
    "test_known": '<skipped type="pytest.xfail" message="known"/>',
    "test_collected": '<error message="collection failure">ImportError</error>',
    "test_end": "<failure>one</failure><error>two</error>",
}


def test_results_of_pytest(tmp_path):
    file = tmp_path / "results.xml"
    cases = "".join(
        f'<testcase file="a.py" name="{name}" time="1.5">{x}</testcase>' for name, x in CASES.items()
    )
    file.write_text(f"<testsuites><testsuite>{cases}</testsuite></testsuites>")
    outcomes = {
        outcome.name.rpartition("::")[2]: outcome for outcome in suite_pytest.read_results(file, "pure")
    }
    assert [name for name, outcome in outcomes.items() if outcome.passed] == ["test_good"]
    assert [name for name, outcome in outcomes.items() if not outcome.failed] == ["test_good", "test_may"]
    assert outcomes["test_good"].seconds == 1.5
    assert outcomes["test_bad"].text == "trace"
    assert outcomes["test_may"].left_out == "no sshd"
    assert outcomes["test_end"].text == "one\ntwo"


def test_figures_come_from_the_results_and_before_the_closing_line(tmp_path, capsys):
    file = tmp_path / "results.xml"
    told = '<property name="figures" value="9 kills&#10;1 crash"/><property name="other" value="no figure"/>'
    case = f'<testcase file="a.py" name="test_a"><properties>{told}</properties></testcase>'
    file.write_text(f"<testsuites><testsuite>{case}</testsuite></testsuites>")
    report = Report()
    report.add([Outcome("silent"), *suite_pytest.read_results(file, "system")])
    report.close()
    lines = capsys.readouterr().out.splitlines()
    assert lines[-6:] == ["", "Figures:", "  9 kills", "  1 crash", "", "2 passed, 0 failed"]


def closing(capsys, *outcomes):
    report = Report()
    report.add(outcomes)
    code = report.close()
    return code, capsys.readouterr().out.splitlines()[-1]


def test_the_closing_line(capsys):
    assert closing(capsys, Outcome("a"), Outcome("b")) == (0, "2 passed, 0 failed")
    assert closing(capsys, Outcome("a"), Outcome("b", "text")) == (1, "1 passed, 1 failed")
    assert closing(capsys, Outcome("a"), Outcome("b", left_out="no sshd")) == (0, "1 passed, 0 failed")


@pytest.mark.parametrize("outcomes", [(), (Outcome("a", left_out="no sshd"),)])
def test_no_test_run_is_a_failure(capsys, outcomes):
    assert closing(capsys, *outcomes) == (1, "0 passed, 0 failed")


def test_a_failure_is_shown_at_once(capsys):
    Report().add([Outcome("name of the test", "its traceback")])
    assert "name of the test\nits traceback" in capsys.readouterr().out


def test_a_long_text_keeps_its_ends():
    text = shortened("a" * LONGEST_TEXT + "b" * LONGEST_TEXT)
    assert text.startswith("aaa")
    assert text.endswith("bbb")
    assert len(text) < LONGEST_TEXT + 100
