"""What the engine finds in a text, and where; each test is one promise of the language."""

from __future__ import annotations

import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.core.engine import compiled, evidence, found, one_rule, spelled
from watcher.core.limits import Limits
from watcher.core.match import find_evidence

TWO = "concepts:\n  nation: {en: [Ruritania, '=US'], ru: [Руритания]}\n  paper: {en: [draft, note], de: [{term: Note, only: de}]}\n"


@pytest.mark.parametrize(
    ("query", "text", "words"),
    [
        ("guarantee", "They want guarantees now.", ["guarantees"]),
        ("guarantee", "They want assurance.", []),
        ('"guarantee"', "They want guarantees now.", []),
        ('"legal text"', "A Legal\nText came.", ["Legal\nText"]),
        ("non-use of force", "The non-use of force.", ["non-use of force"]),
        ("non-use of force", "The non use\u00a0of force.", ["non use\u00a0of force"]),
        ("legal text", "It was legal. Text followed.", []),
        ("legal text", "It was legal; text followed.", []),
        ("legal text", "It was legal!? Text followed.", []),
        ("legal text", "legal\n\ntext", []),
        ("legal text", "legal, text", ["legal, text"]),
        ("U.S. envoy", "The U.S. envoy spoke.", ["U.S. envoy"]),
        ("security guarantee*", "security guaranteeing", ["security guaranteeing"]),
        ("secur*", "Securities and securing.", ["Securities", "securing"]),
        ("=UN", "The UN and un ami.", ["UN"]),
        ('="No Deal"', "No Deal, no deal.", ["No Deal"]),
        ("a near/1 b", "a x b", ["a", "b"]),
        ("a near/1 b", "b x a", ["b", "a"]),
        ("a near/1 b", "a x x b", []),
        ("a before/0 b", "b a", []),
        ("a before/0 b", "a b", ["a", "b"]),
        ("a near/3 b", "a x", []),
        ("a near/3 b", "b x", []),
        ("a sentence b", "The a came. The b went.", []),
        ("a sentence b", "The b and the a went. No more.", ["b", "a"]),
        ("a sentence b", "only a", []),
        ("a sentence b", "a a b b b went. The a came.", ["a", "a", "b", "b", "b"]),
        ("a & b", "a. b.", ["a", "b"]),
        ("a & !b", "a. b.", []),
        ("a & !b", "a. c.", ["a"]),
        ("2 of (a | b | c)", "a c", ["a", "c"]),
        ("2 of (a | b | c)", "a a", []),
        ("(a & b) | c", "c", ["c"]),
        ("lead:(a)", "One. Two. Three. Four a.", []),
        ("lead:(a)", "One a. Two.", ["a"]),
        ("(a sentence b) | c", "c", ["c"]),
        ("(a sentence b) | (c & d)", "a. c", []),
        ("lead:(guarantee)", "The guar\u200bantee.", ["guar\u200bantee"]),
        ("(a near/2 b) sentence c", "a b, then c.", ["a", "b", "c"]),
    ],
)
def test_what_a_query_finds(query: str, text: str, words: list[str]) -> None:
    assert words == found(query, text)


def test_a_title_is_a_field_of_its_own() -> None:
    assert found("title:(a)", "b", "a") == ["a"]
    assert found("title:(a)", "a", "b") == []
    assert found("a near/5 b", "b", "a") == []
    assert found("legal text", "text", "legal") == []


def test_a_concept_is_found_in_any_of_its_languages() -> None:
    assert found("@nation", "Так говорит Руритания.", concepts=TWO) == ["Руритания"]
    assert found("@nation", "us and US", concepts=TWO) == ["US"]


def test_a_term_for_one_language_is_found_only_there() -> None:
    watchlist = one_rule("@paper", concepts=TWO.replace("draft, note", "draft"))

    assert spelled(evidence(watchlist, "Die Note kam."), "Die Note kam.") == []
    assert spelled(evidence(watchlist, "Die Note kam.", language="de-AT"), "Die Note kam.") == ["Note"]
    assert found("@paper | kam", "Die Note kam.", concepts=TWO.replace("draft, note", "draft")) == ["kam"]


