"""The data that travels between layers: frozen, slotted, named. Must not: compute more than a derived name.

Times are ``Micros``: whole microseconds since 1970-01-01T00:00:00Z. Digests are raw bytes (SHA-256 unless said).
Spans are ``[start, end)`` in characters of the stored field. ``gc=False`` stands where values come in thousands: what is
frozen and holds only older values cannot stand in a circle, so nothing is gained by looking for one.
``forbid_unknown_fields`` stands where values are read from JSON (see `wire`).
"""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct, field

from watcher.core import basics
from watcher.core.moved import NOWHERE, Moved

Micros = basics.Micros
SECOND = basics.SECOND
SourceHealth = basics.SourceHealth
Sighting = basics.Sighting
Outcome = basics.Outcome


# --- sources ----------------------------------------------------------------------------------------------------


class SourceSpec(Struct, frozen=True):
    """A source as the watchlist wants it (desired state), with the link's reliability and role.

    ``kind`` ``none`` means that no kind we have can read it: it is listed with its reason and never polled.
    ``recorded`` is what the list's author saw on ``checked_on``: ok, warn, dead, blocked, unverified or none;
    sources recorded ``dead`` or ``blocked`` or of kind ``none`` are blind by construction.
    """

    id: str
    kind: str
    url: str
    title: str
    publisher: str
    family: str
    language: str
    institution: str = ""
    role: str = "secondary"
    reliability: str = "F"
    rationale: str = ""
    checked_on: str = ""
    recorded: str = "unverified"
    note: str = ""
    interval_s: float = 3600.0
    allow_private: bool = False
    host_interval_s: float | None = None
    per_host: int | None = None
    select: str = ""
    enabled: bool = True

    @property
    def is_blind(self) -> bool:
        """True where this source can never be read as it is configured."""
        return self.kind == "none" or self.recorded in ("dead", "blocked")


class Claim(Struct, frozen=True):
    """A source that is ours until ``lease_until``: all that a poll needs to know about it.

    ``token`` is the fencing token; the final write checks it. ``seen_items`` are the per-item digests of the last
    body (what need not be parsed again). ``etag`` and ``last_modified`` are echoed byte for byte. ``crashes`` counts how
    often in a row reading it ended a child or a process; ``arrivals`` are those of `core.pace`; ``body_at`` is when a body
    last came.
    """

    source_id: int
    spec: SourceSpec
    token: int
    lease_until: Micros
    etag: str = ""
    last_modified: str = ""
    body_digest: bytes = b""
    seen_items: frozenset[bytes] = frozenset()
    failures: int = 0
    is_first: bool = True
    due_at: Micros = 0
    health: str = SourceHealth.NEVER_POLLED.value
    last_ok_at: Micros | None = None
    kind_state: str = ""
    health_since: Micros | None = None
    crashes: int = 0
    alarmed_at: Micros | None = None
    ttl_s: float | None = None
    quiet_hours: tuple[int, ...] = ()
    quiet_days: tuple[int, ...] = ()
    arrivals: tuple[int, ...] = ()
    body_at: Micros | None = None
    moved: Moved = NOWHERE


# --- fetch and parse --------------------------------------------------------------------------------------------


class Fetched(Struct, frozen=True):
    """The answer to one request after all hops. ``body`` is decoded from its transfer coding, nothing more.

    ``headers`` are lower-cased names, in order, duplicates kept. ``etag``/``last_modified`` are those of a 200 that may
    be echoed (printable, short enough), else empty. ``digest`` is SHA-256 of ``body``. ``complete`` is False where the
    connection ended early and no length told us so.
    """

    status: int
    url: str
    headers: tuple[tuple[str, str], ...]
    body: bytes
    digest: bytes
    etag: str
    last_modified: str
    hops: tuple[str, ...]
    elapsed_s: float
    wire_bytes: int
    complete: bool = True
    max_age_s: float | None = None
    retry_after_s: float | None = None

    @property
    def not_modified(self) -> bool:
        """True for a 304: nothing to parse."""
        return self.status == 304

    def header(self, name: str) -> str:
        """First value of a header, or an empty string."""
        return next((value for key, value in self.headers if key == name), "")


class Entry(Struct, frozen=True, gc=False, forbid_unknown_fields=True):
    """One item as it came, scrubbed and cut: the text matched is the text stored.

    ``published`` is None where the claimed date cannot be a time; ``published_raw`` is kept as sent. ``outlet`` and
    ``outlet_url`` are RSS ``<source>``: who an aggregator says it has it from. ``flags``: ``truncated``,
    ``had-controls``, ``unknown-zone``, ``loose`` (from the tolerant parser), ``no-id``.
    ``item_digest`` identifies the item's bytes in the body (empty where the body could not be cut).
    """

    guid: str
    link: str
    title: str
    text: str
    published: Micros | None = None
    published_raw: str = ""
    author: str = ""
    outlet: str = ""
    outlet_url: str = ""
    tags: tuple[str, ...] = ()
    language: str = ""
    flags: tuple[str, ...] = ()
    item_digest: bytes = b""


class Match(Struct, frozen=True, gc=False, forbid_unknown_fields=True):
    """A term of a rule at a span of a field. ``field`` is ``title`` or ``text``; ``form`` is the form that matched."""

    term: str
    field: str
    start: int
    end: int
    form: str = ""
    flag: str = ""


