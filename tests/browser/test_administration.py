"""Those who run the interfaces: a flow is paused, a secret changed, a file uploaded, a message replayed."""

import hashlib
import itertools
import time

import pytest
from playwright.sync_api import expect

from tests.sandbox.demo.adjudication import Contract, processed
from tests.sandbox.demo.book import Pile
from tests.sandbox.demo.cast import INBOX, QUILLMARK, SURGERY, Payer
from tests.sandbox.demo.interface import SYSTEM_CODE
from tests.sandbox.demo.remittances import put
from tests.sandbox.demo.statements import delivery, payment

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300, func_only=True)]

FLOW = "Remittances"
#: An identifier of the payer that nobody has registered.
OTHER_IDENTIFIER = "1070000055"
FIRST_NUMBER = 901
CLAIMS_PER_FILE = 2
PATIENCE_SECONDS = 120
#: Long enough for an idle lane to begin what it may begin.
LANE_SECONDS = 5
LOOK_SECONDS = 0.5

FILES = """([content, ...names]) => {
    const files = new DataTransfer();
    for (const name of names) files.items.add(new File([content], name));
    return files;
}"""


@pytest.fixture(scope="module")
def new_file(site):
    """Return a function that makes a payment of invoices that no other file pays, as ``(trace, file)``."""
    pile = Pile(site.book.claims)
    numbers = itertools.count(FIRST_NUMBER)
    day = site.book.as_of

    def make(payer=QUILLMARK):
        number = next(numbers)
        taken = pile.take(QUILLMARK.code, SURGERY.npi, CLAIMS_PER_FILE, to_patient=False)
        paid = payment(payer, SURGERY, day, number, [processed(claim, Contract()) for claim in taken])
        return paid.header.trace_number, delivery(payer.code, day, number, [paid])

    return make


@pytest.fixture
def live_flow(site):
    """Leave the flow live, whatever the test made of it."""
    yield
    manager = site.client("manager")
    for flow in manager.search_read("integration.flow", [("state", "=", "paused")], ["id"]):
        manager.call("integration.flow", "action_go_live", [flow["id"]])


def deliver(site, file):
    """Put a file into the mailbox at the clearing house and let Odoo look there."""
    put(file, site.house.mailbox / INBOX)
    operator = site.client("biller")
    endpoints = operator.search_read("integration.endpoint", [("state", "=", "active")], ["id"])
    operator.call("integration.endpoint", "action_poll_now", [endpoint["id"] for endpoint in endpoints])


def wait_for(look):
    """Return what ``look`` returns as soon as that is something.

    :raises AssertionError: it does not come to that in time
    """
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not (found := look()):
        assert time.monotonic() < deadline, f"nothing after {PATIENCE_SECONDS} s"
        time.sleep(LOOK_SECONDS)
    return found


def transactions(client, file_name):
    """Return the transactions of a file that was received."""
    domain = [("file_name", "=", file_name), ("parent_id", "!=", False)]
    return client.search_read("integration.message", domain, ["state", "parent_id"])


def remittance_state(client, trace):
    """Return the state of the remittance with a trace number; ``None`` while there is none."""
    found = client.search_read("rcm.remittance", [("trace_number", "=", trace)], ["state"])
    return found[0]["state"] if found else None


def audited(site, event, record_id):
    """Return the newest ``{actor_login, detail}`` that the audit log has of an event of a record."""
    entries = site.client("auditor").search_read(
        "integration.audit.entry",
        [("event", "=", event), ("res_id", "=", record_id)],
        ["actor_login", "detail"],
        order="id desc",
    )
    return entries[0] if entries else None


