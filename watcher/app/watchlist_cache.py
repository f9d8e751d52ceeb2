"""Compiled watchlists on disk, so that a start need not compile. Must not: trust a file that others can write.

A cache file is one line of JSON (what it was made from, digests of what follows) and two pickles. It is used only
where it belongs to us, nobody else may write it, every digest holds, and every file of the watchlist is as it was.
Documents are kept by revision as well: an edited watchlist is compared with what it was.
"""

from __future__ import annotations

import hashlib
import json
import os
import pickle
import sys
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, cast

from watcher import __version__

if TYPE_CHECKING:
    from collections.abc import Callable

    from watcher.core.document import Document

_FOLDER: Final = "watchlists"
_DOCUMENTS: Final = "documents"
KEPT: Final = 30
"""Documents of so many revisions are kept."""


@dataclass(frozen=True, slots=True)
class Cached:
    """A document and its compiled form, pickled."""

    document: bytes
    compiled: bytes

    def load_document(self) -> Any:
        """Unpickle the document."""
        return pickle.loads(self.document)  # noqa: S301  # ours: owner, rights and digest were checked

    def load_compiled(self) -> Any:
        """Unpickle the compiled form."""
        return pickle.loads(self.compiled)  # noqa: S301  # ours: owner, rights and digest were checked


class WatchlistCache:
    """The cache under a folder; without a folder nothing is kept."""

    def __init__(self, cache_dir: Path | None) -> None:
        self._folder = cache_dir / _FOLDER if cache_dir else None

    def get(self, path: Path) -> Cached | None:
        """What was stored for this watchlist, if every file it was made from is unchanged."""
        if self._folder is None:
            return None
        with suppress(OSError, ValueError, KeyError, TypeError):
            return _read(self._file(path), path.parent)
        return None

    def put(self, path: Path, document: Document, compiled: object) -> Cached:
        """Pickle both and keep them where that is possible; a full or read-only disk costs the next start time only."""
        cached = Cached(pickle.dumps(document, 5), pickle.dumps(compiled, 5))
        if self._folder is not None:
            files = {name: _digest(text.encode()) for name, text in document.files.items()}
            with suppress(OSError):
                self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
                _write(self._file(path), _header(cached, files) + cached.document + cached.compiled)
        self._keep(document.revision, cached.document)
        return cached

    def document(self, revision: str, read: Callable[[], Document]) -> Document:
        """The document of a revision, whose name is the digest of all its files: kept, or read and then kept."""
        if self._folder is not None:
            with suppress(OSError, ValueError, KeyError, TypeError):
                kept = _read(self._kept(revision), self._folder)
                if kept is not None:
                    return cast("Document", kept.load_document())
        found = read()
        self._keep(revision, pickle.dumps(found, 5))
        return found

    def _keep(self, revision: str, document: bytes) -> None:
        if self._folder is None:
            return
        kept = Cached(document, b"")
        with suppress(OSError):
            file = self._kept(revision)
            file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            _write(file, _header(kept, {}) + kept.document)
            newest = sorted(file.parent.iterdir(), key=lambda one: one.stat().st_mtime_ns, reverse=True)
            for old in newest[KEPT:]:
                old.unlink(missing_ok=True)

    def _kept(self, revision: str) -> Path:
        return (self._folder or Path()) / _DOCUMENTS / f"{revision}.bin"

    def _file(self, path: Path) -> Path:
        name = hashlib.sha256(os.fsencode(path.resolve())).hexdigest()[:32]
        return (self._folder or Path()) / f"{name}.bin"


def _header(cached: Cached, files: dict[str, str]) -> bytes:
    header = {
        "made_by": made_by(),
        "files": files,
        "document": [len(cached.document), _digest(cached.document)],
        "compiled": [len(cached.compiled), _digest(cached.compiled)],
    }
    return json.dumps(header).encode() + b"\n"


def _read(file: Path, folder: Path) -> Cached | None:
    with file.open("rb") as stream:
        status = os.fstat(stream.fileno())
        if status.st_uid != os.getuid() or status.st_mode & 0o022:
            return None
        header = json.loads(stream.readline())
        if header["made_by"] != made_by() or not _unchanged(folder, header["files"]):
            return None
        parts = []
        for name in ("document", "compiled"):
            length, digest = header[name]
            part = stream.read(length)
            if _digest(part) != digest:
                return None
            parts.append(part)
    return Cached(*parts)


def _unchanged(folder: Path, files: dict[str, str]) -> bool:
    return all(
        _digest((folder / name).read_bytes().replace(b"\r\n", b"\n")) == digest for name, digest in files.items()
    )


def _write(file: Path, content: bytes) -> None:
    """Write beside and rename, so that a reader sees the old file or the new one."""
    descriptor, name = tempfile.mkstemp(dir=file.parent)
    try:
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(content)
        Path(name).replace(file)
    except OSError:
        Path(name).unlink(missing_ok=True)
        raise


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def made_by() -> list[str]:
    """What else the compiled form depends on: our version, our code (it changes without one), Python, the forms."""
    package = Path(__file__).parent.parent
    code = sorted(
        (entry.name, entry.stat().st_mtime_ns, entry.stat().st_size)
        for folder in ("core", "lexicon")
        for entry in os.scandir(package / folder)
        if entry.name.endswith(".py")
    )
    return [__version__, sys.version, hashlib.sha256(repr(code).encode()).hexdigest(), *dictionaries()]


def program() -> str:
    """One word for all of that: two scores of a text under one revision by the same program are the same."""
    return _digest(repr(made_by()).encode())


def dictionaries() -> list[str]:
    """The installed versions of the libraries that word forms come from: by folder name, which costs no import."""
    found = []
    for folder in sys.path:
        with suppress(OSError):
            found += [
                entry.name
                for entry in os.scandir(folder or ".")
                if entry.name.startswith(("simplemma-", "pymorphy3")) and entry.name.endswith(".dist-info")
            ]
    return sorted(found)
