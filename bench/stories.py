"""How well entries are grouped, and what adding one costs. Must not: write a sentence of others into the project.

python -m bench.stories                       quality on the labelled stories and pairs of the shared corpus
python -m bench.stories --read FILE           100 merged pairs, mixed into the background, to be read by a person
python -m bench.stories --cost                processor time per entry at 10,000 and at 100,000 in the window
"""

from __future__ import annotations

import argparse
import hashlib
import json
import lzma
import random
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from tests.support.corpus import corpus_root
from watcher.core.grouping import Window
from watcher.core.likeness import Grouping, Item, LikenessIndex
from watcher.core.text import words
from watcher.core.wording import read_wording

SHIFT_S = 1_767_225_600 - 1_669_852_800
"""January 2026, as if it were December 2022: labelled stories among the background."""


class Told(NamedTuple):
    """An entry of the corpus; ``story`` is empty where nobody labelled it."""

    at: float
    language: str
    title: str
    text: str
    source: str
    story: str


def labelled(root: Path) -> list[Told]:
    """The labelled stories in the order of time."""
    found = []
    for line in (root / "gold" / "stories-dev.jsonl").read_text(encoding="utf-8").splitlines():
        story = json.loads(line)
        for item in story["items"]:
            at = datetime.fromisoformat(item["published"]).timestamp()
            found.append(Told(at, story["lang"], item["title"], "", item["outlet"], story["story"]))
    return sorted(found, key=lambda one: one.at)


def background(root: Path) -> Iterator[Told]:
    """The general news, without labels."""
    with lzma.open(root / "data" / "background-2022.jsonl.xz", "rt", encoding="utf-8") as lines:
        for line in lines:
            row = json.loads(line)
            if row.get("published"):
                at = datetime.fromisoformat(row["published"]).timestamp()
                yield Told(at, row["lang"][:2], row["title"], row["text"], row["source"], "")


def ours(told: Sequence[Told], rules: Grouping | None = None) -> dict[int, int]:
    """The story of each entry, as the duty groups them."""
    window, sources, found = Window(rules), {}, {}
    for number, one in enumerate(told, 1):
        source = sources.setdefault(one.source, len(sources))
        wording = read_wording(one.title, one.text, one.language)
        found[number - 1] = window.place(Item(number, int(one.at * 1e6), source, wording)).story
    return found


def exact_title(told: Sequence[Told]) -> dict[int, int]:
    """One story per title."""
    names: dict[str, int] = {}
    return {number: names.setdefault(" ".join(words(one.title)), number) for number, one in enumerate(told)}


def single(told: Sequence[Told]) -> dict[int, int]:
    """Every entry alone."""
    return {number: number for number in range(len(told))}


def minhash(told: Sequence[Told], least: float = 0.4, bands: int = 32, rows: int = 2) -> dict[int, int]:
    """Banded MinHash over the words of the title, joined where the words are alike enough."""
    buckets: dict[tuple[int, ...], list[int]] = defaultdict(list)
    sets = [frozenset(words(one.title)) for one in told]
    found: dict[int, int] = {}
    for number, (one, said) in enumerate(zip(told, sets, strict=True)):
        keys = [(band, *sketch) for band, sketch in enumerate(_bands(said, bands, rows))]
        near = {other for key in keys for other in buckets[key] if one.at - told[other].at <= 72 * 3600}
        best = max(near, key=lambda other: (_jaccard(said, sets[other]), other), default=None)
        found[number] = found[best] if best is not None and _jaccard(said, sets[best]) >= least else number
        for key in keys:
            buckets[key].append(number)
    return found


def _bands(said: frozenset[str], bands: int, rows: int) -> Iterator[tuple[int, ...]]:
    hashes = [int.from_bytes(hashlib.blake2b(word.encode(), digest_size=8).digest(), "big") for word in said] or [0]
    rng = random.Random(5)
    for _ in range(bands):
        yield tuple(
            min((value * factor + shift) % (2**61 - 1) for value in hashes)
            for factor, shift in ((rng.getrandbits(60) | 1, rng.getrandbits(60)) for _ in range(rows))
        )


def _jaccard(one: frozenset[str], two: frozenset[str]) -> float:
    return len(one & two) / (len(one | two) or 1)


def figures(found: Mapping[int, int], told: Sequence[Told]) -> tuple[float, ...]:
    """B-cubed precision, recall, F1 and pairwise precision and recall, over the labelled entries."""
    gold, made = defaultdict(set), defaultdict(set)
    labels = {number: one.story for number, one in enumerate(told) if one.story}
    for number, story in labels.items():
        gold[story].add(number)
        made[found[number]].add(number)
    shared = [
        (len(gold[story] & made[found[number]]), gold[story], made[found[number]]) for number, story in labels.items()
    ]
    precision = sum(both / len(ours) for both, _, ours in shared) / len(labels)
    recall = sum(both / len(theirs) for both, theirs, _ in shared) / len(labels)
    right = sum(both - 1 for both, _, _ in shared)
    said = sum(len(ours) - 1 for _, _, ours in shared)
    true = sum(len(theirs) - 1 for _, theirs, _ in shared)
    return precision, recall, 2 * precision * recall / (precision + recall), right / max(said, 1), right / true


