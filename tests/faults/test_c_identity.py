"""Group C: who an entry is, over real bodies and a real store. Nobody is flooded, nothing is lost."""

from pathlib import Path

import pytest

from tests.server import Server
from tests.support.desk import HOUR_S, Desk, feed, item, offer

DAY_S = 86400.0
LONG = "The ministry said in a statement that it offers a pact and would hand over its text before the year ends."


@pytest.fixture
def desk(tmp_path: Path):
    with Server() as server:
        made = Desk(tmp_path, server)
        made.list_sources("press")
        yield made


def polled(desk, *answers, after_s=HOUR_S, first=feed(item("start"))):  # noqa: B008  # bytes
    """A first poll (which only backfills), then one per answer; the last line."""
    desk.publish(first, *answers)
    line = desk.poll().lines[0]
    for _ in answers:
        (line,) = desk.poll(after_s=after_s).lines
    return line


def counts(desk):
    return tuple(
        desk.one(f"SELECT count(*) FROM {table}") for table in ("entries", "entry_revisions", "hits", "outbox")
    )


def test_c01_one_guid_for_two_items_keeps_both(desk):
    two = feed(offer(1, guid="same"), offer(2, guid="same"), item("start"))
    line = polled(desk, two, two)
    assert counts(desk) == (3, 3, 2, 2)
    polls = desk.rows("SELECT warnings FROM polls WHERE entries_new = 2")
    assert "used by two items" in polls[0][0]
    assert line.outcome == "same body"


def test_c01_the_second_of_a_guid_stays_itself_when_the_first_leaves(desk):
    polled(desk, feed(offer(1, guid="same"), offer(2, guid="same")), feed(offer(2, guid="same"), item("later")))
    assert counts(desk) == (4, 4, 2, 2)


def test_c02_a_new_guid_for_a_known_link_and_text_is_the_same_entry(desk):
    line = polled(desk, feed(offer(1)), feed(offer(1, guid="renamed")), feed(offer(1, guid="renamed"), item("more")))
    assert counts(desk) == (3, 3, 1, 1)
    assert desk.one("SELECT count(*) FROM entry_aliases") == 1
    assert line.entries == 1


def test_c02_an_edit_under_the_new_guid_is_an_edit(desk):
    edited = item(1, "Ministry offers pact number 1", "Now with a draft of the pact.", guid="renamed")
    polled(desk, feed(offer(1)), feed(offer(1, guid="renamed")), feed(edited))
    assert counts(desk) == (2, 3, 2, 2)


def test_c03_new_guid_and_link_same_text_is_a_marked_duplicate_without_alert(desk):
    first = item(1, "Ministry offers pact", LONG)
    copy = item(1, "Ministry offers pact", LONG, guid="copy", link="https://press.example/copy")
    polled(desk, feed(first), feed(copy, first))
    assert counts(desk) == (3, 3, 2, 1)
    assert desk.one("SELECT count(*) FROM hits WHERE duplicate_of IS NOT NULL") == 1


def test_c04_without_guid_and_link_an_entry_is_known_by_its_content(desk):
    bare = item(1, "Ministry offers pact", LONG, guid="", link="")
    polled(desk, feed(bare), feed(bare, item("more")), feed(item("other"), bare))
    assert desk.one("SELECT count(*) FROM entries WHERE guid = ''") == 1
    assert counts(desk)[2:] == (1, 1)


def test_c06_an_edit_is_a_revision_and_a_hit_only_where_none_was(desk):
    before = item(1, "Ministry offers pact", "First words.")
    after = item(1, "Ministry offers pact", "First words, and a draft of the pact.")
    polled(desk, feed(before), feed(after), feed(before))
    assert counts(desk) == (2, 4, 2, 2)
    assert desk.rows("SELECT signal, sighting FROM hits ORDER BY id") == [("offer", "new"), ("draft", "updated")]


