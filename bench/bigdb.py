"""Builds a database as it stands after years: so many entries and hits, made up, the same every time, by raw inserts.

A thousand entries a day from 200 sources, each with its poll, wording, digests, score mark and index words. Hits are
of the demo's samples, each with one of a few tails of made-up sentences, stored as the engine scores just that text,
with their assessments, facets, figures, alerts, bodies and verdicts. For ten hits there is a story of several entries;
all other entries but the newest stand in stories of their own. It is made once for each size and kept in a folder.

    python -m bench.bigdb --entries 1000000 --hits 50000 [--folder FOLDER]
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import random
import sqlite3
import struct
import sys
import time
import zlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from itertools import accumulate, islice
from pathlib import Path
from typing import Any

from bench.harness import ROOT

VERSION = 6
FOLDER = ROOT / "bench" / "out" / "big"
"""Where such databases are kept; `make clean` removes them."""
SECOND = 1_000_000
DAY = 86_400 * SECOND
END = 1_765_800_000 * SECOND  # 15 December 2025, noon
A_DAY = 1_000
SOURCES = 200
A_POLL = 5
PRESENT = 5 * A_POLL * SOURCES  # entries still in a newest body
_HEAD = """the of to and in a that for on with as said by at from is was it he has will not be have were
minister government president talks state country foreign officials meeting week security union people report court
police market economy law region war leader support statement council party energy"""
UNGROUPED = 4 * A_DAY
"""The newest entries, whose stories the duty makes itself."""
TAILS = 8
"""Different texts made of a sample: as reports of one event are alike."""
HITS_OF_A_STORY = 10
COMMON = _HEAD.split()
"""Words at the head of the list: `minister` stands in about every third text."""
RARE = "quixotrene"
"""Stands in one entry in 100,000."""


@dataclass(frozen=True, slots=True)
class Template:
    """A text that is a hit, and what scoring found in it."""

    title: str
    text: str
    language: str
    words: frozenset[str]
    assessments: tuple[Any, ...]
    figures: tuple[Any, ...]


def big_database(folder: Path, entries: int, hits: int, *, search: bool = True) -> Path:
    """The database of that size in the folder, made where it is not there yet."""
    schema = hashlib.sha256((ROOT / "db" / "schema.sql").read_bytes() + bytes([VERSION])).hexdigest()[:6]
    path = folder / f"big-{entries}-{hits}{'' if search else '-nosearch'}-{schema}.sqlite3"
    if path.exists():
        return path
    folder.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(".part")
    for leftover in folder.glob(f"{part.name}*"):
        leftover.unlink()
    began = time.perf_counter()
    _build(part, folder, entries, hits, search=search)
    os.replace(part, path)
    print(f"{path}: {path.stat().st_size / 1e6:,.0f} MB in {time.perf_counter() - began:.0f} s", file=sys.stderr)
    return path


def watchlist_file(folder: Path) -> Path:
    """The shipped signals with 200 made-up sources."""
    from watcher.demo.watchlist import with_sources

    source = """\
  s{0:03}:
    kind: feed
    url: 'https://s{0:03}.example/feed'
    title: Source number {0}
    publisher: Publisher {0}
    family: family-{1}
    language: en
    role: {2}
    reliability: {3}
    rationale: made up
    checked_on: 2025-12-15
    recorded: ok
