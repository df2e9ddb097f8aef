import time

from odoo import api, models
from odoo.exceptions import UserError
from odoo.service.model import PG_CONCURRENCY_EXCEPTIONS_TO_RETRY

from ..operations import worst_state

READ_SIZE = 1 << 20
SECONDS_BETWEEN_LOOKS = 0.5


class IntegrationCommand(models.AbstractModel):
    """What the command line ``odoo integration`` does, with the rights of whoever runs the server.

    Each method returns a dict of plain JSON. Whatever changes something is in the audit log, under the
    name of the operating system's user.
    """

    _name = "integration.command"
    _description = "Integration Command Line"

    # === LOOKING === #

    @api.model
    def _status(self):
        """Return how the integration is doing: its checks, unfinished tasks and messages, endpoints."""
        checks = self.env["integration.health"]._readiness()
        metrics = {metric.name: metric.samples for metric in self.env["integration.metrics"]._collect()}
        endpoints = self.env["integration.endpoint"].search([("state", "!=", "draft")])
        return {
            "is_ready": worst_state(checks) != "failure",
            "checks": [check.as_dict() for check in checks],
            "tasks": self._by_state(metrics["healthcare_integration_tasks"]),
            "messages": self._by_state(metrics["healthcare_integration_messages"]),
            "endpoints": [
                {
                    "id": endpoint.id,
                    "name": endpoint.name,
                    "state": endpoint.state,
                    "last_success": endpoint.last_worked_at.isoformat() if endpoint.last_worked_at else None,
                    "errors": endpoint.consecutive_errors,
                }
                for endpoint in endpoints
            ],
        }

    @staticmethod
    def _by_state(samples):
        return {labels["state"]: int(count) for labels, count in samples}

    @api.model
    def _verify_audit(self, os_user, head=None):
        """Check the audit log against its seals.

        :param dict head: a head that was exported before; the data folder's by default
        """
        findings = self.env["integration.audit.seal"]._verify(head)
        self._record("verify_audit", os_user, findings=len(findings))
        return {
            "is_intact": not findings,
            "findings": [
                {"kind": kind, "seal": seal_number, "entry": entry_id}
                for kind, seal_number, entry_id in findings
            ],
            "head": self.env["integration.audit.seal"]._head(),
        }

    @api.model
    def _export_audit_head(self):
        """Return number, code and time of the newest seal, to be kept at another place.

        :raise UserError: while there is no seal
        """
        head = self.env["integration.audit.seal"]._head()
        if not head:
            raise UserError(self.env._("Nothing of the audit log is sealed yet."))
        return head

    # === MESSAGES === #

    @api.model
    def _import_file(self, os_user, path, *, endpoint=None, flow=None, file_name=None):
        """Take in a file as if an endpoint had fetched it.

        :param str path: file of this server
        :param str endpoint: id or name of the endpoint
        :param str flow: code of a flow; its endpoint is taken
        :param str file_name: as the partner named it, if not as the path has it
        :raise UserError: if there is no such endpoint, or more than one
        """
        endpoint = self._endpoint(endpoint, flow)
        name = file_name or path.rpartition("/")[2]
        with open(path, "rb") as file:
            message = (
                self.env["integration.message"]
                .with_company(endpoint.company_id)
                ._receive(endpoint, name, iter(lambda: file.read(READ_SIZE), b""))
            )
        self._record("import", os_user, message)
        return {
            "message": message.id,
            "uuid": message.uuid,
            "state": message.state,
            "sha256": message.payload_hash,
            "size": message.payload_size,
            "duplicate_of": message.duplicate_of_id.id or None,
        }

    @api.model
    def _run_flow(self, os_user, *, endpoint=None, flow=None):
        """Queue a look into the mailbox of a flow or endpoint, as **Look Now** does."""
        endpoint = self._endpoint(endpoint, flow)
        endpoint.action_poll_now()
        self._record("run_flow", os_user, endpoint)
        return {"endpoint": endpoint.id, "name": endpoint.name}

    @api.model
    def _replay(self, os_user, reason, *, ids=(), domain=None, limit=1000):
        """Run stopped messages again.

        :param ids: ids of messages
        :param domain: a domain of Odoo instead, of at most ``limit`` messages
        :raise UserError: if one does not exist, or must not be run again
        """
        messages = self.env["integration.message"]
        if domain is None:
            messages = messages.browse(ids).exists()
            if missing := set(ids) - set(messages.ids):
                raise UserError(self.env._("There is no message %s.", ", ".join(map(str, sorted(missing)))))
        else:
            messages = messages.search(domain, limit=limit, order="id")
        if not messages:
            raise UserError(self.env._("No message fits."))
        replayed = messages._replay(reason, os_user=os_user)
        self._record("replay", os_user, messages=len(replayed), reason=reason)
        return {"messages": replayed.ids}

    def _endpoint(self, name, flow_code):
        """Return the one endpoint that is named, by itself or by its flow.

        :raise UserError: if there is none, or more than one
        """
        endpoints = self.env["integration.endpoint"]
        if name:
            by_id = [("id", "=", int(name))] if name.isdecimal() else [("name", "=", name)]
            found = endpoints.search(by_id)
        else:
            flow = self.env["integration.flow"].search([("code", "=", flow_code)])
            routed = self.env["integration.route"].search([("flow_id", "in", flow.ids)]).endpoint_id
            found = flow.endpoint_id or routed
        if len(found) != 1:
            raise UserError(
                self.env._(
                    "%(count)s endpoints fit “%(name)s”. Name one by its id: %(ids)s",
                    count=len(found),
                    name=name or flow_code,
                    ids=", ".join(str(found_id) for found_id in found.ids) or self.env._("there is none"),
                )
            )
        return found

    # === QUEUE === #

    @api.model
    def _drain(self, os_user, seconds):
        """Run due tasks in this process until none is left, beside the lanes.

        :param float seconds: begin no task after so many seconds
        :return: whether no task is due any more, and how many were done and died meanwhile
        """
        self._record("drain", os_user)
        tasks, began = self.env["integration.task"], time.monotonic()
        before = tasks._counters()
        lane = self.env["integration.queue"].with_context(cron_end_time=began + seconds)
        started = before["started"]
        while True:
            lane._cron_run_lane()
            counters, is_due = tasks._counters(), self._is_any("pending")
            is_over = time.monotonic() >= began + seconds
            if not is_due or is_over or (counters["started"] == started and not self._is_any("running")):
                break
            started = counters["started"]
        return {
            "is_empty": not is_due,
            "done": counters["done"] - before["done"],
            "dead": counters["dead"] - before["dead"],
        }

    @api.model
    def _switch_lanes(self, os_user, is_on, seconds):
        """Switch all lanes on, or off and wait until what runs has ended.

        :param float seconds: how long to wait for lanes that are at work
        :return: whether the lanes could be switched, and whether a task runs still
        """
        deadline = time.monotonic() + seconds
        lanes = self.env["integration.queue"].with_context(active_test=False)._lanes()
        while not (is_switched := self._try_to_switch(lanes, is_on)) and time.monotonic() < deadline:
            time.sleep(SECONDS_BETWEEN_LOOKS)
        if is_switched:
            self._record("lanes_on" if is_on else "lanes_off", os_user, lanes)
            self.env.cr.commit()  # pylint: disable=invalid-commit; the command is its own transaction
        while not is_on and self._is_any("running") and time.monotonic() < deadline:
            time.sleep(SECONDS_BETWEEN_LOOKS)
        return {"lanes": lanes.ids, "is_switched": is_switched, "is_running": self._is_any("running")}

    def _try_to_switch(self, lanes, is_on):
        """Switch the lanes, unless one is at work: its row is locked as long as it runs."""
        try:
            lanes.write({"active": is_on})
            self.env.flush_all()
        except (UserError, *PG_CONCURRENCY_EXCEPTIONS_TO_RETRY):
            self.env.cr.rollback()
            return False
        return True

    def _is_any(self, state):
        """Tell whether a task is in a state now, in what others have committed meanwhile."""
        self.env.cr.commit()  # pylint: disable=invalid-commit; what others commit is seen by a new transaction
        self.env.cr.execute("SELECT 1 FROM integration_task WHERE state = %s LIMIT 1", (state,))
        return self.env.cr.fetchone() is not None

    # === KEYS === #

    @api.model
    def _rotate_keys(self, os_user):
        """Re-encrypt with the current key what former keys have encrypted, and retire them.

        :return: the ids of the current key, of those that were retired, and of those that are left: while
            somebody holds locked what they have encrypted, or is just encrypting
        """
        keyring, queue = self.env["integration.keyring"], self.env["integration.queue"]
        current = keyring._current_key_id()
        former = keyring._recorded_ids() - {current}
        # What follows is repeated when others get in its way; the record is not.
        queue._in_own_transaction(
            lambda: self._record("rotate_keys", os_user, current=current, former=sorted(former))
        )
        keyring._rotate()
        retired = queue._in_own_transaction(keyring._retire_unused) or []
        left = keyring._recorded_ids() - {current}
        return {"current": current, "retired": sorted(retired), "left": sorted(left)}

    # === AUDIT === #

    def _record(self, command, os_user, records=None, **detail):
        self.env["integration.audit.entry"]._record(
            f"command.{command}", records, {"os_user": os_user, **detail}
        )
