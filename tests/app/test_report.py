"""A report from hand-made facts: what stands in it, how silence is told, and that no text of a feed can break it."""

import csv
import io
import json
import re

import pytest

from tests.app.samples import UNTIL, at, facts, hit, rich_facts, source, state
from tests.core.test_clean import CANARIES, is_harmless
from watcher.app.report import (
    Request,
    build_report,
    check_name,
    choose_watchlist,
    filter_of,
    find_zone,
    read_report,
    silence_of,
)
from watcher.app.report_files import CSV_COLUMNS, csv_lines, jsonl_lines, markdown_lines
from watcher.app.report_text import report_lines
from watcher.core.board import NOT_COUNTED
from watcher.core.errors import UsageProblem, WatcherError
from watcher.core.render import Style, width
from watcher.core.views import HitFilter, Tally, WatchlistRow


def text_of(given, style=None, chosen=None):
    return "\n".join(report_lines(build_report(given, chosen), style or Style()))


# --- what stands in it -----------------------------------------------------------------------------------------------


def test_the_head_names_question_revision_and_period():
    text = text_of(facts())

    assert "Does the offered pact move beyond messaging?" in text
    assert "pact, revision 3f2a9c1b7d20" in text
    assert "2025-12-11 01:00 to 2025-12-16 09:00, Europe/Brussels" in text
    assert "1 hit in 213 entries from 240 polls" in text


def test_a_hit_shows_score_rung_reason_source_grade_times_and_link():
    text = text_of(facts())

    for wanted in (
        " 72.4  Moscow says it would put its guarantees on paper",
        "hit 1 · claimed · Example News (example-news), secondary, reliability B",
        "why   offer-of-guarantees: guarantees, on paper; speaker: Moscow",
        "time  published 2025-12-15 10:10, seen 2025-12-15 10:40",
        "link  https://news.example/items/1",
    ):
        assert wanted in text


def test_hits_stand_by_signal_in_the_order_of_the_watchlist_best_first():
    text = text_of(rich_facts())

    hits = text[text.index("(offer): 2 hits") :]
    places = [hits.index(words) for words in ("(offer): 2 hits", " 91.0", " 72.4", "(draft-text): 1 hit", " 88.2")]
    assert places == sorted(places)


def test_the_highest_rung_is_the_one_highest_on_the_ladder():
    parts = {part.id: part for part in build_report(rich_facts()).parts}

    assert parts["offer"].highest == "text exists"
    assert parts["note"].highest == ""


def test_a_signal_that_the_watchlist_no_longer_names_is_still_shown():
    assert "old-signal (old-signal): 1 hit" in text_of(facts(hits=(hit(signal="old-signal"),)))


def test_sightings_and_copies_are_told():
    text = text_of(rich_facts())

    assert "back-filled" in text
    assert "same item as entry 101" in text
    assert "published at an unknown time" in text


def test_filters_are_told_so_that_silence_is_not_misread():
    chosen = HitFilter(signal="draft-text", source="example-news", min_score=90, limit=1)
    text = text_of(facts(hits=(), hits_total=3), chosen=chosen)

    assert "signal draft-text, source example-news, score 90 or more, the best 0 of 3 hits" in " ".join(text.split())
    assert "none of that score" in text
    assert "Offer of written guarantees" not in text


def test_a_limit_hides_hits_but_never_makes_a_signal_silent():
    tallies = (Tally("offer", "claimed", 12, 72.4, UNTIL), Tally("draft-text", "claimed", 3, 60.0, UNTIL))
    given = facts(hits=(hit(),), hits_total=15, tallies=tallies)

    text = text_of(given, chosen=HitFilter(limit=1))

    assert "(offer): 1 of 12 hits" in text
    assert "Draft text of a treaty or pact     3  60.0" in text
    assert "quiet" not in text
    assert "| Draft text of a treaty or pact | 3 | 60.0 |" in "\n".join(markdown_lines(build_report(given)))


