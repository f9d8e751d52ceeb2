"""A review: one hit at a time, what is shown of it, and what a key does. Must not: query, ask a terminal or print.

Nothing is kept but verdicts: the next review goes on with what nobody has decided on. What a person decides rests on what
was shown: a hit that got a decision since then is shown again instead.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from watcher.app.explain import ExplainQueries, Explanation, read_explanation
from watcher.app.explain_text import short_lines, whole_lines
from watcher.app.report import check_name, find_zone
from watcher.app.verdicts import Request, VerdictStore, decide, history_lines, told
from watcher.core import period
from watcher.core.clean import terminal
from watcher.core.errors import UsageProblem, WatcherError
from watcher.core.render import Style, block, packed, plural, width
from watcher.core.story import StoryRow
from watcher.core.verdict import Decision, OpenHit, Standing, Verdict, standing_of
from watcher.core.views import HitFilter, WatchlistRow

KEYS = (
    ("c", "confirm"),
    ("d", "dismiss"),
    ("e", "escalate"),
    ("n", "note"),
    ("g", "grade"),
    ("u", "undo"),
    ("s", "skip"),
    ("o", "whole text"),
    ("?", "help"),
    ("q", "quit"),
)
HELP = """\
c  confirm                     C  the whole story
r  confirm as corroborated     R  the whole story
d  dismiss, asks for a reason  D  the whole story
e  escalate                    E  the whole story
x  duplicate, asks of which hit
w  set aside as under review
n  note                        g  grade, as B2
u  undo the last decision
s, j, down  next               k, up  back
o  whole text, or back         space  further down, b  up
q  quit; the next review goes on with what is not decided"""

_DECIDES = {"c": "confirm", "r": "corroborate", "e": "escalate", "w": "review"}
_ASKS = {
    "d": (Decision.DISMISS, "why is it none?"),
    "x": (Decision.DUPLICATE, "of which hit?"),
    "n": (Decision.NOTE, "note:"),
    "g": (Decision.GRADE, "grade, like B2:"),
}
_ARROWS = {"\x1b[B": "j", "\x1b[A": "k", "\x1bOB": "j", "\x1bOA": "k", "\x1b[6~": " ", "\x1b[5~": "b", "\x04": "q"}


class ReviewQueries(ExplainQueries, Protocol):
    """What a review reads."""

    def open_hits(self, wanted: HitFilter) -> Sequence[OpenHit]:
        """Hits on which nobody decided, story by story."""
        ...

    def story(self, entry_id: int) -> StoryRow | None:
        """The story of an entry."""
        ...

    def newest_poll_at(self) -> int | None:
        """When the newest poll was committed."""
        ...


@dataclass(frozen=True, slots=True)
class Question:
    """A line that is asked of the person, for a decision."""

    prompt: str
    decision: Decision
    story: bool = False


@dataclass(frozen=True, slots=True)
class _Shown:
    """What the person sees: an account, and the decisions so far."""

    account: Explanation
    story: StoryRow | None
    given: tuple[Verdict, ...]

    @property
    def standing(self) -> Standing:
        return standing_of(self.given)


@dataclass
class Review:
    """The state of one review. ``key`` takes a key, ``answer`` the answer to a question; ``screen`` is what to show."""

    queries: ReviewQueries
    store: VerdictStore
    queue: Sequence[OpenHit]
    analyst: str
    now: Callable[[], int]
    at: int = 0
    is_over: bool = False
    message: str = ""
    decided: dict[int, str] = field(default_factory=dict)
    _top: int = 0
    _mode: str = ""
    _last: list[tuple[int, bool]] = field(default_factory=list)
    _shown: dict[int, _Shown] = field(default_factory=dict)

    # --- keys ---

    def key(self, pressed: str) -> Question | None:
        """Do what a key stands for; a question that it needs answered, or None."""
        self.message = ""
        pressed = _ARROWS.get(pressed, pressed)
        lower = pressed.lower()
        if self._is_read(pressed):
            return None
        if lower in _DECIDES and pressed != "W":
            self._decide(Decision(_DECIDES[lower]), story=pressed != lower)
        elif pressed in (*_ASKS, "D"):
            decision, prompt = _ASKS[lower]
            return Question(prompt, decision, story=pressed == "D")
        elif pressed == "u":
            self._undo()
        else:
            self.message = "no such key: ? shows them all"
        return None

    def answer(self, question: Question, text: str) -> None:
        """Decide with the answer; an empty one decides nothing."""
        text = text.strip()
        if not text:
            self.message = "nothing was written"
        elif question.decision is Decision.GRADE:
            self._decide(question.decision, grade=text)
        elif question.decision is Decision.DUPLICATE:
            self._duplicate(text)
        else:
            self._decide(question.decision, note=text, story=question.story)

    def _is_read(self, pressed: str) -> bool:
        """Keys that only move or show."""
        page = {" ": 10, "b": -10}
        if pressed == "q":
            self.is_over = True
        elif pressed in ("s", "j", "k"):
            self._move(-1 if pressed == "k" else 1)
        elif pressed in page:
            self._top = max(0, self._top + page[pressed])
        elif pressed in ("o", "?"):
            self._mode, self._top = ("" if self._mode == pressed else pressed), 0
        else:
            return False
        return True

    def _move(self, step: int) -> None:
        target = self.at + step
        if 0 <= target < len(self.queue):
            self._go(target)
        else:
            self.message = "this is the last one: q ends" if step > 0 else "this is the first one"

    def _go(self, target: int) -> None:
        self.at, self._top, self._mode = target, 0, ""

    # --- deciding ---

    def _duplicate(self, text: str) -> None:
        if not text.isascii() or not text.isdecimal() or len(text) > 18:
            self.message = f"{text[:40]!r} is no number of a hit"
        else:
            self._decide(Decision.DUPLICATE, duplicate_of=int(text))

    def _decide(
        self,
        decision: Decision,
        *,
        note: str = "",
        grade: str = "",
        duplicate_of: int | None = None,
        story: bool = False,
    ) -> None:
        hit = self.hit
        seen = {hit: self._look(hit).standing.last_id}
        request = Request(decision, self.analyst, note=note, grade=grade, duplicate_of=duplicate_of, story=story)
        try:
            made = decide(self.store, request, [hit], self.now(), seen)
        except WatcherError as error:
            self.message = error.message
            self._shown.pop(hit, None)
            return
        self.message = "; ".join(told(made))
        for draft in made.drafts:
            self._shown.pop(draft.verdict.hit_id, None)
            if draft.verdict.to_state != draft.verdict.from_state:
                self.decided[draft.verdict.hit_id] = draft.verdict.to_state
        if made.drafts:
            self._last.append((self.at, story))
        if decision not in (Decision.NOTE, Decision.GRADE):
            self._next_open()

    def _next_open(self) -> None:
        """The next hit that was not decided on in this review; at the end, stay."""
        for target in range(self.at + 1, len(self.queue)):
            if self.queue[target].hit_id not in self.decided:
                self._go(target)
                return
        self.message += "; that was the last one: q ends"

    def _undo(self) -> None:
        """Take back the last decision of this review, and show its hit; without one, that of the hit shown."""
        at, story = self._last[-1] if self._last else (self.at, False)
        hit = self.queue[at].hit_id
        try:
            request = Request(Decision.UNDO, self.analyst, story=story)
            made = decide(self.store, request, [hit], self.now())
        except WatcherError as error:
            self.message = error.message
            return
        if self._last:
            self._last.pop()
        for draft in made.drafts:
            self._shown.pop(draft.verdict.hit_id, None)
            self.decided.pop(draft.verdict.hit_id, None)
        self._go(at)
        self.message = "; ".join(told(made))

    # --- showing ---

    @property
    def hit(self) -> int:
        """The hit that is shown."""
        return self.queue[self.at].hit_id

    def _look(self, hit: int) -> _Shown:
        if hit not in self._shown:
            account = read_explanation(self.queries, hit)
            story = self.queries.story(account.detail.row.entry_id)
            self._shown = {hit: _Shown(account, story, self.store.history([hit])[hit])}
        return self._shown[hit]

    def screen(self, style: Style, rows: int) -> list[str]:
        """The lines of a screen of so many rows: where we are, the hit, and at the bottom what happened and the keys."""
        head, foot = self._head(style), self._foot(style)
        body = HELP.splitlines() if self._mode == "?" else list(self._body(style))
        room = max(3, rows - len(head) - len(foot) - 1)
        self._top = max(0, min(self._top, len(body) - room))
        part = body[self._top : self._top + room]
        if len(body) > room:
            seen = f"lines {self._top + 1}-{self._top + len(part) - 1} of {len(body)}: space goes down, b up"
            part = [*part[:-1], style.dim(seen)]
        return [*head, *part, *[""] * (room - len(part)), *foot]

    def _head(self, style: Style) -> list[str]:
        current = self.queue[self.at]
        facts = [f"{self.at + 1} of {plural(len(self.queue), 'hit')} to decide", f"{len(self.decided):,} decided"]
        together = sum(one.story == current.story and one.signal == current.signal for one in self.queue)
        if current.story is not None and together > 1:
            facts.append(f"{together:,} of this story")
        return [*packed(facts, style), style.rule * (style.width - 1)]

    def _body(self, style: Style) -> Iterable[str]:
        shown = self._look(self.hit)
        if self._mode == "o":
            yield from whole_lines(shown.account, style)
            return
        yield from short_lines(shown.account, style)
        if shown.story is not None:
            yield from packed(_story_facts(shown.story), style)
        if shown.given:
            yield ""
            zone = shown.account.zone
            for line in history_lines(self.hit, shown.given, shown.standing, zone):
                yield from block(line, style.width, rest="    ")

    def _foot(self, style: Style) -> list[str]:
        said = block(terminal(self.message), style.width - 1) if self.message else [""]
        keys = [f"{key} {what}" for key, what in KEYS]
        lines, line = [], ""
        for one in keys:
            if line and width(f"{line}  {one}") > style.width - 1:
                lines.append(line)
                line = one
            else:
                line = f"{line}  {one}" if line else one
        return [style.rule * (style.width - 1), *[style.warn(one) for one in said], *lines, line]


def _story_facts(story: StoryRow) -> list[str]:
    own = terminal(f"{story.standing}, from {story.origin}") if story.origin else terminal(story.standing)
    return [
        f"story {story.story_id}: {plural(story.entries, 'entry', 'entries')}",
        plural(story.outlets, "outlet"),
        plural(story.origins, "origin"),
        own,
    ]


def wanted(
    queries: ReviewQueries, *, watchlist: str | None, since: str | None, signal: str | None, min_score: float | None
) -> HitFilter:
    """What to review, from what a person wrote. The clock plays no part: times count back from the newest poll.

    Raises:
        UsageProblem: no such watchlist, signal or time.
    """
    known = queries.watchlists()
    chosen = _chosen(known, watchlist)
    moment = None
    if since is not None:
        zone, _ = find_zone(chosen.timezone)
        moment = period.parse_moment(since, reference=queries.newest_poll_at() or 0, zone=zone)
    check_name("signal", signal, [one["id"] for one in chosen.outline.get("signals", ())])
    return HitFilter(watchlist=chosen.id, since=moment, signal=signal, min_score=min_score)


def _chosen(known: Sequence[WatchlistRow], name: str | None) -> WatchlistRow:
    for row in known:
        if name in (None, row.id):
            return row
    if not known:
        raise UsageProblem("this database holds no watchlist yet", hint="`watcher run` or `watcher poll` loads one")
    raise UsageProblem(f"no watchlist {name!r} in this database", hint=f"it holds {', '.join(row.id for row in known)}")