@pytest.mark.parametrize(
    "edited",
    [
        offer(1, pubDate="Mon, 15 Dec 2025 11:00:00 GMT"),
        offer(1, link="https://press.example/1?utm_source=rss"),
        offer(1, category="news"),
    ],
)
def test_c06_a_date_a_tracking_parameter_or_a_tag_is_no_edit(desk, edited):
    polled(desk, feed(offer(1)), feed(edited))
    assert counts(desk) == (2, 2, 1, 1)


def test_c07_an_entry_that_left_and_came_back_makes_no_hit(desk):
    polled(desk, feed(offer(1), item(2)), feed(item(2)), feed(offer(1), item(2)))
    assert counts(desk) == (3, 3, 1, 1)
    assert desk.one("SELECT left_at IS NULL FROM entries WHERE guid = 'g1'") == 1


def test_c08_the_whole_history_served_again_alerts_nobody(desk):
    old = [offer(n, pubDate=f"Mon, {n:02} Sep 2025 10:00:00 GMT") for n in range(1, 29)]
    line = polled(desk, feed(offer("fresh"), *old), feed(offer("fresh"), *old, item("again")))
    assert counts(desk) == (31, 31, 29, 1)
    assert desk.rows("SELECT DISTINCT sighting FROM hits ORDER BY 1") == [("back-filled",), ("new",)]
    assert line.hits == 0


def test_c09_the_first_poll_of_a_source_alerts_nobody(desk):
    desk.publish(feed(*[offer(n) for n in range(20)]))
    desk.poll()
    assert counts(desk) == (20, 20, 20, 0)
    assert desk.rows("SELECT DISTINCT sighting FROM entries") == [("back-filled",)]


def test_c10_a_changed_watchlist_alerts_nobody_for_what_is_stored(desk):
    polled(desk, feed(item(1, "A treaty text is handed over", LONG)))
    assert counts(desk)[2:] == (1, 1)
    desk.watchlist.write_text(desk.watchlist.read_text().replace('"draft"', '"treaty"').replace('"pact"', '"text"'))
    desk.poll(after_s=HOUR_S)
    assert counts(desk)[2:] == (1, 1)


def test_c15_one_hit_for_an_entry_however_often_it_matches(desk):
    polled(desk, feed(item(1, "Ministry offers pact", "He offers a pact. " * 2000)))
    assert counts(desk)[2:] == (1, 1)


def test_c16_a_thousand_new_hits_in_one_poll_are_all_kept(desk):
    line = polled(desk, feed(*[offer(n) for n in range(1000)]))
    assert (line.hits, counts(desk)) == (1000, (1001, 1001, 1000, 1000))
    *alone, digest = desk.sent()
    assert len({alert["key"] for alert in alone} | set(digest["keys"])) == 1000
    assert (len(alone), digest["kind"], digest["count"]) == (20, "digest", 980)


def test_c05_guids_that_are_good_and_bad_in_turn_double_nothing(desk):
    """No policy has to fall back: link and content identify an entry at every poll, whatever its guid is this time."""
    articles = range(12)

    def served(way):
        names = {
            "good": lambda n: f"g{n}",
            "random": lambda n: f"r{n}-{len(answers)}",
            "one for all": lambda _n: "same",
            "none": lambda _n: "",
        }
        return feed(*[offer(n, guid=names[way](n)) for n in articles], item("start"))

    answers = []
    for way in ("good", "random", "good", "one for all", "none", "random", "good", "none", "good"):
        answers.append(served(way))
    polled(desk, *answers)
    entries, _, hits, alerts = counts(desk)
    assert (entries, hits, alerts) == (13, 12, 12)


def test_c13_reversed_text_is_stored_as_it_came_and_shown_marked(desk, capsys):
    from watcher.cli import main

    polled(desk, feed(item(1, "Ministry offers pact \u202etxt.fdp", "A text about it."), item("start")))
    assert "\u202e" in desk.one("SELECT title FROM entries WHERE title LIKE 'Ministry%'")
    capsys.readouterr()
    assert main(["report", "--database", str(desk.database), "--since", "2025-12-01"]) == 0
    shown = capsys.readouterr().out
    assert "\u202e" not in shown
    assert "\\u{202e}" in shown