def test_an_unknown_time_zone_is_said_and_times_are_utc():
    text = text_of(facts(timezone="Mars/Olympus"))

    assert "no data for the time zone Mars/Olympus" in text
    assert "2025-12-16 08:00, UTC" in text
    assert find_zone("")[1] == ""


def test_the_same_facts_give_the_same_bytes():
    assert text_of(rich_facts()) == text_of(rich_facts())


# --- quiet and blind -------------------------------------------------------------------------------------------------


def test_quiet_says_what_was_readable():
    text = text_of(facts(hits=()))

    assert "quiet" in text
    assert "All 1 sources that are polled were readable throughout." in text or "readable throughout" in text


def test_blind_is_never_called_quiet():
    given = facts(
        hits=(), intervals=(state(health="unreachable", since="2025-12-09T04:00", reason="dns: no such host"),)
    )
    text = text_of(given)

    assert "quiet" not in text
    assert "blind since 2025-12-09 05:00 because unreachable: dns: no such host" in " ".join(text.split())


def test_quiet_in_part_counts_what_was_not_seen():
    silence = silence_of(build_report(rich_facts()))

    assert silence.state == "part"
    assert silence.why == "1 of 3 sources were readable throughout, 1 in part, 1 not at all"


def test_a_watchlist_without_a_polled_source_is_blind():
    silence = silence_of(build_report(facts(sources=(source(enabled=False),), intervals=())))

    assert (silence.state, silence.why) == ("blind", "no source of this watchlist is polled")


def test_sources_blind_by_construction_stand_with_their_reason():
    text = text_of(rich_facts())

    assert "Blind by construction: 1 source" in text
    assert "nato-news  NATO ended its feeds (checked 2025-12-01)" in text


def test_gaps_are_told_with_times_and_reason():
    text = " ".join(text_of(rich_facts()).split())

    assert "mid-ru blind 2025-12-13 01:00 to 2025-12-14 01:00 because blocked: http: status 403" in text
    assert "readable 81 % of the period" in text
    assert "NATO 0 of 1 0 % blind" in text


def test_several_gaps_are_told_in_short():
    intervals = (
        state(until="2025-12-12T00:00"),
        state(health="blocked", since="2025-12-12T00:00", until="2025-12-13T00:00"),
        state(since="2025-12-13T00:00", until="2025-12-14T00:00"),
        state(health="unreachable", since="2025-12-14T00:00"),
    )

    assert "because unreachable; 1 earlier gap; readable" in " ".join(text_of(facts(intervals=intervals)).split())


def test_a_source_never_polled_and_one_first_polled_late():
    late = facts(
        sources=(source("a"), source("b"), source("c", enabled=False)),
        intervals=(state("b", since="2025-12-15T00:00"),),
    )
    text = text_of(late)

    assert "a  blind throughout because never polled" in text
    assert "b  blind 2025-12-11 01:00 to 2025-12-15 01:00 because never polled" in text
    assert "c  no reason is recorded" in text


def test_a_state_that_ended_is_followed_by_nothing_seen():
    text = text_of(facts(intervals=(state(until="2025-12-15T00:00"),)))

    assert "blind since 2025-12-15 01:00: never polled" in text


# --- what the width and the sink ask for ------------------------------------------------------------------------------


@pytest.mark.parametrize("columns", [60, 80, 140])
def test_no_line_but_a_link_is_wider_than_the_terminal(columns):
    for line in report_lines(build_report(rich_facts()), Style(columns)):
        assert width(line) <= columns or line.lstrip().startswith("link")


def test_without_colour_there_is_no_escape_and_with_it_the_same_words():
    plain, painted = text_of(rich_facts()), text_of(rich_facts(), Style(color=True))

    assert "\x1b" not in plain
    assert re.sub(r"\x1b\[[0-9;]*m", "", painted) == plain


