"""From a document to a compiled watchlist: every problem at its place, every term with its forms."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from msgspec.structs import replace

from tests.core.engine import HEAD, compiled
from watcher.core.compile import compile_watchlist, queries, words_needed
from watcher.core.document import Concept, Document, Query, Rule, Signal, Term
from watcher.core.errors import ChannelError, DatabaseBusyError, WatchlistError
from watcher.core.query import Phrase, Word, parse_term
from watcher.core.terms import TermTable, is_inflected, pieces
from watcher.core.watchlist import read_document

BODY = """concepts:
  nation: {en: [Ruritania, UN, '=US'], ru: [договор]}
facets:
  institution: {council: council}
figures:
  ships: {title: Ships, match: fleet, unit: vessels, units: {en: [vessel, 'EUR']}, range: [1, 9]}
signals:
  s:
    title: S
    ladder: steps
    needs: '@nation'
    rules:
      - {id: one, match: 'draft & secur*', weight: 60, rung: claimed, unless: 'rumour | x & y'}
      - {id: two, match: '2 of (alpha beta | gamma | delta)', weight: 10}
      - {id: three, match: 'title:(omega) | omega sentence psi', weight: 10}
"""


@pytest.fixture
def document() -> Document:
    return read_document({"w.yaml": HEAD + BODY}, "w.yaml")


def test_the_words_whose_forms_are_needed(document: Document) -> None:
    needed = words_needed(document)

    assert {("en", "draft"), ("en", "Ruritania"), ("ru", "договор"), ("en", "vessel"), ("en", "council")} <= needed
    assert not {("en", "UN"), ("en", "US"), ("en", "secur")} & needed


def test_every_query_of_a_document_is_listed(document: Document) -> None:
    texts = [query.text for query in queries(document)]

    assert {"@nation", "rumour | x & y", "council", "fleet"} <= set(texts)


def _with_rule(document: Document, **changes: Any) -> Document:
    (signal,) = document.signals
    rule = replace(signal.rules[0], **changes)
    return replace(document, signals=(replace(signal, rules=(rule, *signal.rules[1:])),))


def _with_signal(document: Document, **changes: Any) -> Document:
    (signal,) = document.signals
    return replace(document, signals=(replace(signal, **changes),))


@pytest.mark.parametrize(
    ("code", "change"),
    [
        ("bad-weight", lambda d: _with_rule(d, weight=float("nan"))),
        ("bad-weight", lambda d: _with_rule(d, weight=float("inf"))),
        ("bad-weight", lambda d: _with_rule(d, weight=-1.0)),
        ("bad-weight", lambda d: _with_rule(d, weight=0.0)),
        ("unknown-rung", lambda d: _with_rule(d, rung="moon")),
        ("no-match", lambda d: _with_rule(d, match=Query())),
        ("bad-query", lambda d: _with_rule(d, match=Query("a &"))),
        ("unknown-concept", lambda d: _with_rule(d, match=Query("@nations"))),
        ("unknown-concept", lambda d: _with_rule(d, match=Query("@zzz near/2 a"))),
        ("bad-threshold", lambda d: _with_signal(d, threshold=0.0)),
        ("bad-threshold", lambda d: _with_signal(d, threshold=float("nan"))),
        ("unknown-ladder", lambda d: _with_signal(d, ladder="moon")),
        ("unknown-rung", lambda d: _with_signal(d, ladder="")),
        ("duplicate-rule", lambda d: _with_signal(d, rules=(d.signals[0].rules[0],) * 2)),
        ("bad-range", lambda d: replace(d, figures=(replace(d.figures[0], low=9.0, high=1.0),))),
        ("bad-range", lambda d: replace(d, figures=(replace(d.figures[0], low=float("nan")),))),
        ("bad-query", lambda d: replace(d, concepts={"nation": Concept("nation", (Term("a |", "en"),))})),
    ],
)
def test_c17_what_cannot_be_is_refused_at_its_place(
    document: Document, code: str, change: Callable[[Document], Document]
) -> None:
    with pytest.raises(WatchlistError) as caught:
        compile_watchlist(change(document), {})

    assert code in {issue.code for issue in caught.value.issues}


def test_what_cannot_be_parsed_needs_no_forms(document: Document) -> None:
    broken = _with_rule(document, match=Query("a &"))
    broken = replace(broken, concepts={"nation": Concept("nation", (Term("a |", "en"), Term("b", "en", forms=("c",))))})

    assert ("en", "b") not in words_needed(broken)


def test_facets_and_figures_may_match_nothing(document: Document) -> None:
    empty = replace(
        document,
        facets=(replace(document.facets[0], match=Query()),),
        figures=(replace(document.figures[0], match=Query()),),
    )

    assert frozenset() == compile_watchlist(empty, {}).facets[0].match.ids  # type: ignore[union-attr]
    assert "s" in compile_watchlist(empty, {}).signals


def test_a_unit_of_money_has_its_sign(document: Document) -> None:
    money = replace(document.figures[0], unit_terms=(Term("EUR", "en"), Term("square mile", "en")))

    units = compile_watchlist(replace(document, figures=(money,)), {}).figures[0].units

    assert {("eur",), ("€",), ("square", "mile")} == units


def test_terms_tell_their_forms() -> None:
    watchlist = compiled(BODY)
    forms = {(one.concept, one.term): one.forms for one in watchlist.terms}

    assert ("draft", "drafts") in forms[("", "draft")]
    assert forms[("nation", "=US")] == (("=US",),)
    assert forms[("", "secur*")] == (("secur*",),)


def test_forms_given_by_the_author_replace_expansion() -> None:
    table = TermTable({})

    numbers = table.add_term(Term("note", "en", forms=("note verbale", "notes*")), "paper")

    assert len(numbers) == 2
    assert table.add_phrase(parse_term("word", "en"), "word") == table.add_phrase(parse_term("word", "en"), "word")


def test_a_term_without_a_letter_is_no_term() -> None:
    table = TermTable({})

    assert table.add_bare(Phrase((Word("\u3164", "exact"),)), "x") is None
    assert pieces("Non-use") == ["Non", "use"]


@pytest.mark.parametrize(
    ("word", "language", "inflected"),
    [
        ("UN", "en", False),
        ("NATO", "ru", False),
        ("F16", "en", False),
        ("f16", "en", False),
        ("12", "en", False),
        ("word", "", False),
        ("word", "ru", False),
        ("слово", "ru", True),
        ("слово", "en", False),
        ("A", "en", True),
    ],
)
def test_which_words_have_forms(word: str, language: str, *, inflected: bool) -> None:
    assert inflected is is_inflected(word, language)


def test_errors_tell_what_failed_and_how_to_go_on() -> None:
    error = ChannelError("file", "cannot be written", permanent=True)

    assert (str(error), error.permanent, error.channel) == ("channel file: cannot be written", True, "file")
    assert str(DatabaseBusyError("locked", hint="wait")) == "locked (hint: wait)"


def test_a_signal_and_its_rules_keep_their_order(document: Document) -> None:
    assert list(compile_watchlist(document, {}).signals["s"].rules) == ["one", "two", "three"]
    assert isinstance(document.signals[0], Signal)
    assert isinstance(document.signals[0].rules[0], Rule)
