"""The pictures of the documents: people follow the guides for partners step by step, and look at remittances.

``./setup/test tests/browser/pictures.py`` takes them anew in ``docs/images``; a plain run of the tests leaves
this file out. A step whose menu, button or field is not called as the guide says fails.
"""

import os
import re
import subprocess
import time

import pytest
from PIL import Image
from playwright.sync_api import expect
from provisioning import demo_bank, paths

from tests.sandbox import http_partner
from tests.sandbox.authority import Authority
from tests.sandbox.demo.adjudication import Contract, processed
from tests.sandbox.demo.book import Pile
from tests.sandbox.demo.cast import QUILLMARK, SURGERY
from tests.sandbox.demo.statements import delivery, payment

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300, func_only=True)]

IMAGES = paths.ROOT / "docs" / "images"
GUIDE = paths.ADDONS / "healthcare_integration_base" / "docs" / "connect.md"
WIDTH = 1280
LARGEST_PICTURE = 150_000
PALETTE = 192
#: What Odoo is called at the partner, and the partner here; both names are for examples only (RFC 2606).
OWN_ADDRESS = "https://odoo.example.org"
API, LOGIN = "api.example.com", "login.example.com"
#: An address for examples (RFC 5737).
API_ADDRESS = "203.0.113.10"
SIGNING_SECRET = "a secret that is made for the pictures only"
FILE_NUMBER = 951
SUPPLIER, REST_ENDPOINT = "Supplier portal", "Orders API"
HOUSE = "Sandbox Clearing House"
PATIENCE_SECONDS = 120

REPLACE_TEXTS = """(pairs) => {
    const replaced = (text) => pairs.reduce((so_far, [old, shown]) => so_far.replaceAll(old, shown), text);
    const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (texts.nextNode()) texts.currentNode.data = replaced(texts.currentNode.data);
    for (const box of document.querySelectorAll("input, textarea")) box.value = replaced(box.value);
}"""


@pytest.fixture(scope="module", autouse=True)
def own_address(site):
    """Let Odoo believe that it is reached under a name."""
    admin = site.client("admin")
    for key, value in (("web.base.url.freeze", "True"), ("web.base.url", OWN_ADDRESS)):
        admin.call("ir.config_parameter", "set_param", key, value)


def enter(person, label, value):
    """Enter a value in the field with this label: a text, or the choice that it names."""
    control = person.form.get_by_label(re.compile(rf"^{re.escape(label)}\s*\??$")).first
    control.click()
    control.fill(value)
    if control.evaluate("box => Boolean(box.closest('.o-autocomplete, .o_select_menu'))"):
        pick(person, value)
    else:
        control.blur()


def pick(person, value):
    """Choose from the list that has dropped down, once it has been searched."""
    person.wait()
    items = person.page.locator(".o-autocomplete--dropdown-item, .o_select_menu_item")
    items.filter(has_text=value).first.click()


def make_new(person, entry):
    """Open an empty form from an entry of the menu Systems."""
    person.open_menu("Integrations", "Systems", entry)
    person.page.get_by_role("button", name="New", exact=True).first.click()
    expect(person.form).to_be_visible()
    person.wait()


def save(person):
    person.page.locator(".o_form_button_save").click()
    expect(person.page.locator(".o_form_button_create")).to_be_visible()
    person.wait()


def approve_and_go_live(person):
    person.press("Approve")
    person.expect_state("Approved")
    person.press("Go Live")
    person.expect_state("Live")


def add_route(person, **cells):
    """Add a line on the page Routes of an endpoint, and save it."""
    person.open_tab("Routes")
    person.form.get_by_role("button", name="Add a line").click()
    row = person.form.locator(".o_selected_row")
    for name, value in cells.items():
        box = row.locator(f"[name={name}] input")
        box.click()
        box.fill(value)
        if name in ("flow_id", "content_kind"):
            pick(person, value)
    save(person)


def take(person, name, height, width=WIDTH, part=None, shown_as=()):
    """Take a picture for the documents.

    :param height: of the window, like the width
    :param part: locator of the part that is shown instead of the window
    :param shown_as: ``(text, text instead of it)``, for the addresses of this machine
    """
    person.page.set_viewport_size({"width": width, "height": height})
    person.page.evaluate("document.activeElement.blur()")
    person.page.evaluate("document.querySelector('.o_form_renderer, .o_content')?.scrollTo(0, 0)")
    person.wait()
    if shown_as:
        person.page.evaluate(REPLACE_TEXTS, [list(pair) for pair in shown_as])
    file = IMAGES / f"{name}.png"
    (part or person.page).screenshot(path=file, animations="disabled")
    # A palette is enough for a screen, and a third of the bytes.
    Image.open(file).convert("RGB").quantize(PALETTE, dither=Image.Dither.NONE).save(file, optimize=True)
    assert file.stat().st_size < LARGEST_PICTURE, f"{file.name} has {file.stat().st_size} bytes"


