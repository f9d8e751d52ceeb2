"""What decisions make of a hit: states, grades, notes, what was taken back; and what is refused."""

from __future__ import annotations

from itertools import count

import pytest

from watcher.core.errors import UsageProblem, WatcherError
from watcher.core.verdict import (
    LEADS_TO,
    NEW,
    STATES,
    Decision,
    OpenHit,
    Plan,
    Standing,
    Verdict,
    Wish,
    by_story,
    checked_analyst,
    checked_note,
    parse_grade,
    plan,
    refuse_chains,
    said_of,
    standing_of,
    standings_of,
    taken_back,
)


class Book:
    """Decisions on hits, written as a database would."""

    def __init__(self) -> None:
        self.rows: list[Verdict] = []
        self._ids = count(1)

    @property
    def standings(self) -> dict[int, Standing]:
        return standings_of(sorted(self.rows, key=lambda row: (row.hit_id, row.id)))

    def state(self, hit: int = 1) -> str:
        """The state by the newest row and the state by all rows are one."""
        newest = [row.to_state for row in self.rows if row.hit_id == hit][-1:]
        state = self.standings.get(hit, Standing()).state
        assert newest in ([], [state])
        return state

    def add(self, decision: str, *hits: int, by: str = "ann", members=None, **more) -> Plan:
        wish = Wish(Decision(decision), by, 5, **more)
        made = plan(wish, hits or (1,), self.standings, members)
        for draft in made.drafts:
            fields = {name: getattr(draft.verdict, name) for name in Verdict.__struct_fields__}
            self.rows.append(Verdict(**{**fields, "id": next(self._ids)}))
        return made


@pytest.fixture
def book() -> Book:
    return Book()


def test_each_decision_leads_to_its_state(book):
    for decision, state in LEADS_TO.items():
        book.add(decision, by="ann")
        assert book.state() == state
    assert standing_of([]) == Standing()
    assert STATES[0] == NEW == said_of(Standing())


def test_the_same_again_is_left_and_said(book):
    book.add("dismiss", note="old")

    assert book.add("dismiss", note="older").left == ((1, "is that already: dismissed by ann (old)"),)
    assert len(book.rows) == 1


def test_somebody_elses_decision_is_only_replaced_where_that_is_meant(book):
    book.add("confirm", 1, by="ann")
    with pytest.raises(WatcherError, match="hit 1 is confirmed by ann"):
        book.add("dismiss", 2, 1, by="bob", note="no")
    assert len(book.rows) == 1

    book.add("dismiss", 1, by="bob", note="no", over=True)
    assert said_of(book.standings[1]) == "dismissed by bob (no)"


def test_who_says_what_he_saw_is_refused_when_something_came_since(book):
    seen = {1: 0}
    book.add("confirm", by="ann", seen=seen)
    with pytest.raises(WatcherError, match="hit 1 was decided since you looked: confirmed by ann"):
        book.add("dismiss", by="bob", note="no", seen=seen)

    book.add("dismiss", by="bob", note="no", seen={1: 1})
    assert book.state() == "dismissed"


def test_undo_goes_back_step_by_step_and_redo_forward_again(book):
    book.add("review")
    book.add("confirm")
    book.add("undo")
    assert book.state() == "under review"
    book.add("undo")
    assert book.state() == "new"
    with pytest.raises(WatcherError, match="hit 1 has nothing to take back"):
        book.add("undo")
    book.add("undo", redo=True)
    assert book.state() == "under review"
    book.add("undo", redo=True)
    assert book.state() == "confirmed"
    with pytest.raises(WatcherError, match="hit 1 has nothing to bring back"):
        book.add("undo", redo=True)
    book.add("undo")
    assert book.state() == "under review"
    assert len(book.rows) == 7


def test_after_a_new_decision_there_is_nothing_to_bring_back(book):
    book.add("confirm")
    book.add("undo")
    book.add("escalate")
    with pytest.raises(WatcherError, match="nothing to bring back"):
        book.add("undo", redo=True)


def test_undo_takes_grades_and_notes_back_and_leaves_the_state(book):
    book.add("confirm")
    book.add("grade", reliability="B", credibility="2")
    book.add("note", note="asked")
    book.add("grade", reliability="C", credibility="3")
    standing = book.standings[1]
    assert (standing.grade, [one.note for one in standing.notes]) == ("C3", ["asked"])

    book.add("undo")
    assert (book.standings[1].grade, book.state()) == ("B2", "confirmed")
    book.add("undo")
    book.add("undo")
    standing = book.standings[1]
    assert (standing.grade, standing.notes, book.state()) == ("", (), "confirmed")


def test_undo_of_somebody_elses_is_refused(book):
    book.add("confirm", by="ann")
    with pytest.raises(WatcherError, match="the confirm of hit 1 is by ann"):
        book.add("undo", by="bob")
    book.add("undo", by="bob", over=True)
    assert book.state() == "new"


