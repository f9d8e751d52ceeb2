"""From a text to the places of terms in it: tokens, patterns, checks. Must not: know rules or scores."""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable
from functools import cached_property
from operator import itemgetter
from typing import Final

from watcher.core.alphabet import OTHER_BYTE, decode, encode
from watcher.core.layout import Layout
from watcher.core.model import Match
from watcher.core.program import Check, CompiledWatchlist, Lexis
from watcher.core.sentence import crosses_stop, lead_end, may_stop
from watcher.core.text import Reading

JOINT: Final = "\n\n"
"""Between title and text, so that one pass reads both: a blank line, which no phrase crosses."""
_by_place = itemgetter(1, 2, 0)
PLACES_PER_TERM: Final = 500
FORM_CHARS: Final = 100
Hit = tuple[int, int, int]
"""(term, first token, token after the last), in tokens of title and text together."""


def base_language(language: str) -> str:
    """``de`` of ``de-AT``."""
    return language.lower().replace("_", "-").partition("-")[0]


class Sighting:
    """The first look at an entry: its tokens, and where patterns of a watchlist stand in them.

    Words that imitate a form that some term knows are read as that form: ``flagged`` names them, by token.
    """

    __slots__ = ("_layout", "_places", "flagged", "joined", "lexis", "reading", "spotted", "tokens")

    def __init__(self, lexis: Lexis, reading: Reading) -> None:
        self.lexis = lexis
        self.reading = reading
        self.flagged: dict[int, str] = {}
        self.tokens: list[bytes] = self._suspects_read() if reading.is_suspect else reading.tokens
        self.joined = b" %b " % b" ".join(self.tokens)
        self.spotted = lexis.spot(self.joined)
        self._layout: Layout | None = None
        self._places: dict[int, list[int]] | None = None

    @property
    def is_laid_out(self) -> bool:
        """True where the sentences are known."""
        return self._layout is not None

    @property
    def layout(self) -> Layout:
        """The sentences; found at the first look."""
        if self._layout is None:
            self._layout = Layout(self.reading.text, self.reading.code)
        return self._layout

    def _suspects_read(self) -> list[bytes]:
        knows = self.lexis.knows
        tokens = list(self.reading.tokens)
        for index, readings in self.reading.suspects():
            if knows(tokens[index]):
                continue
            for word in readings:
                code = encode(word)
                if knows(code):
                    tokens[index] = code
                    self.flagged[index] = word
                    break
        return tokens

    @property
    def places(self) -> dict[int, list[int]]:
        """By term, the tokens where it begins, found at the first look. Checks are still to be made."""
        if self._places is None:
            self._places = self._read_places()
        return self._places

    def _read_places(self) -> dict[int, list[int]]:
        found: defaultdict[int, list[int]] = defaultdict(list)
        tokens, whole, parts = self.tokens, self.lexis.whole, self.lexis.parts
        count = self.joined.count
        at = token = 0
        for pattern, start, _ in self.spotted:
            token += count(b" ", at, start) if start >= at else -count(b" ", start, at)
            at = start
            for term in whole[pattern]:
                found[term].append(token)
            if pattern in parts:
                for part in parts[pattern]:
                    begin = token - part.back
                    if part.holds(tokens, begin):
                        found[part.term].append(begin)
        return dict(found)


