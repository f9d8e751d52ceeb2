"""A slice of the corpus through the sandbox; the whole of it is `bench/robustness.py`."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.robustness import ARCHIVES, RULES, check
from tests.sources.helpers import run
from watcher.core.limits import Limits


@pytest.mark.parametrize(("archive", "every"), [(ARCHIVES[0], 25), (ARCHIVES[1], 20)])
def test_b08_no_exception_escapes_and_no_entry_is_lost(corpus: Path, archive: str, every: int) -> None:
    summary = run(check(corpus / "data", archive, every, 2, Limits()))
    assert summary.files > 15
    assert not summary.escaped
    assert not summary.differing
    assert summary.entries > 100
    assert {kind.partition(": ")[2] for kind in summary.errors} <= RULES
