"""Times of documents whose zone is known to who reads them, unless they tell their own."""

from datetime import date, datetime, timedelta, timezone
from decimal import Decimal

import pytest

from odoo.addons.healthcare_integration_base.formats.date_patterns import InvalidValue, local_time_parser

UTC = timezone.utc


@pytest.mark.parametrize(
    ("pattern", "value", "expected"),
    [
        ("", "2026-03-16T08:30:00", datetime(2026, 3, 16, 8, 30)),
        ("", " 2026-03-16 08:30 ", datetime(2026, 3, 16, 8, 30)),
        ("", "2026-03-16T08:30:00Z", datetime(2026, 3, 16, 8, 30, tzinfo=UTC)),
        ("", "2026-03-16T08:30:00.5+02:00",
         datetime(2026, 3, 16, 8, 30, 0, 500_000, tzinfo=timezone(timedelta(hours=2)))),
        ("", 1_773_649_800, datetime(2026, 3, 16, 8, 30, tzinfo=UTC)),
        ("", datetime(2026, 3, 16, 8, 30), datetime(2026, 3, 16, 8, 30, tzinfo=UTC)),
        ("", date(2026, 3, 16), datetime(2026, 3, 16)),
        ("MM/DD/YYYY HH:mm", "03/16/2026 08:30", datetime(2026, 3, 16, 8, 30)),
        ("YYYYMMDD", "20260316", datetime(2026, 3, 16)),
        ("YYYYMMDD", 20_260_316, datetime(2026, 3, 16)),
    ],
)  # fmt: skip
def test_a_time_is_read(pattern, value, expected):
    moment = local_time_parser(pattern)(value)
    assert (moment, moment.tzinfo) == (expected, expected.tzinfo)


@pytest.mark.parametrize(
    ("pattern", "value"),
    [
        ("", "16 March 2026"),
        ("", "2026-02-30T08:30:00"),
        ("", "2026-03-16T08:30:00+25:00"),
        ("", "0001-01-01T00:00:00+05:00"),
        ("", "9999-12-31T23:59:00-05:00"),
        ("", 10**11),
        ("", 10**15),
        ("", -(10**15)),
        ("", True),
        ("", Decimal("1.5")),
        ("", {"at": "2026-03-16T08:30:00"}),
        ("", ["2026-03-16T08:30:00"]),
        ("YYYYMMDD", "2026-03-16T08:30:00"),
        ("YYYYMMDD", -1),
    ],
)
def test_what_is_no_time_is_refused(pattern, value):
    with pytest.raises(InvalidValue):
        local_time_parser(pattern)(value)