def pairs_ap(root: Path, *, with_text: bool) -> float:
    """Average precision of the likeness on the labelled pairs."""
    pairs = [
        json.loads(line) for line in (root / "gold" / "story-pairs-dev.jsonl").read_text(encoding="utf-8").splitlines()
    ]
    index, kept = LikenessIndex(Grouping()), {}
    for pair in pairs:
        for side in "12":
            key = (pair[f"title{side}"], pair[f"summary{side}"] if with_text else "")
            if key not in kept:
                number = len(kept) + 1
                kept[key] = index.add(Item(number, 0, 0, read_wording(*key, "en")), number)
    scores = []
    for pair in pairs:
        one, two = (kept[pair[f"title{side}"], pair[f"summary{side}"] if with_text else ""] for side in "12")
        scores.append((index.cosines(one.item.wording, (two,))[0], pair["label"]))
    scores.sort(key=lambda score: -score[0])
    right = [rank for rank, (_, label) in enumerate(scores, 1) if label]
    return sum(number / rank for number, rank in enumerate(right, 1)) / len(right)


def mixed(root: Path) -> list[Told]:
    """The labelled stories among the background, in one stream."""
    moved = [one._replace(at=one.at - SHIFT_S) for one in labelled(root)]
    return sorted([*background(root), *moved], key=lambda one: one.at)


def write_pairs(told: Sequence[Told], found: Mapping[int, int], file: Path, *, seed: int, number: int = 100) -> None:
    """Random merged pairs, for a person to read."""
    stories = defaultdict(list)
    for entry, story in found.items():
        stories[story].append(entry)
    pairs = [(one, two) for members in stories.values() for place, two in enumerate(members) for one in members[:place]]
    chosen = random.Random(seed).sample(pairs, min(number, len(pairs)))
    lines = [f"{place}\t{told[one].title}\t{told[two].title}\n" for place, (one, two) in enumerate(chosen, 1)]
    file.write_text("".join(lines), encoding="utf-8")
    print(f"{len(pairs):,} merged pairs, {len(chosen)} written to {file}")


def cost(sizes: Sequence[int] = (10_000, 100_000), sample: int = 1000) -> dict[int, float]:
    """Processor seconds for each entry added to a full window of so many, texts made up of a skewed vocabulary."""
    spent = {}
    for size in sizes:
        rng = random.Random(11)
        window = Window(Grouping(most_entries=size))
        for number in range(1, size + 1):
            window.keep(_made_up(rng, number), number)
        items = [_made_up(rng, size + 1 + number) for number in range(sample)]
        begun = time.process_time()
        for item in items:
            window.place(item)
        spent[size] = (time.process_time() - begun) / sample
    return spent


def _made_up(rng: random.Random, number: int) -> Item:
    def word() -> str:
        return f"w{int(rng.paretovariate(0.7)) % 200_000:x}"

    title, lead = " ".join(word() for _ in range(9)), " ".join(word() for _ in range(45))
    return Item(number, number, number % 50, read_wording(title, lead, "en"))


def main() -> None:
    """Measure what is asked for, and print it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--read", type=Path, metavar="FILE", help="write merged pairs to be read")
    parser.add_argument("--titles", action="store_true", help="with --read: titles of the background only")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--cost", action="store_true", help="processor time per entry")
    asked = parser.parse_args()
    if asked.cost:
        spent = cost()
        small, large = spent.values()
        print(f"{small * 1e6:.0f} µs at 10,000, {large * 1e6:.0f} µs at 100,000: ratio {large / small:.2f}")
        return
    root = corpus_root()
    if root is None:
        parser.exit(0, "skipped: no shared corpus (WATCHER_CORPUS names one)\n")
    if asked.read:
        told = mixed(root)
        told = [one._replace(text="") for one in told] if asked.titles else told
        found = ours(told)
        print("labelled among background", *(f"{value:.3f}" for value in figures(found, told)))
        write_pairs(told, found, asked.read, seed=asked.seed)
        return
    told = labelled(root)
    sides: dict[str, Callable[[Sequence[Told]], dict[int, int]]] = {
        "ours": ours, "exact title": exact_title, "all single": single, "MinHash": minhash,
    }  # fmt: skip
    print(
        f"{'':12} B3-P  B3-R  B3-F1 pair-P pair-R   ({len(told)} entries, {len(Counter(one.story for one in told))} stories)"
    )
    for name, side in sides.items():
        print(f"{name:12}", *(f"{value:.3f}" for value in figures(side(told), told)))
    print(
        f"pairs, average precision: {pairs_ap(root, with_text=True):.3f} with summaries, {pairs_ap(root, with_text=False):.3f} titles"
    )


if __name__ == "__main__":
    main()
