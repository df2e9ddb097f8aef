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
    modified_seconds = fields.Float(readonly=True, help="Seconds since 1970, as the partner's server says")
    since = fields.Float(readonly=True, help="Seconds since 1970 since when it looks so, our clock")
    state = fields.Selection(
        [("seen", "Seen"), ("queued", "Queued"), ("stored", "Stored"), ("given_up", "Given Up")],
        required=True,
        default="seen",
        readonly=True,
        help="A file that was given up is fetched when the partner replaces it, or when somebody looks now.",
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

        A file whose fetch is under way is not forgotten: the fetch finds out what became of it.

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
        gone = [file for name, file in known.items() if name not in observations and file.state != "queued"]
        self.union(*gone).unlink()
        created = {file.name: file for file in self.create(fresh)}
        return {name: known.get(name) or created[name] for name in observations}

    # === FETCH AND DISPOSE === #

    def _queue_fetch(self):
        self.state = "queued"
        self.with_company(self.company_id).with_kernel_task(
            identity_key=f"endpoint.fetch:{self.id}:{int(self.size)}:{self.modified_seconds}",
            endpoint=self.endpoint_id,
        )._fetch()

    @integration_task("Fetch a file from a mailbox", priority=9)
    def _fetch(self):
        """Store the file as a message and queue its disposal.

        A file that was replaced since it was listed may still grow: it is left for the next look.

        :raise TransientError: if the file left the mailbox
        :raise PostponedTask: while the endpoint is paused
        """
        if not self.exists() or self.state != "queued":
            return
        endpoint = self.endpoint_id
        endpoint._wait_while_paused()
        with endpoint._transport() as transport:
            remote = self._find_listed(transport)
            if not self._is_version(remote):
                self.state = "seen"
                return
            message = self.env["integration.message"]._receive(endpoint, self.name, transport.fetch(remote))
        self.write({"state": "stored", "message_id": message.id})
        if endpoint.disposal != "leave":
            self.with_kernel_task(
                identity_key=f"endpoint.dispose:{self.id}:{message.id}", endpoint=endpoint
            )._dispose()

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

    def _is_version(self, remote):
        """Tell whether a listed file is the very one that was seen before."""
        modified = 0.0 if remote.modified is None else remote.modified.timestamp()
        return (remote.size, modified) == (int(self.size), self.modified_seconds)

    @integration_task("Archive or delete a fetched file", priority=12)
    def _dispose(self):
        """Move or delete the fetched file; one that was replaced since is left for the next look.

        :raise PostponedTask: while the endpoint is paused
        """
        if not self.exists() or self.state != "stored":
            return
        self.endpoint_id._wait_while_paused()
        with self.endpoint_id._transport() as transport:
            for remote in transport.list():
                if remote.name == self.name and self._is_version(remote):
                    transport.dispose(remote)

    # === FAILURES === #

    @api.model
    def _reconsider(self, endpoints):
        """Let files be fetched again that were given up."""
        self.search([("endpoint_id", "in", endpoints.ids), ("state", "=", "given_up")]).state = "seen"

    def _integration_task_failed(self, method_name, error):
        result = super()._integration_task_failed(method_name, error)
        self.endpoint_id._note_failure_of_address(error)
        return result

    def _integration_task_cancelled(self, method_name):
        result = super()._integration_task_cancelled(method_name)
        if method_name == "_fetch":
            self.filtered(lambda file: file.state == "queued").state = "given_up"
        return result

    def _integration_task_context(self):
        return {"system": self.endpoint_id.system_id[:1], "record": self.endpoint_id[:1]}
