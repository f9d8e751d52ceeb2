"""Matching against its floor and its peers: ratios of processor time, everything in one run on the same texts.

    python -m bench.match [--sizes shipped 1000 10000 100000] [--rounds N] [--corpus DIR]

Ours is measured twice: *matching alone* (all hits of all terms, verified, with spans) and the *whole pipeline* (text to
evidence with spans, and scored). The floor folds, splits and looks up the same texts without rules. Peers get the same
terms: a loop of compiled patterns, one big alternation, flashtext, spaCy's PhraseMatcher (where it is installed), and an
Aho-Corasick automaton over the lower-cased text, used plainly (it knows no word edges and loses phrases over hyphens
and line ends). A peer that is too slow for all texts runs on the first of them.

"Same work" is yes only where both sides found equally many, or, against the loop, where ours holds every span of the
loop. The floor finds nothing, flashtext keeps the longest term of a place only, an alternation one term of a place, and
the automaton also hits inside words: there it is NO, and the note says what each found.
"""

from __future__ import annotations

import argparse
import json
import lzma
import pickle
import random
import re
import statistics
import subprocess
import sys
import tarfile
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from bench.harness import ROOT, Row, save, table
from watcher.bootstrap.garbage import seldom_collected
from watcher.core.compile import CompiledWatchlist, compile_watchlist, words_needed
from watcher.core.document import Concept, Document, Query, Rule, Signal, Term
from watcher.core.limits import Limits
from watcher.core.match import find_evidence
from watcher.core.scan import JOINT, Scan, Sighting
from watcher.core.score import assess
from watcher.core.text import Reading
from watcher.core.watchlist import read_document
from watcher.lexicon.expand import load_watchlist_forms

LIMITS = Limits()
Text = tuple[str, str]
SLOW_CHARS = {"shipped": 6000, "1000": 60_000, "10000": 6000, "100000": 600}
RULES = 50


# --- texts and terms ---------------------------------------------------------------------------------------------


def background(corpus: Path, count: int) -> tuple[list[Text], list[str]]:
    """Texts to match, and other texts to make terms of."""
    with lzma.open(corpus / "data" / "background-2022.jsonl.xz", "rt", encoding="utf-8") as file:
        rows = [json.loads(line) for line in file]
    random.Random(7).shuffle(rows)
    texts = [(row["title"], row["text"]) for row in rows]
    return texts[:count], [f"{title} {text}" for title, text in texts[count:]]


def long_texts(corpus: Path, count: int) -> list[Text]:
    """Whole press releases out of the replay."""
    import feedparser
    from selectolax.lexbor import LexborHTMLParser

    found: dict[str, Text] = {}
    with tarfile.open(corpus / "data" / "replay-state-dept.tar.xz") as archive:
        for number, member in enumerate(archive):
            file = archive.extractfile(member) if member.isfile() and number % 40 == 0 else None
            for entry in feedparser.parse(file.read()).entries if file else ():
                body = entry.get("content", [{}])[0].get("value", "") or entry.get("summary", "")
                text = LexborHTMLParser(body).text(separator=" ") if body else ""
                if len(text) > 1500:
                    found.setdefault(entry.get("id", ""), (entry.get("title", ""), text))
            if len(found) >= count:
                break
    return list(found.values())[:count]


def mined_terms(sources: Sequence[str], count: int) -> list[str]:
    """Words and phrases that stand in other texts, each once: mostly two or three words."""
    chance = random.Random(count)
    found: set[str] = set()
    while len(found) < count:
        words = re.findall(r"[a-z]{2,}", chance.choice(sources).lower())
        size = chance.choice((1, 2, 2, 2, 3, 3))
        if len(words) > size:
            start = chance.randrange(len(words) - size)
            row = words[start : start + size]
            if (size > 1 and max(map(len, row)) > 4) or len(row[0]) > 7:
                found.add(" ".join(row))
    return sorted(found)


