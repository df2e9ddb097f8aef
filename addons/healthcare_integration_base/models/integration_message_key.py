from odoo import api, fields, models


class IntegrationMessageKey(models.Model):
    """The identities of everything received: who is entered here first is the original.

    The unique constraint decides between workers that take in the same file at the same moment.
    """

    _name = "integration.message.key"
    _description = "Integration Message Identity"
    _log_access = False
    _allow_sudo_commands = False
    _rec_name = "key"

    company_id = fields.Many2one("res.company", required=True, readonly=True)
    key = fields.Char(required=True, readonly=True)
    message_id = fields.Many2one(
        "integration.message", required=True, readonly=True, index=True, ondelete="cascade"
    )

    _key_uniq = models.Constraint("UNIQUE (company_id, key)", "This document was received before.")

    @api.model
    def _claim(self, message, key):
        """Enter a message under a key.

        :return: the message that holds the key: the given one, or the original that came before it
        """
        message.flush_recordset()
        self.env.cr.execute(
            """
            INSERT INTO integration_message_key (company_id, key, message_id) VALUES (%s, %s, %s)
            ON CONFLICT (company_id, key) DO NOTHING RETURNING message_id
            """,
            (message.company_id.id, key, message.id),
            log_exceptions=False,
        )
        if self.env.cr.fetchone():
            return message
        self.env.cr.execute(
            "SELECT message_id FROM integration_message_key WHERE company_id = %s AND key = %s",
            (message.company_id.id, key),
        )
        return message.browse(self.env.cr.fetchone()[0])
