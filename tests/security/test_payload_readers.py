"""Code that reads payloads: a machine that processes them, or a person's screen, which must be audited."""

from tests.security.suite_source import called_names, methods

#: The kernel's own means, which no check and no audit guard.
RAW = {"_payload", "_payload_chunks", "_read_chunk"}
#: What may use them: the kernel itself, and machines that show nobody what they read.
MACHINES = {
    ("IntegrationMappingHandler", "_parse"),
    ("IntegrationMessageEvent", "_note_event_time"),
    ("IntegrationMessageIntake", "_open_interchange"),
    ("IntegrationMessageOutbox", "_hand_over"),
    ("IntegrationMessagePayload", "_disclosed_payload"),
    ("IntegrationMessagePayload", "_payload"),
    ("IntegrationMessagePayload", "_payload_chunks"),
    ("IntegrationMessageRouting", "_content"),
    ("IntegrationMessageSchema", "_schema_documents"),
    ("RcmRemittanceHandler", "_parse"),
    ("RcmRemittancePlanning", "_documents"),
}


def test_whatever_shows_a_payload_reads_it_where_it_is_audited():
    readers = {(method.class_name, method.name) for method in methods() if called_names(method.node) & RAW}
    assert readers - MACHINES == set(), "use integration.message._disclosed_payload, or name the machine here"
    assert MACHINES - readers == set(), "these read no payload any more"


def test_disclosing_checks_and_audits_before_it_reads():
    [disclosing] = [method for method in methods() if method.name == "_disclosed_payload"]
    order = [
        sorted(called_names(statement) & {"require_group", "_record", *RAW})
        for statement in disclosing.statements()
    ]
    assert [names for names in order if names] == [["require_group"], ["_record"], ["_payload_chunks"]]
