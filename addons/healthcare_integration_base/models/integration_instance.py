import os
import uuid

from odoo import api, fields, models
from odoo.exceptions import AccessError
from odoo.tools import SQL, config

from ..errors import BusinessRuleError
from .data_files import create_once, data_path

IDENTITY = ("database_uuid", "database_oid", "system_identifier", "instance_identifier")


class IntegrationInstance(models.Model):
    """The one place where this database may talk to other systems.

    A copied database brings its endpoints and secrets along. It is told apart by what a copy cannot
    bring: its number in the cluster, the cluster's identity, and a file outside the database. Until an
    administrator confirms the new place, nothing is fetched or sent from it.
    """

    _name = "integration.instance"
    _description = "Integration Instance"
    _allow_sudo_commands = False
    _rec_name = "database_uuid"

    database_uuid = fields.Char("Database identifier", readonly=True, required=True)
    database_oid = fields.Char("Database number", readonly=True, required=True)
    system_identifier = fields.Char("PostgreSQL cluster", readonly=True, required=True)
    instance_identifier = fields.Char("Installation", readonly=True, required=True)
    confirmed_on = fields.Datetime(readonly=True, required=True)
    confirmed_by_id = fields.Many2one("res.users", readonly=True, index="btree_not_null", ondelete="set null")
    state = fields.Selection(
        [("confirmed", "Confirmed"), ("moved", "Copied or moved")], compute="_compute_state"
    )
    difference = fields.Char(
        compute="_compute_state", help="What is not as it was when the place was confirmed."
    )

    _single = models.UniqueIndex("((true))", "A database has one place.")

    @api.depends_context("uid")
    def _compute_state(self):
        identity = self._identity()
        for instance in self:
            names = instance._differences(identity)
            instance.state = "moved" if names else "confirmed"
            instance.difference = ", ".join(
                instance._fields[name]._description_string(self.env) for name in names
            )

    # === IDENTITY === #

    @api.model
    def _identity(self):
        """Return what identifies the place where this database is now, as a dict of text.

        The file's part is empty while there is no file: a check never makes one.
        """
        self.env.cr.execute(
            SQL(
                "SELECT oid::text, (%s) FROM pg_database WHERE datname = current_database()",
                self.env["integration.audit.entry"]._cluster_query(),
            )
        )
        database_oid, system_identifier = self.env.cr.fetchone()
        return {
            "database_uuid": self.env["ir.config_parameter"].sudo().get_param("database.uuid") or "",
            "database_oid": database_oid,
            "system_identifier": system_identifier or "not told",
            "instance_identifier": self._read_instance_file(),
        }

    @api.model
    def _instance_file(self):
        """Return the path of the file that identifies the installation.

        Hosts that serve one database share it: name it in odoo.conf if they do not share the data folder.
        """
        return config.get("healthcare_integration_instance_file") or data_path("instance_id")

    @api.model
    def _read_instance_file(self):
        try:
            with open(self._instance_file(), encoding="utf-8") as file:
                return file.read().strip()
        except FileNotFoundError:
            return ""

    def _differences(self, identity):
        """Return the names of the parts of the identity that are not as confirmed."""
        self.ensure_one()
        return [name for name in IDENTITY if self[name] != identity[name]]

    @api.model
    def _is_confirmed(self):
        """Tell whether this database may talk to other systems from where it is."""
        instance_sudo = self.sudo().search([], limit=1)
        return bool(instance_sudo) and not instance_sudo._differences(self._identity())

    @api.model
    def _require_confirmed(self):
        """:raise BusinessRuleError: when this database was copied or moved and nobody has confirmed it"""
        if not self._is_confirmed():
            raise BusinessRuleError(
                code="instance.not_confirmed",
                message="This database was copied, moved or neutralized: it does not talk to other systems.",
                subject=self.env.cr.dbname,
                expected="the place that an administrator confirmed",
                found="another database, cluster or installation",
                remedy="If this is the production database, confirm it under Governance, Instance; "
                "leave a copy as it is.",
            )

    # === CONFIRMATION === #

    @api.model
    def _confirm_here(self):
        """Bind the database to where it is now, and let go what was stopped because it had moved."""
        if not self._read_instance_file():
            path = self._instance_file()
            if os.path.exists(path):
                os.unlink(path)
            create_once(path, uuid.uuid4().hex)
        values = {
            **self._identity(),
            "confirmed_on": self.env.cr.now(),
            "confirmed_by_id": self.env.uid,
        }
        instance_sudo = self.sudo().search([], limit=1)
        if instance_sudo:
            instance_sudo.write(values)
        else:
            instance_sudo = self.sudo().create(values)
        self.env["integration.audit.entry"]._record("instance.confirmed", instance_sudo)
        self.env["integration.endpoint"].sudo()._release("instance")
        return instance_sudo

    @api.model
    def _cron_watch(self):
        """Suspend all endpoints when this database turns out to be a copy, for everybody to see."""
        if self._is_confirmed():
            return
        endpoints = self.env["integration.endpoint"].search([("state", "=", "active")])
        endpoints._suspend("instance", self.env._("This database was copied or moved."))

    def action_confirm(self):
        """Declare that this is the database that talks to other systems."""
        if not self.env.user.has_group("base.group_system"):
            raise AccessError(
                self.env._("Only an administrator of Odoo can confirm the place of the database.")
            )
        self._confirm_here()
