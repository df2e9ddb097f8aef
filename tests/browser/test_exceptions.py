"""A biller clears the exception queue: what waits for a decision is posted once the decision is made."""

import pytest
from playwright.sync_api import expect

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300, func_only=True)]

LOST_CLAIM = "OLD-77-4711"


@pytest.fixture
def biller(window):
    biller = window("biller")
    biller.open_menu("Integrations", "Operations", "Exceptions")
    return biller


def invoice_of_lost_claim(site):
    """Return the name of the invoice of the claim with the wrong number: same patient, same charge."""
    reader = site.client("phi")
    [claim] = reader.search_read("rcm.claim", [("claim_number", "=", LOST_CLAIM)], ["patient_name", "charge"])
    [invoice] = reader.search_read(
        "account.move",
        [
            ("rcm_patient_id.name", "=ilike", claim["patient_name"]),
            ("amount_total", "=", claim["charge"]),
            ("rcm_claim_status", "=", False),
        ],
        ["name"],
    )
    return invoice["name"]


def test_a_claim_is_matched_to_its_invoice(biller, site):
    invoice = invoice_of_lost_claim(site)
    biller.picture("exceptions")
    biller.open_row("No invoice was found for the claim")
    biller.expect_state("Open")
    biller.picture("exception-no-invoice")

    biller.press("Match to Invoice")
    biller.choose("invoice_id", invoice, biller.dialog)
    biller.picture("exception-match-dialog")
    biller.confirm_dialog("Match")
    biller.expect_state("Resolved")
    expect(biller.field("resolution")).to_contain_text(invoice)
    biller.picture("exception-matched")

    biller.follow("rcm_claim_id")
    expect(biller.field("match_state")).to_have_text("Matched")
    expect(biller.field("invoice_id")).to_contain_text(invoice)
    expect(biller.field("outcome")).to_have_text("Posted")
    biller.picture("claim-matched")
    entry = biller.field("entry_id").inner_text()
    biller.press_smart_button("Remittance")
    biller.press_smart_button("Entries")
    biller.picture("remittance-entries")
    biller.open_row(entry.partition(" ")[0])
    biller.expect_state("Posted")
    for account in ("Accounts Receivable", "Contractual allowance", "Unapplied cash"):
        expect(biller.form.locator(".o_data_row").filter(has_text=account)).to_have_count(1)
    biller.picture("journal-entry")


def test_an_unknown_payer_is_mapped_and_its_remittance_posted(biller):
    biller.open_row("The payer is unknown here")
    biller.picture("exception-unknown-payer")

    biller.press("Map Payer")
    biller.choose("partner_id", "Orrendale State Program", biller.dialog)
    expect(biller.field("name_in_file", biller.dialog)).not_to_be_empty()
    biller.picture("exception-payer-dialog")
    biller.confirm_dialog("Map and Resolve")
    biller.expect_state("Resolved")
    biller.picture("exception-payer-resolved")

    biller.follow("rcm_remittance_id")
    biller.expect_state_after_reloads("Posted")
    expect(biller.field("payer_id")).to_contain_text("Orrendale State Program")
    expect(biller.field("clearing_total")).to_have_text(biller.field("amount").inner_text())
    biller.picture("remittance-posted-after-mapping")
    biller.press_smart_button("Entries")
    expect(biller.rows()).to_have_count(1)
    biller.open_row()
    biller.expect_state("Posted")