def test_a_manager_pauses_a_flow_and_resumes_it(window, site, new_file, live_flow):
    reader = site.client("biller")
    [flow] = reader.search_read("integration.flow", [("name", "=", FLOW)], ["id"])
    trace, file = new_file()
    manager = window("manager")
    manager.open_menu("Integrations", "Systems", "Flows")
    manager.open_row(FLOW)
    manager.expect_state("Live")
    manager.picture("flow-live")

    manager.press("Pause")
    manager.expect_state("Paused")
    expect(manager.form.get_by_text("This flow is paused")).to_be_visible()
    manager.picture("flow-paused")
    assert site.query(f"SELECT state FROM integration_flow WHERE id = {flow['id']}") == ["paused"]
    assert audited(site, "flow.paused", flow["id"])["actor_login"] == "manager"

    deliver(site, file)
    [waiting] = wait_for(lambda: transactions(reader, file.name))
    time.sleep(LANE_SECONDS)
    tasks = f"SELECT DISTINCT state FROM integration_task WHERE message_id = {waiting['id']}"
    assert site.query(tasks) == ["pending"]
    assert remittance_state(reader, trace) is None

    manager.press("Resume")
    manager.expect_state("Live")
    expect(manager.form.get_by_text("This flow is paused")).to_be_hidden()
    wait_for(lambda: remittance_state(reader, trace) == "posted")
    assert [message["state"] for message in transactions(reader, file.name)] == ["applied"]
    wait_for(lambda: site.query(tasks) == ["done"])
    assert audited(site, "flow.live", flow["id"])["actor_login"] == "manager"


@pytest.fixture
def second_mailbox(site):
    """Make an endpoint at the clearing house whose password has been changed there, and return its names."""
    admin = site.client("admin")
    [system] = admin.search_read("integration.system", [("code", "=", SYSTEM_CODE)], ["id"])
    named = {"name": "Second mailbox", "system_id": system["id"]}
    [credential] = admin.call(
        "integration.credential",
        "create",
        [{**named, "kind": "password", "login": site.house.login, "new_secret": "the former password"}],
    )
    [endpoint] = admin.call(
        "integration.endpoint",
        "create",
        [
            {
                **named,
                "transport": "sftp",
                "credential_id": credential,
                "host": site.house.host,
                "port": site.house.port,
                "host_key": site.house.host_key,
                "inbox_path": INBOX,
            }
        ],
    )
    return named["name"], credential, endpoint


def lets_in(client, endpoint):
    """Tell whether the connection test of an endpoint passes."""
    action = client.call("integration.endpoint", "action_test_connection", [endpoint])
    [check] = client.call("integration.endpoint.check", "read", [action["res_id"]], ["is_passed"])
    return check["is_passed"]


def test_a_secrets_officer_enters_a_new_secret(window, site, second_mailbox):
    name, credential, endpoint = second_mailbox
    operator = site.client("biller")
    stored = (
        "SELECT encode(secret_ciphertext, 'hex'), secret_fingerprint FROM integration_credential"
        f" WHERE id = {credential}"
    )
    [before] = site.query(stored)
    assert not lets_in(operator, endpoint)

    officer = window("secrets")
    officer.open_menu("Integrations", "Systems", "Credentials")
    officer.open_row(name)
    fingerprint = officer.field("fingerprint").inner_text()
    officer.field("new_secret").locator("input").fill(site.house.password)
    officer.picture("credential-new-secret")
    officer.page.locator(".o_form_button_save").click()
    expect(officer.field("fingerprint")).not_to_have_text(fingerprint)
    expect(officer.field("new_secret").locator("input")).to_have_value("")
    officer.picture("credential-rotated")

    [after] = site.query(stored)
    ciphertext, stored_fingerprint = after.split("|")
    assert ciphertext != before.partition("|")[0]
    assert site.house.password.encode().hex() not in ciphertext
    assert stored_fingerprint == officer.field("fingerprint").inner_text()
    rotated = audited(site, "credential.rotated", credential)
    assert rotated["actor_login"] == "secrets"
    assert site.house.password not in rotated["detail"]
    assert lets_in(operator, endpoint)


def test_an_operator_uploads_a_file(window, site, new_file):
    reader = site.client("biller")
    trace, file = new_file()
    operator = window("biller")
    open_upload(operator)
    expect(operator.dialog.get_by_text("or drag a file here")).to_be_visible()
    operator.picture("upload-dialog")

    drop(operator, file.content.decode(), file.name)
    expect(chosen_file(operator)).to_have_value(file.name)
    operator.picture("upload-dropped")
    operator.confirm_dialog("Take In")
    operator.expect_state_after_reloads("Settled")
    expect(operator.form.locator(".oe_title")).to_contain_text(file.name)
    expect(operator.form.get_by_text("Uploaded by biller")).to_be_visible()
    operator.picture("upload-message")

    [message] = reader.search_read(
        "integration.message",
        [("file_name", "=", file.name), ("parent_id", "=", False)],
        ["state", "payload_hash", "payload_size"],
    )
    assert message["payload_size"] == len(file.content)
    assert message["payload_hash"] == hashlib.sha256(file.content).hexdigest()
    assert audited(site, "message.uploaded", message["id"])["actor_login"] == "biller"
    assert [part["state"] for part in transactions(reader, file.name)] == ["applied"]
    assert remittance_state(reader, trace) == "posted"


