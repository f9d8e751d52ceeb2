"""Looks words up in the dictionaries. Runs in a process of its own that ends: a language costs up to 137 MB.

Must not: be imported by anything that stays.
"""

from __future__ import annotations

import json
import sys
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any, Final

from watcher.lexicon.english import NOUNS, noun_forms, verb_forms

LANGUAGES: Final = frozenset({"en", "de", "fr", "ru", "uk"})
_STRESS: Final = {ord("\u0300"): None, ord("\u0301"): None}
_MIN_HEAD: Final = 5
_MIN_LINK: Final = 3
_APOSTROPHES: Final = str.maketrans("’ʼ‘`´", "'''''")


def clean(form: str) -> str:
    """A form without stress marks, composed, its apostrophes unified."""
    decomposed = unicodedata.normalize("NFD", form.translate(_APOSTROPHES))
    kept = "".join(
        char
        for at, char in enumerate(decomposed)
        if not (char in "\u0300\u0301" and "\u0400" <= decomposed[at - 1] <= "\u04ff")
    )
    return unicodedata.normalize("NFC", kept)


class Dictionary:
    """The inverse of a simplemma dictionary for the lemmas that are asked for."""

    def __init__(self, language: str, words: Iterable[str]) -> None:
        from simplemma.strategies.dictionaries.dictionary_factory import DefaultDictionaryFactory

        self.language = language
        self.lemma_of: Mapping[str, str] = DefaultDictionaryFactory().get_dictionary(language)
        wanted = {candidate for word in words for lemma in self.lemmas(word) for candidate in self.keys(lemma)}
        self.forms: dict[str, set[str]] = defaultdict(set)
        for form, lemma in self.lemma_of.items():
            if lemma in wanted:
                self.forms[lemma].add(form)

    def keys(self, lemma: str) -> tuple[str, ...]:
        """A lemma and, in German, the head of a compound that the dictionary lacks."""
        head = self.head(lemma)
        return (lemma, head) if head else (lemma,)

    def lemmas(self, word: str) -> tuple[str, ...]:
        """What a word is a form of: itself where it is a lemma, else the lemma of its form (case kept first)."""
        for spelling in dict.fromkeys((word, word.lower(), word.capitalize())):
            lemma = self.lemma_of.get(spelling)
            if lemma is not None:
                return (lemma,)
        return (word,)

    def head(self, word: str) -> str:
        """The longest known German noun at the end of a compound, with its capital letter."""
        if self.language != "de" or word in self.lemma_of:
            return ""
        for cut in range(_MIN_LINK, len(word) - _MIN_HEAD + 1):
            tail = word[cut:].capitalize()
            if self.lemma_of.get(tail) == tail:
                return tail
        return ""

    def knows(self, word: str) -> bool:
        """True where the dictionary has the word: then it has no other forms than those it tells."""
        return word in self.lemma_of or word.lower() in self.lemma_of

    def expand(self, word: str) -> set[str]:
        """All forms of a word, as the dictionary has them."""
        (lemma,) = self.lemmas(word)
        head = self.head(word)
        if head:
            stem = word[: len(word) - len(head)]
            return {stem + form.lower() for form in self.forms.get(head, ())}
        forms = set(self.forms.get(lemma, ()))
        return self.narrowed(word, lemma, forms)

    def narrowed(self, word: str, lemma: str, forms: set[str]) -> set[str]:
        """Forms that mean the same: the noun apart from the verb that is spelt like it."""
        if self.language == "en" and lemma in NOUNS:
            return noun_forms(lemma, forms) if word.lower() in noun_forms(lemma, forms) else verb_forms(lemma, forms)
        return forms


