"""Every screen of the application opens, in each of its views, without a fault."""

import pytest
from playwright.sync_api import expect

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600, func_only=True)]

ROOT = "healthcare_integration_base.menu_integration_root"
#: The views that show the same records in another way than the list.
OTHER_VIEWS = ("kanban", "pivot", "graph")


def screens(site):
    """Return ``(section, entry, views)`` of the application's menu, in its order; dialogs are left out."""
    administrator = site.client("admin")
    menus = administrator.call("ir.ui.menu", "load_menus", False)
    [root] = [menu for menu in menus.values() if menu.get("xmlid") == ROOT]
    actions = {
        action["id"]: action["view_mode"].split(",")
        for action in administrator.search_read(
            "ir.actions.act_window", [("target", "!=", "new")], ["view_mode"]
        )
    }
    return [
        (menus[str(section)]["name"], leaf["name"], actions[leaf["action_id"]])
        for section in root["children"]
        for leaf in leaves(menus, menus[str(section)])
        if leaf["action_id"] in actions
    ]


def leaves(menus, menu):
    if not menu["children"]:
        return [menu]
    return [leaf for child in menu["children"] for leaf in leaves(menus, menus[str(child)])]


def test_all_screens_open(window, site):
    admin = window("admin")
    for section, entry, views in screens(site):
        admin.open_menu("Integrations", section, entry)
        name = f"screen-{section}-{entry}".lower().replace(" ", "-")
        admin.picture(f"{name}-{views[0]}")
        for view in views[1:]:
            if view in OTHER_VIEWS:
                admin.show_as(view)
                admin.picture(f"{name}-{view}")
        if "form" in views and "list" in views:
            if views[0] != "list" or set(views) & set(OTHER_VIEWS):
                admin.show_as("list")
            if admin.rows().count():
                admin.click_row()
                # Some lists are edited in place.
                edited = admin.page.locator(".o_selected_row")
                expect(admin.form.or_(edited).first).to_be_visible()
                admin.picture(f"{name}-form")
