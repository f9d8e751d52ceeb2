"""Every table, column and index, each with what it is for. Must not: hold a query or import a database driver.

``doc`` of a column and ``serves`` of an index become `db/README.md`; the migrations in `db/migrations` make the same
tables (a test compares them). Times are UTC microseconds; names follow the vocabulary of the design.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Column, ForeignKey, Index, MetaData, Table, UniqueConstraint, text

from watcher.storage.types import Blob, CleanText, Digest, Flag, JsonText, Number, integer

INT64 = integer()

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def _table(name: str, about: str, *parts: Any, rowid: bool = True) -> Table:
    return Table(name, metadata, *parts, info={"about": about}, sqlite_strict=True, sqlite_with_rowid=rowid)


def _id() -> Column[int]:
    return Column("id", INT64, primary_key=True, autoincrement=True, doc="Number of the row")


def _ref(name: str, target: str, doc: str, *, optional: bool = False, key: bool = False) -> Column[int]:
    return Column(
        name, INT64, ForeignKey(f"{target}.id"), nullable=optional, primary_key=key, doc=doc, autoincrement=False
    )


def _text(name: str, doc: str, default: str | None = "") -> Column[str]:
    """A text that is never null; empty where nothing is known (``default`` None: must be given)."""
    return Column(name, CleanText, nullable=False, server_default=default, doc=doc)


def _count(name: str, doc: str) -> Column[int]:
    return Column(name, INT64, nullable=False, server_default=text("0"), doc=doc)


def _time(name: str, doc: str) -> Column[int]:
    return Column(name, INT64, nullable=False, doc=doc)


def _maybe_time(name: str, doc: str) -> Column[int | None]:
    return Column(name, INT64, nullable=True, doc=doc)


def _digest(name: str, doc: str, *, optional: bool = False, key: bool = False) -> Column[bytes]:
    return Column(name, Digest, nullable=optional, primary_key=key, doc=doc)


def _json(name: str, doc: str) -> Column[Any]:
    return Column(name, JsonText, nullable=False, doc=doc)


def _index(name: str, *columns: str, serves: str, unique: bool = False, where: str = "") -> Index:
    # No `postgresql_where` here: naming it makes SQLAlchemy import that dialect, an eighth of a report's start-up.
    # The migrations make the index on both databases with the same condition.
    clause = text(where) if where else None
    return Index(name, *columns, unique=unique, info={"serves": serves, "where": where}, sqlite_where=clause)


# --- what is asked ----------------------------------------------------------------------------------------------

watchlists = _table(
    "watchlists",
    "A question that is watched. Its rules stand in its revisions.",
    _id(),
    _text("name", "Id of the watchlist as its file gives it", None),
    _text("question", "The question, as the newest revision words it"),
    _text("timezone", "Zone for days and display", "UTC"),
    Column("revision_id", INT64, doc="The revision that is loaded now (watchlist_revisions.id)"),
    _time("created_at", "When it was first loaded"),
    _time("loaded_at", "When it was last loaded"),
    UniqueConstraint("name"),
)

watchlist_revisions = _table(
    "watchlist_revisions",
    "Every revision that was ever loaded, whole: what a hit was scored under can always be read again.",
    _id(),
    _ref("watchlist_id", "watchlists", "Whose revision"),
    _digest("digest", "SHA-256 over all files, names sorted"),
    _json("files", "The YAML texts by file name"),
    _json("outline", "Signals, ladders, facets, figures, timeline and positions, for faces that show them"),
    Column(
        "compiled", Blob, nullable=False, doc="The compiled watchlist, zlib over pickle; made anew by other versions"
    ),
    _time("loaded_at", "When it was loaded first"),
    UniqueConstraint("watchlist_id", "digest"),
)

# --- what is read -----------------------------------------------------------------------------------------------

sources = _table(
    "sources",
    "A place that is polled, its schedule and its lease. One row per address and kind, however many watchlists list it.",
    _id(),
    _digest("address_key", "SHA-256 over kind, normalised address and path selection: the identity"),
    _text("kind", "feed, sitemap … or none", None),
    _text("url", "Address as listed", None),
    _text("select_path", "Path part that addresses of a sitemap must have"),
    _text("name", "Id in the watchlist that was loaded last"),
    _text("title", "Title as listed"),
    _text("publisher", "Who publishes it"),
    _text("family", "Owner family of the publisher"),
    _text("language", "Main language"),
    Column("interval_s", Number, nullable=False, doc="Shortest interval that a watchlist wants, seconds"),
    Column("host_interval_s", Number, doc="Politeness: least seconds between two requests to the host"),
    Column("per_host", INT64, doc="Politeness: requests to the host at a time"),
    Column("allow_private", Flag, nullable=False, doc="May its address be a private one"),
    Column("enabled", Flag, nullable=False, doc="Does any watchlist want it polled"),
    _maybe_time("next_poll_at", "When it is due; null: never (disabled or blind)"),
    _maybe_time("retry_not_before", "Retry-After of the publisher; nothing polls before it"),
    Column("lease_owner", CleanText, doc="Who polls it now"),
    _maybe_time("lease_until", "Until when; after that anybody may take it"),
    _count("lease_token", "Fencing token: counts claims; the final write must show the newest"),
    _text("etag", "Validator of the last body, byte for byte"),
    _text("last_modified", "Validator of the last body, byte for byte"),
    _digest("body_digest", "SHA-256 of the last body; empty: none yet"),
    _text("kind_state", "What its kind keeps between polls"),
    _count("failures", "Failed polls in a row"),
    _text("health", "State now; history in source_states", None),
    _text("health_reason", "Why, in one line"),
    _maybe_time("health_since", "Since when"),
    _maybe_time("last_poll_at", "End of the last poll"),
    _text("last_outcome", "How the last poll ended"),
    _maybe_time("last_ok_at", "End of the last poll that could be read"),
    _count("entries", "Entries stored, pruned ones included"),
    _time("created_at", "When it was first listed"),
    UniqueConstraint("address_key"),
    _index(
        "ix_sources_next_poll_at",
        "next_poll_at",
        serves="claims: what is due, most overdue first; when the next one is due",
        where="next_poll_at IS NOT NULL",
    ),
)

watchlist_sources = _table(
    "watchlist_sources",
    "What a watchlist says of a source. A source that is no longer listed keeps its row, with removed_at.",
    _id(),
    _ref("watchlist_id", "watchlists", "Which watchlist"),
    _ref("source_id", "sources", "Which source"),
    _text("name", "Id of the source in this watchlist", None),
    _text("institution", "Institution that it speaks for"),
    _text("role", "primary or secondary", None),
    _text("reliability", "Admiralty reliability A–F, by default", None),
    _text("rationale", "Why that reliability"),
    _text("recorded", "What the list's author saw: ok, warn, dead, blocked, unverified, none"),
    _text("checked_on", "When they looked, ISO date"),
    _text("note", "Remark"),
    Column("interval_s", Number, nullable=False, doc="Interval that this watchlist wants, seconds"),
    Column("host_interval_s", Number, doc="Politeness that this watchlist wants"),
    Column("per_host", INT64, doc="Politeness that this watchlist wants"),
    Column("allow_private", Flag, nullable=False, doc="Does this watchlist allow a private address"),
    Column("enabled", Flag, nullable=False, doc="Does this watchlist want it polled"),
    _time("listed_at", "When it was first listed"),
    _maybe_time("removed_at", "When it was last taken off the list; null: still listed"),
    UniqueConstraint("watchlist_id", "source_id"),
    _index(
        "ix_watchlist_sources_source_id", "source_id", serves="which watchlists list a source; links of a hit's source"
    ),
)

source_states = _table(
    "source_states",
    "States of a source as intervals [since, until): what was readable when.",
    _id(),
    _ref("source_id", "sources", "Which source"),
    _text("health", "ok, unchanged, empty, stale, blocked, …", None),
    _time("since", "Start"),
    _maybe_time("until", "End; null: still so"),
    _text("reason", "Why, in one line"),
    _index("ix_source_states_source_id_since", "source_id", "since", serves="coverage of a source over a period"),
    _index(
        "uq_source_states_open",
        "source_id",
        serves="at most one open state per source; closing it",
        unique=True,
        where="until IS NULL",
    ),
)

polls = _table(
    "polls",
    "One attempt to read a source, with its outcome.",
    _id(),
    _ref("source_id", "sources", "Which source"),
    _time("started_at", "Start"),
    _time("finished_at", "End"),
    _text("outcome", "new body, same body, not modified or failed", None),
    Column("status", INT64, doc="HTTP status; null: no answer"),
    _text("phase", "Where it failed: dns, connect, tls, http, decode, parse, match; empty: nowhere"),
    _text("error", "Class of the fault"),
    _text("detail", "The fault in at most 200 characters"),
    Column("warnings", JsonText, doc="Warnings of the parser; null: none"),
    _text("format", "Format that the body turned out to have"),
    Column("url", CleanText, doc="Address that answered, where it is not the source's own"),
    Column("headers", JsonText, doc="Response headers in order, of new bodies and failures"),
    _digest("body_digest", "SHA-256 of the body; null: none came", optional=True),
    _count("wire_bytes", "Bytes on the wire"),
    Column("elapsed_s", Number, doc="Seconds of the exchange"),
    _count("entries_seen", "Entries in the body"),
    _count("entries_new", "Entries stored for the first time"),
    _count("revisions", "Known entries whose content changed"),
    _count("hits", "Hits made"),
    _index("ix_polls_source_id_finished_at", "source_id", "finished_at", serves="polls of a source, newest first"),
    _index("ix_polls_finished_at", "finished_at", serves="the newest poll; what was polled in a period"),
)

bodies = _table(
    "bodies",
    "Bytes as fetched, kept once per content where they made a hit or a revision.",
    _digest("digest", "SHA-256 of the bytes", key=True),
    _count("size", "Bytes before compression"),
    Column("content", Blob, nullable=False, doc="The bytes, zlib"),
    _ref("poll_id", "polls", "The poll that kept them first"),
)

source_items = _table(
    "source_items",
    "Digest of every item that bodies of a source held: what need not be parsed again, and what left.",
    _ref("source_id", "sources", "Which source", key=True),
    _digest("digest", "SHA-256 of the item's bytes", key=True),
    _time("first_seen", "First body that held it"),
    _maybe_time("last_seen", "Last body that held it; null: the newest one does"),
    _index(
        "ix_source_items_present",
        "source_id",
        serves="items of the last body, for a claim",
        where="last_seen IS NULL",
    ),
    rowid=False,
)

# --- what was found ---------------------------------------------------------------------------------------------

entries = _table(
    "entries",
    "One item of a source: who it is and how it reads now. Its texts stand in entry_revisions.",
    _id(),
    _ref("source_id", "sources", "Which source"),
    _digest("key", "Identity in its source: digest of guid, else link, else content"),
    _digest("link_key", "Digest of the link without tracking parameters; empty: no link"),
    _digest("content_digest", "Digest of title and text as they are now"),
    _digest("item_digest", "Digest of its bytes in the body; empty: body could not be cut"),
    Column("revision_no", INT64, nullable=False, doc="Number of the revision that is current"),
    _text("guid", "Id that the publisher gave, cut"),
    _text("link", "Address, as given"),
    _text("title", "Title now"),
    _text("author", "Author, as given"),
    _text("outlet", "Who an aggregator says it has it from"),
    _text("outlet_url", "Address of that outlet"),
    _text("language", "Language, as given or the source's"),
    Column("tags", JsonText, doc="Tags, as given; null: none"),
    _text("flags", "truncated, had-controls, unknown-zone, loose, no-id; space between"),
    _maybe_time("published", "Date that the publisher claims; null: none or not a time"),
    _text("published_raw", "The claim as sent"),
    _time("first_seen", "First body that held it: ours, never the publisher's"),
    _time("last_seen", "Last body known to hold it; while left_at is null the source's newest one does"),
    _maybe_time("left_at", "First body without it; null: still in the newest"),
    _maybe_time("vanished_at", "Withdrawn: it left while older entries stayed"),
    _text("sighting", "Class of the first sighting: new, back-filled, republished"),
    Column("duplicate_of", INT64, doc="Entry that this one repeats (entries.id, which may be pruned)"),
    _ref("poll_id", "polls", "Poll that stored it"),
    _index(
        "uq_entries_key_source_id",
        "key",
        "source_id",
        serves="is this entry known; the same id at other sources",
        unique=True,
    ),
    _index("ix_entries_link_key_source_id", "link_key", "source_id", serves="is this link known, here or elsewhere"),
    _index(
        "ix_entries_content_digest_source_id",
        "content_digest",
        "source_id",
        serves="is this text known, here or elsewhere",
    ),
    _index(
        "ix_entries_present", "source_id", serves="entries of the last body, to find what left", where="left_at IS NULL"
    ),
    _index("ix_entries_first_seen", "first_seen", serves="entries of a period; retention by age"),
    _index(
        "ix_entries_edited",
        "id",
        serves="edited entries that the search index holds as they were",
        where="revision_no > 1",
    ),
)

entry_revisions = _table(
    "entry_revisions",
    "Every wording of an entry, whole; never changed but for last_seen.",
    _ref("entry_id", "entries", "Which entry", key=True),
    Column("revision_no", INT64, primary_key=True, autoincrement=False, doc="Counts from 1"),
    _digest("content_digest", "SHA-256 of title and text after NFC and white space folding"),
    _text("title", "Title as matched"),
    _text("text", "Text as matched"),
    _time("first_seen", "First body that held it"),
    _maybe_time("last_seen", "Last body known to hold it; null: it is current (see entries.last_seen)"),
    _text("sighting", "new, updated, back-filled or republished", None),
    _ref("poll_id", "polls", "Poll that stored it"),
)

entry_aliases = _table(
    "entry_aliases",
    "Further keys under which an entry is known (its publisher changed ids).",
    _digest("key", "The other key", key=True),
    _ref("source_id", "sources", "In which source", key=True),
    _ref("entry_id", "entries", "Which entry"),
    _time("created_at", "Since when"),
    _index("ix_entry_aliases_entry_id", "entry_id", serves="aliases of an entry"),
    rowid=False,
)

tombstones = _table(
    "tombstones",
    "Keys of pruned entries, so that they do not come back as new.",
    _digest("key", "Key of the pruned entry", key=True),
    _ref("source_id", "sources", "In which source", key=True),
    _digest("link_key", "Its link key"),
    _digest("content_digest", "Digest of its last content"),
    _time("first_seen", "When it was first seen"),
    _time("pruned_at", "When it was pruned"),
    _index("ix_tombstones_link_key_source_id", "link_key", "source_id", serves="is this link known"),
    _index("ix_tombstones_content_digest_source_id", "content_digest", "source_id", serves="is this text known"),
    rowid=False,
)

rejected = _table(
    "rejected",
    "Entries that the database refused, each alone, with the reason; the rest of their poll was stored.",
    _id(),
    _ref("source_id", "sources", "Which source"),
    _ref("poll_id", "polls", "Which poll"),
    _text("guid", "Id that the publisher gave, cut"),
    _text("title", "Title, cut"),
    _text("reason", "What the database said"),
    _time("rejected_at", "When"),
)

# --- what it means ----------------------------------------------------------------------------------------------

entry_scores = _table(
    "entry_scores",
    "Under which revision an entry was last scored, per watchlist: hit or not.",
    _ref("entry_id", "entries", "Which entry", key=True),
    _ref("watchlist_id", "watchlists", "For which watchlist", key=True),
    _ref("revision_id", "watchlist_revisions", "Under which revision"),
    Column("entry_revision", INT64, nullable=False, doc="Which wording"),
    rowid=False,
)

hits = _table(
    "hits",
    "Entry × signal that reached the threshold, once and for ever. Score and rung repeat its best assessment since the last rescore.",
    _id(),
    _ref("watchlist_id", "watchlists", "Which watchlist"),
    _text("signal", "Which signal", None),
    _ref("entry_id", "entries", "Which entry"),
    _ref("source_id", "sources", "The entry's source"),
    _time("first_seen", "When the wording that made it was first seen: periods of reports"),
    _time("made_at", "When the hit was made"),
    _text("sighting", "Class of the sighting that made it"),
    Column("entry_revision", INT64, nullable=False, doc="Wording of the assessment that counts"),
    _ref("revision_id", "watchlist_revisions", "Watchlist revision of the assessment that counts"),
    Column("score", Number, nullable=False, doc="0–100"),
    _text("rung", "Highest rung reached; empty: the signal has no ladder"),
    Column("reached", Flag, nullable=False, doc="Does it reach the threshold still"),
    _text("reason", "The strongest parts of the score in one line"),
    Column("duplicate_of", INT64, doc="Entry that this one repeats (entries.id, which may be pruned)"),
    _index(
        "uq_hits_entry_id_watchlist_id_signal",
        "entry_id",
        "watchlist_id",
        "signal",
        serves="at most one hit per entry and signal; hits of known entries",
        unique=True,
    ),
    _index(
        "ix_hits_watchlist_id_first_seen_score",
        "watchlist_id",
        "first_seen",
        "score",
        serves="hits of a period, newest or best first",
    ),
    _index(
        "ix_hits_watchlist_id_signal_first_seen",
        "watchlist_id",
        "signal",
        "first_seen",
        serves="hits of a signal; trend and board",
    ),
    _index("ix_hits_source_id", "source_id", serves="hits of a source, and how many"),
)

assessments = _table(
    "assessments",
    "How a hit was scored, each time; append-only.",
    _id(),
    _ref("hit_id", "hits", "Which hit"),
    Column("entry_revision", INT64, nullable=False, doc="Which wording"),
    _ref("revision_id", "watchlist_revisions", "Under which revision"),
    _ref("run_id", "runs", "Run that scored it again; null: a poll", optional=True),
    _time("assessed_at", "When"),
    Column("score", Number, nullable=False, doc="0–100"),
    _text("rung", "Highest rung reached"),
    Column("reached", Flag, nullable=False, doc="Does it reach the threshold"),
    Column("detail", CleanText, nullable=False, doc="Parts, firings with spans, facets: JSON"),
    _index("ix_assessments_hit_id_id", "hit_id", "id", serves="explain: assessments of a hit, newest first"),
)

hit_facets = _table(
    "hit_facets",
    "What a hit touches, by its assessments since the last rescore.",
    _ref("hit_id", "hits", "Which hit", key=True),
    Column("kind", CleanText, primary_key=True, doc="institution, actor, provision, condition, …"),
    Column("value", CleanText, primary_key=True, doc="Id of the facet"),
    _index("ix_hit_facets_kind_value_hit_id", "kind", "value", "hit_id", serves="hits that touch a facet"),
    rowid=False,
)

figure_readings = _table(
    "figure_readings",
    "Tracked quantities, as read from sentences.",
    _id(),
    _ref("watchlist_id", "watchlists", "Which watchlist"),
    _text("figure", "Which figure", None),
    _ref("entry_id", "entries", "From which entry"),
    Column("entry_revision", INT64, nullable=False, doc="Which wording"),
    Column("value", Number, nullable=False, doc="The value, in the figure's unit"),
    _text("unit", "Unit word as read"),
    _text("qualifier", "over, about, under, total, added or empty"),
    _text("field", "title or text", None),
    Column("span_start", INT64, nullable=False, doc="First character of the reading"),
    Column("span_end", INT64, nullable=False, doc="Character after it"),
    _text("sentence", "The sentence"),
    _time("read_at", "When"),
    UniqueConstraint(
        "entry_id", "watchlist_id", "figure", "entry_revision", "field", "span_start", name="uq_figure_readings_reading"
    ),
    _index(
        "ix_figure_readings_watchlist_id_figure_read_at",
        "watchlist_id",
        "figure",
        "read_at",
        serves="the dated series of a figure",
    ),
)

verdicts = _table(
    "verdicts",
    "Decisions of analysts on hits; append-only, the newest of its kind counts.",
    _id(),
    _ref("hit_id", "hits", "Which hit"),
    _text("verdict", "confirm, dismiss, note or grade", None),
    _text("reliability", "Admiralty A–F, where graded"),
    _text("credibility", "Admiralty 1–6, where graded"),
    _text("note", "Remark"),
    _text("analyst", "Who"),
    _time("decided_at", "When"),
    _index("ix_verdicts_hit_id_id", "hit_id", "id", serves="verdicts of a hit, newest first"),
)

rung_events = _table(
    "rung_events",
    "When a signal reached a rung for the first time.",
    _id(),
    _ref("watchlist_id", "watchlists", "Which watchlist"),
    _text("signal", "Which signal", None),
    _text("rung", "Which rung", None),
    _ref("hit_id", "hits", "By which hit"),
    _ref("run_id", "runs", "Run that found it; null: a poll", optional=True),
    _time("reached_at", "When"),
    UniqueConstraint("watchlist_id", "signal", "rung"),
)

# --- what is done with it ---------------------------------------------------------------------------------------

runs = _table(
    "runs",
    "One catch-up, rescore or backtest.",
    _id(),
    _text("kind", "catch-up, rescore or backtest", None),
    _ref("watchlist_id", "watchlists", "Which watchlist"),
    _ref("revision_id", "watchlist_revisions", "Under which revision"),
    _time("started_at", "Start"),
    _maybe_time("finished_at", "End; null: not ended"),
    _count("position", "Highest entry id done: where it goes on"),
    Column("counts", JsonText, doc="Gained, lost, changed"),
)

outbox = _table(
    "outbox",
    "Messages owed to channels: at least once each, with a key that stays the same.",
    _id(),
    _text("channel", "Which channel", None),
    _text("key", "Idempotency key: the same through any crash", None),
    _text("kind", "hit, health or digest", None),
    _ref("hit_id", "hits", "The hit, where it is one", optional=True),
    _json("payload", "What is said"),
    _time("created_at", "When it was owed"),
    _maybe_time("next_attempt_at", "When to try; null: sent, dead or suppressed"),
    _count("attempts", "Tries so far"),
    Column("lease_owner", CleanText, doc="Who sends it now"),
    _maybe_time("lease_until", "Until when"),
    _maybe_time("sent_at", "When the channel took it"),
    _maybe_time("dead_at", "When it was given up"),
    _maybe_time("suppressed_at", "When it was taken back unsent (too old, restored copy)"),
    _text("last_error", "What the channel said last"),
    UniqueConstraint("channel", "key"),
    _index(
        "ix_outbox_channel_next_attempt_at",
        "channel",
        "next_attempt_at",
        serves="what is owed to a channel now, oldest first",
        where="next_attempt_at IS NOT NULL",
    ),
    _index("ix_outbox_hit_id", "hit_id", serves="was this hit sent"),
)

duties = _table(
    "duties",
    "Work that has one owner at a time, and how far it got.",
    Column("name", CleanText, primary_key=True, doc="derive, retention, …"),
    Column("lease_owner", CleanText, doc="Who does it now"),
    _maybe_time("lease_until", "Until when"),
    _count("lease_token", "Fencing token"),
    _count("watermark", "Highest id done"),
)

indexed_entries = _table(
    "indexed_entries",
    "Which wording of an entry the search index holds. The words themselves stand in `search_words` (derived data).",
    _ref("entry_id", "entries", "The entry", key=True),
    Column("revision_no", INT64, nullable=False, doc="The wording of it that is indexed"),
)

meta = _table(
    "meta",
    "Facts about this database.",
    Column("name", CleanText, primary_key=True, doc="Name of the fact"),
    _text("value", "Its value"),
)
