"""A remittance is taken back and posted again by the buttons of its form."""

import pytest
from playwright.sync_api import expect

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300, func_only=True)]


def test_a_posted_remittance_is_undone_previewed_and_posted_again(window, site):
    [remittance] = site.client("biller").search_read(
        "rcm.remittance", [("file_name", "=like", "MPW\\_%\\_101.835")], ["trace_number"]
    )
    biller = window("biller")
    biller.open_menu("Integrations", "Remittances", "Remittances")
    biller.picture("remittances")
    biller.search(remittance["trace_number"])
    biller.open_row(remittance["trace_number"])
    biller.expect_state("Posted")
    amount = biller.field("amount").inner_text()
    biller.picture("remittance-posted")

    biller.press("Undo")
    biller.picture("remittance-undo-question")
    biller.confirm_dialog("Ok")
    biller.expect_state("Undone")
    biller.picture("remittance-undone")

    biller.press("Preview")
    totals = biller.dialog.locator(".o_list_footer td.o_list_number")
    expect(totals).to_have_count(2)
    debit, credit = (total.inner_text() for total in totals.all())
    assert debit == credit
    clearing = biller.dialog.locator(".o_data_row").filter(has_text=amount)
    expect(clearing).to_have_count(1)
    biller.picture("remittance-preview")
    biller.confirm_dialog("Close")

    biller.press("Post")
    biller.expect_state_after_reloads("Posted")
    expect(biller.field("clearing_total")).to_have_text(amount)
    biller.open_tab("Journal Entries")
    biller.picture("remittance-posted-again")
