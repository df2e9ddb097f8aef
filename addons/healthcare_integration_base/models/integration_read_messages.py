from odoo import models


class IntegrationReadMessages(models.AbstractModel):
    """What became of the messages that a client has sent: the read that the kernel itself has to offer."""

    _name = "integration.read.messages"
    _inherit = "integration.read"
    _description = "Integration Read: Messages of the Client"

    _read_code = "messages"
    _read_title = "What became of the messages that the client has sent"
    _read_parameters = {
        "flow": {"type": "string", "maxLength": 200},
        "state": {"type": "string", "maxLength": 20, "pattern": "^[a-z]+$"},
    }
    _read_fields = {
        "number": {"type": "integer"},
        "id": {"type": "string"},
        "flow": {"type": "string"},
        "state": {"type": "string"},
        "received_at": {"type": "string", "format": "date-time"},
    }
    _read_key = "number"

    def _rows(self, parameters, limit, after):
        client_id = self.env.context.get("integration_client_id")
        domain = [("client_id", "=", client_id), ("parent_id", "=", False)]
        if after and after.isascii() and after.isdigit():
            domain.append(("id", ">", int(after[:10])))
        if "flow" in parameters:
            domain.append(("flow_id.code", "=", parameters["flow"]))
        if "state" in parameters:
            domain.append(("state", "=", parameters["state"]))
        # A client's user has no role here; what it has sent itself is no secret to it.
        messages_sudo = self.env["integration.message"].sudo().search(domain, order="id", limit=limit)
        return [
            {
                "number": message.id,
                "id": message.uuid,
                "flow": message.flow_id.code or "",
                "state": message.state,
                "received_at": message.received_at.isoformat() + "Z",
            }
            for message in messages_sudo
        ]
