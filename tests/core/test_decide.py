"""Stored state and parsed feed to what is written: identity, sightings, hits, alerts."""

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from tests.core.build import DAY, HOUR, LONG, NOW, body, claim, entry, feed, fetched, scored, stored
from watcher.core import decide
from watcher.core.decide import (
    Fault,
    Times,
    asked,
    decide_body,
    decide_entries,
    decide_failed,
    decide_same,
    unasked_304,
)
from watcher.core.errors import SourceError
from watcher.core.identity import content_digest, entry_key, link_key
from watcher.core.intents import Departed
from watcher.core.limits import Limits
from watcher.core.model import Outcome, Sighting, SourceHealth
from watcher.core.moved import Moved
from watcher.core.resolve import Known, name_entries

LIMITS = Limits()
TIMES = Times(NOW - 1000, NOW, 0.0)
NOBODY = Departed()
HIT = ("pact", "offer")


def run(items, known=(), *, is_first=False):
    return decide_entries(body(*items), known, is_first=is_first, now=NOW, limits=LIMITS)


# --- new entries --------------------------------------------------------------------------------------------------


def test_a_new_entry_with_its_hit_and_alert():
    item = entry(published=NOW - DAY)
    (intent,) = run([scored(item, "offer")]).entries
    assert intent.entry_id is None
    assert (intent.key, intent.link_key) == (entry_key(item), link_key(item.link))
    assert intent.content_digest == content_digest(item.title, item.text)
    assert intent.sighting is Sighting.NEW
    assert intent.hits == intent.alerts == (HIT,)


def test_signals_below_their_threshold_are_no_hits():
    low = scored(entry())
    (intent,) = run([type(low)(low.entry, {}, {"pact": (_near(),)})]).entries
    assert intent.hits == ()


def _near():
    from tests.core.build import assessed

    return assessed(score=20.0, reached=False)


def test_c09_the_first_poll_backfills_without_alerts():
    (intent,) = run([scored(entry(), "offer")], is_first=True).entries
    assert intent.sighting is Sighting.BACKFILLED
    assert (intent.hits, intent.alerts) == ((HIT,), ())


def test_c08_an_old_entry_is_backfilled_without_alerts():
    decided = run(
        [scored(entry("a", published=NOW - 8 * DAY), "offer"), scored(entry("b", published=NOW - 6 * DAY), "offer")]
    )
    old, recent = decided.entries
    assert (old.sighting, old.alerts) == (Sighting.BACKFILLED, ())
    assert (recent.sighting, recent.alerts) == (Sighting.NEW, (HIT,))


def test_an_entry_without_a_date_is_new():
    (intent,) = run([scored(entry())]).entries
    assert intent.sighting is Sighting.NEW


def test_hits_of_several_watchlists_stand_in_order():
    both = scored(entry(), "offer")
    both = type(both)(both.entry, {}, {"z": both.assessments["pact"], "a": both.assessments["pact"]})
    (intent,) = run([both]).entries
    assert intent.hits == (("a", "offer"), ("z", "offer"))


# --- identity within a body ---------------------------------------------------------------------------------------


def test_c01_same_guid_twice_first_wins_second_lives_under_both():
    first, second = entry("g", "https://x.example/1"), entry("g", "https://x.example/2", "Other")
    named = body(scored(first), scored(second))
    assert [n.scored.entry for n in named.entries] == [first, second]
    assert named.entries[0].key == entry_key(first)
    assert named.entries[1].key not in (entry_key(first), entry_key(second))
    assert "used by two items" in named.warnings[0]


def test_c01_same_guid_and_link_twice_the_first_counts():
    named = body(scored(entry(title="One")), scored(entry(title="Two")))
    assert [n.scored.entry.title for n in named.entries] == ["One"]
    assert "stands twice" in named.warnings[0]


def test_c01_an_exact_copy_is_dropped_silently():
    named = body(scored(entry()), scored(entry()))
    assert len(named.entries) == 1
    assert named.warnings == ()


def test_c01_a_third_of_the_same_guid_and_link_is_dropped():
    items = [entry("g", "https://x.example/1"), *[entry("g", "https://x.example/2", t) for t in ("Two", "Three")]]
    named = body(*map(scored, items))
    assert [n.scored.entry.title for n in named.entries] == ["Title", "Two"]


def test_no_guids_and_one_link_for_all_are_told_apart_by_title():
    named = body(*[scored(entry("", "https://x.example/", title)) for title in ("One", "Two", "Two")])
    assert [n.scored.entry.title for n in named.entries] == ["One", "Two"]
    assert "link" in named.warnings[0]