def test_forms_that_look_alike_stay_apart() -> None:
    concepts = "concepts:\n  treaty: {ru: [договор]}\n  duty: {uk: [зобов'язання, проєкт]}\n"

    assert found("@treaty", "Проекта договора нет, они договорились.", concepts=concepts) == ["договора"]
    assert found("@duty", "Немає зобовʼязань, є проект.", concepts=concepts) == ["зобовʼязань", "проект"]
    assert found("draft", "The drafty house.") == []


def test_stress_marks_and_yo_do_not_hide_a_word() -> None:
    assert found("@treaty", "нет дого\u0301вора", concepts="concepts:\n  treaty: {ru: [договор]}\n") == [
        "дого\u0301вора"
    ]
    assert found('"еще"', "Ещё раз") == ["Ещё"]


def test_letters_outside_the_alphabet_are_checked_letter_by_letter() -> None:
    assert found("Łódź", "In Łódź today.") == ["Łódź"]
    assert found("Łódź", "In Ęódź today.") == []
    assert found("Łódź*", "In Łódźki today.") == ["Łódźki"]
    assert found("Łódź*", "In Ęódźki today.") == []


@pytest.mark.parametrize(
    "text",
    [
        "guar\u200bantee",
        "guar\u00adantee",
        "ｇｕａｒａｎｔｅｅ",
        "𝐠𝐮𝐚𝐫𝐚𝐧𝐭𝐞𝐞",
        "gu\u2060ar\ufe0fantee",
    ],
)
def test_c11_hidden_and_compatibility_characters_do_not_hide_a_word(text: str) -> None:
    given = f"The {text} stands."

    assert [text] == found("guarantee", given)
    assert [text] == found("guarantee", "nothing", given)


def test_c12_look_alike_letters_match_with_a_flag() -> None:
    watchlist = one_rule("guarantee")
    text = "The gu\u0430r\u0430ntee stands."

    result = evidence(watchlist, text)

    assert result is not None
    (firing,) = result.signals[0].firings
    assert (firing.flag, firing.matches[0].form) == ("look-alike", "guarantee")
    assert firing.matches[0].flag == "look-alike"


def test_c12_letters_of_a_third_script_are_read_too() -> None:
    assert found("guarantee", "The guαrantee stands.") == ["guαrantee"]
    assert found("=UN", "The \u054dN stands; guαrantee.") == []


def test_c12_a_clean_place_takes_the_flag_away() -> None:
    result = evidence(one_rule("guarantee"), "A gu\u0430rantee and a guarantee.")

    assert result is not None
    assert result.signals[0].firings[0].flag == ""


def test_c12_an_imitation_beside_a_place_flags_nothing() -> None:
    watchlist = one_rule("envoy sentence pact", "needs: 'treaty | pact'")

    result = evidence(watchlist, "The envoy has a pact, no tr\u0435aty.")

    assert result is not None
    assert [firing.flag for signal in result.signals for firing in signal.firings] == [""]


def test_c12_case_is_never_read_from_imitations() -> None:
    assert found("=NATO", "The N\u0410TO spoke.") == []


def test_c15_a_stuffed_text_is_one_capped_hit() -> None:
    result = find_evidence(one_rule("a | b"), "", "a b " * 5000, limits=Limits())

    assert result is not None
    (firing,) = result.signals[0].firings
    assert Limits().matches_per_signal >= len(firing.matches)
    assert firing.places <= 1000


def test_c15_pairs_of_a_stuffed_text_are_bounded() -> None:
    result = find_evidence(one_rule("a near/100 b"), "", "a b " * 2000, limits=Limits())

    assert result is not None
    assert result.signals[0].firings[0].places <= 1000


def test_c15_many_false_places_do_not_hide_a_true_one() -> None:
    assert found("=UN", "un " * 600 + "and the UN") == ["UN"]
    assert found('"legal text"', "legal. Text " * 600 + "legal text") == ["legal text"]


@pytest.mark.parametrize("apostrophe", "'’ʼ‘`´＇′")
def test_c11_any_apostrophe_joins_between_cyrillic_letters(apostrophe: str) -> None:
    concepts = "concepts:\n  duty: {uk: [зобов'язання]}\n"
    text = f"Наші зобов{apostrophe}язання тут"

    assert found("@duty", text, concepts=concepts) == [f"зобов{apostrophe}язання"]


