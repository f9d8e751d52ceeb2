"""The loop that polls: uvloop's where there is one for the system, else Python's own."""

from __future__ import annotations

import asyncio
import sys

import pytest

from watcher.bootstrap.loop import run


async def _name() -> str:
    return type(asyncio.get_running_loop()).__module__


def test_uvloop_where_it_is_installed():
    pytest.importorskip("uvloop")
    assert run(_name()) == "uvloop"


def test_pythons_own_where_it_is_not(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(sys.modules, "uvloop", None)
    assert run(_name()).startswith("asyncio")
