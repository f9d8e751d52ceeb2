"""The account of a hit: the sum, the words in their sentences, and what stands beside."""

import json
import re

import pytest

from tests.app.samples import at, hit
from tests.core.test_clean import CANARIES, is_harmless
from watcher.app.explain import build_explanation, read_explanation, snippets
from watcher.app.explain_text import explanation_lines, explanation_record
from watcher.core.clean import json_line
from watcher.core.errors import WatcherError
from watcher.core.model import FacetMention, Firing, Match, Part
from watcher.core.render import Style, width
from watcher.core.views import AssessmentRow, HitDetail

TITLE = "Moscow says it would put its guarantees on paper"
TEXT = "A first sentence. The envoy said that guarantees on paper were ready! Nothing else\nwas said."


def match(words, field="text", term="@guarantee"):
    start = (TITLE if field == "title" else TEXT).index(words)
    return Match(term, field, start, start + len(words), words)


def assessment(**changes):
    values = {
        "assessed_at": at("2025-12-15T09:40"),
        "revision": "3f2a9c1b7d20aa",
        "entry_revision": 1,
        "score": 72.4,
        "rung": "claimed",
        "parts": (
            Part("rule", "offer-of-guarantees", 60, 0.9, 52.4, "guarantees, on paper"),
            Part("context", "two-rules", 20, 1.0, 20.0),
        ),
        "firings": (
            Firing("offer-of-guarantees", (match("guarantees", "title"), match("guarantees"), match("on paper"))),
            Firing("speaker", (match("Moscow", "title"),), suppressed_by="history"),
        ),
        "facets": (
            FacetMention("institution", "nato", match("envoy")),
            FacetMention("institution", "eu", match("envoy")),
        ),
    }
    return AssessmentRow(**(values | changes))


def detail(**changes):
    values = {
        "row": hit(12, title=TITLE),
        "text": TEXT,
        "author": "A. Writer",
        "entry_revision": 1,
        "revisions": 1,
        "poll_id": 7,
        "fetched_at": at("2025-12-15T09:39"),
        "body_digest": bytes(range(32)),
        "body_kept": True,
        "rationale": "names its sources",
        "assessments": (assessment(),),
        "signal_title": "Offer of written guarantees",
        "threshold": 50.0,
        "ladder": ("claimed", "text exists"),
        "rule_rungs": (("offer-of-guarantees", "claimed"), ("speaker", "claimed")),
    }
    return HitDetail(**(values | changes))


def text_of(given, style=None):
    return "\n".join(explanation_lines(build_explanation(given, "Europe/Brussels"), style or Style()))


def test_the_parts_add_up_on_the_page():
    text = " ".join(text_of(detail()).split())

    assert "+52.4 60 x 0.90 rule offer-of-guarantees: guarantees, on paper" in text
    assert "+20.0 20 x 1.00 context two-rules" in text
    assert "72.4 score, of 100; a hit from 50" in text


def test_words_stand_in_their_sentence_in_brackets():
    text = text_of(detail())

    assert "title  Moscow says it would put its [guarantees] on paper" in text
    assert "text   The envoy said that [guarantees] [on paper] were ready!" in text
    assert "A first sentence" not in text
    assert "Nothing else" not in text


def test_words_are_reversed_where_there_is_colour():
    text = text_of(detail(), Style(color=True))

    assert "\x1b[1;7mguarantees\x1b[0m \x1b[1;7mon\x1b[0m \x1b[1;7mpaper\x1b[0m" in text


def test_what_was_taken_back_is_told_with_its_reason():
    text = text_of(detail())

    assert "Fired but not counted" in text
    assert "speaker: Moscow (taken back by history)" in text


def test_the_rung_names_the_rule_that_gave_it():
    known = " ".join(text_of(detail()).split())
    assert "claimed: by rule offer-of-guarantees (strength 0.4 or more, not suppressed)" in known
    unknown = " ".join(text_of(detail(rule_rungs=())).split())
    assert "claimed: the highest rung among the rules that fired" in unknown


def test_the_grade_stands_beside_the_score():
    text = " ".join(text_of(detail()).split())

    assert "grade B: names its sources (beside the score, never inside)" in text
    assert "institution nato, eu" in text
    assert bytes(range(32)).hex() in text
    assert "pact, revision 3f2a9c1b7d20, assessed 2025-12-15 10:40" in text


