from odoo.addons.web.controllers.export import ExcelExport

from ..formats.spreadsheet import plain_cell


class PlainTitlesExport(ExcelExport):
    """Titles of groups are values of records: what a partner wrote in one must not be run either."""

    def from_group_data(self, fields, columns_headers, groups):
        # Odoo shows the second part of a title; the first one keeps two groups apart.
        groups.children = {
            (title, plain_cell(_shown(title))): group for title, group in groups.children.items()
        }
        return super().from_group_data(fields, columns_headers, groups)


def _shown(title):
    return title[1] if isinstance(title, tuple) and len(title) > 1 else title
