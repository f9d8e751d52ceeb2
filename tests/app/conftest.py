"""A desk with one source, for every test of the use cases."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.server import Server
from tests.support.desk import Desk


@pytest.fixture
def server() -> Iterator[Server]:
    with Server() as running:
        yield running


@pytest.fixture
def desk(tmp_path: Path, server: Server) -> Desk:
    made = Desk(tmp_path, server)
    made.list_sources("press")
    return made