def pages_of(person):
    """Return the part of a form that has the pages with their titles."""
    return person.form.locator(".o_notebook")


def test_remittances(window, site):
    demo_bank.run(site.client("biller"), site.files)
    biller = window("biller")
    biller.open_menu("Integrations", "Remittances", "Remittances")
    take(biller, "remittances", 900, width=1440)
    biller.search("ORD")
    biller.open_row("Held")
    biller.expect_state("Held")
    take(biller, "remittance-held", 900, width=1440)


# === A REST API === #


@pytest.fixture(scope="module")
def authority():
    return Authority()


@pytest.fixture
def partner(authority):
    with http_partner.running(authority.issue("api", http_partner.HOST)) as running:
        running.records = [{"id": number, "at": f"2026-03-0{number}T08:00:00Z"} for number in range(1, 4)]
        yield running


@pytest.fixture
def order_type(site):
    """Describe the documents that the REST API has, as an addon would."""
    values = {"name": "Order confirmation", "code": "example.order", "format": "json", "data_class": "none"}
    site.client("admin").call("integration.document.type", "create", [values])
    return values["name"]


def test_connecting_a_rest_api(window, site, partner, authority, order_type):
    manager, officer = window("manager"), window("secrets")
    make_system(manager)
    enter_oauth_client(officer, partner)
    enter_rest_endpoint(manager)
    take(manager, "rest-endpoint", 1060)
    lead_here(site, partner, authority)
    manager.page.reload()
    manager.wait()
    manager.press("Test Connection")
    expect(manager.dialog.get_by_text("The connection works.")).to_be_visible()
    take(manager, "rest-test", 760, shown_as=names_of(partner))
    manager.confirm_dialog("Close")
    endpoint = manager.page.url

    make_new(manager, "Flows")
    enter(manager, "Name", "Order confirmations")
    enter(manager, "Code", "order-confirmations")
    enter(manager, "System", SUPPLIER)
    enter(manager, "Document Type", order_type)
    enter(manager, "Runs as", "Remittance interface")
    save(manager)
    approve_and_go_live(manager)

    manager.page.goto(endpoint)
    manager.wait()
    add_route(manager, flow_id="Order confirmations", content_kind="JSON value", content_path="/id")
    take(manager, "rest-routes", 900, part=pages_of(manager))
    manager.press("Activate")
    manager.expect_state("Active")
    manager.press("Look Now")
    expect(manager.page.get_by_text("is looked at in the background")).to_be_visible()
    expect(manager.page.locator(".o_notification")).to_have_count(0)
    reader, read = site.client("manager"), [("endpoint_id.name", "=", REST_ENDPOINT)]
    wait_for(lambda: len(reader.search_read("integration.message", read, ["id"])) >= len(partner.records))


def make_system(manager):
    make_new(manager, "Systems")
    enter(manager, "Name", SUPPLIER)
    enter(manager, "Code", "SUPPLIER")
    enter(manager, "Business Owner", "Bill Biller")
    enter(manager, "Technical Owner", "Mona Manager")
    save(manager)
    approve_and_go_live(manager)


def enter_oauth_client(officer, partner):
    make_new(officer, "Credentials")
    enter(officer, "Name", "OAuth client of the supplier portal")
    enter(officer, "System", SUPPLIER)
    enter(officer, "Kind", "Password")
    enter(officer, "Login", partner.client.identifier)
    enter(officer, "Only for hosts", f"{API}, {LOGIN}")
    enter(officer, "New secret", partner.client.secret)
    take(officer, "rest-credential", 700)
    save(officer)


