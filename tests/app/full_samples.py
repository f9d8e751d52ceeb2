"""A whole report from hand-made facts, every text of which can be one that a hostile publisher would send."""

from __future__ import annotations

from msgspec.structs import replace

from tests.app.samples import UNTIL, at, facts, hit, source, state
from watcher.app.report import Report, build_report
from watcher.core.board import RungEvent, Tallied, spans_of
from watcher.core.model import Match
from watcher.core.series import FigurePoint
from watcher.core.story import StoryRow
from watcher.core.verdict import Verdict
from watcher.core.views import (
    AwayRow,
    BoardFacts,
    Decided,
    FullFacts,
    GivenReport,
    HitExtra,
    WatchlistRow,
)

SINCE = at("2025-12-11T00:00")


def outline(text: str, link: str) -> dict:
    return {
        "signals": [
            {"id": "offer", "title": text, "ladder": "pact", "threshold": 50, "rules": []},
            {"id": "draft-text", "title": "Draft text", "ladder": "pact", "threshold": 50, "rules": []},
        ],
        "ladders": {"pact": ["claimed", "text exists", "handed over"]},
        "facets": [
            {"kind": "institution", "id": "nato", "title": "NATO"},
            {"kind": "provision", "id": "force", "title": text},
        ],
        "figures": [
            {
                "id": "ships",
                "title": text,
                "unit": text,
                "baseline": [
                    {"date": "2025-05-20", "value": 342.0, "qualifier": "total", "note": text, "source": link}
                ],
            }
        ],
        "timeline": [{"date": "1997-05-27", "title": text, "note": text, "source": link}],
        "positions": [{"party": "NATO", "date": "2025-12-01", "position": text, "source": link}],
    }


def full_report(text: str = "plain", link: str = "https://x.example/1", **changes) -> Report:
    """Two hits of one story, one dismissed, a reading, a board; ``text`` and ``link`` stand wherever a feed reaches."""
    first = hit(1, title=text, link=link, publisher=text, reason=text, source=text, family=text)
    second = hit(2, title=text, link=link, score=60.0, sighting="back-filled")
    rows = (first, second)
    listed = (
        source(text, title=text, institution="NATO"),
        source("dead", institution=text, language=text, health="blocked"),
    )
    intervals = (state(text), state("dead", "blocked", "2025-12-01T00:00", reason=text))
    watchlist = WatchlistRow("pact", text, "3f2a9c1b7d20aa", "Europe/Brussels", SINCE, outline(text, link))
    counted = Tallied("signal", "offer", "offer", "claimed", 2, 1, 0, 1, 2, 1, SINCE, SINCE, 72.4, 2, 0)
    board = BoardFacts(
        watchlist=watchlist,
        schema="0003",
        spans=spans_of(SINCE, UNTIL),
        sources=listed,
        intervals=intervals,
        tallied=(
            counted,
            replace(counted, axis="institution", key="nato"),
            replace(counted, axis="provision", key="force"),
        ),
        events=(RungEvent("offer", "claimed", 1, SINCE),),
        newest_poll_at=UNTIL,
        mark="poll 9",
    )
    story = StoryRow(7, 101, 2, 2, 2, "first", None, text, text, text, "report")
    words = Match(text, "text", 0, 4, form=text)
    extra = HitExtra(
        "confirmed", text, SINCE, text, "B2", story, text, f"{text} and more", (words,), (("provision", "force"),)
    )
    reading = FigurePoint(
        "ships", 597.0, text, "total", text, SINCE, SINCE, 101, 1, text, text, text, "primary", "B", text, link
    )
    full = FullFacts(
        extras={1: extra, 2: HitExtra(story=story)},
        away=(AwayRow(hit(3, title=text, link=link), "dismissed", text, SINCE, text),),
        away_total=1,
        decided=(Decided("confirmed", 1),),
        figures=(reading,),
        histories={
            1: (
                Verdict(1, 1, "grade", "new", "new", text, SINCE - 2, text, "B", "2"),
                Verdict(2, 1, "dismiss", "new", "dismissed", text, SINCE - 1, text),
                Verdict(3, 1, "undo", "dismissed", "new", "ben", SINCE - 1, text, undoes=2),
                Verdict(4, 1, "confirm", "new", "confirmed", text, SINCE, text),
            ),
            3: (Verdict(5, 3, "dismiss", "new", "dismissed", text, SINCE, text),),
        },
        last_report=GivenReport(1, SINCE, SINCE, SINCE, text, text, "3f2a"),
    )
    signals = (("offer", text), ("draft-text", "Draft text"))
    given = facts(hits=rows, sources=listed, intervals=intervals, signals=signals, question=text)
    return build_report(replace(given, board=board, full=full, **changes))
