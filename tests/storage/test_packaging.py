"""What is installed from a wheel has its migrations and can make a database."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = """
import sys
from pathlib import Path
import watcher
from watcher.storage.migrate import check, migrations_folder, upgrade
home = Path(sys.argv[1])
assert Path(watcher.__file__).is_relative_to(home), watcher.__file__
assert migrations_folder() == home / "watcher" / "_db" / "migrations", migrations_folder()
assert upgrade("new/watcher.sqlite3") == ""
assert check("new/watcher.sqlite3") == ()
"""


@pytest.mark.slow
def test_an_installed_wheel_upgrades_an_empty_database(tmp_path: Path, repository: Path) -> None:
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet"]
    wheels, home = tmp_path / "wheels", tmp_path / "home"
    build = [*pip, "wheel", "--no-deps", "--no-build-isolation", "--no-index", "-w", str(wheels), str(repository)]
    subprocess.run(build, check=True, timeout=100)
    (wheel,) = wheels.glob("watcher-*.whl")
    subprocess.run(
        [*pip, "install", "--no-deps", "--no-index", "--target", str(home), str(wheel)], check=True, timeout=100
    )
    environment = {"PYTHONPATH": str(home), "PATH": "/usr/bin:/bin"}
    subprocess.run([sys.executable, "-c", SCRIPT, str(home)], check=True, cwd=tmp_path, env=environment, timeout=60)