def enter_rest_endpoint(manager):
    make_new(manager, "Endpoints")
    enter(manager, "Name", REST_ENDPOINT)
    enter(manager, "System", SUPPLIER)
    manager.form.get_by_label("HTTP (REST API)", exact=True).check()
    enter(manager, "Base address", f"https://{API}/v1")
    enter(manager, "Path for the test", "secure")
    enter(manager, "Authentication", "OAuth 2: client secret in a header")
    enter(manager, "Credential", "OAuth client of the supplier portal")
    enter(manager, "Token address", f"https://{LOGIN}/oauth2/token")
    enter(manager, "Scope", "orders.read")
    manager.open_tab("Read")
    enter(manager, "Path to read", "items")
    manager.form.get_by_label("Each record", exact=True).check()
    enter(manager, "Where the records are", "/data")
    enter(manager, "Changed-since parameter", "since")
    enter(manager, "Where a record says when it changed", "/at")
    enter(manager, "Pagination", "Cursor or next address in the answer")
    enter(manager, "Where the cursor is", "/meta/next")
    save(manager)


def lead_here(site, partner, authority):
    """Let the names of the guide lead to the partner on this machine."""
    admin = site.client("admin")
    [credential] = admin.search_read("integration.credential", [("system_id.name", "=", SUPPLIER)], ["id"])
    admin.call("integration.credential", "write", [credential["id"]], {"allowed_hosts": http_partner.HOST})
    [endpoint] = admin.search_read("integration.endpoint", [("name", "=", REST_ENDPOINT)], ["id"])
    values = {
        "base_url": partner.url,
        "token_url": f"{partner.url}/token",
        "allowed_networks": http_partner.HOST,
        "authorities": authority.certificate,
    }
    admin.call("integration.endpoint", "write", [endpoint["id"]], values)


def names_of(partner):
    """Return what the picture of a test shows instead of the addresses of this machine."""
    return (
        (f"{partner.url}/token", f"https://{LOGIN}/oauth2/token"),
        (partner.url, f"https://{API}/v1"),
        (f"port {partner.port}", "port 443"),
        (http_partner.HOST, API_ADDRESS),
    )


# === A WEBHOOK === #


def test_connecting_a_webhook(window, site, tmp_path):
    manager, officer = window("manager"), window("secrets")
    make_new(officer, "Credentials")
    enter(officer, "Name", "Signing secret of the clearing house")
    enter(officer, "System", HOUSE)
    enter(officer, "Kind", "Signing secret")
    enter(officer, "New secret", SIGNING_SECRET)
    take(officer, "webhook-secret", 640)
    save(officer)

    make_new(manager, "Endpoints")
    enter(manager, "Name", "Remittance events")
    enter(manager, "System", HOUSE)
    manager.form.get_by_label("Webhook", exact=True).check()
    enter(manager, "Cleared for", "Health data")
    enter(manager, "Signing secret", "Signing secret of the clearing house")
    enter(manager, "Before the signature", "sha256=")
    save(manager)
    add_route(manager, flow_id="Remittances", transaction_set="835")
    take(manager, "webhook-route", 900, part=pages_of(manager))
    manager.press("Activate")
    manager.expect_state("Active")
    take(manager, "webhook-endpoint", 880)
    address = manager.field("webhook_url").inner_text().strip()

    answer = send_by_the_guide(site, address.replace(OWN_ADDRESS, site.url), tmp_path)
    assert " 202 " in answer.splitlines()[0], answer
    manager.page.reload()
    manager.wait()
    manager.press_smart_button("Messages")
    manager.open_row()
    manager.expect_state_after_reloads("Applied")
    take(manager, "webhook-message", 760)


def send_by_the_guide(site, address, folder):
    """Send a remittance by the commands that the guide has for trying a webhook; return the answer."""
    taken = Pile(site.book.claims).take(QUILLMARK.code, SURGERY.npi, 2, to_patient=False)
    day = site.book.as_of
    paid = payment(QUILLMARK, SURGERY, day, FILE_NUMBER, [processed(claim, Contract()) for claim in taken])
    (folder / "remittance.835").write_bytes(delivery(QUILLMARK.code, day, FILE_NUMBER, [paid]).content)
    [commands] = re.findall(r"```sh\n(.*?openssl dgst.*?)```", GUIDE.read_text(encoding="utf-8"), re.DOTALL)
    variables = {**os.environ, "SECRET": SIGNING_SECRET, "ADDRESS": address, "NO_PROXY": "*"}
    return subprocess.run(
        ["sh", "-c", commands],
        cwd=folder,
        env=variables,
        capture_output=True,
        check=True,
        text=True,
        timeout=60,
    ).stdout


def wait_for(look):
    """Wait until it is true.

    :raises AssertionError: that does not come in time
    """
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not look():
        assert time.monotonic() < deadline, f"nothing after {PATIENCE_SECONDS} s"
        time.sleep(1)
