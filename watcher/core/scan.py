"""From a text to the places of terms in it: tokens, signatures, trie, checks. Must not: know rules or scores."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable
from functools import cached_property
from itertools import compress, pairwise
from typing import Final

from watcher.core.model import Match
from watcher.core.program import Check, CompiledWatchlist
from watcher.core.text import Reading, crosses_stop, fold, join_fields, lead_end, sentence_ends, sentence_of, token_code

PLACES_PER_TERM: Final = 500
FORM_CHARS: Final = 100
Hit = tuple[int, int, int]
"""(term, first token, token after the last), in tokens of title and text together."""


def base_language(language: str) -> str:
    """``de`` of ``de-AT``."""
    return language.lower().replace("_", "-").partition("-")[0]


class Scan:
    """One entry, scanned for the terms of a watchlist. Hits are verified term by term, where they are asked for."""

    def __init__(self, watchlist: CompiledWatchlist, title: str, text: str, language: str, lead_chars: int) -> None:
        joined, self.text_at = join_fields(title, text)
        self.watchlist = watchlist
        self.title = title
        self.body = text
        self.base_language = base_language(language)
        self.lead_chars = lead_chars
        self.reading = Reading(joined)
        self.flagged: dict[int, str] = {}
        self._hits: dict[int, list[Hit]] = {}

    def can_fire(self) -> bool:
        """The cheap first pass: False where no rule can fire, whatever else stands in the text."""
        reading = self.reading
        return self.watchlist.lexis.can_fire(reading.tokens) or reading.is_suspect

    # places of terms

    def _signatures(self) -> list[int]:
        known = self.watchlist.lexis.signatures
        found = list(map(known.__getitem__, self.reading.tokens))
        if self.reading.is_suspect:
            for index, readings in self.reading.suspects():
                for word in readings:
                    signature = known[token_code(word)]
                    if signature and not found[index]:
                        found[index] = signature
                        self.flagged[index] = word
        return found

    @cached_property
    def raw(self) -> dict[int, list[int]]:
        """Candidates: by term, the tokens where it begins. Checks are still to be made."""
        signatures = self._signatures()
        roots = self.watchlist.lexis.roots
        found: dict[int, list[int]] = {}
        last = len(signatures)
        for begin in compress(range(last), signatures):
            node = roots[signatures[begin]]
            at = begin
            while node is not None:
                for term in node[0]:
                    places = found.setdefault(term, [])
                    if len(places) < PLACES_PER_TERM:
                        places.append(begin)
                at += 1
                if at == last or not node[1]:
                    break
                node = node[1].get(signatures[at])
        return found

    def hits(self, term: int) -> list[Hit]:
        """Verified places of a term, in order."""
        found = self._hits.get(term)
        if found is None:
            found = self._hits[term] = self._verified(term)
        return found

    def _verified(self, term: int) -> list[Hit]:
        places = self.raw.get(term)
        if not places:
            return []
        info = self.watchlist.infos[term]
        if info.only and info.only != self.base_language:
            return []
        size = info.size
        hits = [(term, begin, begin + size) for begin in places]
        if size == 1 and not info.checks:
            return hits
        return [hit for hit in hits if self._holds(hit, info.checks)]

    def _holds(self, hit: Hit, checks: tuple[Check, ...]) -> bool:
        _, begin, end = hit
        if not all(self._accepts(begin + check.slot, check) for check in checks):
            return False
        spans = self.reading.spans(range(begin, end))
        text = self.reading.text
        return not any(crosses_stop(text, before[1], after[0]) for before, after in pairwise(spans))

    def _accepts(self, token: int, check: Check) -> bool:
        if token in self.flagged:
            return check.kind != "case"
        spelling = self.reading.spelling(token)
        if check.kind == "case":
            return spelling in check.accepted
        folded = fold(spelling)
        if check.kind == "prefix":
            return any(map(folded.startswith, check.accepted))
        return folded in check.accepted

    def places(self, terms: Iterable[int]) -> list[Hit]:
        """Verified places of any of these terms, in order of the text."""
        raw = self.raw
        found = [hit for term in terms if term in raw for hit in self.hits(term)]
        found.sort(key=lambda hit: (hit[1], hit[2], hit[0]))
        return found

    # fields and sentences

    @cached_property
    def title_tokens(self) -> int:
        """Number of tokens that stand in the title."""
        return len(self.reading.code[: self.plain_text_at].split())

    @cached_property
    def plain_text_at(self) -> int:
        """Where the text begins in the plain text."""
        offsets = self.reading.offsets
        if offsets is None:
            return self.text_at
        return bisect_left(offsets[0], self.text_at)

    @cached_property
    def lead(self) -> int:
        """Where the lead ends, in characters of the text as given."""
        return lead_end(self.body, self.lead_chars)

    @cached_property
    def lead_token(self) -> int:
        """The token after the last one of the lead."""
        begins = self.reading.spans(range(len(self.reading.tokens)))
        end = self.text_at + self.lead
        return bisect_left(begins, end, key=lambda span: self.reading.given(*span)[0])

    @cached_property
    def _ends(self) -> list[int]:
        return sentence_ends(self.reading.text)

    def sentence(self, token: int) -> int:
        """Number of the sentence that holds a token."""
        ((start, _),) = self.reading.spans((token,))
        return sentence_of(self._ends, start)

    def sentence_tokens(self, sentence: int) -> tuple[int, int]:
        """The tokens of a sentence: first, and the one after the last."""
        begins = self.reading.spans(range(len(self.reading.tokens)))
        since = self._ends[sentence - 1] if sentence else 0
        until = self._ends[sentence]
        return bisect_left(begins, (since, 0)), bisect_left(begins, (until, 0))

    def sentence_span(self, sentence: int) -> tuple[int, int]:
        """The characters of a sentence in the plain text."""
        return (self._ends[sentence - 1] if sentence else 0), self._ends[sentence]

    # what leaves

    def span(self, start: int, end: int) -> tuple[str, int, int]:
        """A span of the plain text as field, start and end in the text as given."""
        start, end = self.reading.given(start, end)
        if start < self.text_at:
            return "title", start, min(end, len(self.title))
        return "text", start - self.text_at, end - self.text_at

    def match(self, hit: Hit) -> Match:
        """A hit as it is told: term, field, span, form, flag."""
        term, begin, end = hit
        (start, _), (_, stop) = self.reading.spans((begin, end - 1))
        field, since, until = self.span(start, stop)
        tokens = [self.flagged.get(token) or fold(self.reading.spelling(token)) for token in range(begin, end)]
        flag = "look-alike" if any(token in self.flagged for token in range(begin, end)) else ""
        return Match(self.watchlist.infos[term].name, field, since, until, " ".join(tokens)[:FORM_CHARS], flag)
