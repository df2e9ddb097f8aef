from odoo import models

from ..formats.spreadsheet import plain_cell

SUITE = "healthcare_integration_"


class BaseExport(models.AbstractModel):
    _inherit = "base"

    def export_data(self, fields_to_export):
        """Export the suite's records with texts that no spreadsheet program runs: partners wrote many.

        Odoo guards CSV files against some formulas and XLSX files, into which it writes them as such, not.
        """
        exported = super().export_data(fields_to_export)
        if self._original_module.startswith(SUITE):
            exported["datas"] = [[plain_cell(value) for value in row] for row in exported["datas"]]
        return exported
