"""The work of a parser child: one body in, one answer out. Must not: open anything, or trust what it reads.

It runs confined (see `confine`) and may be killed at any moment; what it answers is checked again by the daemon.
"""

from __future__ import annotations

import socket
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

from watcher.core.errors import SourceError
from watcher.core.limits import Limits
from watcher.core.model import Entry, Evidence, ParsedEntry, ParsedFeed
from watcher.core.wire import parsed_feed_to_json
from watcher.sources import frames
from watcher.sources.confine import start_clock, stop_clock
from watcher.sources.registry import RawFeed, kind

if TYPE_CHECKING:
    from watcher.core.program import CompiledWatchlist

READY = b"ready"
KEEP_BACK_S = 0.01


def serve(sock: socket.socket, watchlists: Sequence[CompiledWatchlist], limits: Limits) -> None:
    """Answer tasks until the other side closes.

    Answers are kept back while further tasks are here already, but not for long: fewer, larger messages.
    """
    reader = frames.Reader(sock)
    answers: list[bytes] = [_framed(READY)]
    oldest = time.monotonic()
    while True:
        if not reader.has_frame() or time.monotonic() - oldest > KEEP_BACK_S:
            sock.sendall(b"".join(answers))
            answers.clear()
        frame = reader.frame()
        if frame is None:
            return
        if not answers:
            oldest = time.monotonic()
        start_clock(limits.parse_cpu_s)
        try:
            answer = answer_task(frame, watchlists, limits)
        except MemoryError:
            answer = frames.pack_error(SourceError("parse", "memory", "the parser ran out of memory"))
        stop_clock()
        answers.append(_framed(answer))


def _framed(payload: bytes) -> bytes:
    return frames.LENGTH.pack(len(payload)) + payload


def answer_task(frame: bytes, watchlists: Sequence[CompiledWatchlist], limits: Limits) -> bytes:
    """Read a body, match its entries, and put the result in bytes."""
    try:
        name, request = frames.unpack_task(frame, limits)
        raw = kind(name).parse(request)
        return frames.FEED + parsed_feed_to_json(_matched(raw, watchlists, limits))
    except SourceError as error:
        return frames.pack_error(error)
    except MemoryError:
        raise
    except RecursionError:
        return frames.pack_error(SourceError("parse", "too-deep", "the body is nested too deeply"))
    except Exception as error:  # noqa: BLE001 - whatever hostile bytes do to us or a library is one failed poll
        return frames.pack_error(SourceError("parse", "parser-raised", f"the parser raised {type(error).__name__}"))


def _matched(raw: RawFeed, watchlists: Sequence[CompiledWatchlist], limits: Limits) -> ParsedFeed:
    return ParsedFeed(
        format=raw.format,
        title=raw.title,
        language=raw.language,
        entries=tuple(ParsedEntry(entry, _evidence(entry, watchlists, limits)) for entry in raw.entries),
        item_digests=raw.item_digests,
        skipped=raw.skipped,
        dropped=raw.dropped,
        warnings=raw.warnings,
        partial=raw.partial,
        ttl_s=raw.ttl_s,
        skip_hours=raw.skip_hours,
        skip_days=raw.skip_days,
    )


def _evidence(entry: Entry, watchlists: Sequence[CompiledWatchlist], limits: Limits) -> dict[str, Evidence]:
    if not watchlists:
        return {}
    from watcher.core.match import find_evidence

    found: dict[str, Evidence] = {}
    for watchlist in watchlists:
        try:
            evidence = find_evidence(watchlist, entry.title, entry.text, entry.language, limits=limits)
        except (ValueError, LookupError, TypeError, AttributeError, RecursionError) as error:
            raise SourceError("match", "matcher-raised", f"matching raised {type(error).__name__}") from error
        if evidence is not None:
            found[watchlist.id] = evidence
    return found
