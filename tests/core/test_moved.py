"""Permanent redirects are believed after five equal answers over three days."""

from tests.core.build import DAY, HOUR, NOW
from watcher.core.moved import NOWHERE, Moved, after_answer, after_failure, told

NEW = "https://new.example/feed"
HOPS = ("301 https://old.example/feed",)


def answers(count, step, hops=HOPS, before=NOWHERE):
    for n in range(count):
        before = after_answer(before, hops, NEW, NOW + n * step)
    return before


def test_a33_five_answers_over_three_days():
    assert not answers(4, 2 * DAY).adopted
    assert not answers(20, HOUR).adopted
    assert answers(5, DAY).adopted
    assert answers(74, HOUR).adopted


def test_a33_another_answer_between_begins_anew():
    almost = answers(4, DAY)
    assert after_answer(almost, (), "https://old.example/feed", NOW) == NOWHERE
    assert after_answer(almost, ("302 https://old.example/feed",), NEW, NOW) == NOWHERE
    assert after_answer(almost, HOPS, "https://other.example/feed", NOW) == Moved("https://other.example/feed", NOW, 1)
    assert after_answer(almost, (*HOPS, "307 https://new.example/"), NEW, NOW) == NOWHERE


def test_a33_what_was_believed_stays_until_it_fails():
    adopted = answers(5, DAY)
    assert after_answer(adopted, (), NEW, NOW) == adopted
    assert after_failure(adopted, 2) == adopted
    assert after_failure(adopted, 3) == NOWHERE
    assert after_failure(answers(2, DAY), 9) == answers(2, DAY)


def test_a33_both_turns_are_told():
    adopted = answers(5, DAY)
    assert "edit the watchlist" in told(NOWHERE, adopted)[0]
    assert "the listed one is asked again" in told(adopted, NOWHERE)[0]
    assert told(adopted, adopted) == ()