def synthetic(terms: Sequence[str]) -> Document:
    """A watchlist of many terms: one signal, fifty rules over concepts of equal size."""
    size = max(1, len(terms) // RULES)
    parts = [terms[at : at + size] for at in range(0, len(terms), size)]
    concepts = {f"c{at}": Concept(f"c{at}", tuple(Term(term, "en") for term in part)) for at, part in enumerate(parts)}
    rules = tuple(Rule(f"r{at}", Query(f"@c{at}"), 10.0) for at in range(len(parts)))
    signal = Signal("s", "Synthetic", rules)
    return Document("bench", "?", "en", "UTC", "r", {}, {}, concepts, (), (signal,), (), (), (), (), ())


def shipped() -> Document:
    """The watchlist that ships with watcher."""
    root = ROOT / "config"
    names = [path for path in root.rglob("*.yaml") if not path.name.endswith(".test.yaml")]
    files = {path.relative_to(root).as_posix(): path.read_text(encoding="utf-8") for path in names}
    return read_document(files, "watchlist.yaml")


@dataclass
class Loaded:
    """A watchlist ready to run, with the surface forms that peers get as terms, and what loading cost."""

    watchlist: CompiledWatchlist
    terms: list[str]
    notes: dict[str, float] = field(default_factory=dict)


# What a process holds before and after it has loaded a compiled watchlist, in kilobytes, the modules loaded before.
_WEIGH: Final = """
import gc, pathlib, pickle, sys
import watcher.core.program
def held():
    gc.collect()
    return next(int(line.split()[1]) for line in open("/proc/self/status") if line.startswith("VmRSS"))
before = held()
watchlist = pickle.loads(pathlib.Path(sys.argv[1]).read_bytes())
print(held() - before)
"""


def memory_mb(data: bytes) -> float:
    """Memory that a compiled watchlist takes, weighed in a process of its own."""
    with tempfile.NamedTemporaryFile(suffix=".pickle") as file:
        file.write(data)
        file.flush()
        weighed = subprocess.run([sys.executable, "-c", _WEIGH, file.name], capture_output=True, text=True, check=True)
    return int(weighed.stdout) / 1e3


def load(document: Document, cache: Path, *, forms: bool) -> Loaded:
    start = time.process_time()
    known = load_watchlist_forms(document, cache_dir=cache) if forms else {}
    if forms:
        start = time.process_time()
        known = load_watchlist_forms(document, cache_dir=cache)
    else:
        words_needed(document)
    watchlist = compile_watchlist(document, known)
    built = time.process_time()
    data = pickle.dumps(watchlist)
    dumped = time.process_time()
    watchlist = pickle.loads(data)
    notes = {
        "compile_s": round(built - start, 3),
        "load_s": round(time.process_time() - dumped, 3),
        "pickle_mb": round(len(data) / 1e6, 2),
        "memory_mb": round(memory_mb(data), 1),
        "terms": len(watchlist.infos),
        "forms": len(watchlist.lexis.forms),
    }
    return Loaded(watchlist, surface_terms(watchlist), notes)


def surface_terms(watchlist: CompiledWatchlist) -> list[str]:
    """What a tool without word forms would have to list: for a phrase, each of its words in each form in turn."""
    found: set[str] = set()
    for term in watchlist.terms:
        base = [min(forms, key=len).lstrip("=").rstrip("*").lower() for forms in term.forms]
        for at, forms in enumerate(term.forms):
            found.update(
                " ".join([*base[:at], form.lstrip("=").rstrip("*").lower(), *base[at + 1 :]]) for form in forms
            )
    return sorted(found)


# --- contenders ---------------------------------------------------------------------------------------------------

Work = Callable[[Sequence[Text]], int]
Span = tuple[str, int, int]


def floor(watchlist: CompiledWatchlist) -> Work:
    get = dict.fromkeys(watchlist.lexis.forms, 1).get

    def work(texts: Sequence[Text]) -> int:
        for title, text in texts:
            list(map(get, Reading(f"{title}{JOINT}{text}").tokens))
        return 0

    return work


def matching(watchlist: CompiledWatchlist) -> Work:
    def work(texts: Sequence[Text]) -> int:
        found = 0
        for title, text in texts:
            sighting = Sighting(watchlist.lexis, Reading(f"{title}{JOINT}{text}"))
            if not sighting.spotted:
                continue
            scan = Scan(watchlist, sighting, title, text, "", 1000)
            begins, tokens = scan.reading.begins, scan.reading.tokens
            for term in scan.raw:
                for _, begin, end in scan.hits(term):
                    scan.span(begins[begin], begins[end - 1] + len(tokens[end - 1]))
                    found += 1
        return found

    return work


def our_spans(watchlist: CompiledWatchlist, title: str, text: str) -> set[Span]:
    """Where ours finds a term, as field, start and end in the text as given."""
    scan = Scan(watchlist, Sighting(watchlist.lexis, Reading(f"{title}{JOINT}{text}")), title, text, "", 1000)
    return {(match.field, match.start, match.end) for term in scan.raw for match in map(scan.match, scan.hits(term))}


def loop_spans(terms: Sequence[str], title: str, text: str) -> set[Span]:
    """Where the loop finds one."""
    fields = (("title", title), ("text", text))
    patterns = [rf"\b{re.escape(term)}\b" for term in terms]
    return {
        (name, found.start(), found.end())
        for pattern in patterns
        for name, value in fields
        for found in re.finditer(pattern, value, re.IGNORECASE)
    }


def missed(watchlist: CompiledWatchlist, terms: Sequence[str], texts: Sequence[Text]) -> tuple[int, int]:
    """How many spans the loop finds in these texts, and how many of them ours does not."""
    spans = [(loop_spans(terms, *text), our_spans(watchlist, *text)) for text in texts]
    return sum(len(theirs) for theirs, _ in spans), sum(len(theirs - ours) for theirs, ours in spans)


def pipeline(watchlist: CompiledWatchlist) -> Work:
    def work(texts: Sequence[Text]) -> int:
        return sum(find_evidence(watchlist, title, text, limits=LIMITS) is not None for title, text in texts)

    return work


def scored(watchlist: CompiledWatchlist) -> Work:
    def work(texts: Sequence[Text]) -> int:
        found = 0
        for title, text in texts:
            evidence = find_evidence(watchlist, title, text, limits=LIMITS)
            found += evidence is not None and len(assess(watchlist, evidence)) > 0
        return found

    return work


def re_loop(terms: Sequence[str]) -> Work:
    patterns = [re.compile(rf"\b{re.escape(term)}\b", re.IGNORECASE) for term in terms]

    def work(texts: Sequence[Text]) -> int:
        return sum(
            1
            for title, text in texts
            for joined in (f"{title}\n{text}",)
            for pattern in patterns
            for _ in pattern.finditer(joined)
        )

    return work


def alternation(terms: Sequence[str]) -> Work:
    body = "|".join(map(re.escape, sorted(terms, key=len, reverse=True)))
    pattern = re.compile(rf"\b(?:{body})\b", re.IGNORECASE)

    def work(texts: Sequence[Text]) -> int:
        return sum(1 for title, text in texts for _ in pattern.finditer(f"{title}\n{text}"))

    return work


def flashtext(terms: Sequence[str]) -> Work:
    from flashtext import KeywordProcessor

    processor = KeywordProcessor()
    for term in terms:
        processor.add_keyword(term)

    def work(texts: Sequence[Text]) -> int:
        return sum(len(processor.extract_keywords(f"{title}\n{text}", span_info=True)) for title, text in texts)

    return work


def automaton(terms: Sequence[str]) -> Work:
    import ahocorasick

    built = ahocorasick.Automaton()
    for number, term in enumerate(terms):
        built.add_word(term, (number, len(term)))
    built.make_automaton()

    def work(texts: Sequence[Text]) -> int:
        found = 0
        for title, text in texts:
            for end, (_, length) in built.iter(f"{title}\n{text}".lower()):
                _ = end - length + 1
                found += 1
        return found

    return work


def spacy_matcher(terms: Sequence[str]) -> Work | None:
    """spaCy's PhraseMatcher over a blank tokenizer; None where spaCy is not installed (it comes without models)."""
    try:
        import spacy
        from spacy.matcher import PhraseMatcher
    except ImportError:
        print("  left out: spaCy is not installed", file=sys.stderr)
        return None
    tokenizer = spacy.blank("xx").tokenizer
    matcher = PhraseMatcher(tokenizer.vocab, attr="LOWER")
    matcher.add("term", list(map(tokenizer, terms)))

    def work(texts: Sequence[Text]) -> int:
        return sum(len(matcher(tokenizer(f"{title}\n{text}"))) for title, text in texts)

    return work


# --- measuring ------------------------------------------------------------------------------------------------------


@dataclass
class Contender:
    """A name, its work, on which texts, and its seconds per round."""

    name: str
    work: Work
    texts: Sequence[Text]
    seconds: list[float] = field(default_factory=list)
    found: int = 0

    def run(self) -> None:
        start = time.process_time()
        self.found = self.work(self.texts)
        self.seconds.append(time.process_time() - start)


def first_chars(texts: Sequence[Text], budget: int) -> Sequence[Text]:
    """The first texts, until they hold so many characters: what a slow peer gets."""
    chars = 0
    for number, (title, text) in enumerate(texts, 1):
        chars += len(title) + len(text)
        if chars >= budget:
            return texts[:number]
    return texts


def measure(loaded: Loaded, size: str, texts: Sequence[Text], rounds: int) -> dict[str, Contender]:
    few = first_chars(texts, SLOW_CHARS.get(size, 6000))
    watchlist, terms = loaded.watchlist, loaded.terms
    sides = [
        Contender("floor", floor(watchlist), texts),
        Contender("matching", matching(watchlist), texts),
        Contender("pipeline", pipeline(watchlist), texts),
        Contender("scored", scored(watchlist), texts),
        Contender("flashtext", flashtext(terms), texts),
        Contender("pyahocorasick", automaton(terms), texts),
        Contender("few:matching", matching(watchlist), few),
        Contender("few:pipeline", pipeline(watchlist), few),
        Contender("re loop", re_loop(terms), few),
        Contender("one alternation", alternation(terms), few),
    ]
    spacy = spacy_matcher(terms)
    if spacy:
        sides.append(Contender("spaCy PhraseMatcher", spacy, texts))
    for side in sides:
        if not side.name.startswith(("re", "one")):
            side.work(side.texts)
    for _ in range(rounds):
        for side in sides:
            if side.name.startswith(("re", "one")) and len(side.seconds) > 1:
                continue
            side.run()
    return {side.name: side for side in sides}


def compared(mine: str, theirs: str, found: tuple[int, int], spans: tuple[int, int]) -> tuple[bool, str]:
    """Whether two sides did the same work, and what the note says of it."""
    note = f"found {found[0]} / {found[1]}"
    if (mine, theirs) != ("few:matching", "re loop"):
        return found[0] == found[1], note
    return spans[1] == 0, f"{note}; {spans[1]} of the loop's {spans[0]} spans missed"


def rows(sides: dict[str, Contender], work: str, spans: tuple[int, int]) -> list[Row]:
    """The lines of the table: other over ours, the median of the rounds and their spread."""
    made = []
    pairs = [
        ("pipeline", "floor", "≥ 0.6 (shipped)"),
        ("scored", "pipeline", "≥ 0.77"),
        ("matching", "floor", ""),
        ("matching", "flashtext", "> 1"),
        ("pipeline", "flashtext", "> 1"),
        ("matching", "pyahocorasick", "≥ 0.33 (1k, 10k), ≥ 0.67 (100k)"),
        ("few:matching", "re loop", "≥ 30"),
        ("few:pipeline", "re loop", "≥ 30"),
        ("few:matching", "one alternation", "> 1"),
        ("matching", "spaCy PhraseMatcher", "> 1"),
        ("pipeline", "spaCy PhraseMatcher", "> 1"),
    ]
    pairs = [pair for pair in pairs if pair[1] in sides]
    for mine, theirs, expected in pairs:
        ours, other = sides[mine], sides[theirs]
        ratios = [b / a for a, b in zip(ours.seconds, other.seconds, strict=False) if a > 0]
        middle = statistics.median(ratios)
        same, note = compared(mine, theirs, (ours.found, other.found), spans)
        made.append(
            Row(
                bench="match",
                work=work,
                ours=mine.removeprefix("few:"),
                other=theirs,
                ratio=middle,
                wall_ratio=middle,
                low=min(ratios),
                high=max(ratios),
                expected=expected,
                ours_cpu_s=statistics.median(ours.seconds),
                other_cpu_s=statistics.median(other.seconds),
                rounds=len(ratios),
                same_work=same,
                note=note,
            )
        )
    return made


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sizes", nargs="+", default=["shipped", "1000", "10000", "100000"])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--texts", type=int, default=3000)
    parser.add_argument("--corpus", type=Path, default=ROOT.parent / "shared")
    parser.add_argument("--cache", type=Path, default=Path.home() / ".cache" / "watcher")
    options = parser.parse_args()
    if not (options.corpus / "data").is_dir():
        print(f"skipped: no corpus at {options.corpus}", file=sys.stderr)
        return 0
    texts, sources = background(options.corpus, options.texts)
    kinds: dict[str, Sequence[Text]] = {"news": texts, "long texts": long_texts(options.corpus, 150)}
    made: list[Row] = []
    notes: dict[str, Any] = {}
    speed: dict[str, dict[str, float]] = {}
    for size in options.sizes:
        document = shipped() if size == "shipped" else synthetic(mined_terms(sources, int(size)))
        loaded = load(document, options.cache, forms=size == "shipped")
        notes[size] = loaded.notes
        for kind, chosen in kinds.items():
            with seldom_collected():  # as in the daemon
                sides = measure(loaded, size, chosen, options.rounds)
            spans = missed(loaded.watchlist, loaded.terms, first_chars(chosen, SLOW_CHARS.get(size, 6000)))
            made += rows(sides, f"{size} terms, {kind}", spans)
            chars = sum(len(title) + len(text) for title, text in chosen)
            for side in ("matching", "pipeline"):
                speed.setdefault(f"{side}, {kind}", {})[size] = chars / statistics.median(sides[side].seconds) / 1e6
            print(size, kind, {name: round(statistics.median(side.seconds), 4) for name, side in sides.items()})
    save("match", made, notes=notes, megachars_per_cpu_s=speed)
    print(table(made))
    print(json.dumps({"load": notes, "million characters per CPU second": speed}, indent=1))
    for side, by_size in speed.items():
        if {"1000", "100000"} <= by_size.keys():
            print(
                f"{side}: {by_size['1000'] / by_size['100000']:.2f} times slower with 100,000 terms than with 1,000 (< 4)"
            )
    return 0


if __name__ == "__main__":
    sys.exit(main())