class Russian:
    """pymorphy3: the paradigm of one part of speech, also for names that no dictionary has."""

    def __init__(self) -> None:
        from pymorphy3 import MorphAnalyzer

        self.analyzer = MorphAnalyzer()

    def parse(self, word: str) -> list[Any]:
        """The readings in which the word is a dictionary form, all of the likeliest part of speech; else the likeliest."""
        readings = self.analyzer.parse(word)
        folded = word.lower().replace("ё", "е")
        named = [
            one
            for one in readings
            if one.normal_form.replace("ё", "е") == folded and one.tag.POS not in ("CONJ", "PREP", "PRCL", "INTJ")
        ]
        same = [one for one in named if one.tag.POS == named[0].tag.POS] or readings[:1]
        return same + [one for one in readings if _is_adjective_too(folded, same[0].tag, one.tag)]

    def knows(self, word: str) -> bool:
        """True always: it inflects what it has never seen as well."""
        return bool(word)

    def expand(self, word: str) -> set[str]:
        """Forms of a word: of the same part of speech, short adjectives and comparatives left out."""
        readings = self.parse(word)
        return {one.word for reading in readings for one in reading.lexeme if _same_kind(reading.tag, one.tag)}


_VERB_KINDS: Final = frozenset({"INFN", "VERB", "PRTS", "GRND"})


def _is_adjective_too(word: str, tag: Any, other: Any) -> bool:
    """True where a noun is an adjective's own form as well: красная stands in красная линия, with a plural."""
    return bool(
        tag.POS == "NOUN"
        and word.endswith(("ая", "яя", "ое", "ее"))
        and other.POS == "ADJF"
        and "nomn" in other
        and "Surn" not in tag
    )


def _same_kind(tag: Any, other: Any) -> bool:
    if tag.POS in _VERB_KINDS:
        return other.POS in _VERB_KINDS or (other.POS == "PRTF" and other.voice == "pssv")
    if tag.POS == "PRTF":
        return bool(other.POS == "PRTF" and other.voice == tag.voice and other.tense == tag.tense)
    return bool(other.POS == tag.POS)


def variants(language: str, forms: set[str]) -> set[str]:
    """Spelling variants: ß and ss, проєкт and проект."""
    if language == "de":
        return forms | {form.replace("ß", "ss") for form in forms}
    if language == "uk":
        return forms | {form.replace("проєкт", "проект") for form in forms}
    return forms


def regular(language: str, word: str) -> set[str]:
    """Regular endings of a word that no dictionary knows (names, compounds)."""
    if language == "en":
        return {word} if word.endswith("s") or word[:1].isupper() else {word, f"{word}s"}
    if language == "fr":
        return {word} if word.endswith(("s", "x", "z")) else {word, f"{word}s"}
    if language == "de":
        return {word, f"{word}s"} if not word.endswith(("s", "ß", "x", "z")) else {word}
    return {word}


def of_names(language: str, word: str, forms: set[str]) -> set[str]:
    """German forms that the dictionary leaves out: the genitive of names, nouns that are inflected as adjectives."""
    if language != "de" or not word[:1].isupper() or word.isupper():
        return set()
    if forms == {word}:
        return regular(language, word)
    return {word + ending for ending in "nrms"} if word.endswith("e") and f"{word.lower()}r" in forms else set()


def _russian() -> Russian | None:
    try:
        return Russian()
    except ImportError:
        return None


def _expander(language: str, words: list[str]) -> Russian | Dictionary:
    if language == "ru":
        russian = _russian()
        if russian is not None:
            return russian
    return Dictionary(language, [variant for word in words for variant in (word, clean(word))])


def expand_language(language: str, words: Iterable[str]) -> dict[str, list[str]]:
    """Forms of words of one language, each sorted and containing the word itself."""
    asked = sorted(set(words))
    if language not in LANGUAGES:
        return {word: [word] for word in asked}
    source = _expander(language, asked)
    found: dict[str, list[str]] = {}
    for word in asked:
        forms = set(map(clean, source.expand(clean(word)))) | {word}
        if len(forms) == 1 and not source.knows(word):
            forms |= regular(language, word)
        forms |= of_names(language, word, forms)
        found[word] = sorted(variants(language, forms))
    return found


def main() -> None:
    """Read ``{language: [word, …]}`` from standard input, write ``{language: {word: [form, …]}}``."""
    asked = json.load(sys.stdin)
    answer = {language: expand_language(language, words) for language, words in asked.items()}
    json.dump(answer, sys.stdout)


if __name__ == "__main__":
    main()
