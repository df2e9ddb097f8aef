from odoo import models

from ..doors.delivery import RECEIVING_STATES
from ..doors.problem import ApiProblem, Place


class IntegrationClientRequest(models.Model):
    """What a client may ask for."""

    _inherit = "integration.client"

    def _incoming_flows(self):
        """Return the flows that the client may send to, once they are live."""
        return self.flow_ids.filtered(lambda flow: flow.direction == "in" and flow.state != "retired")

    def _flow_to(self, code):
        """Return the flow of a code that the client may send to now.

        :raise ApiProblem: 404 if there is none for this client, 409 if it does not take documents now
        """
        flow = self._incoming_flows().filtered(lambda flow: flow.code == code)
        if not flow:
            raise ApiProblem(
                404, "flow.unknown", "The client may not send to a flow of this code.",
                remedy="Ask the hospital for the code, and for the permission to send.",
            )  # fmt: skip
        if flow.state not in RECEIVING_STATES:
            raise ApiProblem(
                409, "flow.not_live", "The flow does not take documents yet.",
                remedy="Send again when the hospital has put the flow live.",
                places=[Place("flow_code", "a flow that is live", flow.state)],
            )  # fmt: skip
        return flow

    def _grant(self, code):
        """Return the permission to ask a named question.

        :raise ApiProblem: 404 without it, as if there were no such question
        """
        grant = self.read_ids.filtered(lambda grant: grant.code == code)
        if not grant:
            raise ApiProblem(
                404, "read.unknown", "The client may not ask a question of this name.",
                remedy="Ask the hospital for the permission.",
            )  # fmt: skip
        return grant
