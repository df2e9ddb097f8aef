"""The pure rules: settling over polls, names, errors of storage."""

import errno
import json
from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from odoo.addons.healthcare_integration_base.errors import TransientError
from odoo.addons.healthcare_integration_base.transports import (
    ConfigurationError,
    RemoteFile,
    observe,
    settled,
)
from odoo.addons.healthcare_integration_base.transports.mailbox import Entry
from odoo.addons.healthcare_integration_base.transports.names import (
    MAXIMUM_NAME_BYTES,
    is_temporary,
    matches,
    name_problem,
    temporary_name,
    unique_name,
)
from odoo.addons.healthcare_integration_base.transports.storage_errors import Action, storage_error

NOON = datetime(2026, 3, 1, 12, 0, tzinfo=timezone.utc)


def file(name="a.835", size=10, modified=NOON):
    return RemoteFile(name, size, modified, f"{name}|{size}|{modified}")


def poll(files, previous, seconds, quiet=60.0):
    """One poll at noon plus ``seconds``: what has settled, and what is remembered, through JSON."""
    now = NOON + timedelta(seconds=seconds)
    names = [entry.name for entry in settled(files, previous, quiet, now)]
    return names, json.loads(json.dumps(observe(files, previous, now)))


class TestSettled:
    def test_first_sight_is_never_enough(self):
        names, _memory = poll([file(modified=NOON - timedelta(days=3))], {}, 0)
        assert names == []

    def test_quiet_for_long_enough(self):
        _names, memory = poll([file()], {}, 0)
        assert poll([file()], memory, 59)[0] == []
        assert poll([file()], memory, 60)[0] == ["a.835"]

    def test_quiet_time_adds_up_over_short_polls(self):
        memory = {}
        for seconds in (0, 20, 40):
            names, memory = poll([file()], memory, seconds)
            assert names == []
        assert poll([file()], memory, 61)[0] == ["a.835"]

    @pytest.mark.parametrize("changed", [file(size=11), file(modified=NOON + timedelta(seconds=1))])
    def test_growth_starts_the_time_anew(self, changed):
        _names, memory = poll([file()], {}, 0)
        names, memory = poll([changed], memory, 100)
        assert names == []
        assert poll([changed], memory, 159)[0] == []
        assert poll([changed], memory, 160)[0] == ["a.835"]

    @pytest.mark.parametrize("hours", [-30, 30])
    def test_the_partners_clock_does_not_matter(self, hours):
        skewed = file(modified=NOON + timedelta(hours=hours))
        _names, memory = poll([skewed], {}, 0)
        assert poll([skewed], memory, 30)[0] == []
        assert poll([skewed], memory, 60)[0] == ["a.835"]

    def test_a_partner_who_tells_no_times(self):
        _names, memory = poll([file(modified=None)], {}, 0)
        assert poll([file(modified=None)], memory, 60)[0] == ["a.835"]

    def test_our_clock_set_back_only_delays(self):
        _names, memory = poll([file()], {}, 1000)
        names, memory = poll([file()], memory, 0)
        assert names == []
        assert poll([file()], memory, 60)[0] == ["a.835"]

    def test_no_quiet_time_asked_for(self):
        assert poll([file()], {}, 0, quiet=0)[0] == ["a.835"]

    def test_names_that_went_are_forgotten_and_order_is_kept(self):
        _names, memory = poll([file("b"), file("a"), file("gone")], {}, 0)
        names, memory = poll([file("b"), file("a")], memory, 60)
        assert names == ["b", "a"] and sorted(memory) == ["a", "b"]

    @given(st.lists(st.tuples(st.integers(0, 3), st.floats(0, 50)), min_size=1, max_size=12))
    def test_never_settled_within_the_quiet_time_of_a_change(self, polls):
        memory, seconds, size, changed_at = {}, 0.0, None, 0.0
        for new_size, pause in polls:
            seconds += pause
            if new_size != size:
                size, changed_at = new_size, seconds
            names, memory = poll([file(size=size)], memory, seconds, quiet=20)
            assert names == [] or seconds - changed_at >= 19.99


@pytest.mark.parametrize("seconds", [1e18, -1e18, float("inf")])
def test_a_time_beyond_the_calendar_is_no_time(seconds):
    entry = Entry("a.835", "file", 1, str(seconds), seconds)
    assert entry.as_file().modified is None
    assert entry.as_file().identity == f"a.835|1|{seconds}"


class TestNames:
    @given(st.text(max_size=300))
    def test_an_accepted_name_is_one_component_of_a_path(self, name):
        if not name_problem(name):
            assert "/" not in name and name not in ("", ".", "..") and "\0" not in name
            assert len(name.encode()) <= MAXIMUM_NAME_BYTES

    @given(st.text(min_size=1, max_size=255))
    def test_unique_names_are_safe_and_keep_the_extension(self, name):
        if name_problem(name):
            return
        unique = unique_name(name)
        assert not name_problem(unique)
        assert unique != unique_name(name)
        stem, dot, extension = name.rpartition(".")
        if stem.strip(".") and dot and 0 < len(extension.encode()) < 30:
            assert unique.endswith("." + extension)

    def test_our_temporary_names_are_never_fetched(self):
        assert is_temporary(temporary_name()) and not name_problem(temporary_name())

    def test_patterns(self):
        assert matches("Remit.835", ("*.835",), ())
        assert not matches("remit.835", ("*.835",), ("REMIT*",))
        assert not matches("remit.8355", ("*.835",), ())


class TestStorageErrors:
    action = Action("folder", "write a file", "/srv/out/a.837", "/srv")

    @pytest.mark.parametrize(
        ("error", "said", "code", "kind"),
        [
            (OSError(errno.ENOSPC, "x"), "", "disk_full", TransientError),
            (OSError(errno.EDQUOT, "x"), "", "disk_full", TransientError),
            (OSError("Failure"), "No space left on device", "disk_full", TransientError),
            (OSError("Failure"), "User quota exceeded", "disk_full", TransientError),
            (OSError(errno.EACCES, "x"), "", "permission_denied", ConfigurationError),
            (OSError(errno.EROFS, "x"), "", "permission_denied", ConfigurationError),
            (OSError(errno.EIO, "x"), "", "failure", TransientError),
            (OSError(errno.ESTALE, "x"), "", "failure", TransientError),
            (OSError("Failure"), "Failure", "failure", TransientError),
            (OSError(errno.ENOENT, "x"), "", "file_missing", TransientError),
        ],
    )
    def test_classes_and_codes(self, error, said, code, kind):
        translated = storage_error(error, self.action, said)
        assert type(translated) is kind
        assert translated.code == f"folder.{code}"
        assert "/srv/out/a.837" in str(translated)
        assert translated.expected and translated.found and translated.remedy
