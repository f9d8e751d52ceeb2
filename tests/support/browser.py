"""A real browser for pages that must stay harmless: Chromium without a window. Where there is none a test is skipped, saying so."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest

NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")


def find_browser() -> str:
    """The browser of this machine; without one the test is skipped, or fails where a build server runs it."""
    for name in NAMES:
        if found := shutil.which(name):
            return found
    if os.environ.get("CI") == "true":
        pytest.fail("no Chromium on this machine: install the package chromium, or run without CI=true to skip")
    pytest.skip("no Chromium on this machine (package chromium): pages were not tried in a real browser")


def loaded(page: Path, *more: str) -> str:
    """The document as it stands after the browser loaded the page, ran what would run, and waited a little."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        done = subprocess.run(
            [
                find_browser(),
                "--headless=new",
                "--no-sandbox",
                "--disable-gpu",
                "--no-first-run",
                "--disable-background-networking",
                "--disable-component-update",
                f"--user-data-dir={profile}",
                "--virtual-time-budget=2000",
                *more,
                "--dump-dom",
                page.as_uri(),
            ],
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout
