"""Odoo's web client as a person uses it: menus, lists, forms and dialogs, named by what they show."""

from __future__ import annotations

import re
import time
from pathlib import Path

from playwright.sync_api import Locator, Page, expect

from tests.sandbox.demo.cast import GROUP_NAME

from .site import Site
from .watch import Watch

#: Where the pointer brings up no tooltip, which would cover what is clicked next.
_OUT_OF_THE_WAY = (1, 899)
_LONGEST_CALL_SECONDS = 60
_LOOK_MILLISECONDS = 50
_QUIET_LOOKS = 4
#: How long the lanes may take for a remittance, and how often to look.
_LANE_SECONDS = 120
_RELOAD_MILLISECONDS = 1000
_CURRENT_STATE = ".o_statusbar_status .o_arrow_button_current"
_BREADCRUMB = ".o_last_breadcrumb_item, .o_breadcrumb .active"


class WebClient:
    """One person's browser window.

    :ivar page: Playwright's page, for what is particular to a test
    """

    def __init__(self, page: Page, watch: Watch, site: Site, pictures: Path) -> None:
        self.page = page
        self._watch = watch
        self._site = site
        self._pictures = pictures

    # === GETTING AROUND === #

    def log_in(self, login: str) -> None:
        """Log in through the login page, and switch on all companies that the user may work in."""
        self.page.goto(f"{self._site.url}/web/login")
        self.page.fill("input[name=login]", login)
        self.page.fill("input[name=password]", self._site.passwords[login])
        self.page.click(".oe_login_form button[type=submit]")
        expect(self.page.locator(".o_main_navbar")).to_be_visible()
        self._switch_on_all_companies()

    def _switch_on_all_companies(self) -> None:
        self.page.click(".o_switch_company_menu button")
        group = self.page.locator(".o_switch_company_menu_dropdown").get_by_role(
            "button", name=f"Switch to {GROUP_NAME}", exact=True
        )
        with self.page.expect_navigation():
            group.click()  # which takes its branches along
        self.wait()

    def open_menu(self, app: str, section: str, entry: str) -> None:
        """Choose a menu entry of an application."""
        self.page.click(".o_navbar_apps_menu button")
        self.page.locator(".o-dropdown--menu .o_app").filter(has_text=app).click()
        expect(self.page.locator(".o_menu_brand")).to_have_text(app)
        self.page.locator(".o_menu_sections > *").filter(has_text=section).first.click()
        self.page.locator(".o-dropdown--menu .dropdown-item").get_by_text(entry, exact=True).click()
        expect(self.page.locator(_BREADCRUMB)).to_contain_text(entry)
        self.wait()

    def wait(self) -> None:
        """Wait until no call has been under way for a moment.

        :raises AssertionError: there is no such moment
        """
        self.page.mouse.move(*_OUT_OF_THE_WAY)
        quiet, deadline = 0, time.monotonic() + _LONGEST_CALL_SECONDS
        while quiet < _QUIET_LOOKS:
            assert time.monotonic() < deadline, [request.url for request in self._watch.under_way]
            self.page.wait_for_timeout(_LOOK_MILLISECONDS)
            quiet = 0 if self._watch.under_way else quiet + 1

    def show_as(self, view: str) -> None:
        """Switch to another view (list, kanban, pivot or graph) of the same records."""
        self.page.click(f".o_cp_switch_buttons .o_switch_view.o_{view}")
        expect(self.page.locator(f".o_action_manager .o_{view}_view")).to_be_visible()
        self.wait()

    # === LISTS === #

    def rows(self, text: str = "") -> Locator:
        """Return the rows of the list that hold the text."""
        return self.page.locator(".o_content .o_data_row").filter(has_text=text)

    def search(self, text: str) -> None:
        """Search for the text as the search view proposes it first."""
        box = self.page.locator(".o_searchview_input")
        box.fill(text)
        expect(self.page.locator(".o_searchview_autocomplete .o-dropdown-item").first).to_contain_text(text)
        box.press("Enter")
        expect(self.page.locator(".o_searchview_facet").filter(has_text=text)).to_be_visible()
        self.wait()

    def click_row(self, text: str = "") -> None:
        """Click the first row of the list that holds the text."""
        self.rows(text).first.locator("td.o_data_cell:not(.o_handle_cell)").first.click()

    def open_row(self, text: str = "") -> None:
        """Open the form of the first row of the list that holds the text."""
        self.click_row(text)
        expect(self.form).to_be_visible()
        self.wait()

    # === FORMS === #

    @property
    def form(self) -> Locator:
        """The form of the page."""
        return self.page.locator(".o_action_manager .o_form_view")

    @property
    def header_buttons(self) -> Locator:
        """The buttons of the form that decide something."""
        return self.form.locator(".o_statusbar_buttons button")

    def press(self, name: str) -> None:
        """Press a button in the form's header."""
        self.header_buttons.get_by_text(name, exact=True).click()

    def press_smart_button(self, name: str) -> None:
        """Press one of the buttons at the top of the form that lead to related records."""
        self.form.locator(".oe_stat_button").filter(has_text=name).click()
        self.wait()

    def follow(self, name: str) -> None:
        """Follow the link of a field of the form."""
        left = self.page.locator(_BREADCRUMB).inner_text()
        self.field(name).get_by_role("link").click()
        expect(self.page.locator(_BREADCRUMB)).not_to_have_text(left)
        self.wait()

    def open_tab(self, name: str) -> None:
        """Show a tab of the form."""
        self.form.locator(".o_notebook_headers .nav-link").get_by_text(name, exact=True).click()

    def field(self, name: str, scope: Locator | None = None) -> Locator:
        """Return a field of the form, or of a dialog given as ``scope``."""
        return (scope or self.form).locator(f".o_field_widget[name={name}]").first

    def expect_state(self, label: str) -> None:
        """Wait for the state in the form's header."""
        expect(self.form.locator(_CURRENT_STATE)).to_have_text(re.compile(rf"^\s*{label}\s*$"))

    def expect_state_after_reloads(self, label: str) -> None:
        """Reload the form until it shows the state that a cron leads to.

        :raises AssertionError: it does not come to that in time
        """
        current = self.form.locator(_CURRENT_STATE)
        deadline = time.monotonic() + _LANE_SECONDS
        while current.inner_text().strip() != label:
            assert time.monotonic() < deadline, f"{current.inner_text()} after {_LANE_SECONDS} s"
            self.page.wait_for_timeout(_RELOAD_MILLISECONDS)
            self.page.reload()
            expect(current).to_be_visible()
            self.wait()

    # === DIALOGS === #

    @property
    def dialog(self) -> Locator:
        """The dialog in front."""
        return self.page.locator(".o_dialog:not(.o_inactive_modal) .modal-content")

    def choose(self, name: str, text: str, scope: Locator) -> None:
        """Choose the record that the text finds in a many2one field."""
        box = self.field(name, scope).locator("input")
        box.click()
        box.fill(text)
        self.page.locator(".o-autocomplete--dropdown-item").filter(has_text=text).first.click()

    def confirm_dialog(self, name: str) -> None:
        """Press a button of the dialog in front, and wait until the dialog is gone."""
        self.dialog.locator(".modal-footer").get_by_role("button", name=name, exact=True).click()
        expect(self.dialog).to_have_count(0)
        self.wait()

    # === PICTURES === #

    def picture(self, name: str) -> None:
        """Take a picture of the window as it is."""
        self.wait()
        self.page.screenshot(path=self._pictures / f"{name}.png", animations="disabled")
