"""Load watchlists: files -> document -> word forms -> compiled form, with a cache. Must not: expand words or print.

The second load of an unchanged watchlist reads the cache alone and imports neither the YAML nor the grammar library.
"""

from __future__ import annotations

import os
import posixpath
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Final, cast

from msgspec.structs import replace

from watcher.app.watchlist_cache import Cached, WatchlistCache
from watcher.core.errors import Issue, UsageProblem, WatchlistError

if TYPE_CHECKING:
    from watcher.core.compile import CompiledWatchlist
    from watcher.core.document import Document

MAX_BYTES: Final = 5 * 1024 * 1024

Word = tuple[str, str]
Forms = Mapping[Word, frozenset[str]]
Expand = Callable[[Iterable[Word]], Forms]
"""(language, word) pairs to the forms of each: the lexicon's work, passed in."""


@dataclass(frozen=True)
class Loaded:
    """A watchlist that is ready to use. Both forms are unpickled when they are first asked for."""

    path: Path
    stored: Cached

    @property
    def warnings(self) -> tuple[Issue, ...]:
        """What is odd about the files themselves (rights); what lint finds is `check`'s to tell."""
        return warnings_of(self.path)

    @property
    def compiled_bytes(self) -> bytes:
        """The pickled compiled form: what goes to the children and to the database."""
        return self.stored.compiled

    @cached_property
    def compiled(self) -> CompiledWatchlist:
        """What matches."""
        return cast("CompiledWatchlist", self.stored.load_compiled())

    @cached_property
    def document(self) -> Document:
        """What the files say."""
        return cast("Document", self.stored.load_document())


@dataclass(frozen=True, slots=True)
class Files:
    """The texts of a watchlist by name, relative to the folder of the main file; and what could not be read."""

    folder: Path
    main: str
    texts: Mapping[str, str]
    unreadable: Mapping[str, str]

    def shown(self, issue: Issue) -> Issue:
        """The issue with a file name that a person can open from where they are."""
        return replace(issue, file=posixpath.normpath((self.folder / issue.file).as_posix()))


def load(path: Path, *, expand: Expand, cache_dir: Path | None) -> Loaded:
    """Load a watchlist, from the cache where nothing changed.

    Raises:
        UsageProblem: the file cannot be read.
        WatchlistError: it has problems: all of them, with line and column.
    """
    cache = WatchlistCache(cache_dir)
    cached = cache.get(path)
    if cached is not None:
        return Loaded(path, cached)
    files = read_files(path)
    document = read_document(files)
    compiled = compile_document(files, document, expand)
    return Loaded(path, cache.put(path, document, compiled))


def load_all(paths: Sequence[Path], *, expand: Expand, cache_dir: Path | None) -> tuple[Loaded, ...]:
    """Load several watchlists, for one daemon: all or none.

    Raises:
        UsageProblem: a file cannot be read.
        WatchlistError: the problems of all of them, or two with the same id.
    """
    issues: list[Issue] = []
    loaded: list[Loaded] = []
    for path in paths:
        try:
            loaded.append(load(path, expand=expand, cache_dir=cache_dir))
        except WatchlistError as error:
            issues.extend(error.issues)
    issues.extend(_same_ids(loaded))
    if issues:
        raise WatchlistError(tuple(issues))
    return tuple(loaded)


def _same_ids(loaded: Sequence[Loaded]) -> Iterable[Issue]:
    first: dict[str, Path] = {}
    for one in loaded:
        name = one.compiled.id
        if name in first:
            message = f"watchlist id {name!r} is also the id of {first[name]}"
            yield Issue(str(one.path), 0, 0, "duplicate-id", message, "hits are kept by this id; rename one")
        first.setdefault(name, one.path)


def read_files(path: Path) -> Files:
    """The main file and the files it includes.

    Raises:
        UsageProblem: the main file cannot be read.
        WatchlistError: it is too large or not UTF-8.
    """
    from watcher.core.watchlist import included_names

    try:
        main = read_text(path, path.name)
    except OSError as error:
        raise UsageProblem(f"cannot read watchlist {path}: {error.strerror}") from error
    except WatchlistError as error:
        raise WatchlistError(tuple(replace(issue, file=str(path)) for issue in error.issues)) from None
    texts, unreadable = {path.name: main}, {}
    for name in included_names(main, path.name):
        try:
            texts[name] = read_text(path.parent / name, name)
        except OSError as error:
            unreadable[name] = (error.strerror or "it cannot be read").lower()
        except WatchlistError as error:
            unreadable[name] = error.issues[0].message
    return Files(path.parent, path.name, texts, unreadable)


def read_text(path: Path, name: str) -> str:
    """A file as text, bounded; ``name`` is what problems call it.

    Raises:
        OSError: it cannot be read.
        WatchlistError: it is too large or not UTF-8.
    """
    with path.open("rb") as stream:
        content = stream.read(MAX_BYTES + 1)
    if len(content) > MAX_BYTES:
        raise WatchlistError((Issue(name, 0, 0, "too-large", f"the file is larger than {MAX_BYTES >> 20} MB"),))
    try:
        return content.decode("utf-8").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        column = len(content[content.rfind(b"\n", 0, error.start) + 1 : error.start].decode("utf-8", "replace")) + 1
        raise WatchlistError(
            (Issue(name, line, column, "not-utf-8", "the file is not UTF-8 text", "save it as UTF-8"),)
        ) from None


def read_document(files: Files) -> Document:
    """The checked document.

    Raises:
        WatchlistError: every problem.
    """
    from watcher.core import watchlist

    try:
        document = watchlist.read_document(files.texts, files.main, unreadable=files.unreadable)
    except WatchlistError as error:
        raise WatchlistError(tuple(map(files.shown, error.issues)), hint=error.hint) from None
    if not _is_timezone(document.timezone):
        line = next((n for n, text in enumerate(files.texts[files.main].split("\n"), 1) if text[:9] == "timezone:"), 0)
        message = f"timezone: there is no time zone {document.timezone!r}"
        issue = Issue(
            files.main, line, 11 if line else 0, "bad-value", message, "a name such as Europe/Brussels or UTC"
        )
        raise WatchlistError((files.shown(issue),))
    return document


def _is_timezone(name: str) -> bool:
    import zoneinfo

    with suppress(zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        zoneinfo.ZoneInfo(name)
        return True
    return False


def compile_document(files: Files, document: Document, expand: Expand) -> CompiledWatchlist:
    """The document as the engine wants it.

    Raises:
        WatchlistError: every problem that only shows when words have forms.
    """
    from watcher.core.compile import compile_watchlist, words_needed

    try:
        return compile_watchlist(document, expand(words_needed(document)))
    except WatchlistError as error:
        raise WatchlistError(tuple(map(files.shown, error.issues)), hint=error.hint) from None


def warnings_of(path: Path) -> tuple[Issue, ...]:
    """Files that anybody on this machine may change."""
    try:
        mode = path.stat().st_mode
    except OSError:
        return ()
    if mode & 0o022:
        message = f"the file may be changed by others (mode {mode & 0o777:o})"
        return (Issue(str(path), 0, 0, "writable-by-others", message, f"chmod go-w {path}", "warning"),)
    return ()


def missing_secrets(document: Document, environ: Mapping[str, str] = os.environ) -> tuple[tuple[str, str], ...]:
    """(source id, variable) for every ``${NAME}`` that the environment does not hold."""
    from watcher.core.secrets import names

    return tuple(
        (source.id, name) for source in document.sources for name in names(source.url) if not environ.get(name)
    )
