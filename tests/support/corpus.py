"""Where the shared corpus of real feeds stands, and how it is read. Must not: write there."""

from __future__ import annotations

import os
import tarfile
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def corpus_root() -> Path | None:
    """``WATCHER_CORPUS``, or the folder ``shared`` beside the repository, or None where there is neither."""
    named = os.environ.get("WATCHER_CORPUS")
    folder = Path(named) if named else ROOT.parent / "shared"
    return folder if (folder / "data").is_dir() else None


def members(archive: Path, *, suffix: str = "") -> Iterator[tuple[str, bytes]]:
    """Name and bytes of the files of a tar archive, in its order, read as a stream."""
    with tarfile.open(archive, "r|*") as tar:
        for member in tar:
            if member.isfile() and member.name.endswith(suffix):
                handle = tar.extractfile(member)
                if handle is not None:
                    yield member.name, handle.read()


def replay_states(root: Path) -> list[tuple[str, bytes]]:
    """The states of the replay feed in the order of their capture; the name begins with that time."""
    found = members(root / "data" / "replay-state-dept.tar.xz", suffix=".rss")
    return sorted((Path(name).name, body) for name, body in found)