def test_c01_the_second_stays_itself_when_the_first_is_gone():
    first, second = entry("g", "https://x.example/1"), entry("g", "https://x.example/2", "Other")
    made = run([scored(first), scored(second)]).entries
    known = [stored(first, 1), stored(second, 2, key=made[1].key)]
    decided = run([scored(second)], known)
    assert decided.entries == ()
    assert decided.seen == (2,)


# --- identity over time -------------------------------------------------------------------------------------------


def test_a_known_entry_that_did_not_change_is_only_seen():
    item = entry(item_digest=b"new bytes")
    decided = run([scored(item, "offer")], [stored(item)])
    assert (decided.entries, decided.seen, decided.seen_items) == ((), (10,), ((10, b"new bytes"),))


def test_c06_a_date_or_a_tracking_parameter_is_no_edit():
    before = entry(published=NOW - DAY)
    after = entry(link="https://press.example/1?utm_source=feed", published=NOW)
    assert run([scored(after, "offer")], [stored(before)]).entries == ()


def test_c06_an_edit_is_a_revision_and_a_hit_where_none_was():
    before, after = entry(text="Nothing of interest."), entry(text="A written draft.")
    (intent,) = run([scored(after, "offer", "draft-text")], [stored(before, hits=frozenset({HIT}))]).entries
    assert (intent.entry_id, intent.revision_no, intent.new_revision) == (10, 2, True)
    assert intent.sighting is Sighting.UPDATED
    assert intent.hits == intent.alerts == (("pact", "draft-text"),)


def test_c07_vanished_and_back_makes_no_hit():
    decided = run([scored(entry(), "offer")], [stored(entry(), is_vanished=True)])
    assert (decided.entries, decided.seen) == ((), (10,))


def test_c02_a_new_guid_for_the_same_link_and_text_is_an_alias():
    before, after = entry("old"), entry("new")
    (intent,) = run([scored(after, "offer")], [stored(before)]).entries
    assert (intent.entry_id, intent.aliases, intent.new_revision) == (10, (entry_key(after),), False)
    assert intent.sighting is Sighting.REPUBLISHED
    assert (intent.hits, intent.alerts) == ((), ())


def test_c02_of_two_new_names_for_one_entry_the_second_is_a_duplicate():
    first, second = run([scored(entry("new")), scored(entry("newer"), "offer")], [stored(entry("old"))]).entries
    assert (first.entry_id, first.aliases) == (10, (entry_key(entry("new")),))
    assert (second.entry_id, second.duplicate_of, second.alerts) == (None, 10, ())


def test_an_entry_that_still_goes_by_its_key_is_not_given_to_another():
    items = [scored(entry("", text="Another text.")), scored(entry("old"))]
    decided = run(items, [stored(entry("old"))])
    assert [intent.entry_id for intent in decided.entries] == [None]
    assert decided.seen == (10,)


def test_a_new_guid_with_a_new_text_is_a_new_entry():
    (intent,) = run([scored(entry("new", text="Another story altogether."))], [stored(entry("old"))]).entries
    assert intent.entry_id is None


def test_a_guid_where_there_was_none_keeps_the_entry():
    before, after = entry("", text="Before."), entry("guid at last", text="After.")
    (intent,) = run([scored(after)], [stored(before)]).entries
    assert (intent.entry_id, intent.aliases, intent.revision_no) == (10, (entry_key(after),), 2)


def test_a_guid_that_is_lost_keeps_the_entry_by_its_link():
    before, after = entry("guid", text="Before."), entry("", text="After.")
    (intent,) = run([scored(after)], [stored(before)]).entries
    assert (intent.entry_id, intent.new_revision) == (10, True)


def test_a_lost_guid_is_no_reason_to_guess_between_two():
    known = [stored(entry("a", text="A."), 1), stored(entry("b", text="B."), 2)]
    (intent,) = run([scored(entry("", text="C."))], known).entries
    assert intent.entry_id is None


def test_an_entry_without_guid_or_link_is_known_by_its_content():
    item = entry("", "")
    assert run([scored(item)], [stored(item)]).entries == ()


def test_c03_new_guid_and_link_same_content_is_a_duplicate_without_alert():
    copy = entry("other", "https://press.example/copy")
    (intent,) = run(
        [scored(copy, "offer")], [stored(entry(), 12), stored(entry("again", "https://p.example/3"), 11)]
    ).entries
    assert (intent.entry_id, intent.duplicate_of) == (None, 11)
    assert intent.sighting is Sighting.REPUBLISHED
    assert (intent.hits, intent.alerts) == ((HIT,), ())


