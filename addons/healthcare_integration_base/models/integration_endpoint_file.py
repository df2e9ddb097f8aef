from odoo import api, fields, models

from ..errors import TransientError
from ..queue import integration_task


class IntegrationEndpointFile(models.Model):
    """What was seen in a partner's mailbox: a file is fetched once, and only when it stopped growing."""

    _name = "integration.endpoint.file"
    _description = "Integration Mailbox File"
    _log_access = False
    _allow_sudo_commands = False

    endpoint_id = fields.Many2one(
        "integration.endpoint", required=True, index=True, ondelete="cascade", readonly=True
    )
    company_id = fields.Many2one(related="endpoint_id.company_id", store=True, index=True, precompute=True)
    name = fields.Char(required=True, readonly=True)
    size = fields.Float(readonly=True, help="Bytes; files may exceed what an integer holds")
    modified_seconds = fields.Float(
        readonly=True, help="Seconds since 1970, as the partner's server says"
    )
    since = fields.Float(
        readonly=True, help="Seconds since 1970 since when it looks so, our clock"
    )
    state = fields.Selection(
        [("seen", "Seen"), ("queued", "Queued"), ("stored", "Stored")],
        required=True,
        default="seen",
        readonly=True,
    )
    message_id = fields.Many2one(
        "integration.message", readonly=True, index="btree_not_null", ondelete="set null"
    )

    _file_uniq = models.Constraint("UNIQUE (endpoint_id, name)", "A mailbox holds a name once.")

    def _as_observations(self):
        """Return the files as the transports' stability check remembers them."""
        return {file.name: (int(file.size), file.modified_seconds or None, file.since) for file in self}

    @api.model
    def _remember(self, endpoint, observations):
        """Store how the mailbox looks now; a file that changed counts as new, one that left is forgotten.

        :param observations: ``{name: Observation}`` of all that is listed
        :return: ``{name: record}`` of the same
        """
        known = {file.name: file for file in self.search([("endpoint_id", "=", endpoint.id)])}
        fresh = []
        for name, (size, modified, since) in observations.items():
            values = {"size": size, "modified_seconds": modified or 0.0, "since": since}
            file = known.get(name)
            if file is None:
                fresh.append({"endpoint_id": endpoint.id, "name": name, **values})
            elif (int(file.size), file.modified_seconds) != (size, modified or 0.0):
                file.write({**values, "state": "seen", "message_id": False})
        self.browse([file.id for name, file in known.items() if name not in observations]).unlink()
        created = {file.name: file for file in self.create(fresh)}
        return {name: known.get(name) or created[name] for name in observations}

    # === FETCH AND DISPOSE === #

    def _queue_fetch(self):
        self.state = "queued"
        self.with_company(self.company_id).with_kernel_task(
            identity_key=f"endpoint.fetch:{self.id}:{int(self.size)}:{self.modified_seconds}"
        )._fetch()

    @integration_task("Fetch a file from a mailbox", priority=9)
    def _fetch(self):
        """Store the file as a message and queue its disposal.

        :raise TransientError: if the file is not the one that was listed any more
        """
        self.ensure_one()
        if self.state != "queued":
            return
        endpoint = self.endpoint_id
        with endpoint._transport() as transport:
            remote = self._find_listed(transport)
            message = self.env["integration.message"]._receive(endpoint, self.name, transport.fetch(remote))
        self.write({"state": "stored", "message_id": message.id})
        if endpoint.disposal != "leave":
            self.with_kernel_task(identity_key=f"endpoint.dispose:{self.id}:{message.id}")._dispose()

    def _find_listed(self, transport):
        for remote in transport.list():
            if remote.name == self.name:
                return remote
        raise TransientError(
            "mailbox.file_gone",
            "A file left the mailbox before it was fetched.",
            location=self.name,
            subject=f"{self.endpoint_id.id}/{self.name}",
            remedy="Nothing to do if it comes back; otherwise ask the partner what happened to it.",
        )

    @integration_task("Archive or delete a fetched file", priority=12)
    def _dispose(self):
        """Move or delete the fetched file; one that was replaced since is left for the next look."""
        self.ensure_one()
        with self.endpoint_id._transport() as transport:
            for remote in transport.list():
                is_same = remote.name == self.name and remote.size == int(self.size)
                if is_same and (remote.modified is None or remote.modified.timestamp() == self.modified_seconds):
                    transport.dispose(remote)
