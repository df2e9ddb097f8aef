from prometheus_client.parser import text_string_to_metric_families

from odoo.addons.healthcare_integration_base.operations import Metric, exposition


def read(metrics):
    """Return ``{(sample name, labels): value}`` as a reader of the format sees it."""
    families = text_string_to_metric_families(exposition(metrics).decode())
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in families
        for sample in family.samples
    }


def test_a_gauge_keeps_its_labels_and_values():
    metric = Metric(
        "tasks", "Tasks.", [({"state": "dead", "lane": "1"}, 3), ({"state": "due", "lane": "2"}, 0)]
    )
    assert read([metric]) == {
        ("tasks", (("lane", "1"), ("state", "dead"))): 3,
        ("tasks", (("lane", "2"), ("state", "due"))): 0,
    }


def test_a_counter_is_named_once():
    assert read([Metric("done_total", "Done.", [({}, 7.0)], kind="counter")]) == {("done_total", ()): 7}


def test_labels_with_quotes_and_line_ends_stay_one_label():
    name = 'Mailbox "North"\nsecond line \\ end'
    assert read([Metric("up", "Up.", [({"name": name}, 1)])]) == {("up", (("name", name),)): 1}


def test_a_metric_without_samples_is_no_error():
    assert read([Metric("none", "Nothing yet.", [])]) == {}
