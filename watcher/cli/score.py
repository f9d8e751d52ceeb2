"""`watcher score`: items in, their hits out, line by line. Must not: keep more than one item, or touch the database."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Final, cast

import click

from watcher.bootstrap import Settings, load_watchlists
from watcher.cli.common import say, write_lines
from watcher.core.errors import UsageProblem

if TYPE_CHECKING:
    from watcher.core.model import Assessment
    from watcher.core.program import CompiledWatchlist

MAX_LINE_BYTES: Final = 16 * 1024 * 1024

Item = dict[str, Any]


class _BadLine(Exception):
    """A line that is no item; the message says why."""


@click.command()
@click.argument("file", metavar="FILE|-")
@click.option(
    "--watchlist",
    "watchlists",
    multiple=True,
    metavar="PATH",
    help="Watchlist file, or a folder of them; repeatable.  [default: config/watchlist.yaml]",
)
@click.pass_context
def command(ctx: click.Context, file: str, watchlists: tuple[str, ...]) -> None:
    """Score items from a file or standard input, and write JSON Lines.

    Each line of FILE (also .gz, .xz) is an item: {"id", "title", "text" or "summary", "lang"}; other keys
    are left alone. Each item gives one line: its hits with rung, parts and matching words, and what came
    near. Bad lines are told and left out; then the exit code is 1.

    With several watchlists each hit names its own.

    \b
    Examples:
      watcher score items.jsonl > hits.jsonl
      zcat archive.gz | watcher score - --watchlist mine.yaml

    \b
    Exit codes: 0 done, 1 a line was bad (the others are scored),
    2 a watchlist is refused.
    """
    compiled = [one.compiled for one in load_watchlists(Settings.read(watchlists=watchlists))]
    score = _Scorer(compiled)
    bad = 0
    with ExitStack() as stack:
        for number, line in enumerate(_lines(_open(file, stack)), 1):
            if not line.strip():
                continue
            try:
                write_lines([json.dumps(score(_item(line)), ensure_ascii=False)])
            except _BadLine as problem:
                bad += 1
                say(f"error: {'standard input' if file == '-' else file}:{number}: {problem}")
    if bad:
        say(f"error: {bad} of {number} lines left out")
    ctx.exit(1 if bad else 0)


def _open(file: str, stack: ExitStack) -> IO[bytes]:
    if file == "-":
        return sys.stdin.buffer
    opener: Callable[[str], Any]
    if file.endswith(".gz"):
        import gzip

        opener = gzip.open
    elif file.endswith(".xz"):
        import lzma

        opener = lzma.open
    else:
        opener = _open_plain
    try:
        return cast("IO[bytes]", stack.enter_context(opener(file)))
    except OSError as error:
        raise UsageProblem(f"cannot read {file}: {error.strerror}") from error


def _open_plain(file: str) -> IO[bytes]:
    return Path(file).open("rb")


def _lines(stream: IO[bytes]) -> Iterator[bytes]:
    """Lines, each bounded: of one that is too long only the beginning comes, which is no JSON."""
    while line := stream.readline(MAX_LINE_BYTES):
        yield line
        while line and len(line) == MAX_LINE_BYTES and not line.endswith(b"\n"):
            line = stream.readline(MAX_LINE_BYTES)


def _item(line: bytes) -> Item:
    if len(line) == MAX_LINE_BYTES:
        raise _BadLine(f"longer than {MAX_LINE_BYTES >> 20} MB")
    try:
        item = json.loads(line)
    except UnicodeDecodeError:
        raise _BadLine("not UTF-8") from None
    except (ValueError, RecursionError) as error:
        raise _BadLine(f"not JSON: {str(error)[:100]}") from None
    if not isinstance(item, dict):
        raise _BadLine("not a JSON object")
    if not isinstance(item.get("id"), str | int):
        raise _BadLine("no id")
    for key in ("title", "text", "summary", "lang"):
        if not isinstance(item.get(key), str | None):
            raise _BadLine(f"{key} is not text")
    if not (item.get("title") or item.get("text") or item.get("summary")):
        raise _BadLine("neither title nor text nor summary")
    return item


class _Scorer:
    """Scores items against watchlists."""

    def __init__(self, watchlists: Sequence[CompiledWatchlist]) -> None:
        from watcher.core.limits import Limits
        from watcher.core.match import find_evidence
        from watcher.core.score import assess

        self.watchlists = watchlists
        self.limits = Limits()
        self.find_evidence = find_evidence
        self.assess = assess

    def __call__(self, item: Item) -> dict[str, Any]:
        """The line for an item."""
        title = _plain(item.get("title") or "", self.limits.title_chars)
        text = _plain(item.get("text") or item.get("summary") or "", self.limits.text_chars)
        language = (item.get("lang") or "").partition("-")[0].lower()
        hits: list[dict[str, Any]] = []
        near: list[dict[str, Any]] = []
        for watchlist in self.watchlists:
            evidence = self.find_evidence(watchlist, title, text, language, limits=self.limits)
            for assessment in self.assess(watchlist, evidence) if evidence is not None else ():
                named = {"watchlist": watchlist.id} if len(self.watchlists) > 1 else {}
                scored = {**named, "signal": assessment.signal, "score": assessment.score}
                if assessment.reached:
                    hits.append(scored | _details(assessment, {"title": title, "text": text}))
                else:
                    near.append(scored)
        return {"id": item["id"], "hits": hits, "near": near}


def _details(assessment: Assessment, fields: dict[str, str]) -> dict[str, Any]:
    """What a hit is made of. Spans are in the text as it was matched: without markup, where the item had some."""
    return {
        "rung": assessment.rung,
        "parts": [
            {"kind": part.kind, "name": part.name, "points": part.points, "why": part.why} for part in assessment.parts
        ],
        "matches": [
            {
                "rule": firing.rule,
                "term": match.term,
                "field": match.field,
                "start": match.start,
                "end": match.end,
                "text": fields[match.field][match.start : match.end],
            }
            for firing in assessment.firings
            for match in firing.matches
        ],
        "facets": sorted({f"{mention.kind}/{mention.value}" for mention in assessment.facets}),
    }


def _plain(text: str, limit: int) -> str:
    """The text as a poll would store it; text without markup is taken as it is."""
    if "<" in text or "&" in text or not text.isprintable():
        from watcher.sources.plain import plain_text, scrub

        text = scrub(plain_text(text, limit * 8))[0]
    return text[:limit]
