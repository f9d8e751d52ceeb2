"""Fixtures for commands."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def word_cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One cache of word forms for all commands of a run: the dictionaries are read once."""
    return tmp_path_factory.mktemp("word-cache")
