"""What each role is shown: viewers find no buttons, and patients' names are for the few who may see them."""

import pytest
from playwright.sync_api import expect

from tests.sandbox.demo.cast import PATIENTS

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300, func_only=True)]


def test_a_viewer_finds_nothing_to_press(window):
    viewer = window("viewer")
    viewer.open_menu("Integrations", "Operations", "Exceptions")
    viewer.rows().first.locator(".o_list_record_selector input").check()
    expect(viewer.page.locator(".o_selection_box")).to_contain_text("1 selected")
    expect(viewer.page.locator(".o_control_panel").get_by_role("button", name="Resolve")).to_have_count(0)
    viewer.picture("viewer-exceptions")
    viewer.rows().first.locator(".o_list_record_selector input").uncheck()
    viewer.open_row("The remittance does not balance")
    expect(viewer.header_buttons).to_have_count(0)
    viewer.picture("viewer-exception")
    viewer.open_menu("Integrations", "Remittances", "Remittances")
    viewer.open_row("Posted")
    expect(viewer.header_buttons).to_have_count(0)
    viewer.picture("viewer-remittance")


def test_an_auditor_verifies_the_log(window, site):
    assert site.client("auditor").call("integration.audit.seal", "search_count", [])
    auditor = window("auditor")
    auditor.open_menu("Integrations", "Governance", "Audit Log")
    auditor.picture("audit-log")
    auditor.open_menu("Integrations", "Governance", "Audit Seals")
    auditor.picture("audit-seals")
    auditor.page.locator(".o_control_panel").get_by_role("button", name="Verify").click()
    expect(auditor.dialog.get_by_text("The audit log is as it was sealed.")).to_be_visible()
    expect(auditor.field("finding_count", auditor.dialog)).to_have_text("0")
    auditor.picture("audit-verified")


@pytest.mark.parametrize(("login", "may"), [("biller", False), ("phi", True)])
def test_patients_names_are_for_those_who_may_see_them(window, login, may):
    person = window(login)
    person.open_menu("Integrations", "Remittances", "Claims")
    person.open_row("Maplewick Health Plan")
    expect(person.field("claim_number")).not_to_be_empty()
    expect(person.field("patient_name")).to_have_count(int(may))
    person.picture(f"claim-as-{login}")
    person.open_tab("Details")
    person.picture(f"claim-details-as-{login}")
    text = person.form.inner_text().upper()
    assert any(name.upper() in text for name in PATIENTS) == may
