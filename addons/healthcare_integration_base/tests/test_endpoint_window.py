import datetime

from odoo.exceptions import ValidationError
from odoo.tests import Form, tagged

from .intake_common import CREATED, IntakeCase, x12_file

FILE = x12_file([["BPR", "I", "100"]])
# A Sunday; in New York it is 3:00.
NIGHT = datetime.datetime(2026, 3, 15, 7, 0)
MORNING = datetime.datetime(2026, 3, 15, 9, 0)


@tagged("post_install", "-at_install")
class TestEndpointWindow(IntakeCase):
    def setUp(self):
        super().setUp()
        self.route()

    def _close(self, kind="maintenance", start=2.0, end=5.0, zone="America/New_York"):
        """Close the partner on Sundays from 2:00 to 5:00 in New York, 6:00 to 9:00 UTC in summer."""
        self.endpoint.write(
            {
                "time_zone": zone,
                "window_ids": [(0, 0, {"kind": kind, "weekday": "6", "start": start, "end": end})],
            }
        )

    def _tasks(self, *states):
        return self.env["integration.task"].search([("state", "in", states)])

    def test_polls_that_are_due_wait_for_the_opening(self):
        self._close()
        self.endpoint.next_poll_at = False
        with self.frozen_clock(NIGHT), self.trap_tasks() as trap:
            self.endpoint._queue_due_polls()
        trap.assert_nothing_enqueued()
        self.assertEqual(self.endpoint.next_poll_at, MORNING)
        with self.frozen_clock(MORNING), self.trap_tasks() as trap:
            self.endpoint._queue_due_polls()
        trap.assert_enqueued("integration.endpoint", "_poll")

    def test_a_look_that_meets_a_closed_window_waits_and_resumes(self):
        self._close()
        self.mailbox.drop("a.835", FILE)
        with self.frozen_clock(NIGHT):
            self.look()
            self.assertEqual(self._tasks("waiting").mapped("eta"), [MORNING])
        self.assertFalse(self.messages())
        with self.frozen_clock(MORNING):
            self.run_tasks()
        self.assertEqual(self.messages().state, "settled")
        self.assert_no_dead_task()

    def test_a_fetch_that_meets_a_closed_window_waits_without_counting(self):
        self.mailbox.drop("a.835", FILE)
        with self.frozen_clock(NIGHT):
            self.endpoint._poll()
            self._close()
            self.run_tasks()
            [fetch] = self._tasks("waiting")
            self.assertEqual((fetch.attempts, fetch.eta), (0, MORNING))

    def test_a_batch_window_is_the_only_open_time(self):
        self._close(kind="batch")
        self.assertEqual(self.endpoint._next_opening(NIGHT), NIGHT)
        self.assertEqual(
            self.endpoint._next_opening(MORNING), datetime.datetime(2026, 3, 22, 6, 0), "a week later"
        )

    def test_a_partner_that_is_closed_is_not_late(self):
        self._close()
        self.endpoint.last_success_at = NIGHT - datetime.timedelta(days=7)
        self.endpoint.next_poll_at = MORNING
        for minutes, health in ((0, "good"), (122, "good"), (140, "late")):
            with self.frozen_clock(NIGHT + datetime.timedelta(minutes=minutes)):
                self.endpoint.invalidate_recordset(["health"])
                self.assertEqual(self.endpoint.health, health)
        self.endpoint.window_ids.unlink()
        with self.frozen_clock(NIGHT):
            self.endpoint.invalidate_recordset(["health"])
            self.assertEqual(self.endpoint.health, "late", "it was open all the time")

    def test_without_windows_the_partner_is_open(self):
        self.assertEqual(self.endpoint._next_opening(NIGHT), NIGHT)
        self.assertFalse(self.endpoint.next_opening_at)

    def test_windows_need_a_time_zone_and_leave_a_minute_open(self):
        with self.assertRaises(ValidationError):
            self._close(zone=False)
        whole_week = [(0, 0, {"weekday": str(day), "start": 0, "end": 0}) for day in range(7)]
        with self.assertRaises(ValidationError):
            self.endpoint.write({"time_zone": "Europe/Berlin", "window_ids": whole_week})

    def test_a_manager_enters_windows_on_the_endpoint(self):
        manager = self.integration_user("window-manager", "manager")
        with Form(self.endpoint.with_user(manager)) as form:
            form.time_zone = "Europe/Berlin"
            with form.window_ids.new() as window:
                window.weekday = "2"
                window.start, window.end = 22.5, 1.0
        [window] = self.endpoint.window_ids._as_windows()
        self.assertEqual((window.weekday, window.start, window.end, window.length), (2, 1350, 60, 150))

    # === EVENT TIME === #

    def test_the_time_of_the_document_is_kept_apart_from_receipt(self):
        self.endpoint.time_zone = "America/New_York"
        file = self.receive(self.mailbox, "a.835", FILE)
        for message in (file, file.child_ids):
            self.assertEqual(message.event_at, CREATED + datetime.timedelta(hours=4), "summer time")
            self.assertEqual(message.event_time_zone, "America/New_York")
            self.assertNotEqual(message.event_at, message.received_at)

    def test_a_time_without_a_known_zone_says_so(self):
        part = self.receive(self.mailbox, "a.835", FILE).child_ids
        self.assertEqual((part.event_at, part.event_time_zone), (CREATED, False))

    def test_a_time_with_its_own_zone_keeps_it(self):
        self.endpoint.time_zone = "America/New_York"
        zone = datetime.timezone(datetime.timedelta(hours=2))
        values = self.env["integration.message"]._event_values(self.endpoint, CREATED.replace(tzinfo=zone))
        self.assertEqual(values["event_at"], CREATED - datetime.timedelta(hours=2))
        self.assertEqual(values["event_time_zone"], "UTC+0200")
