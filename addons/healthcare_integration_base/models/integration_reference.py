from odoo import api, fields, models
from odoo.tools import SQL

from ..errors import BusinessRuleError
from .model_selection import business_models
from .windows import form_window


class IntegrationReference(models.Model):
    """What a system calls an Odoo record: one external key of one kind is one record.

    The table is the kernel's bookkeeping: it is read and written with full rights, while the records it
    names come back with the rights of the caller.
    """

    _name = "integration.reference"
    _description = "Integration Reference"
    _order = "system_id, kind, external_key"

    system_id = fields.Many2one("integration.system", required=True, index=True, ondelete="cascade")
    company_id = fields.Many2one(related="system_id.company_id", store=True, index=True, precompute=True)
    kind = fields.Char(required=True, help="What is identified, for example payer or payee.")
    external_key = fields.Char(required=True, help="Identifier that the system uses.")
    res_model = fields.Selection("_selection_res_model", "Kind of record", required=True)
    res_id = fields.Many2oneReference("Record", model_field="res_model", required=True)
    name = fields.Char("Record name", compute="_compute_name")

    _external_key_unique = models.Constraint(
        "UNIQUE (system_id, kind, external_key)", "This key of the system already names a record."
    )
    _record_idx = models.Index("(res_model, res_id)")

    @api.model
    def _selection_res_model(self):
        return business_models(self.env)

    @api.depends("res_model", "res_id")
    def _compute_name(self):
        for model_name, references in self.grouped("res_model").items():
            records = self._existing(model_name, references.mapped("res_id"))
            names = {record.id: record.display_name for record in records._filtered_access("read")}
            for reference in references:
                reference.name = names.get(reference.res_id, False)

    @api.depends("kind", "external_key")
    def _compute_display_name(self):
        for reference in self:
            reference.display_name = f"{reference.kind or ''} {reference.external_key or ''}".strip()

    @api.model_create_multi
    def create(self, vals_list):
        return super().create([self._strip_key(vals) for vals in vals_list])

    def write(self, vals):
        return super().write(self._strip_key(vals))

    @api.model
    def _strip_key(self, vals):
        """Return the values with a trimmed kind and key, as they are looked up."""
        return {
            name: value.strip() if name in ("kind", "external_key") and value else value
            for name, value in vals.items()
        }

    @api.model
    def _existing(self, model_name, record_ids):
        """Return the records of those ids that still exist; none when their addon is gone."""
        if model_name not in self.env:
            return self.browse()
        return self.env[model_name].browse(record_ids).exists()

    @api.model
    def _find(self, system, kind, key):
        """Return the record that the system calls ``key``, or None."""
        return self._find_many(system, kind, [key]).get(str(key).strip())

    @api.model
    def _find_many(self, system, kind, keys):
        """Return ``{key: record}`` for those keys (trimmed) that name an existing record."""
        wanted = {str(key).strip() for key in keys}
        references_sudo = self.sudo().search_fetch(
            [("system_id", "=", system.id), ("kind", "=", kind), ("external_key", "in", list(wanted))],
            ["external_key", "res_model", "res_id"],
        )
        found = {}
        for model_name, group_sudo in references_sudo.grouped("res_model").items():
            records = {
                record.id: record for record in self._existing(model_name, group_sudo.mapped("res_id"))
            }
            for reference_sudo in group_sudo:
                if record := records.get(reference_sudo.res_id):
                    found[reference_sudo.external_key] = record.with_prefetch(list(records))
        return found

    @api.model
    def _remember(self, system, kind, key, record):
        """Note that the system calls the record ``key``. Repeating it changes nothing.

        :raise BusinessRuleError: ``reference.conflict`` when the key names another existing record
        """
        self._remember_many(system, kind, {key: record})

    @api.model
    def _remember_many(self, system, kind, records):
        """Note ``{key: record}`` of one kind in one statement.

        A key whose record was deleted is given to the new one.

        :raise BusinessRuleError: ``reference.conflict``, as :meth:`_remember`; then nothing is noted
        :raise ValueError: when a key is empty or a value is not one record
        """
        records = {str(key).strip(): record for key, record in records.items()}
        if not all(key and len(record) == 1 for key, record in records.items()):
            raise ValueError("a reference needs a key and exactly one record")
        taken = self._find_many(system, kind, records)
        for key, record in records.items():
            if taken.get(key, record) != record:
                raise self._conflict(system, kind, key, taken[key], record)
        self._upsert(system, kind, {key: record for key, record in records.items() if key not in taken})

    @api.model
    def _upsert(self, system, kind, records):
        """Write the keys, in order so that two transactions cannot deadlock on them.

        The unique index decides between concurrent transactions: the later one fails to serialise, is
        run again and then sees the earlier one's record.
        """
        if not records:
            return
        rows = [
            SQL(
                "(%s, %s, %s, %s, %s, %s, %s, %s, now() AT TIME ZONE 'UTC', now() AT TIME ZONE 'UTC')",
                system.id,
                system.sudo().company_id.id,
                kind,
                key,
                record._name,
                record.id,
                self.env.uid,
                self.env.uid,
            )
            for key, record in sorted(records.items())
        ]
        self.env.flush_all()
        self.env.cr.execute(
            SQL(
                """
                INSERT INTO integration_reference (
                    system_id, company_id, kind, external_key, res_model, res_id,
                    create_uid, write_uid, create_date, write_date
                ) VALUES %s
                ON CONFLICT (system_id, kind, external_key) DO UPDATE SET
                    res_model = EXCLUDED.res_model, res_id = EXCLUDED.res_id,
                    write_uid = EXCLUDED.write_uid, write_date = EXCLUDED.write_date
                """,
                SQL(", ").join(rows),
            )
        )
        self.invalidate_model()

    @api.model
    def _conflict(self, system, kind, key, taken, record):
        return BusinessRuleError(
            code="reference.conflict",
            message=self.env._(
                "%(system)s uses the %(kind)s key %(key)s for two records.",
                system=system.sudo().name,
                kind=kind,
                key=key,
            ),
            subject=f"{kind}:{key}",
            expected=f"{taken._name},{taken.id}",
            found=f"{record._name},{record.id}",
            remedy=self.env._("Correct the reference, or delete it if the key moved to the other record."),
        )

    def action_open_record(self):
        """Open the Odoo record."""
        self.ensure_one()
        self.check_access("read")
        return form_window(self.res_model, self.res_id)