class Scan:
    """One entry, scanned for the terms of a watchlist. Hits are verified term by term, where they are asked for."""

    def __init__(
        self, watchlist: CompiledWatchlist, sighting: Sighting, title: str, text: str, language: str, lead_chars: int
    ) -> None:
        self.watchlist = watchlist
        self.reading = sighting.reading
        self.title = title
        self.body = text
        self.text_at = len(title) + len(JOINT)
        self.language = language
        self.lead_chars = lead_chars
        self.flagged = sighting.flagged
        self._hits: dict[int, list[Hit]] = {}
        self._places: dict[frozenset[int], list[Hit]] = {}
        self.raw = sighting.places
        self._sighting = sighting

    @cached_property
    def base_language(self) -> str:
        """Language of the entry without its region; empty where unknown."""
        return base_language(self.language)

    @cached_property
    def _present(self) -> frozenset[int]:
        return frozenset(self.raw)

    # places of terms

    def hits(self, term: int) -> list[Hit]:
        """Verified places of a term, in order."""
        found = self._hits.get(term)
        if found is None:
            found = self._hits[term] = self._verified(term)
        return found

    def _verified(self, term: int) -> list[Hit]:
        info = self.watchlist.infos[term]
        if info.only and info.only != self.base_language:
            return []
        size, places = info.size, self.raw[term]
        if info.checks:
            places = [begin for begin in places if self._passes(begin, info.checks)]
        if size > 1:
            places = self._whole(places, size)
        return [(term, begin, begin + size) for begin in places[:PLACES_PER_TERM]]

    def _passes(self, begin: int, checks: tuple[Check, ...]) -> bool:
        return all(self._accepts(begin + check.slot, check) for check in checks)

    def _whole(self, places: list[int], size: int) -> list[int]:
        """Those places of a term where no sentence ends inside."""
        begin, text, last = self.begin, self.reading.text, size - 1
        return [
            first
            for first in places
            if may_stop(text, begin(first), begin(first + last)) is None or not self._is_parted(first, first + last)
        ]

    def _is_parted(self, first: int, last: int) -> bool:
        """True where something stands between two tokens that parts what is said."""
        begin, tokens, text = self.begin, self.reading.tokens, self.reading.text
        return any(
            crosses_stop(text, begin(token) + len(tokens[token]), begin(token + 1)) for token in range(first, last)
        )

    def _accepts(self, token: int, check: Check) -> bool:
        if token in self.flagged:
            return check.kind != "case"
        if check.kind == "case":
            return self.reading.spelling(token, self.begin(token)) in check.accepted
        folded = self.reading.form(token, self.begin(token))
        if check.kind == "prefix":
            return any(map(folded.startswith, check.accepted))
        return folded in check.accepted

    def places(self, terms: frozenset[int]) -> list[Hit]:
        """Verified places of any of these terms, in order of the text."""
        found = self._places.get(terms)
        if found is None:
            here = terms & self._present
            found = [hit for term in here for hit in self.hits(term)]
            if len(here) > 1:
                found.sort(key=_by_place)
            self._places[terms] = found
        return found

    def stands(self, terms: frozenset[int]) -> bool:
        """True where any of these terms has a verified place."""
        found = self._places.get(terms)
        return any(map(self.hits, terms & self._present)) if found is None else bool(found)

    # fields and sentences

    @cached_property
    def title_tokens(self) -> int:
        """Number of tokens that stand in the title."""
        at = self.text_at
        if self.reading.offsets is not None:
            at = bisect_left(self.reading.offsets[0], at)
        return len(self.reading.code[:at].split())

    @cached_property
    def lead(self) -> int:
        """Where the lead ends, in characters of the text as given."""
        return lead_end(self.body, self.lead_chars)

    @cached_property
    def lead_token(self) -> int:
        """The token after the last one of the lead."""
        end = self.text_at + self.lead
        if self.reading.offsets is not None:
            end = bisect_left(self.reading.offsets[0], end)
        return self.layout.token(end)

    @cached_property
    def layout(self) -> Layout:
        """The sentences of title and text."""
        return self._sighting.layout

    @cached_property
    def begin(self) -> Callable[[int], int]:
        """The character of the plain text where a token begins; all at once where no sentence was looked at yet."""
        return self.layout.begin if self._sighting.is_laid_out else self.reading.begins.__getitem__

    # what leaves

    def span(self, start: int, end: int) -> tuple[str, int, int]:
        """A span of the plain text as field, start and end in the text as given."""
        if self.reading.offsets is not None:
            start, end = self.reading.given(start, end)
        if start < self.text_at:
            return "title", start, min(end, len(self.title))
        return "text", start - self.text_at, end - self.text_at

    def match(self, hit: Hit) -> Match:
        """A hit as it is told: term, field, span, form, flag."""
        term, begin, end = hit
        reading, flagged = self.reading, self.flagged
        place, tokens = self.begin, reading.tokens
        start, code, flag = place(begin), tokens[begin], ""
        if end - begin == 1:
            field, since, until = self.span(start, start + len(code))
        else:
            field, since, until = self.span(start, place(end - 1) + len(tokens[end - 1]))
            code = b" ".join(tokens[begin:end])
        if flagged and not flagged.keys().isdisjoint(range(begin, end)):
            flag = "look-alike"
        if flag or OTHER_BYTE in code:
            form = " ".join([flagged.get(token) or reading.form(token, place(token)) for token in range(begin, end)])
        else:
            form = decode(code)
        return Match(self.watchlist.infos[term].name, field, since, until, form[:FORM_CHARS], flag)
