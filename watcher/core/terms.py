"""Terms made of words and their forms: slots of surface forms, one number a term. Must not: read files, expand forms."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from watcher.core.alphabet import OTHER, encode, is_cyrillic
from watcher.core.document import Term
from watcher.core.program import Check, TermForms, TermInfo
from watcher.core.query import Phrase, Word, parse_term
from watcher.core.text import fold, plain_text

Forms = Mapping[tuple[str, str], frozenset[str]]
_CYRILLIC_LANGUAGES: Final = frozenset({"ru", "uk", "be", "bg", "sr", "mk"})
_MIN_ACRONYM: Final = 2


@dataclass(frozen=True, slots=True)
class Slot:
    """One token of a term: the folded forms it accepts, a folded prefix, or a word whose case is kept."""

    kind: str
    accepted: frozenset[str]


def pieces(text: str) -> list[str]:
    """The tokens of a word or phrase in their own case (a hyphen parts, so does an apostrophe between Latin letters)."""
    plain = unicodedata.normalize("NFC", plain_text(text)[0])
    folded = fold(plain)
    found, start = [], 0
    for token in folded.split():
        start = folded.index(token, start)
        found.append(plain[start : start + len(token)])
        start += len(token)
    return found


def is_inflected(piece: str, language: str) -> bool:
    """True where a word has forms to look for: not an acronym, no digits, in the letters of its language."""
    if (piece.isupper() and len(piece) >= _MIN_ACRONYM) or not any(map(str.isalpha, piece)) or not language:
        return False
    if any(map(str.isdigit, piece)):
        return False
    return any(map(is_cyrillic, piece)) == (language in _CYRILLIC_LANGUAGES)


def needed(phrase: Phrase) -> Iterator[tuple[str, str]]:
    """(language, word) pairs whose forms a phrase needs."""
    for word in phrase.words:
        if word.mode == "forms":
            for piece in pieces(word.text):
                if is_inflected(piece, word.language):
                    yield word.language, piece


def _slots(word: Word, forms: Forms) -> Iterator[Slot]:
    parts = pieces(word.text)
    for number, piece in enumerate(parts, 1):
        folded = fold(piece)
        if word.mode == "case":
            yield Slot("case", frozenset({piece}))
        elif word.mode == "prefix" and number == len(parts):
            yield Slot("prefix", frozenset({folded}))
        elif word.mode == "forms":
            known = forms.get((word.language, piece), frozenset())
            yield Slot("forms", frozenset({folded}) | {form for form in map(fold, known) if " " not in form})
        else:
            yield Slot("forms", frozenset({folded}))


def _check(number: int, slot: Slot) -> Check | None:
    if slot.kind == "case":
        return Check(number, slot.accepted, "case")
    if any(OTHER in encode(form).decode("latin-1") for form in slot.accepted):
        return Check(number, slot.accepted, slot.kind)
    return None


class TermTable:
    """Numbers terms, once each, and remembers their slots."""

    def __init__(self, forms: Forms) -> None:
        self.forms = forms
        self.infos: list[TermInfo] = []
        self.slots: list[tuple[Slot, ...]] = []
        self.shown: list[TermForms] = []
        self._numbers: dict[tuple[str, str, tuple[Slot, ...]], int] = {}
        self._words: dict[Word, tuple[Slot, ...]] = {}

    def _word(self, word: Word) -> tuple[Slot, ...]:
        found = self._words.get(word)
        if found is None:
            found = self._words[word] = tuple(_slots(word, self.forms))
        return found

    def _number(self, name: str, only: str, slots: tuple[Slot, ...]) -> int:
        key = (name, only, slots)
        number = self._numbers.get(key)
        if number is None:
            number = self._numbers[key] = len(self.infos)
            checks = tuple(check for at, slot in enumerate(slots) if (check := _check(at, slot)))
            self.infos.append(TermInfo(name, len(slots), checks, only))
            self.slots.append(slots)
        return number

    def add_phrase(self, phrase: Phrase, name: str, only: str = "") -> int | None:
        """Number of a phrase; None where it has no token at all."""
        slots = tuple(slot for word in phrase.words for slot in self._word(word))
        return self._number(name, only, slots) if slots else None

    def add_bare(self, phrase: Phrase, name: str) -> int | None:
        """Number of a phrase that stands in a query."""
        number = self.add_phrase(phrase, name)
        if number is not None:
            self._show("", name, phrase.words[0].language, [number])
        return number

    def add_term(self, term: Term, concept: str) -> list[int]:
        """Numbers of a term of a concept: one, or one for each form that its author gave.

        Raises:
            QueryError: the term, or a form, is not one.
        """
        if term.forms:
            phrases = [exactly(parse_term(form, "", term.place)) for form in term.forms]
        else:
            phrases = [parse_term(term.text, term.language, term.place)]
        found = [self.add_phrase(phrase, term.text, term.only) for phrase in phrases]
        numbers = [number for number in found if number is not None]
        self._show(concept, term.text, term.language, numbers)
        return numbers

    def _show(self, concept: str, name: str, language: str, numbers: Iterable[int]) -> None:
        for number in numbers:
            forms = tuple(
                tuple(sorted(map(_shown, (slot,) * len(slot.accepted), slot.accepted))) for slot in self.slots[number]
            )
            self.shown.append(TermForms(concept, name, language, forms))


def _shown(slot: Slot, form: str) -> str:
    return {"prefix": f"{form}*", "case": f"={form}"}.get(slot.kind, form)


def exactly(phrase: Phrase) -> Phrase:
    """The same phrase, its bare words taken as they are."""
    return Phrase(
        tuple(Word(word.text, "exact" if word.mode == "forms" else word.mode, "", word.at) for word in phrase.words)
    )
