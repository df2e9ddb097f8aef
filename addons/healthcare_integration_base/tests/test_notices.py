"""Credentials that end and partners that stay away: one exception each, closed when it is over."""

import datetime

from odoo.tests import tagged

from ..errors import TransientError
from .common import IntegrationCase

OPEN = ("open", "in_progress")


@tagged("post_install", "-at_install")
class TestNotices(IntegrationCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.system = cls.live_system()
        cls.technician = cls.integration_user("technician", "viewer")
        cls.decider = cls.integration_user("decider", "viewer")
        cls.system.write({"technical_owner_id": cls.technician.id, "business_owner_id": cls.decider.id})
        cls.credential = cls.env["integration.credential"].create(
            {"name": "Mailbox login", "system_id": cls.system.id}
        )
        cls.officer = cls.integration_user("officer", "secrets_officer")

    def _exceptions(self, code):
        return self.env["integration.exception"].search([("code", "=", code)], order="id")

    def _days_before(self, days):
        """Run the cron as if the credential ended in so many days."""
        at = datetime.datetime.combine(self.credential.expires_on, datetime.time(6)) - datetime.timedelta(
            days=days
        )
        with self.frozen_clock(at):
            self.env["integration.credential"]._cron_notify_expiry()
        return self._exceptions("credential.expires")

    # === CREDENTIALS === #

    def test_one_exception_grows_more_severe(self):
        self.credential.expires_on = "2027-06-30"
        self.assertFalse(self._days_before(31))
        for days, severity in (
            (30, "low"),
            (29, "low"),
            (8, "low"),
            (7, "high"),
            (1, "high"),
            (0, "critical"),
        ):
            exception = self._days_before(days)
            self.assertEqual((len(exception), exception.severity), (1, severity), days)
        self.assertEqual((exception.category, exception.owner_id), ("technical", self.technician))
        self.assertEqual(self._days_before(-5), exception)

    def test_a_notice_that_was_waived_comes_back_at_the_next_stage_only(self):
        self.credential.expires_on = "2027-06-30"
        self._days_before(30)._waive("Known.")
        self.assertFalse(self._days_before(20).filtered(lambda e: e.state in OPEN))
        again = self._days_before(7)
        self.assertEqual(again.mapped("state"), ["waived", "open"])
        self.assertEqual(again[1].severity, "high")

    def test_a_new_end_closes_it(self):
        self.credential.expires_on = "2027-06-30"
        exception = self._days_before(3)
        credential = self.credential.with_user(self.officer)
        with self.frozen_clock("2027-06-28 06:00:00"):
            credential.write({"new_secret": "fresh", "expires_on": "2028-06-30"})
        self.assertEqual((exception.state, self.credential.expiry_notice), ("resolved", False))
        self.assertEqual(len(self._days_before(30)), 2)

    def test_who_has_exceptions_in_hand_keeps_them(self):
        self.credential.expires_on = "2027-06-30"
        exception = self._days_before(30)
        exception.write({"state": "in_progress", "owner_id": self.decider.id})
        self._days_before(7)
        self.assertEqual((exception.owner_id, exception.severity), (self.decider, "high"))

    def test_without_end_or_archived_nobody_is_told(self):
        self.env["integration.credential"]._cron_notify_expiry()
        self.credential.write({"expires_on": "2020-01-01", "active": False})
        self.env["integration.credential"]._cron_notify_expiry()
        self.assertFalse(self._exceptions("credential.expires"))

    # === OUTAGES === #

    def _fail(self, endpoint):
        endpoint._note_failure(TransientError("folder.unreachable", "The share does not answer."))

    def _report_at(self, hours, since):
        with self.frozen_clock(since + datetime.timedelta(hours=hours)):
            self.env["integration.endpoint"]._cron_report_outages()
        return self._exceptions("endpoint.outage")

    def test_hours_of_errors_make_one_exception_that_a_success_closes(self):
        endpoint = self.sandbox_endpoint(self.system).endpoint
        endpoint._note_success()
        since = endpoint.last_success_at
        self._fail(endpoint)
        self.assertFalse(self._report_at(3, since))
        exception = self._report_at(5, since)
        self.assertEqual((len(exception), exception.owner_id), (1, self.technician))
        self.assertEqual(self._report_at(30, since), exception)
        self.assertEqual(endpoint.state, "active")
        endpoint._poll()
        self.assertEqual(exception.state, "resolved")

    def test_an_endpoint_without_errors_or_not_at_work_is_left_alone(self):
        quiet = self.sandbox_endpoint(self.system).endpoint
        quiet._note_success()
        paused = self.sandbox_endpoint(self.system).endpoint
        self._fail(paused)
        paused.action_pause()
        self.assertFalse(self._report_at(48, quiet.last_success_at))

    def test_hours_count_from_the_first_error(self):
        """One that only sends may have had nothing to do for weeks."""
        never, seldom = (self.sandbox_endpoint(self.system).endpoint for _n in range(2))
        with self.frozen_clock(self.env.cr.now() - datetime.timedelta(days=30)):
            seldom._note_success()
        self.env["ir.config_parameter"].set_param("healthcare_integration.outage_hours", 10)
        for endpoint in (never, seldom):
            self._fail(endpoint)
            since = endpoint.failing_since
            with self.frozen_clock(since + datetime.timedelta(hours=9)):
                self._fail(endpoint)
            self.assertEqual(endpoint.failing_since, since)
        self.assertFalse(self._report_at(9, since))
        self.assertEqual(len(self._report_at(11, since)), 2)

    def test_an_endpoint_that_is_activated_again_has_time_again(self):
        endpoint = self.sandbox_endpoint(self.system).endpoint
        self._fail(endpoint)
        since = endpoint.failing_since
        endpoint.action_pause()
        endpoint._set_state("active")
        self.assertFalse(self._report_at(5, since))
