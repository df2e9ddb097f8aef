from odoo.addons.healthcare_integration_base.operations import RecentAnswers


def test_an_answer_is_given_again_for_its_time_and_no_longer():
    now = [100.0]
    answers = RecentAnswers(5, clock=lambda: now[0])
    assert answers.get("a") is None
    answers.put("a", False)
    now[0] += 4.9
    assert answers.get("a") is False and answers.get("b") is None
    now[0] += 0.1
    assert answers.get("a") is None


def test_what_is_asked_anew_is_kept_anew():
    now = [0.0]
    answers = RecentAnswers(5, clock=lambda: now[0])
    answers.put("a", False)
    now[0] += 4
    answers.put("a", True)
    now[0] += 4
    assert answers.get("a") is True
    answers.clear()
    assert answers.get("a") is None
