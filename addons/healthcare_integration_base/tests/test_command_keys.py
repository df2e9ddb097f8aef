import base64
import os
from pathlib import Path
from unittest.mock import patch

from odoo.tests import tagged

from ..keyring.sources import parse_keys
from ..models.data_files import data_path
from .command_common import CommandCase
from .intake_common import x12_file

VARIABLE = "HEALTHCARE_INTEGRATION_KEYS"
NEW = "command-new"


@tagged("post_install", "-at_install")
class TestCommandKeys(CommandCase):
    """The key that the database was encrypted with is replaced by the command, to its end."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        text = os.environ.get(VARIABLE) or Path(data_path("keys")).read_text(encoding="utf-8")
        cls.former_keys = parse_keys(text, "the keys of the test")
        cls.former_id = next(iter(cls.former_keys))

    def _with_keys(self, keys):
        text = ",".join(f"{key_id}:{base64.urlsafe_b64encode(key).decode()}" for key_id, key in keys.items())
        environment = patch.dict(os.environ, {VARIABLE: text})
        environment.start()
        self.addCleanup(environment.stop)

    def _chunk_keys(self, env):
        ring = env["integration.keyring"]._ring_at_hand()
        env.cr.execute("SELECT data FROM integration_message_chunk")
        return {ring.key_id_of(bytes(data)) for (data,) in env.cr.fetchall()}

    def test_a_former_key_is_replaced_and_retired(self):
        contents = [x12_file([["BPR", "I", str(number)]]) for number in range(3)]
        message_ids = [
            self._import(content, f"{number}.835")["message"] for number, content in enumerate(contents)
        ]
        new_key = {NEW: os.urandom(32)}
        self._with_keys({**new_key, **self.former_keys})
        with self._environment(self.database) as env:
            self.assertEqual(self._chunk_keys(env), {self.former_id})
            # Somebody is just encrypting, for as long as this transaction lasts.
            env.cr.execute("SELECT FROM integration_key FOR SHARE")
            rotated = self._run_json("rotate-keys", status=1)
        self.assertEqual(rotated, {"current": NEW, "retired": [], "left": [self.former_id]})
        rotated = self._run_json("rotate-keys")
        self.assertEqual(rotated, {"current": NEW, "retired": [self.former_id], "left": []})
        # From here on nobody has the former key any more.
        self._with_keys(new_key)
        with self._environment(self.database) as env:
            self.assertEqual(self._chunk_keys(env), {NEW})
            messages = env["integration.message"].browse(message_ids)
            self.assertEqual([message._payload() for message in messages], contents)
            retired = env["integration.key"].search([("retired_on", "!=", False)])
            self.assertEqual(retired.mapped("key_id"), [self.former_id])
        self.assertEqual(self._run_json("rotate-keys"), {"current": NEW, "retired": [], "left": []})
        self.assertIn({"keys": [self.former_id]}, self._audited("key.retired"))
        former = [entry["former"] for entry in self._audited("command.rotate_keys")]
        self.assertEqual(former, [[self.former_id], [self.former_id], []])