def test_many_rules_share_the_room_for_matches() -> None:
    rules = "".join(f"      - {{id: r{n}, match: 'w{n}', weight: 10}}\n" for n in range(9))
    watchlist = compiled(f"signals:\n  s:\n    title: S\n    rules:\n{rules}")
    text = " ".join(f"w{n}" for n in range(9)) + " "

    result = find_evidence(watchlist, "", text * 20, limits=Limits())

    assert result is not None
    assert Limits().matches_per_signal >= sum(len(firing.matches) for firing in result.signals[0].firings)
    assert all(firing.matches for firing in result.signals[0].firings)


# --- context ------------------------------------------------------------------------------------------------------


def test_needs_in_the_entry_or_in_the_sentence() -> None:
    assert found("a", "An a. The b.", "", "needs: b") == ["a"]
    assert found("a", "An a. The c.", "", "needs: b") == []
    assert found("pact", "A pact with them. More.", "", "needs: {sentence: them}") == ["pact"]
    assert found("pact", "A pact. With them.", "", "needs: {sentence: them}") == []


def test_unless_suppresses_and_is_told() -> None:
    result = evidence(one_rule("a", "unless: b"), "An a. A b.")

    assert result is not None
    assert result.signals[0].firings[0].suppressed_by == "unless: b"


def test_unless_in_a_sentence_needs_all_of_them() -> None:
    """One sentence that tells a rumour does not take back another that tells a fact."""
    watchlist = one_rule("a", "needs: {sentence: them}", "unless: rumour")

    def suppressed(text: str) -> str:
        result = evidence(watchlist, text)
        assert result is not None
        return result.signals[0].firings[0].suppressed_by

    assert suppressed("An a with them. Another a with them by rumour.") == ""
    assert suppressed("An a with them by rumour. Another a with them by rumour.") != ""
    assert suppressed("An a by no rumour. An a with them by rumour.") != ""


def test_a_signal_is_blocked_by_its_own_context() -> None:
    body = "signals:\n  s:\n    title: S\n    {}\n    rules: [{{id: r, match: a, weight: 60}}]\n"

    needs = evidence(compiled(body.format("needs: b")), "a")
    unless = evidence(compiled(body.format("unless: b")), "a with b.")
    free = evidence(compiled(body.format("unless: b")), "a")

    assert needs is not None
    assert unless is not None
    assert free is not None
    assert [one.signals[0].blocked_by for one in (needs, unless, free)] == ["needs: b", "unless: b", ""]


def test_the_order_of_rules_does_not_matter() -> None:
    rules = [
        "{id: x, match: a near/3 b, weight: 30}",
        "{id: y, match: a & !c, weight: 20}",
        "{id: z, match: '2 of (a | b)', weight: 5}",
    ]
    body = "signals:\n  s:\n    title: S\n    rules: [{}]\n"

    one, two = (evidence(compiled(body.format(", ".join(some))), "a b d") for some in (rules, rules[::-1]))

    assert one is not None
    assert two is not None
    assert one.signals == two.signals


# --- facets, figures, plain data --------------------------------------------------------------------------------------

FACETS = "facets:\n  institution:\n    council: {match: council, title: Council}\n    court: court\n"


def test_facets_stand_in_the_matching_sentences() -> None:
    watchlist = compiled(f"{FACETS}signals:\n  s:\n    title: S\n    rules: [{{id: r, match: draft, weight: 60}}]\n")

    result = evidence(watchlist, "The council has a draft. A court is elsewhere.")

    assert result is not None
    assert [mention.value for mention in result.facets] == ["council"]


def test_a_compiled_watchlist_survives_pickling() -> None:
    watchlist = one_rule("secur* | guarantee")

    again = pickle.loads(pickle.dumps(watchlist))

    assert spelled(evidence(again, "Securing it."), "Securing it.") == ["Securing"]


def test_nothing_is_found_in_nothing() -> None:
    assert evidence(one_rule("a"), "") is None
    assert evidence(one_rule("title:(a) & a"), "a") is None
    assert evidence(one_rule("a"), "gu\u0430rd") is None