@pytest.mark.parametrize("canary", CANARIES)
@pytest.mark.parametrize("form", [report_lines, markdown_lines, csv_lines, jsonl_lines])
def test_i11_no_field_of_a_feed_breaks_a_report(form, canary):
    given = facts(
        question=canary,
        hits=(
            hit(
                title=canary, reason=canary, rung=canary, publisher=canary, link=canary, signal=canary, sighting=canary
            ),
        ),
        sources=(
            source(name=canary, institution=canary, language=canary),
            source("b", health="blind by construction", reason=canary),
        ),
        intervals=(state(canary, "blocked", reason=canary),),
        signals=((canary, canary),),
        watchlist=canary,
        timezone=canary,
    )
    report = build_report(given)

    lines = list(form(report, Style()) if form is report_lines else form(report))

    assert all(is_harmless(line) for line in lines)


def test_i02_only_a_web_address_is_shown_as_a_link():
    text = text_of(facts(hits=(hit(link="javascript:alert(1)"), hit(2, link=""))))

    assert "link  (not a web address) javascript:alert(1)" in text
    assert text.count("link ") == 1


def test_i13_csv_reads_back_and_defuses_formulas():
    given = facts(hits=(hit(title='=HYPERLINK("https://evil.example")', link="javascript:x"), hit(2, published=None)))
    header, first, second = csv.reader(io.StringIO("\n".join(csv_lines(build_report(given)))))

    assert tuple(header) == CSV_COLUMNS
    assert first[4].startswith("'=")
    assert first[5] == ""
    assert second[6] == ""


def test_i13_raw_csv_leaves_cells_alone():
    given = facts(hits=(hit(title="=1+1"),))

    assert '"=1+1"' in list(csv_lines(build_report(given), raw=True))[1]


def test_i14_json_lines_hold_the_report_the_hits_and_the_coverage():
    records = [json.loads(line) for line in jsonl_lines(build_report(rich_facts()))]

    assert [record["type"] for record in records] == ["report", "hit", "hit", "hit", "coverage"]
    assert records[0]["since"] == "2025-12-11T00:00:00Z"
    assert records[1]["hit"] == 3
    assert records[1]["duplicate_of"] == 101
    assert [s["seen"] for s in records[-1]["sources"]] == ["whole", "part", "none", "blind"]
    assert all(line.isascii() for line in jsonl_lines(build_report(rich_facts()), ascii_only=True))


def test_i15_markdown_escapes_what_a_title_holds():
    given = facts(hits=(hit(title="[x](javascript:a) <img src=y> | z", link="https://a.example/)<("),))
    text = "\n".join(markdown_lines(build_report(given)))

    assert "[\\[x\\](javascript:a) \\<img src=y\\> \\| z](<https://a.example/%29%3C%28>)" in text


def test_markdown_tells_coverage_and_filters():
    chosen = HitFilter(signal="offer")
    text = "\n".join(markdown_lines(build_report(rich_facts(), chosen)))

    assert "- Only: signal offer" in text
    assert "| nato-news | NATO | blind by construction: NATO ended its feeds (checked 2025-12-01) |" in text
    whole = "\n".join(markdown_lines(build_report(facts(timezone="Mars/Olympus"))))
    assert "no data for the time zone" in whole
    assert "| Source |" not in whole


# --- reading it -------------------------------------------------------------------------------------------------------


class FactsQueries:
    """Read models that hand out given facts, and remember what they were asked."""

    def __init__(self, given, newest=UNTIL - 1, rows=None):
        self.given, self.newest, self.asked = given, newest, None
        default = WatchlistRow("pact", "?", "3f2a", "Europe/Brussels", at("2025-12-10T00:00"))
        self.rows = [default] if rows is None else rows
        self.last, self.full = None, False

    def watchlists(self):
        return self.rows

    def newest_poll_at(self):
        return self.newest

    def last_report(self, watchlist):
        return self.last

    def report_facts(self, chosen, *, full=False):
        self.asked, self.full = chosen, full
        return self.given