def test_c03_a_bare_headline_in_common_is_no_duplicate():
    known = [stored(entry(title="Daily briefing", text=""))]
    (intent,) = run([scored(entry("n", "https://p.example/n", "Daily briefing", ""), "offer")], known).entries
    assert (intent.duplicate_of, intent.alerts) == (None, (HIT,))


def test_an_entry_found_by_alias_and_by_link_counts_once():
    known = Known.of([stored(entry("old")), stored(entry("old"), key=b"alias")])
    assert len(known.by_link[link_key("https://press.example/1")]) == 1


def test_what_was_pruned_stays_pruned():
    buried = stored(entry(), 0, is_tombstone=True, link_key=b"", content_digest=b"")
    decided = run([scored(entry(text="Edited."), "offer")], [buried])
    assert (decided.entries, decided.seen) == ((), ())


def test_what_was_pruned_is_nobodys_original():
    buried = stored(entry(), 0, is_tombstone=True)
    (intent,) = run([scored(entry("n", "https://p.example/n"))], [buried]).entries
    assert intent.duplicate_of is None


# --- quality of reading -------------------------------------------------------------------------------------------


def test_the_tolerant_parser_never_overwrites_the_strict_one():
    loose = entry(text="half of it", flags=("loose",))
    decided = run([scored(loose, "offer")], [stored(entry())])
    assert decided.entries == ()
    assert "tolerant parser" in decided.warnings[0]
    assert run([scored(loose)], [stored(entry(), is_loose=True)]).entries[0].revision_no == 2
    assert run([scored(entry(text="whole"))], [stored(loose, is_loose=True)]).entries[0].revision_no == 2


def test_a_restless_entry_stops_making_revisions_unless_one_is_a_hit():
    restless = stored(entry(), revision_no=decide.REVISIONS_PER_ENTRY)
    decided = run([scored(entry(text="Views: 1002"))], [restless])
    assert decided.entries == ()
    assert "every poll" in decided.warnings[0]
    assert run([scored(entry(text="Views: 1003"), "offer")], [restless]).entries[0].hits == (HIT,)


# --- whole polls --------------------------------------------------------------------------------------------------


def whole(got, parsed, items, known=(), left=NOBODY, before=None):
    return decide_body(before or claim(), got, parsed, body(*items), known, left, TIMES, LIMITS)


def test_a_body_makes_a_poll():
    item = entry()
    got, parsed = fetched(), feed(item, item_digests=(b"1", b"2"), skipped=1, kind_state="k", warnings=("odd",))
    intent = whole(got, parsed, [scored(item, "offer")], left=Departed(rolled=(5,), withdrawn=(6,)))
    assert (intent.outcome, intent.status, intent.entries_seen) == (Outcome.NEW_BODY, 200, 2)
    assert (intent.left, intent.vanished) == ((5,), (6,))
    assert intent.warnings == ("odd",)
    assert intent.keeps_body
    change = intent.change
    assert (change.health, change.failures, change.last_ok_at) == (SourceHealth.OK, 0, NOW)
    assert (change.etag, change.last_modified, change.body_digest) == ('"e1"', "Mon", got.digest)
    assert (change.item_digests, change.kind_state) == ((b"1", b"2"), "k")
    assert change.next_poll_at == NOW + 3_600_000_000


def test_a14_a_body_that_ended_early_keeps_entries_but_no_validators():
    item = entry()
    intent = whole(fetched(), feed(item, partial=True, kind_state="k"), [scored(item)])
    assert len(intent.entries) == 1
    change = intent.change
    assert (change.etag, change.last_modified, change.body_digest) == ("", "", b"before")
    assert (change.item_digests, change.kind_state) == (None, "")
    assert "ended early" in intent.warnings[0]


def test_a_body_without_entries_is_said_to_be_empty():
    assert whole(fetched(), feed(), []).change.health is SourceHealth.EMPTY


def test_a27_not_modified_keeps_everything():
    intent = decide_same(claim(etag='"a"', last_modified="Sun", failures=2), fetched(b"", 304), TIMES, LIMITS)
    assert intent.outcome is Outcome.NOT_MODIFIED
    change = intent.change
    assert (change.etag, change.last_modified, change.body_digest) == ('"a"', "Sun", b"before")
    assert (change.failures, change.last_ok_at, change.item_digests) == (0, NOW, None)


