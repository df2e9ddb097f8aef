"""The commands leave nothing outside the checkout; ``tests/demo`` sees to that of the demo."""

import os
import subprocess
import sys

import pytest
from provisioning import installed, paths, test_environment

from tests.outside import Outside

ADDON = "healthcare_integration_base"
#: Files and styles: what Odoo makes temporary files and caches for.
SCRIPT = """
env["ir.attachment"].create({"name": "trial.txt", "raw": b"trial"})
env["ir.qweb"]._get_asset_bundle("web.assets_frontend").css()
env.cr.commit()
print("the script", "has ended")
"""


@pytest.fixture
def database():
    odoo = test_environment.inherited()
    with installed.copied(odoo, installed.template(odoo, [ADDON]), "outside") as name:
        yield name


def test_odoos_command_line_leaves_nothing(database, tmp_path):
    outside = Outside(tmp_path / "outside")
    run = subprocess.run(
        [sys.executable, paths.SETUP / "odoo", "shell", "-d", database, "--no-http"],
        input=SCRIPT,
        env={**os.environ, **outside.variables},
        capture_output=True,
        text=True,
    )
    assert run.returncode == 0, run.stderr[-4000:]
    assert "the script has ended" in run.stdout, run.stderr[-4000:]
    outside.assert_untouched()
    assert list(paths.DATA.glob(f"filestore/{database}/*/*")), "it did write, below the checkout"


@pytest.mark.parametrize("variable", ["HOME", "TMPDIR", "XDG_CACHE_HOME"])
def test_what_is_left_is_seen(tmp_path, variable):
    outside = Outside(tmp_path / "outside")
    script = f"import os, pathlib; pathlib.Path(os.environ[{variable!r}], 'left').touch()"
    subprocess.run([sys.executable, "-c", script], env={**os.environ, **outside.variables}, check=True)
    with pytest.raises(AssertionError, match="left"):
        outside.assert_untouched()


def test_a_process_that_is_left_is_seen(tmp_path):
    outside = Outside(tmp_path / "outside")
    with subprocess.Popen(["sleep", "600"], env={**os.environ, **outside.variables}) as process:
        try:
            with pytest.raises(AssertionError, match="sleep 600"):
                outside.assert_untouched()
        finally:
            process.kill()
    outside.assert_untouched()