def test_the_newest_poll_is_inside_the_period():
    queries = FactsQueries(facts())

    read_report(queries, Request())

    assert queries.asked == HitFilter(watchlist="pact", since=None, until=UNTIL, order="score", without=NOT_COUNTED)


def test_times_count_from_the_newest_poll_in_the_zone_of_the_watchlist():
    queries = FactsQueries(facts())

    read_report(queries, Request(since="2025-12-11", until="24h", min_score=60, limit=5))

    assert (queries.asked.since, queries.asked.until) == (at("2025-12-10T23:00"), at("2025-12-15T08:00"))
    assert (queries.asked.min_score, queries.asked.limit) == (60, 5)


def test_without_a_poll_time_counts_from_when_the_watchlist_was_loaded():
    queries = FactsQueries(facts(), newest=None)

    read_report(queries, Request(since="1d"))

    assert queries.asked.since == at("2025-12-09T00:00")


def test_a_period_that_ends_before_it_starts_is_refused():
    with pytest.raises(UsageProblem, match="starts after it ends"):
        read_report(FactsQueries(facts()), Request(since="2025-12-15", until="2025-12-14"))


@pytest.mark.parametrize(
    ("request_", "hint"),
    [
        (Request(signal="draft"), "draft-text"),
        (Request(source="example"), "example-news"),
        (Request(watchlist="pat"), "pact"),
    ],
)
def test_an_unknown_name_is_refused_and_near_ones_are_named(request_, hint):
    with pytest.raises(UsageProblem) as caught:
        read_report(FactsQueries(facts()), request_)

    assert hint in caught.value.hint


def test_an_empty_database_says_what_to_do():
    with pytest.raises(WatcherError) as caught:
        read_report(FactsQueries(facts(), rows=[]), Request())

    assert "watcher run" in caught.value.hint


def test_the_watchlist_loaded_last_is_the_default():
    rows = [WatchlistRow("new", "", "", "UTC", 2), WatchlistRow("old", "", "", "UTC", 1)]

    assert choose_watchlist(rows, None).id == "new"
    assert choose_watchlist(rows, "old").id == "old"


def test_a_watchlist_without_signals_has_no_names_to_offer():
    with pytest.raises(UsageProblem) as caught:
        read_report(FactsQueries(facts(signals=())), Request(signal="x"))

    assert caught.value.hint == "there is no signal"


@pytest.mark.parametrize(
    ("since", "until", "why", "hint"),
    [
        ("2025-12-15", "2025-12-15", "the period is empty: it starts and ends at", "write the next day as --until"),
        ("2030-01-01", None, "starts after it ends", "nothing is known of the time after it"),
        ("2025-12-16", "2025-12-15", "starts after it ends", "an earlier --since"),
    ],
)
def test_a_period_that_cannot_be_is_refused_with_the_next_step(since, until, why, hint):
    with pytest.raises(UsageProblem, match=why) as refused:
        filter_of(Asked(), Request(since=since, until=until), WatchlistRow("pact", "", "", "UTC", UNTIL))
    assert hint in refused.value.hint


def test_a_period_up_to_the_newest_poll_may_be_empty():
    assert filter_of(Asked(), Request(since="0d"), WatchlistRow("pact", "", "", "UTC", UNTIL)).since == UNTIL + 1


def test_of_many_names_the_nearest_are_shown_and_the_rest_counted():
    with pytest.raises(UsageProblem, match="no signal 'ofer'") as refused:
        check_name("signal", "ofer", ["offer", *(f"x{number}" for number in range(7))])
    assert refused.value.hint.startswith("there are offer, ")
    assert refused.value.hint.endswith(" and 3 more")


class Asked:
    """A database whose newest poll ended at UNTIL, and of which no report was given."""

    def newest_poll_at(self):
        return UNTIL

    def last_report(self, watchlist):
        return None