def test_a_term_of_many_spellings_is_found_whole_and_nowhere_else() -> None:
    words = frozenset(f"w{number}" for number in range(12))
    forms = {("en", word): words | {word} for word in ("alpha", "beta", "gamma")}
    rule = (
        "signals:\n  s:\n    title: S\n    rules:\n      - {id: r, match: 'pre* alpha beta gamma end*', weight: 60}\n"
    )
    watchlist = compiled(rule, forms)

    assert watchlist.lexis.parts
    for text, places in [
        ("Prefix w1 w2 w3 ends", ["Prefix w1 w2 w3 ends"]),
        ("x predate w1 w2 w3 end w1 w2 w3 ends.", ["predate w1 w2 w3 end"]),
        ("w1 w2 w3 ends", []),
        ("prefix w1 w2 w3", []),
        ("prefix w1 no w3 ends", []),
        ("prefix w1 w2 w3 no ends", []),
        ("no w1 w2 w3 ends", []),
    ]:
        assert spelled(evidence(watchlist, text), text) == places, text


def test_c11_a_term_that_mixes_scripts_itself_is_no_imitation() -> None:
    mixed = "\u0430bc"
    result = evidence(one_rule(f'"{mixed}" | "abc"'), f"An {mixed} came.")

    assert result is not None
    (firing,) = result.signals[0].firings
    assert ([match.term for match in firing.matches], firing.flag) == ([f'"{mixed}"'], "")


def _near_by_hand(words: list[str], distance: int, *, ordered: bool) -> set[int]:
    """Words that have a partner: for every a and every b, count the words between them."""
    found: set[int] = set()
    for at, one in enumerate(words):
        for to, other in enumerate(words):
            if {one, other} == {"a", "b"} and 0 <= to - at - 1 <= distance and (one == "a" or not ordered):
                found |= {at, to}
    return found


@given(st.lists(st.sampled_from("aabx"), max_size=30), st.integers(0, 4), st.booleans())
def test_near_finds_the_pairs_that_counting_by_hand_finds(words: list[str], distance: int, ordered: bool) -> None:
    text = " ".join(words)
    operator = "before" if ordered else "near"

    result = evidence(one_rule(f"a {operator}/{distance} b"), text)

    spans = {match.start // 2 for s in (result.signals if result else ()) for f in s.firings for match in f.matches}
    assert spans == _near_by_hand(words, distance, ordered=ordered)


_WORDS = ("note", "notes", "not", "paper")
_TERMS = ("note not", "not note notes", "notes", "note* not", "not note*", "note pape* note")


@given(st.lists(st.sampled_from((*_WORDS, "x")), max_size=14), st.sets(st.sampled_from(_TERMS), min_size=1))
def test_terms_are_found_where_their_words_stand_in_a_row(words: list[str], terms: set[str]) -> None:
    result = evidence(one_rule(" | ".join(sorted(terms))), " ".join(words))

    spans = {match.form for s in (result.signals if result else ()) for f in s.firings for match in f.matches}
    assert spans == {
        " ".join(row)
        for term in terms
        for at in range(len(words))
        if len(row := words[at : at + len(term.split())]) == len(term.split())
        and all(
            word.startswith(want[:-1]) if want.endswith("*") else word == want
            for word, want in zip(row, term.split(), strict=True)
        )
    }


@given(st.text(alphabet="aаbвcс .\n\u200b\u0301Łαｇ'’", max_size=60))
def test_spans_lie_inside_and_nothing_raises(text: str) -> None:
    watchlist = one_rule('a near/3 (b | c) | ab | "аb" | aa*')

    result = evidence(watchlist, text, text)

    for match in [m for s in (result.signals if result else ()) for f in s.firings for m in f.matches]:
        assert 0 <= match.start < match.end <= len(text)


@pytest.mark.parametrize("query", ["guarant* | guarantee", "guarantee | guarant*"])
def test_the_term_told_of_a_place_does_not_depend_on_the_order_of_the_rule(query: str) -> None:
    result = evidence(one_rule(query), "A guarantee stands.")

    assert result is not None
    assert [match.term for match in result.signals[0].firings[0].matches] == ["guarant*"]