def test_a_duplicate_is_of_another_hit_that_is_none(book):
    with pytest.raises(UsageProblem, match="duplicate of itself"):
        book.add("duplicate", 1, duplicate_of=1)
    book.add("duplicate", 2, duplicate_of=1)
    assert said_of(book.standings[2]) == "duplicate of hit 1 by ann"
    with pytest.raises(UsageProblem, match="hit 2 is a duplicate itself, of hit 1"):
        book.add("duplicate", 3, duplicate_of=2)
    with pytest.raises(UsageProblem, match="hit 2 is the duplicate of hit 1 already") as refused:
        book.add("duplicate", 1, duplicate_of=2)
    assert "`watcher undo 2`" in refused.value.hint


def test_a_duplicate_can_be_given_to_another_hit(book):
    book.add("duplicate", 2, duplicate_of=1)
    assert book.add("duplicate", 2, duplicate_of=1).drafts == ()
    book.add("duplicate", 2, duplicate_of=3)
    assert (book.state(2), said_of(book.standings[2])) == ("duplicate", "duplicate of hit 3 by ann")
    with pytest.raises(WatcherError, match="duplicate of hit 3 by ann"):
        book.add("duplicate", 2, duplicate_of=1, by="bob")
    book.add("undo", 2)
    assert taken_back(book.rows) == {book.rows[1].id}
    assert said_of(book.standings[2]) == "duplicate of hit 1 by ann"
    assert book.state(2) == "duplicate"


def test_copies_of_copies_are_refused_with_the_way_out(book):
    book.add("duplicate", 1, duplicate_of=2)
    book.add("confirm", 4)
    refuse_chains(book.standings)
    book.add("duplicate", 2, duplicate_of=3)
    with pytest.raises(UsageProblem, match="hit 1 would be a duplicate of hit 2, and that one of hit 3") as refused:
        refuse_chains(book.standings)
    assert "`watcher duplicate 2 1 --of 3`" in refused.value.hint
    book.add("undo", 2)
    book.rows.append(Verdict(99, 2, "duplicate", "new", "duplicate", "ann", 9, duplicate_of_hit=1))
    with pytest.raises(UsageProblem, match="hits 1 and 2 would each be the duplicate of the other"):
        refuse_chains(book.standings)


def test_members_come_along_where_they_are_open(book):
    book.add("dismiss", 3, note="other")
    book.add("review", 4)
    book.add("confirm", 5)
    made = book.add("confirm", 1, 2, members={1: (2, 3, 4, 5, 6)})

    assert [(one.verdict.hit_id, one.with_hit) for one in made.drafts] == [(1, None), (2, None), (4, 1), (6, 1)]
    assert [hit for hit, _ in made.left] == [3, 5]


def test_members_are_not_graded_and_a_kept_one_is_no_duplicate(book):
    assert len(book.add("grade", 1, reliability="A", credibility="1", members={1: (2,)}).drafts) == 1
    assert [d.verdict.hit_id for d in book.add("duplicate", 1, duplicate_of=2, members={1: (2, 3)}).drafts] == [1, 3]


def test_a_member_that_is_that_already_is_passed_over(book):
    book.add("review", 2)

    assert book.add("review", 1, members={1: (2,)}).drafts[-1].verdict.hit_id == 1


def test_what_is_open_stands_by_story_the_best_story_first():
    given = [OpenHit(1, "s", 50.0, 7, 1), OpenHit(2, "s", 90.0, None, 2), OpenHit(3, "s", 95.0, 7, 3)]

    assert [one.hit_id for one in by_story([*given, OpenHit(4, "t", 93.0, 7, 1)])] == [3, 1, 4, 2]


@pytest.mark.parametrize("text", ["B2", " b2 ", "B-2", "b 2"])
def test_grades_are_read(text):
    assert parse_grade(text) == ("B", "2")


@pytest.mark.parametrize("text", ["Z9", "B", "2", "B7", "", "B22", "В2"])
def test_what_is_no_grade_is_refused(text):
    with pytest.raises(UsageProblem, match="is no grade"):
        parse_grade(text)


def test_notes_are_one_clean_line():
    assert checked_note(" on the\n pact\tof 1939 ") == "on the pact of 1939"
    assert checked_note("") == ""
    assert checked_note("x" * 2000, needed="a dismissal")


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (" ", "a dismissal needs its reason"),
        ("x" * 2001, "2,000 characters at most, this one 2,001"),
        ("a\x1b[2J", r"U\+001B"),
        ("a\0", r"U\+0000"),
        ("a\udc80", r"U\+DC80"),
    ],
)
def test_notes_that_cannot_be_are_refused(text, why):
    with pytest.raises(UsageProblem, match=why):
        checked_note(text, needed="a dismissal")


def test_names_are_checked():
    assert checked_analyst(" ann  b ") == "ann b"
    for name in ("", "x" * 101, "a\x07"):
        with pytest.raises(UsageProblem):
            checked_analyst(name)
