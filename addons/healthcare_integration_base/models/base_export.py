from odoo import models

from ..formats.spreadsheet import plain_cell

SUITE = "healthcare_integration_"


class BaseExport(models.AbstractModel):
    _inherit = "base"

    def export_data(self, fields_to_export):
        """Export what partners wrote as texts that no spreadsheet program runs.

        Odoo guards CSV files against some formulas and XLSX files, into which it writes them as such, not.
        """
        exported = super().export_data(fields_to_export)
        if self._holds_texts_of_partners():
            exported["datas"] = [[plain_cell(value) for value in row] for row in exported["datas"]]
        return exported

    def _holds_texts_of_partners(self):
        """Hook: tell whether the suite wrote what partners sent into some of these records."""
        return self._original_module.startswith(SUITE)
