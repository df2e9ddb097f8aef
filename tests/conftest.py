"""What the suites that run against real servers share."""

import pytest


@pytest.fixture
def tell(capsys, record_property):
    """Show a line of figures, also when the test passes; ``./setup/test`` repeats it at its end."""

    def show(line):
        record_property("figures", line)
        with capsys.disabled():
            print(f"\n{line}")

    return show
