"""The errors a person can meet, each with its exit code. Bugs stay ValueError and TypeError.

::

    WatcherError                1  something that was asked for failed
    ├── UsageProblem            2  wrong arguments or settings
    │   └── WatchlistError      2  the watchlist (or its tests) has problems: all of them, with line and column
    ├── SourceError             1  a source could not be read (fetch, decode, parse)
    ├── StorageError            1  the database refused
    │   ├── LeaseLostError      1  somebody else took the source while we worked
    │   ├── DatabaseBusyError   1  locked for longer than we wait
    │   └── DatabaseUnusableError 4  damaged, or written by a newer watcher
    ├── AlreadyRunningError     3  another daemon holds the lock
    └── ChannelError            1  an alert could not be handed over

Must not: log, format for a terminal, or import anything but the standard library.
"""

from __future__ import annotations

from msgspec import Struct


class WatcherError(Exception):
    """Base of all errors that a person can meet.

    Args:
        message: what failed, which one, why; one sentence, no trailing full stop.
        hint: what to do next, or an empty string.
    """

    exit_code = 1

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message} (hint: {self.hint})" if self.hint else self.message


class UsageProblem(WatcherError):
    """Wrong arguments, a missing file, a setting that cannot be."""

    exit_code = 2


class Issue(Struct, frozen=True, order=True):
    """One problem in a file that a person wrote.

    ``line`` and ``column`` count from 1; 0 means "the whole file". ``severity`` is ``error`` (the file is refused)
    or ``warning`` (lint). ``code`` is stable (kebab-case) and documented; ``hint`` says what to write instead.
    """

    file: str
    line: int
    column: int
    code: str
    message: str
    hint: str = ""
    severity: str = "error"

    def __str__(self) -> str:
        text = f"{self.file}:{self.line}:{self.column}: {self.severity}: {self.message} [{self.code}]"
        return f"{text}\n    hint: {self.hint}" if self.hint else text


class WatchlistError(UsageProblem):
    """A watchlist, an included file or a test file is refused. Carries every issue, not the first."""

    def __init__(self, issues: tuple[Issue, ...], *, hint: str = "") -> None:
        errors = [issue for issue in issues if issue.severity == "error"]
        super().__init__("\n".join(str(issue) for issue in errors), hint=hint)
        self.issues = issues


class SourceError(WatcherError):
    """A source could not be read.

    Args:
        phase: ``dns``, ``connect``, ``tls``, ``http``, ``decode``, ``parse`` or ``match``.
        kind: short stable class of the fault, such as ``timeout``, ``too-large``, ``not-a-feed``, ``address-refused``.
        detail: at most 200 characters, already free of secrets.
        retry_after_s: what the publisher asked for, in seconds from now, or None.
        status: the HTTP status, or None.

    ``host`` is set by who found that this host is to be left alone, for all its sources.
    """

    def __init__(
        self,
        phase: str,
        kind: str,
        detail: str,
        *,
        retry_after_s: float | None = None,
        status: int | None = None,
    ) -> None:
        super().__init__(f"{phase}: {kind}: {detail}")
        self.host = ""
        self.phase = phase
        self.kind = kind
        self.detail = detail
        self.retry_after_s = retry_after_s
        self.status = status


class StorageError(WatcherError):
    """The database refused: disk full, read-only, connection lost."""


class LeaseLostError(StorageError):
    """The lease of a source ended while it was polled and somebody else took it; our result is thrown away."""


class DatabaseBusyError(StorageError):
    """Another writer held the database for longer than the configured wait."""


class DatabaseUnusableError(StorageError):
    """The database is damaged or was written by a newer watcher. Never repaired, never recreated."""

    exit_code = 4


class AlreadyRunningError(WatcherError):
    """Another process holds the writer's lock on this database."""

    exit_code = 3


class ChannelError(WatcherError):
    """An alert could not be handed over. ``permanent`` means that trying again cannot help."""

    def __init__(self, channel: str, message: str, *, permanent: bool = False) -> None:
        super().__init__(f"channel {channel}: {message}")
        self.channel = channel
        self.permanent = permanent