def test_a_file_is_chosen_with_the_keyboard(window):
    operator = window("biller")
    open_upload(operator)
    with operator.page.expect_file_chooser() as chooser:
        operator.dialog.get_by_role("button", name="Choose a File").press("Enter")
    chooser.value.set_files({"name": "chosen.835", "mimeType": "text/plain", "buffer": b"ISA"})
    expect(chosen_file(operator)).to_have_value("chosen.835")


def test_several_files_are_not_dropped_at_once(window):
    operator = window("biller")
    open_upload(operator)
    drop(operator, "ISA", "one.835", "two.835")
    refusal = operator.page.locator(".o_notification").get_by_text("One upload is one document")
    expect(refusal).to_be_visible()
    expect(chosen_file(operator)).to_have_count(0)
    expect(refusal).to_have_count(0)


def open_upload(operator):
    operator.open_menu("Integrations", "Systems", "Flows")
    operator.open_row(FLOW)
    operator.press("Upload a File")
    expect(operator.dialog).to_be_visible()


def drop(operator, content, *names):
    """Drag files onto the dialog of an upload, and let them fall."""
    dragged = {"dataTransfer": operator.page.evaluate_handle(FILES, [content, *names])}
    operator.page.dispatch_event(".o_dialog .o_field_widget[name=file]", "dragenter", dragged)
    operator.page.dispatch_event(".o_integration_file_drop", "drop", dragged)


def chosen_file(operator):
    return operator.field("file", operator.dialog).locator("input[type=text]")


def test_an_operator_replays_a_held_message(window, site, new_file):
    reader = site.client("biller")
    payer = Payer(QUILLMARK.code, QUILLMARK.name, OTHER_IDENTIFIER, QUILLMARK.city, QUILLMARK.state)
    trace, file = new_file(payer)
    deliver(site, file)
    wait_for(lambda: [part["state"] for part in transactions(reader, file.name)] == ["held"])
    [held] = transactions(reader, file.name)
    register_payer(site)

    operator = window("biller")
    operator.open_menu("Integrations", "Operations", "Messages")
    operator.search(file.name)
    operator.open_row(file.name)
    operator.expect_state("Split")
    operator.press("Replay…")
    operator.picture("replay-dialog")
    reason = "The payer's second identifier is registered now."
    operator.field("reason", operator.dialog).locator("textarea").fill(reason)
    operator.confirm_dialog("Replay")
    operator.expect_state_after_reloads("Settled")
    operator.picture("replay-settled")
    operator.press_smart_button("Transactions")
    operator.picture("replay-transactions")

    assert [part["state"] for part in transactions(reader, file.name)] == ["applied"]
    assert remittance_state(reader, trace) == "posted"
    replayed = audited(site, "message.replayed", held["id"])
    assert replayed["actor_login"] == "biller"
    assert reason in replayed["detail"]
    waiting_for = [("message_ids", "in", [held["id"]]), ("state", "in", ["open", "in_progress"])]
    assert reader.search_read("integration.exception", waiting_for, ["name"]) == []


def register_payer(site):
    """Tell Odoo whom the other identifier means: as it should have been before the file came."""
    manager = site.client("manager")
    [known] = manager.search_read(
        "integration.reference",
        [("kind", "=", "payer"), ("external_key", "=", QUILLMARK.identifier)],
        ["system_id", "kind", "res_model", "res_id"],
    )
    del known["id"]
    manager.call(
        "integration.reference",
        "create",
        [{**known, "system_id": known["system_id"][0], "external_key": OTHER_IDENTIFIER}],
    )
