import datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from odoo.addons.healthcare_integration_base.queue import Window, is_open, next_opening

UTC = datetime.timezone.utc
MINUTE = datetime.timedelta(minutes=1)
NEW_YORK, BERLIN = ZoneInfo("America/New_York"), ZoneInfo("Europe/Berlin")
# Half-hour changes, no changes, a day that was skipped, a change at midnight.
ZONES = ["America/New_York", "Europe/Berlin", "Australia/Lord_Howe", "Asia/Kolkata", "Africa/Cairo"]
SUNDAY, MONDAY = 6, 0


def at(text, zone=UTC):
    moment = datetime.datetime.fromisoformat(text)
    return moment.replace(tzinfo=zone) if moment.tzinfo is None else moment


def hours(begin, end):
    return {"start": int(begin * 60), "end": int(end * 60)}


def test_without_windows_it_is_always_open():
    moment = at("2026-03-16T08:30:17")
    assert next_opening([], NEW_YORK, moment) == moment


def test_maintenance_is_waited_for_in_the_partners_time():
    windows = [Window("maintenance", SUNDAY, **hours(2, 5))]
    assert next_opening(windows, BERLIN, at("2026-03-15T03:00", BERLIN)) == at("2026-03-15T05:00", BERLIN)
    assert is_open(windows, BERLIN, at("2026-03-15T05:00", BERLIN))
    assert is_open(windows, NEW_YORK, at("2026-03-15T03:00", BERLIN)), "another partner's clock"


def test_the_opening_is_on_the_minute():
    windows = [Window("maintenance", SUNDAY, **hours(2, 5))]
    moment = at("2026-03-15T03:00:17.250", BERLIN)
    assert next_opening(windows, BERLIN, moment) == at("2026-03-15T05:00", BERLIN)


def test_a_window_may_cross_midnight_and_the_week():
    windows = [Window("maintenance", SUNDAY, **hours(22, 4))]
    assert next_opening(windows, BERLIN, at("2026-03-15T23:00", BERLIN)) == at("2026-03-16T04:00", BERLIN)
    assert next_opening(windows, BERLIN, at("2026-03-16T03:59", BERLIN)) == at("2026-03-16T04:00", BERLIN)


def test_batch_windows_are_the_only_open_time():
    windows = [Window("batch", day, **hours(18, 20)) for day in range(5)]
    assert next_opening(windows, NEW_YORK, at("2026-03-13T20:00", NEW_YORK)) == at(
        "2026-03-16T18:00", NEW_YORK
    )


def test_maintenance_cuts_a_batch_window():
    windows = [Window("batch", MONDAY, **hours(18, 20)), Window("maintenance", MONDAY, **hours(17, 19))]
    assert next_opening(windows, BERLIN, at("2026-03-16T12:00", BERLIN)) == at("2026-03-16T19:00", BERLIN)


def test_a_whole_day_is_from_a_time_to_the_same():
    windows = [Window("maintenance", SUNDAY, **hours(0, 0))]
    assert next_opening(windows, BERLIN, at("2026-03-15T00:00", BERLIN)) == at("2026-03-16T00:00", BERLIN)


def test_what_never_opens_says_so():
    windows = [Window("maintenance", day, **hours(0, 0)) for day in range(7)]
    assert next_opening(windows, BERLIN, at("2026-03-16T12:00")) is None


@pytest.mark.parametrize(
    ("window", "moment", "expected"),
    [
        # The clocks of New York go from 2:00 to 3:00 on 8 March 2026: the end at 2:30 is skipped.
        (("maintenance", 1, 2.5), "2026-03-08T06:30+00:00", "2026-03-08T07:00+00:00"),
        # The beginning at 2:30 is skipped as well: the window begins with the change.
        (("batch", 2.5, 4), "2026-03-08T06:30+00:00", "2026-03-08T07:00+00:00"),
        # A window wholly inside the skipped hour comes round a week later.
        (("batch", 2.25, 2.75), "2026-03-08T06:30+00:00", "2026-03-15T06:15+00:00"),
    ],
)
def test_a_skipped_hour(window, moment, expected):
    kind, begin, end = window
    assert next_opening([Window(kind, SUNDAY, **hours(begin, end))], NEW_YORK, at(moment)) == at(expected)


@pytest.mark.parametrize(
    ("window", "moment", "expected"),
    [
        # The clocks of New York go from 2:00 back to 1:00 on 1 November 2026: 1:30 comes twice.
        (("maintenance", 1, 1.5), "2026-11-01T05:10+00:00", "2026-11-01T05:30+00:00"),
        (("maintenance", 1, 1.5), "2026-11-01T06:10+00:00", "2026-11-01T06:30+00:00"),
        (("batch", 1.5, 2), "2026-11-01T06:00+00:00", "2026-11-01T06:30+00:00"),
        # A window until 1:15 is shown again when the clock goes back.
        (("batch", 0, 1.25), "2026-11-01T05:20+00:00", "2026-11-01T06:00+00:00"),
    ],
)
def test_an_hour_that_comes_twice(window, moment, expected):
    kind, begin, end = window
    assert next_opening([Window(kind, SUNDAY, **hours(begin, end))], NEW_YORK, at(moment)) == at(expected)


windows_strategy = st.lists(
    st.builds(
        Window,
        kind=st.sampled_from(["maintenance", "batch"]),
        weekday=st.integers(0, 6),
        start=st.integers(0, 1439),
        end=st.integers(0, 1439),
    ),
    max_size=4,
)
# Around the changes of 2026 in these zones, and at any other time.
moments = st.one_of(
    st.sampled_from(["2026-03-08", "2026-03-29", "2026-04-04", "2026-04-24", "2026-10-03"]).map(at),
    st.sampled_from(["2026-10-25", "2026-10-29", "2026-11-01"]).map(at),
    st.datetimes(datetime.datetime(2026, 1, 1), datetime.datetime(2027, 1, 1)).map(
        lambda moment: moment.replace(second=0, microsecond=0, tzinfo=UTC)
    ),
)


@settings(max_examples=150, deadline=None)
@given(windows_strategy, st.sampled_from(ZONES).map(ZoneInfo), moments, st.integers(0, 2880))
def test_the_next_opening_is_the_first_open_minute(windows, zone, day, minutes):
    moment = day + minutes * MINUTE
    found = next_opening(windows, zone, moment)
    steps = range(15 * 1440 if found is None else 3 * 1440)
    minutes_after = (moment + step * MINUTE for step in steps)
    walked = next((minute for minute in minutes_after if is_open(windows, zone, minute)), None)
    if walked is None and found is not None:
        assert is_open(windows, zone, found) and found - moment > 3 * 1440 * MINUTE
    else:
        assert found == walked
