"""One hospital, one server and one browser for all tests of a run; a fresh window for each person."""

import os
import sys
from pathlib import Path

import pytest
from playwright.sync_api import expect, sync_playwright

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "setup"))

from provisioning import paths  # noqa: E402 (the path above makes it importable)

from tests.browser import site as demo_site  # noqa: E402
from tests.browser.watch import Watch  # noqa: E402
from tests.browser.web_client import WebClient  # noqa: E402

PICTURES = paths.LOCAL / "test" / "screenshots"
WINDOW = {"width": 1440, "height": 900}
#: Seconds that a screen may take on a busy machine; the first also has its styles and scripts put together.
PATIENCE = 60
#: A machine behind a firewall must not slow the browser down by what it would tell its maker.
OPTIONS = (
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


@pytest.fixture(scope="session")
def site(tmp_path_factory):
    with demo_site.running(tmp_path_factory.mktemp("hospital")) as running:
        yield running


@pytest.fixture(scope="session")
def browser():
    expect.set_options(timeout=PATIENCE * 1000)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=os.environ["HEALTHCARE_INTEGRATION_BROWSER"], args=OPTIONS, timeout=60_000
        )
        yield browser
        browser.close()


@pytest.fixture
def window(site, browser):
    """Return a function that opens a window for a login; at the end, none of them may have seen a fault."""
    PICTURES.mkdir(parents=True, exist_ok=True)
    opened = []

    def open_window(login):
        context = browser.new_context(viewport=WINDOW, locale="en-US", timezone_id="America/Chicago")
        context.set_default_timeout(PATIENCE * 1000)
        watch = Watch(context)
        person = WebClient(context.new_page(), watch, site, PICTURES)
        opened.append((login, context, watch, person))
        person.log_in(login)
        return person

    yield open_window
    faults = []
    for login, context, watch, person in opened:
        dialogs = person.page.locator(".o_error_dialog, .o_notification_body").all_inner_texts()
        faults += [f"{login}: {fault}" for fault in [*watch.faults, *dialogs]]
        context.close()
    assert not faults, "\n".join(faults)