class Firing(Struct, frozen=True, gc=False, forbid_unknown_fields=True):
    """A rule that is met in an entry. ``suppressed_by`` names what took it back (an ``unless``), or is empty.

    ``places`` counts the places where it is met that do not overlap (what saturates); ``flag`` is ``look-alike`` where
    it is met only by words that imitate others.
    """

    rule: str
    matches: tuple[Match, ...]
    suppressed_by: str = ""
    places: int = 1
    flag: str = ""


class SignalEvidence(Struct, frozen=True, gc=False, forbid_unknown_fields=True):
    """What the rules of one signal found. ``blocked_by`` is set where ``needs`` is not met or ``unless`` is."""

    signal: str
    firings: tuple[Firing, ...]
    blocked_by: str = ""


class FacetMention(Struct, frozen=True, gc=False, forbid_unknown_fields=True):
    """A declared facet in the matching sentences: ``kind`` institution, actor, provision, condition…; ``value`` its id.

    ``signals`` names those whose matching sentences hold it.
    """

    kind: str
    value: str
    match: Match
    signals: tuple[str, ...] = ()


class FigureReading(Struct, frozen=True, gc=False, forbid_unknown_fields=True):
    """A tracked quantity read from a sentence. ``qualifier``: over, about, under, total, added or empty."""

    figure: str
    value: float
    unit: str
    qualifier: str
    field: str
    start: int
    end: int
    sentence: str


class Evidence(Struct, frozen=True, gc=False, forbid_unknown_fields=True):
    """All that matching found in one entry for one watchlist revision: plain data, no arithmetic done yet.

    ``lead_end`` is where the lead of the text ends: matches before it count as lead.
    """

    revision: str
    text_digest: bytes
    signals: tuple[SignalEvidence, ...] = ()
    facets: tuple[FacetMention, ...] = ()
    figures: tuple[FigureReading, ...] = ()
    lead_end: int = 0


class ParsedEntry(Struct, frozen=True, gc=False, forbid_unknown_fields=True):
    """An entry with its evidence, one per watchlist (key: watchlist id); absent where nothing matched at all."""

    entry: Entry
    evidence: Mapping[str, Evidence] = field(default_factory=dict)


class ParsedFeed(Struct, frozen=True, forbid_unknown_fields=True):
    """A body after the sandbox. ``item_digests`` lists every item in the body, skipped ones too; empty if not cut.

    ``skipped`` counts items that were seen before and not parsed again; ``dropped`` those over a cap. ``warnings`` are
    short and already clean. ``partial`` means that the body ended early: validators must not be kept.
    ``ttl_s``, ``skip_hours`` (GMT, 0–23) and ``skip_days`` (0 = Monday) are the publisher's own wishes.
    """

    format: str
    title: str = ""
    language: str = ""
    entries: tuple[ParsedEntry, ...] = ()
    item_digests: tuple[bytes, ...] = ()
    skipped: int = 0
    dropped: int = 0
    warnings: tuple[str, ...] = ()
    partial: bool = False
    ttl_s: float | None = None
    skip_hours: tuple[int, ...] = ()
    skip_days: tuple[int, ...] = ()
    kind_state: str = ""


# --- scoring ----------------------------------------------------------------------------------------------------


class Part(Struct, frozen=True, gc=False, forbid_unknown_fields=True):
    """One named share of a score. Points of all parts sum to the score. ``kind``: rule, context or cap."""

    kind: str
    name: str
    weight: float
    strength: float
    points: float
    why: str = ""


class Assessment(Struct, frozen=True, gc=False, forbid_unknown_fields=True):
    """How an entry was scored for one signal. ``reached`` is score ≥ the signal's threshold: a hit."""

    signal: str
    score: float
    rung: str
    reached: bool
    parts: tuple[Part, ...]
    firings: tuple[Firing, ...]
    facets: tuple[FacetMention, ...] = ()
    blocked_by: str = ""


# --- what is stored, scored again ---------------------------------------------------------------------------------


class StoredText(Struct, frozen=True):
    """A stored entry as rules see it: what catch-up and rescore score again, without a child (it is scrubbed)."""

    entry_id: int
    revision_no: int
    title: str
    text: str
    language: str
    published: Micros | None
    first_seen: Micros


class Told(Struct, frozen=True):
    """What is told of an entry: its title now, where and when it stands."""

    title: str
    link: str
    source: str
    published: Micros | None


class StoredHit(Struct, frozen=True):
    """A hit as it counts now: what a rescore compares with."""

    hit_id: int
    entry_id: int
    signal: str
    score: float
    rung: str
    reached: bool
    reason: str


class TextAssessed(Struct, frozen=True):
    """A stored entry after it was scored again: every assessment with a score, and the evidence it came from."""

    entry_id: int
    revision_no: int
    assessments: tuple[Assessment, ...]
    evidence: Evidence | None = None


class ScoredEntry(Struct, frozen=True, gc=False):
    """An entry after the parent's arithmetic: assessments per watchlist id."""

    entry: Entry
    evidence: Mapping[str, Evidence]
    assessments: Mapping[str, tuple[Assessment, ...]]