def test_the_same_body_brings_new_validators():
    intent = decide_same(claim(etag='"a"'), fetched(), TIMES, LIMITS)
    assert (intent.outcome, intent.change.etag) == (Outcome.SAME_BODY, '"e1"')


def test_a28_a_304_that_nobody_asked_for():
    assert unasked_304(claim())
    assert not unasked_304(claim(etag='"a"'))
    assert not unasked_304(claim(last_modified="Mon"))


def test_a_failure_keeps_what_is_stored():
    before = claim(etag='"a"', last_modified="Sun", kind_state="k")
    error = SourceError("http", "server-error", "d" * 300, retry_after_s=7200, status=503)
    intent = decide_failed(before, Fault.of(error), None, TIMES, LIMITS)
    assert (intent.outcome, intent.phase, intent.error, intent.status) == (Outcome.FAILED, "http", "server-error", 503)
    assert len(intent.detail) == 200
    change = intent.change
    assert (change.etag, change.last_modified, change.body_digest, change.kind_state) == ('"a"', "Sun", b"before", "k")
    assert (change.failures, change.last_ok_at) == (1, before.last_ok_at)
    assert change.retry_not_before == change.next_poll_at == NOW + 7200 * 1_000_000


def test_a03_an_outage_of_ours_counts_against_nobody():
    intent = decide_failed(claim(failures=2), Fault("dns", "no-answer", "", outage=True), None, TIMES, LIMITS)
    assert (intent.change.failures, intent.change.health) == (2, SourceHealth.OK)
    assert intent.change.next_poll_at - NOW <= 300 * 1_000_000


def test_a03_an_outage_that_lasts_leaves_us_blind_and_says_why():
    dark = claim(failures=2, last_ok_at=NOW - 7 * 3600 * 1_000_000)
    change = decide_failed(dark, Fault("dns", "no-answer", "", outage=True), None, TIMES, LIMITS).change
    assert (change.failures, change.health) == (2, SourceHealth.UNREACHABLE)
    assert "on this machine" in change.reason


def test_b21_children_that_cannot_start_count_against_nobody():
    fault = Fault.of(SourceError("parse", "no-child", "no process"))
    assert decide_failed(claim(failures=2), fault, None, TIMES, LIMITS).change.failures == 2


def test_a31_a_wait_that_a_host_asked_for_counts_against_nobody():
    error = SourceError("http", "host-on-hold", "asked to be left alone", retry_after_s=90)
    intent = decide_failed(claim(failures=1), Fault.of(error), None, TIMES, LIMITS)
    assert (intent.change.failures, intent.change.health) == (1, SourceHealth.OK)
    assert intent.change.next_poll_at == NOW + 90 * 1_000_000


def test_b04_quarantine_is_polled_less():
    intent = decide_failed(claim(failures=2, crashes=2), Fault("parse", "cpu-limit", ""), None, TIMES, LIMITS)
    assert intent.change.health is SourceHealth.QUARANTINED
    assert intent.change.next_poll_at - NOW == 4 * 3600 * 1_000_000


# --- over many bodies ---------------------------------------------------------------------------------------------

ITEMS = st.builds(
    entry,
    guid=st.sampled_from(["", "a", "b", "c"]),
    link=st.sampled_from(["", "https://x.example/1", "https://x.example/2"]),
    title=st.sampled_from(["One", "Two"]),
    text=st.sampled_from(["", "short", LONG, LONG + " More."]),
)


@given(st.lists(st.lists(ITEMS, max_size=6), max_size=6))
def test_whatever_comes_a_signal_hits_an_entry_once_and_a_body_again_changes_nothing(bodies):
    store = {}
    for items in bodies:
        parsed = [scored(item, "offer") for item in items]
        _apply(store, run(parsed, _known(store)))
        again = run(parsed, _known(store))
        assert [intent for intent in again.entries if intent.entry_id is None] == []
        assert [intent.hits for intent in again.entries if intent.hits] == []


def _known(store):
    return [row for rows in store.values() for row in rows]


def _apply(store, decided):
    for intent in decided.entries:
        entry_id = intent.entry_id or len(store) + 1
        hits = frozenset(intent.hits)
        if intent.entry_id:
            old = store[entry_id][0].hits
            assert not old & hits
            hits |= old
        keys = [row.key for row in store.get(entry_id, [])] or [intent.key]
        store[entry_id] = [
            stored(
                intent.scored.entry,
                entry_id,
                key=key,
                content_digest=intent.content_digest,
                hits=hits,
                revision_no=intent.revision_no,
            )
            for key in (*keys, *intent.aliases)
        ]