"""
    made = (source.format(n, n // 4, "primary" if n % 5 == 0 else "secondary", "ABCDEF"[n % 6]) for n in range(SOURCES))
    return with_sources(folder / "watchlist", ROOT / "config" / "watchlist.yaml", "sources:\n" + "".join(made))


def _build(path: Path, folder: Path, entries: int, hits: int, *, search: bool) -> None:
    from watcher.app.watchlists import load_all
    from watcher.bootstrap.reading import build_expand
    from watcher.bootstrap.settings import Settings
    from watcher.storage.engine import open_engine
    from watcher.storage.migrate import upgrade
    from watcher.storage.store import SqlStore

    settings = Settings(cache_dir=folder / "cache")
    (loaded,) = load_all([watchlist_file(folder)], expand=build_expand(settings), cache_dir=settings.cache_dir)
    upgrade(str(path))
    store = SqlStore(open_engine(str(path)))
    store.save_watchlist(loaded.document, loaded.compiled_bytes, END - entries // A_DAY * DAY - DAY)
    store.close()
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.executescript(
            "PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF; PRAGMA foreign_keys=OFF; PRAGMA cache_size=-500000;"
        )
        indexes = connection.execute(
            "SELECT name, sql FROM sqlite_schema WHERE type = 'index' AND sql IS NOT NULL"
        ).fetchall()
        for name, _ in indexes:
            connection.execute(f'DROP INDEX "{name}"')
        connection.execute("BEGIN")
        prose = Prose()
        found = templates(loaded.compiled, prose.tails())
        _Filler(connection, entries, hits, prose, found, search=search).fill()
        for _, sql in indexes:
            connection.execute(sql)
        connection.execute("COMMIT")
        connection.executescript("PRAGMA journal_mode=WAL; ANALYZE;")


def templates(compiled: Any, tails: Sequence[str] = ("",)) -> tuple[Template, ...]:
    """Samples of the demo that reach a threshold with every tail, and what the engine finds in each: the tails in turn."""
    from watcher.demo.samples import load_samples
    from watcher.sources.plain import plain_text

    found: list[Template] = []
    for sample in load_samples():
        for item in sample.items:
            title, text = plain_text(item.title, 10_000), plain_text(item.text, 1_000_000)
            made = [_template(compiled, title, f"{text} {tail}".rstrip(), sample.language) for tail in tails]
            if all(one.assessments for one in made):
                found += made
    return tuple(found)


def _template(compiled: Any, title: str, text: str, language: str) -> Template:
    from watcher.core.limits import Limits
    from watcher.core.match import find_evidence
    from watcher.core.score import assess
    from watcher.core.wanted import index_words

    # Every text ends with a word of its own, which no rule asks for.
    evidence = find_evidence(compiled, title, f"{text} Item1.", language, limits=Limits())
    reached = tuple(a for a in assess(compiled, evidence) if a.reached) if evidence else ()
    figures = evidence.figures if evidence else ()
    return Template(title, text, language, frozenset(index_words(title, text)), reached, figures)


class Prose:
    """Sentences of made-up words, common ones often, and the index words of each."""

    def __init__(self) -> None:
        from watcher.core.wanted import index_words

        dice = random.Random(5)
        syllables = [a + b for a in "bdfgklmnprstvz" for b in ("a", "e", "i", "o", "u", "an", "er", "is", "ol")]
        made = dict.fromkeys("".join(dice.choices(syllables, k=dice.choice((2, 3, 3, 4)))) for _ in range(40_000))
        vocabulary = [*COMMON, *made]
        weights = list(accumulate(1 / (rank + 3) for rank in range(len(vocabulary))))
        self.sentences: list[tuple[str, frozenset[str]]] = []
        for _ in range(20_000):
            text = " ".join(dice.choices(vocabulary, cum_weights=weights, k=12)).capitalize() + "."
            self.sentences.append((text, frozenset(index_words(text, ""))))

    def tails(self) -> tuple[str, ...]:
        """What texts that are hits end with."""
        return tuple(self.sentences[number][0] for number in range(TAILS))


class _Filler:
    """Writes everything, a day's worth at a time."""

    def __init__(
        self,
        connection: sqlite3.Connection,
        entries: int,
        hits: int,
        prose: Prose,
        found: Sequence[Template],
        *,
        search: bool,
    ) -> None:
        self.connection = connection
        self.entries = entries
        self.search = search
        self.dice = random.Random(7)
        self.prose = prose
        self.hit_id = self.kept = 0
        self.due = _due(entries, hits, found)
        self.shared = _shared(list(self.due), hits, entries - UNGROUPED)

    def at(self, number: int) -> int:
        """When an entry was first seen: that of its poll."""
        poll = (number - 1) // A_POLL
        return END - (self.entries // A_POLL - poll) * A_POLL * DAY // A_DAY

    def fill(self) -> None:
        numbers = iter(range(1, self.entries + 1))
        while part := list(islice(numbers, 20_000)):
            self._write(part)
        self._finish()

    def _write(self, numbers: Sequence[int]) -> None:
        rows: dict[str, list[dict[str, Any]]] = {}
        for number in numbers:
            self._entry(number, rows)
        for table, made in rows.items():
            self._insert(table, made)

    def _insert(self, table: str, rows: Sequence[dict[str, Any]]) -> None:
        names = list(rows[0])
        marks = ", ".join(f":{name}" for name in names)
        columns = ", ".join(f'"{name}"' for name in names)
        self.connection.executemany(f"INSERT INTO {table} ({columns}) VALUES ({marks})", rows)

    def _entry(self, number: int, rows: dict[str, list[dict[str, Any]]]) -> None:
        poll, source, at = (number - 1) // A_POLL + 1, ((number - 1) // A_POLL) % SOURCES + 1, self.at(number)
        hit = self.due.get(number)
        title, text, words = self._text(number, hit)
        key, link, content, item = (_digest(number, tag) for tag in b"klci")
        if (number - 1) % A_POLL == 0:
            rows.setdefault("polls", []).append(_poll(poll, source, at, self._is_kept(number)))
        is_present = number > self.entries - PRESENT
        rows.setdefault("entries", []).append(
            {
                "id": number,
                "source_id": source,
                "key": key,
                "link_key": link,
                "content_digest": content,
                "item_digest": item,
                "revision_no": 1,
                "guid": f"g{number}",
                "link": f"https://s{source - 1:03}.example/items/{number}",
                "title": title,
                "language": hit.language if hit else "en",
                "published": at - 600 * SECOND,
                "published_raw": "Mon, 15 Dec 2025 12:00:00 GMT",
                "first_seen": at,
                "last_seen": at if is_present else at + 3 * DAY,
                "left_at": None if is_present else at + 3 * DAY,
                "sighting": "new",
                "poll_id": poll,
            }
        )
        rows.setdefault("entry_revisions", []).append(
            {
                "entry_id": number,
                "revision_no": 1,
                "content_digest": content,
                "title": title,
                "text": text,
                "first_seen": at,
                "sighting": "new",
                "poll_id": poll,
            }
        )
        rows.setdefault("source_items", []).append(
            {"source_id": source, "digest": item, "first_seen": at, "last_seen": None if is_present else at + 3 * DAY}
        )
        rows.setdefault("entry_scores", []).append(
            {"entry_id": number, "watchlist_id": 1, "revision_id": 1, "entry_revision": 1}
        )
        if self.search:
            rows.setdefault("search_words", []).append({"rowid": number, "words": " ".join(sorted(words))})
            rows.setdefault("indexed_entries", []).append({"entry_id": number, "revision_no": 1})
        if number <= self.entries - UNGROUPED:
            self._story(number, source, at, rows)
        if hit is not None:
            self._hits(number, source, at, poll, hit, rows)

    def _story(self, number: int, source: int, at: int, rows: dict[str, list[dict[str, Any]]]) -> None:
        """A story of its own, what the duty makes of texts that nothing is like; or a place in one of several."""
        family = _family(number)
        together = self.shared.get(number, (number,))
        lead = together[0]
        if number == lead:
            families = len(set(map(_family, together)))
            story = {"id": lead, "lead_id": lead, "first_at": at, "last_at": self.at(together[-1])}
            story |= {"entries": len(together), "outlets": families, "origins": families}
            rows.setdefault("stories", []).append(story)
        why = f"published by Publisher {source - 1}"
        member = {"entry_id": number, "story_id": lead, "outlet": family, "origin": family, "origin_why": why}
        member |= {"way": "first", "nearest_id": None, "likeness": None}
        if number != lead:
            member |= {"way": "likeness", "nearest_id": lead, "likeness": 0.9}
        member |= {"claims": json.dumps([[family, why]]), "standing": "report"}
        rows.setdefault("story_members", []).append(member)

    def _is_kept(self, first: int) -> bool:
        return any(number in self.due for number in range(first, first + A_POLL))

    def _text(self, number: int, hit: Template | None) -> tuple[str, str, set[str]]:
        rare = f" {RARE}" if number % 100_000 == 77 else ""
        own = {f"item{number}", *([RARE] if rare else [])}
        if hit is not None:
            return hit.title, f"{hit.text} Item{number}{rare}.", own | hit.words
        chosen = self.dice.choices(self.prose.sentences, k=6)
        tail = f"{' '.join(text for text, _ in chosen[1:])} Item{number}{rare}."
        return chosen[0][0][:-1], tail, own.union(*(found for _, found in chosen))

    def _hits(
        self, number: int, source: int, at: int, poll: int, hit: Template, rows: dict[str, list[dict[str, Any]]]
    ) -> None:
        if poll != self.kept:
            self.kept, content = poll, hit.text.encode() * 3
            body = {"digest": _body(poll), "size": len(content), "content": zlib.compress(content), "poll_id": poll}
            rows.setdefault("bodies", []).append(body)
        for found in hit.assessments:
            self.hit_id += 1
            self._hit(self.hit_id, number, source, at, found, rows)
        for reading in hit.figures:
            rows.setdefault("figure_readings", []).append(
                {
                    "watchlist_id": 1,
                    "figure": reading.figure,
                    "entry_id": number,
                    "entry_revision": 1,
                    "value": reading.value,
                    "unit": reading.unit,
                    "qualifier": reading.qualifier,
                    "field": reading.field,
                    "span_start": reading.start,
                    "span_end": reading.end,
                    "sentence": reading.sentence,
                    "read_at": at,
                }
            )

    @staticmethod
    def _hit(hit_id: int, number: int, source: int, at: int, found: Any, rows: dict[str, list[dict[str, Any]]]) -> None:
        from watcher.core.wire import assessment_to_json
        from watcher.storage.scoring import reason_of

        counting = {"entry_revision": 1, "revision_id": 1, "score": found.score, "rung": found.rung, "reached": 1}
        rows.setdefault("hits", []).append(
            {
                "id": hit_id,
                "watchlist_id": 1,
                "signal": found.signal,
                "entry_id": number,
                "source_id": source,
                "first_seen": at,
                "made_at": at,
                "sighting": "new",
                "reason": reason_of(found),
                **counting,
            }
        )
        rows.setdefault("assessments", []).append(
            {"hit_id": hit_id, "assessed_at": at, "detail": assessment_to_json(found), **counting}
        )
        rows.setdefault("hit_facets", []).extend(
            {"hit_id": hit_id, "kind": kind, "value": value}
            for kind, value in dict.fromkeys((f.kind, f.value) for f in found.facets)
        )
        rows.setdefault("outbox", []).append(
            {
                "channel": "file",
                "key": f"{hit_id:064x}",
                "kind": "hit",
                "hit_id": hit_id,
                "payload": json.dumps({"hit": hit_id, "signal": found.signal, "score": found.score}),
                "created_at": at,
                "attempts": 1,
                "sent_at": at + SECOND,
            }
        )
        if hit_id % 4 == 0:
            state = "confirmed" if hit_id % 8 else "dismissed"
            rows.setdefault("verdicts", []).append(
                {
                    "hit_id": hit_id,
                    "verdict": "confirm" if hit_id % 8 else "dismiss",
                    "from_state": "new",
                    "to_state": state,
                    "note": "" if hit_id % 8 else "made up",
                    "analyst": "bench",
                    "decided_at": at + DAY,
                }
            )

    def _finish(self) -> None:
        """What stands once: sources as polled, their states with an outage every 90 days, watermarks, daemons."""
        start, do = self.at(1), self.connection.execute
        do(
            "UPDATE sources SET health = 'ok', health_since = ?, last_poll_at = ?, last_ok_at = ?, last_outcome = 'new body', "
            "next_poll_at = ?, entries = ?, body_digest = ?",
            (start, END, END, END + 3600 * SECOND, self.entries // SOURCES, _body(0)),
        )
        do("DELETE FROM source_states")
        for source in range(1, SOURCES + 1):
            self._insert("source_states", list(_states(source, start)))
        do("INSERT INTO daemon_spans (owner, started_at, beat_at) VALUES ('bench', ?, ?)", (start, END))
        do("INSERT OR REPLACE INTO duties (name, watermark) VALUES ('stories', ?)", (max(0, self.entries - UNGROUPED),))
        if self.search:
            from watcher.core.wanted import INDEX_VERSION

            do("INSERT OR REPLACE INTO duties (name, watermark) VALUES ('search', ?)", (self.entries,))
            do("INSERT OR REPLACE INTO meta (name, value) VALUES ('search index version', ?)", (INDEX_VERSION,))


def _due(entries: int, hits: int, found: Sequence[Template]) -> dict[int, Template]:
    """Which entries are hits, evenly spread, with about so many hits together, and of which text."""
    each = sum(len(one.assessments) for one in found) / len(found)
    count = round(hits / each)
    size = _size(count, hits)
    samples = len(found) // TAILS
    places = ((number + 1) * entries // (count + 1) for number in range(count))
    texts = (found[number // size % samples * TAILS + number % TAILS] for number in range(count))
    return dict(zip(places, texts, strict=True))


def _size(count: int, hits: int) -> int:
    return max(1, round(count / max(1, hits // HITS_OF_A_STORY)))


def _shared(due: Sequence[int], hits: int, last: int) -> dict[int, tuple[int, ...]]:
    """The entries of a story, by each of them."""
    size = _size(len(due), hits)
    grouped = [number for number in due if number <= last]
    stories = (tuple(grouped[start : start + size]) for start in range(0, len(grouped), size))
    return {number: story for story in stories for number in story}


def _family(number: int) -> str:
    """Whose the source of an entry is."""
    return f"family-{(number - 1) // A_POLL % SOURCES // 4}"


def _digest(number: int, tag: int) -> bytes:
    return hashlib.sha256(struct.pack(">QB", number, tag)).digest()


def _body(poll: int) -> bytes:
    return _digest(poll, 98)


def _poll(poll: int, source: int, at: int, is_kept: bool) -> dict[str, Any]:
    return {
        "id": poll,
        "source_id": source,
        "started_at": at - SECOND,
        "finished_at": at,
        "outcome": "new body",
        "status": 200,
        "format": "rss20",
        "headers": '[["content-type","application/rss+xml"],["etag","\\"1\\""]]',
        "body_digest": _body(poll),
        "wire_bytes": 20_000,
        "elapsed_s": 0.4,
        "entries_seen": 25,
        "entries_new": A_POLL,
        "hits": int(is_kept),
    }


def _states(source: int, start: int) -> Iterator[dict[str, Any]]:
    def state(health: str, since: int, until: int | None, reason: str = "") -> dict[str, Any]:
        return {"source_id": source, "health": health, "since": since, "until": until, "reason": reason}

    since, cut = start, start + source * DAY // 3 + 20 * DAY
    while cut + DAY < END:
        yield state("ok", since, cut)
        yield state("unreachable", cut, cut + DAY, "connect: refused")
        since, cut = cut + DAY, cut + 90 * DAY
    yield state("ok", since, None)


def copy_of(path: Path, target: Path) -> Path:
    """A copy to write into: shares its blocks with the original where the file system can."""
    import subprocess

    subprocess.run(["cp", "--reflink=auto", str(path), str(target)], check=True)
    return target


def main(arguments: Iterable[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--entries", type=int, default=1_000_000)
    parser.add_argument("--hits", type=int, default=50_000)
    parser.add_argument("--folder", type=Path, default=FOLDER, help="where it is kept")
    parser.add_argument("--no-search", action="store_true", help="without the search index")
    options = parser.parse_args(None if arguments is None else list(arguments))
    print(big_database(options.folder, options.entries, options.hits, search=not options.no_search))


if __name__ == "__main__":
    main()