def test_after_an_edit_no_span_points_at_other_words():
    text = text_of(detail(entry_revision=2, revisions=2))

    assert "has been edited since" in text
    assert "[guarantees]" not in text
    assert "offer-of-guarantees (rung: claimed): guarantees, on paper" in text


def test_earlier_assessments_are_listed():
    older = assessment(assessed_at=at("2025-12-14T09:00"), score=55.0, revision="aaaa")
    text = text_of(detail(assessments=(assessment(), older)))

    assert "Scored before: 1 time" in text
    assert "2025-12-14 10:00   55.0  claimed  aaaa" in text


def test_a_hit_without_assessment_says_so():
    text = text_of(detail(assessments=(), row=hit(12, link="")))

    assert "No assessment of this hit is stored." in text
    assert "The words" not in text


def test_an_assessment_without_rung_and_facets_leaves_them_out():
    text = text_of(
        detail(assessments=(assessment(rung="", facets=(), parts=()),), threshold=None, signal_title="", author="")
    )

    assert "rung" not in text.replace("(rung: claimed)", "")
    assert "What it touches" not in text


@pytest.mark.parametrize("columns", [60, 80, 140])
def test_no_line_but_a_link_is_wider_than_the_terminal(columns):
    for line in explanation_lines(build_explanation(detail()), Style(columns)):
        assert width(line) <= columns or line.startswith("link")


@pytest.mark.parametrize("canary", CANARIES)
@pytest.mark.parametrize("color", [False, True])
def test_i11_no_field_of_an_entry_breaks_the_account(canary, color):
    body = f"Before {canary} after. More {canary}"
    found = Match(canary, "text", 0, len(body), canary)
    given = detail(
        row=hit(title=canary, link=canary, rung=canary, publisher=canary, sighting=canary),
        text=body,
        author=canary,
        rationale=canary,
        assessments=(
            assessment(
                rung=canary,
                parts=(Part("rule", canary, 1, 1, 1, canary),),
                firings=(Firing(canary, (found,)), Firing(canary, (found,), canary)),
                facets=(FacetMention(canary, canary, found),),
            ),
        ),
        signal_title=canary,
    )

    for line in explanation_lines(build_explanation(given), Style(color=color)):
        assert is_harmless(re.sub(r"\x1b\[[0-9;]*m", "", line))
    assert is_harmless(json_line(explanation_record(build_explanation(given))))


def test_as_data_it_holds_every_span():
    record = json.loads(json_line(explanation_record(build_explanation(detail()))))

    assert record["hit"] == 12
    assert sum(part["points"] for part in record["parts"]) == pytest.approx(record["score"])
    first = record["rules"][0]["matches"][1]
    assert record["text"][first["start"] : first["end"]] == "guarantees"
    assert record["rules"][1]["suppressed_by"] == "history"
    assert record["facets"] == {"institution": ["nato", "eu"]}


def test_a_hit_that_is_not_there_is_an_error_with_a_hint():
    class Empty:
        def watchlists(self):
            return []

        def hit(self, hit_id):
            del hit_id

    with pytest.raises(WatcherError) as caught:
        read_explanation(Empty(), 99)

    assert caught.value.message == "no hit 99 in this database"


# --- snippets ---------------------------------------------------------------------------------------------------------


def shown(snippet):
    return "".join(f"[{text}]" if marked else text for text, marked in snippet.pieces)


def spans(*pairs, field="text"):
    return [Match("t", field, start, end) for start, end in pairs]


def test_overlapping_spans_are_one():
    (found,) = snippets(spans((0, 4), (2, 6)), "", "abcdefgh")

    assert shown(found) == "[abcdef]gh"


def test_spans_far_apart_are_two_snippets_with_cut_ends():
    body = "a " * 400 + "HIT " + "b " * 400 + "HIT " + "c " * 400
    first = body.index("HIT")
    second = body.index("HIT", first + 1)

    one, two = snippets(spans((first, first + 3), (second, second + 3)), "", body)

    assert [(s.cut_before, s.cut_after) for s in (one, two)] == [(True, True), (True, True)]
    assert shown(one).count("[HIT]") == shown(two).count("[HIT]") == 1
    assert "…" in text_of(
        detail(text=body, assessments=(assessment(firings=(Firing("r", tuple(spans((first, first + 3)))),)),))
    )


def test_spans_outside_the_text_are_left_out():
    assert list(snippets(spans((5, 9), (3, 3), (-1, 2)), "", "abc")) == []