def test_names_to_look_up_are_distinct():
    named = name_entries([scored(entry("a")), scored(entry("b")), scored(entry("", ""))])
    assert len(named.links) == 1
    assert len(set(named.keys)) == len(named.keys)
    assert len(named.contents) == 1


# --- what is remembered of a source -------------------------------------------------------------------------------

MONTHS_AGO = tuple((NOW - (100 - n) * DAY) // 1_000_000 for n in range(8))


def same(before, **answer):
    return decide_same(before, fetched(status=304, **answer), TIMES, LIMITS)


def test_what_a_feed_asked_for_holds_over_a_304():
    intent = same(claim(ttl_s=4 * 3600.0, quiet_hours=(16, 17), quiet_days=(6,)))
    assert intent.change.next_poll_at == NOW + 6 * HOUR
    assert (intent.change.ttl_s, intent.change.quiet_hours, intent.change.quiet_days) == (4 * 3600.0, (16, 17), (6,))


def test_a_host_that_asks_for_peace_is_remembered():
    fault = Fault("http", "rate-limited", "429", 429, 7200.0, host="press.example")
    (hold,) = decide_failed(claim(), fault, None, TIMES, LIMITS).holds
    assert (hold.host, hold.until) == ("press.example", NOW + 2 * HOUR)
    assert decide_failed(claim(), Fault("http", "rate-limited", "429", 429), None, TIMES, LIMITS).holds == ()


def test_a_failure_keeps_what_was_remembered_and_counts_only_harm():
    kept = decide_failed(claim(crashes=1, arrivals=(1, 2)), Fault("http", "timeout", ""), None, TIMES, LIMITS).change
    assert (kept.crashes, kept.arrivals) == (1, (1, 2))
    assert decide_failed(claim(crashes=1), Fault("parse", "crashed", ""), None, TIMES, LIMITS).change.crashes == 2
    assert same(claim(crashes=1)).change.crashes == 0


def test_a29_validators_that_may_be_frozen_are_left_out_once_a_week():
    silent = claim(etag='"1"', last_modified="x", arrivals=MONTHS_AGO, body_at=NOW - 8 * DAY)
    assert (asked(silent, NOW).etag, asked(silent, NOW).last_modified) == ("", "")
    for other in (
        {"body_at": NOW - 6 * DAY},
        {"body_at": None},
        {"arrivals": ()},
        {"arrivals": (*MONTHS_AGO, NOW // 10**6)},
    ):
        assert asked(replace(silent, **other), NOW).etag == '"1"'


def test_a29_a_body_that_changed_under_the_same_validators_is_warned_of():
    silent = claim(etag='"1"', last_modified="Mon", arrivals=MONTHS_AGO, body_at=NOW - 8 * DAY)
    args = (feed(entry()), body(scored(entry())), (), NOBODY, TIMES, LIMITS)
    assert "validators do not change" in decide_body(silent, fetched(etag='"1"'), *args).warnings[-1]
    assert decide_body(silent, fetched(etag='"2"'), *args).warnings == ()
    assert decide_body(replace(silent, body_at=NOW), fetched(etag='"1"'), *args).warnings == ()


def test_a33_a_believed_address_is_asked_at_once():
    moved = Moved("https://new.example/feed", NOW, 5, NOW)
    assert asked(claim(moved=moved), NOW).spec.url == "https://new.example/feed"
    assert asked(claim(), NOW) == claim()


def test_something_new_is_an_arrival_and_the_first_body_tells_by_its_dates():
    args = (feed(entry()), body(scored(entry())), (), NOBODY, TIMES, LIMITS)
    assert decide_body(claim(), fetched(), *args).change.arrivals == (NOW // 1_000_000,)
    assert decide_body(claim(is_first=True), fetched(), *args).change.arrivals == ()
    known = [stored(entry())]
    assert decide_body(claim(arrivals=(5,)), fetched(), *args[:2], known, *args[3:]).change.arrivals == (5,)


def test_an_alarm_goes_out_with_the_poll_that_raised_it():
    failed = decide_failed(claim(failures=2), Fault("http", "timeout", ""), None, TIMES, LIMITS)
    assert (failed.change.alarmed_at, len(failed.notices)) == (NOW, 1)
    over = same(claim(alarmed_at=NOW - DAY))
    assert (over.change.alarmed_at, over.notices[0].payload["event"]) == (None, "recovered")
