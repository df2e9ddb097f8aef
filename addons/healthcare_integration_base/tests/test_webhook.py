import datetime
import time

from psycopg2 import IntegrityError

from odoo.exceptions import UserError, ValidationError
from odoo.tests import Form, tagged
from odoo.tools import mute_logger

from .door_common import SECRET, DoorCase

BODY = b'{"order": 1}'


@tagged("post_install", "-at_install")
class TestWebhook(DoorCase):
    def setUp(self):
        super().setUp()
        self.endpoint = self.new_webhook()

    # === WHO IS LET IN === #

    def test_a_signed_event_is_a_message_and_is_answered_with_its_identifier(self):
        with self.trap_tasks() as trap:
            response = self.deliver(self.endpoint, BODY, status=202)
        message = self.messages(self.endpoint)
        self.assertEqual(response.json(), {"id": message.uuid})
        self.assertEqual(message.state, "received")
        self.assertEqual(message._payload(), BODY)
        self.assertEqual((message.company_id, message.system_id), (self.env.company, self.system))
        trap.assert_enqueued("integration.message", "_open_delivery", records=message)

    def test_without_a_valid_signature_nothing_is_written(self):
        now = int(time.time())
        signed = self.profile_of(self.endpoint).sign(SECRET, BODY, now)
        path = f"/integration/webhook/{self.endpoint.webhook_token}"
        forged = {
            "no header": (path, BODY, {}),
            "no signature": (path, BODY, {"X-Timestamp": str(now)}),
            "no time": (path, BODY, {"X-Signature": signed["X-Signature"]}),
            "another body": (path, BODY + b" ", signed),
            "another time": (path, BODY, {**signed, "X-Timestamp": str(now + 1)}),
            "a time in words": (path, BODY, {**signed, "X-Timestamp": "now"}),
            "not hexadecimal": (path, BODY, {**signed, "X-Signature": "zz"}),
            "an empty signature": (path, BODY, {**signed, "X-Signature": ""}),
            "an unknown address": ("/integration/webhook/none", BODY, signed),
            "an address with a NUL character": ("/integration/webhook/a%00b", BODY, signed),
            "the code instead of the token": (f"/integration/webhook/{self.endpoint.id}", BODY, signed),
        }
        answers = set()
        self.call(*forged["no header"][:2], forged["no header"][2])  # caches are filled
        for name, (address, body, headers) in forged.items():
            with self.subTest(name), self.assert_nothing_written():
                response = self.call(address, body, headers, status=401)
            answers.add((response.content, response.headers["Content-Type"]))
        self.assertEqual(len(answers), 1, "the answers tell one reason from another")
        self.assertFalse(self.messages(self.endpoint))

    def test_a_signed_event_is_seen_to_write(self):
        """The guard of the test before can fail."""
        with self.assertRaises(AssertionError), self.assert_nothing_written():
            self.deliver(self.endpoint, BODY)

    def test_another_secret_and_an_old_time_are_refused(self):
        self.deliver(self.endpoint, BODY, secret="a secret of somebody else", status=401)
        late = int(time.time()) - self.endpoint.webhook_window_seconds - 5
        self.deliver(self.endpoint, BODY, timestamp=late, status=401)
        early = int(time.time()) + self.endpoint.webhook_window_seconds + 5
        self.deliver(self.endpoint, BODY, timestamp=early, status=401)
        self.assertFalse(self.messages(self.endpoint))

    def test_only_what_is_in_use_is_open(self):
        self.endpoint.action_pause()
        response = self.deliver(self.endpoint, BODY, status=503)
        self.assertEqual(response.headers["Retry-After"], "300")
        self.deliver(self.endpoint, BODY, secret="a secret of somebody else", status=401)
        self.endpoint.action_reset_to_draft()
        self.deliver(self.endpoint, BODY, status=401)
        self.assertFalse(self.messages(self.endpoint))

    def test_forms_large_and_empty_bodies_are_refused(self):
        self.endpoint.webhook_max_bytes = 100
        self.deliver(self.endpoint, b" " * 101, status=413)
        self.deliver(self.endpoint, b"", status=400)
        path = f"/integration/webhook/{self.endpoint.webhook_token}"
        form = {"Content-Type": "application/x-www-form-urlencoded"}
        self.call(path, b"order=1", form, status=415)
        self.call(path, b"", method="GET", status=405)
        self.assertFalse(self.messages(self.endpoint))

    def test_a_partner_who_sends_too_often_is_told_when_to_come_back(self):
        self.endpoint.webhook_rate_per_minute = 2
        for number in range(2):
            self.deliver(self.endpoint, b"%d" % number, status=202)
        response = self.deliver(self.endpoint, b"too often", status=429)
        self.assertIn(int(response.headers["Retry-After"]), range(26, 31))
        self.deliver(self.endpoint, b"0", status=429)
        self.assertEqual(len(self.messages(self.endpoint)), 2)
        self.deliver(self.new_webhook(name="Other events"), b"0", status=202)
        self.pass_seconds(31)
        self.deliver(self.endpoint, b"later", status=202)
        self.deliver(self.endpoint, b"too often", status=429)
        self.assertEqual(len(self.messages(self.endpoint)), 3)

    def pass_seconds(self, seconds):
        self.env.cr.execute(
            "UPDATE integration_endpoint_bucket SET refilled_at = refilled_at - %s * interval '1 second'",
            (seconds,),
        )

    def test_who_does_not_know_the_secret_uses_up_nothing_of_the_rate(self):
        self.endpoint.webhook_rate_per_minute = 1
        for _time in range(3):
            self.deliver(self.endpoint, BODY, secret="a secret of somebody else", status=401)
        self.deliver(self.endpoint, BODY, status=202)
        self.deliver(self.endpoint, BODY, status=429)

    def test_a_rate_costs_one_statement_and_none_where_there_is_none(self):
        for rate, count in ((0, 0), (2, 1)):
            self.endpoint.webhook_rate_per_minute = rate
            with self.subTest(rate=rate), self.recorded_statements() as statements:
                self.deliver(self.endpoint, b"%d" % rate, status=202)
                self.assertEqual(sum("_bucket" in statement for statement in statements), count)

    def test_a_rate_is_not_negative(self):
        with mute_logger("odoo.sql_db"), self.assertRaises(IntegrityError), self.env.cr.savepoint():
            self.endpoint.webhook_rate_per_minute = -1

    def test_a_payload_of_several_chunks_is_kept_whole(self):
        self.endpoint.webhook_max_bytes = 4 << 20
        body = bytes(range(256)) * (9 << 10)
        self.deliver(self.endpoint, body, status=202)
        self.assertEqual(self.messages(self.endpoint)._payload(), body)

    # === ONE EVENT, ONE MESSAGE === #

    def test_the_same_body_is_one_message(self):
        first = self.deliver(self.endpoint, BODY, status=202).json()
        replay = self.deliver(self.endpoint, BODY, status=200).json()
        again = self.deliver(self.endpoint, BODY, timestamp=int(time.time()) - 60, status=200).json()
        self.assertEqual([replay, again], [first, first])
        self.assertEqual(len(self.messages(self.endpoint)), 1)
        other = self.new_webhook(name="Other events")
        self.deliver(other, BODY, status=202)

    def test_a_signed_identifier_tells_events_apart(self):
        self.endpoint.webhook_event_header = "webhook-id"
        first = self.deliver(self.endpoint, BODY, event="e1", status=202).json()
        self.assertEqual(self.deliver(self.endpoint, b"{}", event="e1", status=200).json(), first)
        self.deliver(self.endpoint, BODY, event="e2", status=202)
        self.deliver(self.endpoint, BODY, event="e3", status=401, **{"webhook-id": "e4"})
        self.assertEqual(len(self.messages(self.endpoint)), 2)

    # === ROTATION === #

    def test_during_a_rotation_both_secrets_are_accepted(self):
        credential = self.endpoint.credential_id
        credential._set_secret("the second secret of the partner")
        self.assertTrue(credential.former_until)
        self.deliver(self.endpoint, b"1", status=202)
        self.deliver(self.endpoint, b"2", secret="the second secret of the partner", status=202)
        credential._set_secret("the third secret of the partner")
        self.deliver(self.endpoint, b"3", status=401)
        self.deliver(self.endpoint, b"4", secret="the second secret of the partner", status=202)
        credential.former_until = self.env.cr.now() - datetime.timedelta(seconds=1)
        self.deliver(self.endpoint, b"5", secret="the second secret of the partner", status=401)
        self.deliver(self.endpoint, b"6", secret="the third secret of the partner", status=202)

    def test_an_overlap_can_be_ended_and_avoided(self):
        credential = self.endpoint.credential_id
        credential._set_secret("the second secret of the partner")
        officer = self.integration_user("door-officer", "secrets_officer")
        credential.with_user(officer).action_end_overlap()
        self.deliver(self.endpoint, b"1", status=401)
        credential.overlap_hours = 0
        credential._set_secret("the third secret of the partner")
        self.assertFalse(credential.former_until)
        self.deliver(self.endpoint, b"2", secret="the second secret of the partner", status=401)

    def test_weak_and_damaged_secrets_are_refused(self):
        for secret in ("short", "whsec_c2hvcnQ=", "whsec_not base64"):
            with self.subTest(secret), self.assertRaises(ValidationError):
                self.endpoint.credential_id._set_secret(secret)

    def test_an_endpoint_without_a_secret_is_not_activated(self):
        self.endpoint.action_reset_to_draft()
        self.endpoint.credential_id = False
        with self.assertRaises(UserError):
            self.endpoint.action_activate()

    def test_a_webhook_only_receives(self):
        self.endpoint.direction = "both"
        with self.assertRaisesRegex(UserError, "only receives"):
            self.endpoint.action_activate()

    def test_a_webhook_is_not_looked_into(self):
        with self.trap_tasks() as trap:
            self.endpoint._queue_due_polls()
        trap.assert_nothing_enqueued()

    def test_each_webhook_has_an_address_that_stays(self):
        token = self.endpoint.webhook_token
        self.assertIn(token, self.endpoint.webhook_url)
        self.assertNotEqual(self.new_webhook().webhook_token, token)
        self.endpoint.name = "Renamed"
        self.endpoint.invalidate_recordset()
        self.assertEqual(self.endpoint.webhook_token, token)
        self.assertFalse(self.sandbox_endpoint(self.system).endpoint.webhook_url)

    def test_an_address_is_shown_once_it_is_saved(self):
        with Form(self.env["integration.endpoint"]) as form:
            form.name = "More events"
            form.system_id = self.system
            form.transport = "webhook"
            self.assertFalse(form.webhook_url)
        endpoint = form.save()
        self.assertTrue(endpoint.webhook_url.endswith(endpoint.webhook_token))
        self.assertEqual((form.message_count, form.held_count), (0, 0))

    # === WAKING THE QUEUE === #

    def test_lanes_are_woken_once_until_they_have_run(self):
        queue, triggers = self.env["integration.queue"], self.env["ir.cron.trigger"]
        lanes = queue._lanes()
        self.env.cr.precommit.run()
        self._forget_wakings()
        queue.with_context(integration_ring_soon=True)._wake_lanes([None])
        self.env.cr.precommit.run()
        self.assertFalse(triggers.search([]), "not before the commit")
        for _time in range(2):
            self.env.cr.postcommit.clear()
            queue._wake_idle_lanes()
            self.env.cr.precommit.run()
            self.assertEqual(triggers.search([]).cron_id, lanes)
            self.assertEqual(len(triggers.search([])), len(lanes))

    def _forget_wakings(self):
        """Let the lanes be as after a commit that they have answered."""
        self.env["ir.cron.trigger"].search([]).unlink()
        self.env.cr.postcommit.clear()
