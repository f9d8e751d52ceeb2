"""The golden episodes, day by day, through the real pipeline with the shipped watchlist; the sentences are made up for it.

What happened when is public record: drafts handed over on 15 December 2021 and published on the 17th, the NATO-Russia
Council on 12 January 2022, the OSCE on the 13th, written replies on the 26th, the letter of 28 January (published on
1 February), the answer of the EU on 10 February, Russia's answer on the 17th; a draft treaty on 4 December 2009; words
without a text in December 2025. Traps are what looks alike and is about something else.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from html import escape
from pathlib import Path

import pytest
from msgspec.structs import replace

from tests.server import Server, reply
from tests.support.desk import SOURCE, Desk, rss
from watcher.app.board import BoardView, read_board, word_words
from watcher.app.clock import SetClock
from watcher.app.report import Request, read_report
from watcher.app.report_files import markdown_lines
from watcher.app.report_parts import changed
from watcher.bootstrap.reading import build_derive, build_queries
from watcher.bootstrap.settings import Settings, default_watchlist
from watcher.core.period import to_micros
from watcher.demo.watchlist import with_sources

ANALYSTS_HOUR = 9
SOURCES = {
    "wire": ("en", ""),
    "agency": ("ru", ""),
    "alliance": ("en", "NATO"),
    "union": ("en", "EU"),
    "vienna": ("en", "OSCE"),
}

Item = tuple[str, str, str]
"""Source, title, text."""

DRAFTS = (
    "wire",
    "Russia hands the United States draft texts on security guarantees",
    (
        "The deputy foreign minister of Russia handed over two draft treaties to the visiting American assistant secretary of "
        "state on Wednesday: one with the United States, one with the members of NATO. Moscow demands legally binding security "
        "guarantees that the alliance will not expand eastward."
    ),
)
DRAFTS_RU = (
    "agency",
    "Россия передала США проекты договоров о гарантиях безопасности",
    (
        "Американской стороне переданы проекты договора между Россией и США о гарантиях безопасности и соглашения со странами "
        "НАТО, сообщили в МИД России."
    ),
)
PUBLISHED = (
    "wire",
    "Moscow publishes its draft treaty with the United States and draft agreement with NATO",
    (
        "The Russian foreign ministry has published the drafts of a treaty on security guarantees with Washington and of an "
        "agreement with the member states of NATO."
    ),
)
COUNCIL = (
    "alliance",
    "NATO-Russia Council meets for the first time in two years",
    (
        "Allies and Russia met in the NATO-Russia Council in Brussels. The talks on the Russian proposals lasted four hours, "
        "the Secretary General said."
    ),
)
VIENNA = (
    "vienna",
    "OSCE Permanent Council hears Russia on security guarantees",
    (
        "In Vienna the OSCE Permanent Council took up the talks on European security. The Russian envoy spoke about the "
        "guarantees that Moscow wants."
    ),
)
REPLIES = (
    "wire",
    "United States and NATO deliver written replies to Russia",
    (
        "The American ambassador delivered the written answer of the United States to the Russian foreign ministry. NATO sent "
        "its own written response to Moscow."
    ),
)
LETTER = (
    "agency",
    "МИД опубликовал послание Лаврова о неделимости безопасности",
    (
        "Посольства России вручили нотой послание министра иностранных дел Лаврова странам НАТО и ОБСЕ о неделимости "
        "безопасности."
    ),
)
UNION = (
    "union",
    "EU replies with one letter to Russia on security",
    (
        "The High Representative answered the letter of the Russian foreign minister on behalf of all members of the European "
        "Union; the reply was handed to the Russian ambassador."
    ),
)
ANSWER = (
    "wire",
    "Russia hands its answer to the United States",
    "Moscow passed its written answer on security guarantees to the American ambassador on Thursday.",
)

WINTER: Sequence[tuple[str, Sequence[Item], dict[str, str]]] = (
    ("2021-12-14", (), {}),
    ("2021-12-15", (DRAFTS, DRAFTS_RU), {"offer": "claimed", "draft-text": "handed over"}),
    ("2021-12-17", (PUBLISHED,), {}),
    ("2022-01-12", (COUNCIL,), {"institutional-response": "acknowledged"}),
    ("2022-01-13", (VIENNA,), {}),
    ("2022-01-26", (REPLIES,), {"diplomatic-note": "answered", "national-response": "answered", "institutional-response": "answered"}),
    ("2022-02-01", (LETTER,), {"helsinki-commitments": "claimed"}),
    ("2022-02-10", (UNION,), {}),
    ("2022-02-17", (ANSWER,), {}),
)  # fmt: skip

TRAPS: Sequence[Item] = (
    (
        "wire",
        "Europe remembers the victims of the pact of 1939",
        ("On 23 August the Black Ribbon Day recalls the Molotov-Ribbentrop Pact, the non-aggression treaty between Germany "
        "and the Soviet Union."),
    ),
    ("agency", "Годовщина пакта Молотова — Риббентропа", "Исполняется годовщина пакта о ненападении между Германией и СССР."),
    (
        "wire",
        "Two parties agree on a non-aggression pact before the vote",
        "The leaders of the Greens and of Labour in Wellington promised not to attack each other during the campaign.",
    ),
    (
        "wire",
        "Allies discuss Article 5-like guarantees for Ukraine",
        ("Leaders met in Paris to work out security guarantees for Ukraine after a ceasefire. Kyiv wants guarantees like "
        "those of Article 5."),
    ),
    (
        "wire",
        "Thirty years of the Budapest Memorandum",
        "Ukraine gave up its nuclear arms in 1994; historians ask what the assurances of the Budapest Memorandum were worth.",
    ),
    (
        "wire",
        "India and Pakistan talk about a non-aggression pact",
        "Officials in New Delhi and Islamabad explore a pact that would bind both not to use force first.",
    ),
    (
        "vienna",
        "OSCE draft decision on the budget",
        "The Permanent Council has before it a draft decision on the unified budget of the organisation for next year.",
    ),
    (
        "wire",
        "Central bank of Russia shows new thousand-rouble note",
        "The new note bears a view of Nizhny Novgorod and comes into circulation this year.",
    ),
    ("wire", "A wrong note in the last bar", "The orchestra from Moscow missed a note; the audience in Brussels forgave it."),
    (
        "wire",
        "Russia vetoes UN draft resolution on Syria",
        ("The Security Council did not adopt the draft resolution on crossing points for aid to Syria after Russia voted "
        "against it."),
    ),
    ("agency", "Верхняя нота далась тенору легко", "В Большом театре прозвучала партитура, где каждая нота на своём месте."),
    ("agency", "ЕС принял пакт о миграции", "Страны Евросоюза согласовали пакт о миграции и убежище."),
)  # fmt: skip


class Episode(Desk):
    """A desk with the shipped watchlist over five sources, polled once a day."""

    forms = Path()

    @property
    def watchlist(self) -> Path:
        return self.folder / "watchlist.yaml"

    @property
    def settings(self) -> Settings:
        return replace(super().settings, cache_dir=self.forms)

    def prepare(self) -> None:
        told = []
        for name, (language, institution) in SOURCES.items():
            text = SOURCE.format(name=name, kind="feed", interval="1h", url=self.server.url(f"/{name}.xml"))
            text = text.replace("language: en", f"language: {language}")
            told.append(text + (f"    institution: {institution}\n" if institution else ""))
        with_sources(self.folder, default_watchlist(), "sources:\n" + "".join(told))
        self.items: dict[str, list[str]] = {name: [] for name in SOURCES}
        self.down = False

    def day(self, date: str, *items: Item) -> None:
        """A day: what was published, and one poll of everything at nine."""
        now = datetime.fromisoformat(f"{date}T{ANALYSTS_HOUR:02}:00+00:00")
        self.clock.move((to_micros(now) - self.clock.now()) / 1_000_000)
        for source, title, text in items:
            number = sum(map(len, self.items.values()))
            told = f"<guid>{source}-{number}</guid><link>https://{source}.example/{number}</link>"
            published = now.strftime("%a, %d %b %Y 08:00:00 GMT")
            body = f"<title>{escape(title)}</title><description>{escape(text)}</description>"
            self.items[source].insert(0, f"<item>{told}<pubDate>{published}</pubDate>{body}</item>")
        for source, known in self.items.items():
            down = reply(b"busy", status=503)
            self.publish(down if self.down else reply(rss(_weather(source), *known)), source=source)
        self.poll(everything=True, deliver=False)

    def board(self, since: str, until: str | None = None) -> BoardView:
        with build_queries(str(self.database)) as queries:
            return read_board(queries, since=since, until=until)

    def derive(self) -> None:
        """What the daemon does beside: stories and origins."""
        with build_derive(str(self.database)) as work:
            work.all()

    def word(self) -> tuple[str, str]:
        """Of draft texts: the rung, and on whose word it stands."""
        best = {row.key: row.best for row in self.board("2021-12-14").board.of("signal")}["draft-text"]
        assert best is not None
        return best.rung, word_words(best).partition(";")[0].partition(", primary")[0]

    def rungs(self, since: str) -> dict[str, str]:
        """Highest rung by signal, those with hits only."""
        return {row.key: row.best.rung for row in self.board(since).board.of("signal") if row.best is not None}


def _weather(source: str) -> str:
    words = "<title>Rain in the north</title><description>It will be windy on the coast.</description>"
    return f"<item><guid>{source}-weather</guid><link>https://{source}.example/weather</link>{words}</item>"


@pytest.fixture
def episode(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest):
    Episode.forms = tmp_path_factory.getbasetemp() / "word-forms"
    with Server() as server:
        start = to_micros(datetime.fromisoformat(f"{request.param}T00:00:00+00:00"))
        desk = Episode(tmp_path, server, clock=SetClock(start))
        desk.prepare()
        yield desk


@pytest.mark.parametrize("episode", ["2021-12-14"], indirect=True)
def test_winter_2021_the_board_climbs_on_the_right_days(episode: Episode) -> None:
    expected: dict[str, str] = {}
    for date, items, moved in WINTER:
        episode.day(date, *items)
        expected.update(moved)
        assert episode.rungs("2021-12-14") == expected, date

    events = {(event.signal, event.rung): event.reached_at for event in episode.board("2021-12-14").board.events}
    days = {key: datetime.fromtimestamp(at / 1e6, UTC).date().isoformat() for key, at in events.items()}
    assert days["draft-text", "handed over"] == "2021-12-15"
    assert days["draft-text", "text exists"] == "2021-12-17"
    assert days["institutional-response", "acknowledged"] == "2022-01-12"
    assert days["institutional-response", "answered"] == "2022-01-26"
    assert days["diplomatic-note", "handed over"] == "2022-02-01"
    _institutions_and_the_bottom_line(episode)


def _institutions_and_the_bottom_line(episode: Episode) -> None:
    view = episode.board("2021-12-14")
    seen = {row.key: row.best.rung for row in view.board.of("institution") if row.best is not None}
    assert {"nato": "answered", "osce": "acknowledged"}.items() <= seen.items()
    # A quiet week at the end is no step back: what had been reached before is named beside it.
    late = {row.key: row for row in episode.board("2022-02-02", "2022-02-09").board.of("signal")}
    assert late["draft-text"].best is None
    assert late["draft-text"].earlier.rung == "handed over"
    with build_queries(str(episode.database)) as queries:
        told = changed(read_report(queries, Request(since="2021-12-15", full=True)))
    assert any("“handed over” (3 of 5) for the first time, 2021-12-15 10:00" in line for line in told)


OFFER = "Russia hands two draft treaties on security guarantees to the United States and to NATO"
FROM_AN_AGENCY = (
    "Moscow handed over two draft treaties on legally binding security guarantees to the American assistant secretary of "
    "state on Wednesday, the agency TASS reported."
)
COPIED = (
    "Moscow handed over two draft treaties on legally binding security guarantees to the American assistant secretary of "
    "state, according to TASS. The drafts name the United States and the members of NATO."
)
OWN_WORD = (
    "The United States received two Russian draft treaties on security guarantees in Moscow on Wednesday, the assistant "
    "secretary of state told our correspondent. Allies of NATO will look at the drafts together."
)


@pytest.mark.parametrize("episode", ["2021-12-14"], indirect=True)
def test_two_outlets_of_one_agency_are_a_single_origin_and_a_word_of_its_own_corroborates(episode: Episode) -> None:
    """Through the real stories: what is grouped, who it comes from, and what the board says of it."""
    episode.day("2021-12-14")
    episode.day("2021-12-15", ("wire", OFFER, FROM_AN_AGENCY), ("union", OFFER, COPIED))
    assert episode.word() == ("handed over", "not yet grouped")
    episode.derive()
    assert episode.word() == ("handed over", "single origin")

    episode.day(
        "2021-12-16",
        ("vienna", "Two Russian draft treaties on security guarantees are with the United States", OWN_WORD),
    )
    episode.derive()
    assert episode.word() == ("handed over", "corroborated, 2 origins")
    with build_queries(str(episode.database)) as queries:
        report = read_report(queries, Request(since="2021-12-15", full=True))
    assert "3 outlets, 2 independent origins" in "\n".join(markdown_lines(report))


@pytest.mark.parametrize("episode", ["2021-12-14"], indirect=True)
def test_a_week_without_sources_is_blind_and_says_so(episode: Episode) -> None:
    episode.day("2021-12-14")
    episode.day("2021-12-15", DRAFTS)
    episode.down = True
    first = datetime(2021, 12, 16, tzinfo=UTC)
    for number in range(8):
        episode.day((first + timedelta(days=number)).date().isoformat())

    rows = episode.board("2021-12-17", "2021-12-23").board.rows
    assert {row.state for row in rows} == {"blind"}
    assert all(row.sight.blind_since == to_micros(datetime(2021, 12, 16, 9, tzinfo=UTC)) for row in rows)
    assert "503" in rows[0].sight.why

    with build_queries(str(episode.database)) as queries:
        report = read_report(queries, Request(since="2021-12-17", until="2021-12-23", full=True))
    assert "blind since 2021-12-16 10:00" in changed(report)[0]


@pytest.mark.parametrize("episode", ["2009-12-03"], indirect=True)
def test_december_2009_a_draft_at_the_council(episode: Episode) -> None:
    episode.day("2009-12-03")
    assert episode.rungs("2009-12-01") == {}
    episode.day(
        "2009-12-04",
        (
            "wire",
            "Russia gives NATO a draft treaty at council meeting",
            (
                "At the meeting of the NATO-Russia Council, Russia handed over a draft treaty on European security to the "
                "allies of NATO."
            ),
        ),
    )
    found = episode.rungs("2009-12-01")
    assert found["draft-text"] == "handed over"
    assert found["institutional-response"] == "acknowledged"
    assert "diplomatic-note" not in found


@pytest.mark.parametrize("episode", ["2025-11-26"], indirect=True)
def test_december_2025_words_without_a_text(episode: Episode) -> None:
    episode.day("2025-11-26")
    episode.day(
        "2025-11-27",
        (
            "agency",
            "Россия готова дать гарантии ненападения на НАТО",
            "Москва готова юридически закрепить гарантии безопасности для стран НАТО и ЕС, заявили в МИД России.",
        ),
    )
    assert episode.rungs("2025-11-20") == {"offer": "claimed"}
    episode.day(
        "2025-12-11",
        (
            "wire",
            "Lavrov: Russia ready to put guarantees in writing",
            (
                "Russia is ready to set down security guarantees for NATO and EU states in a legal document, on a collective "
                "and mutual basis, Foreign Minister Lavrov said."
            ),
        ),
    )
    assert episode.rungs("2025-11-20") == {"offer": "claimed"}
    languages = {row.key: row.best.rung for row in episode.board("2025-11-20").board.of("language") if row.best}
    assert languages == {"en": "claimed", "ru": "claimed"}


@pytest.mark.parametrize("episode", ["2021-12-14"], indirect=True)
def test_traps_move_nothing(episode: Episode) -> None:
    episode.day("2021-12-14")
    for number, trap in enumerate(TRAPS):
        episode.day((datetime(2021, 12, 15, tzinfo=UTC) + timedelta(days=number)).date().isoformat(), trap)
        assert episode.rungs("2021-12-01") == {}, trap[1]

    view = episode.board("2021-12-14")
    assert {row.state for row in view.board.of("signal")} <= {"quiet", "part"}
    assert view.board.events == ()
