import datetime
from zoneinfo import ZoneInfo, available_timezones

from odoo import api, fields, models
from odoo.exceptions import ValidationError

from ..queue import PostponedTask, next_opening


class IntegrationEndpointTiming(models.Model):
    """When a partner may be talked to, in the partner's own time zone."""

    _inherit = "integration.endpoint"

    time_zone = fields.Selection(
        selection="_selection_time_zone",
        help="Of the partner: its windows and the times in its documents are in this zone.",
    )
    window_ids = fields.One2many("integration.endpoint.window", "endpoint_id", "Windows")
    next_opening_at = fields.Datetime(
        "Closed until", compute="_compute_next_opening_at", help="Empty while the partner is open."
    )

    @api.model
    def _selection_time_zone(self):
        return [(name, name) for name in sorted(available_timezones())]

    def _compute_next_opening_at(self):
        now = self.env.cr.now()
        for endpoint in self:
            opening = endpoint._next_opening(now)
            endpoint.next_opening_at = opening if opening and opening > now else False

    @api.depends("next_poll_at", "window_ids")
    def _compute_health(self):
        """A partner that is closed is not late: its next look is due when it opens."""
        result = super()._compute_health()
        now = self.env.cr.now()
        for endpoint in self.filtered(lambda endpoint: endpoint.health == "late" and endpoint.window_ids):
            late_after = fields.Datetime.subtract(now, minutes=endpoint.poll_interval_minutes)
            if endpoint.next_poll_at and endpoint.next_poll_at > late_after:
                endpoint.health = "good"
        return result

    @api.constrains("time_zone", "window_ids")
    def _check_ever_open(self):
        for endpoint in self.filtered("window_ids"):
            if not endpoint.time_zone:
                raise ValidationError(self.env._("Windows need the time zone of %s.", endpoint.display_name))
            if endpoint._next_opening() is None:
                raise ValidationError(
                    self.env._("The windows of %s never leave it open: remove one.", endpoint.display_name)
                )

    def _next_opening(self, at=None):
        """Return the first moment from which the partner may be talked to.

        :param datetime at: naive UTC; now when not given
        :return: naive UTC, ``at`` itself while it is open; None if it never is
        """
        self.ensure_one()
        at = at or self.env.cr.now()
        if not self.window_ids:
            return at
        aware = at.replace(tzinfo=datetime.timezone.utc)
        opening = next_opening(self.window_ids._as_windows(), ZoneInfo(self.time_zone), aware)
        return opening and opening.replace(tzinfo=None)

    def _wait_while_closed(self):
        """:raise PostponedTask: while the partner is closed: what was begun goes on when it opens"""
        now = self.env.cr.now()
        opening = self._next_opening(now)
        if opening != now:
            # Windows that never open are refused when they are entered; a day later is soon enough to look.
            seconds = (opening - now).total_seconds() if opening else 86_400
            raise PostponedTask(
                self.env._("%s is closed until its window opens.", self.display_name), seconds
            )

    def _as_utc(self, local):
        """Return a time of the partner's documents in UTC, and the name of the zone that it was given in.

        :param datetime local: naive, in the partner's time; or aware
        :return: (naive UTC, name of the zone); of a time that the clock shows twice, the first. Without a
            known zone the time is taken for UTC and the name is False.
        """
        zone_name = self.time_zone
        if local.tzinfo:
            zone_name = local.strftime("UTC%z")
        elif zone_name:
            local = local.replace(tzinfo=ZoneInfo(zone_name))
        else:
            local = local.replace(tzinfo=datetime.timezone.utc)
        return local.astimezone(datetime.timezone.utc).replace(tzinfo=None), zone_name
