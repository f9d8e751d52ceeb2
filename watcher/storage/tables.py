"""The tables that a poll writes and their indexes, each with what it is for. Must not: hold a query or import a database driver.

``doc`` of a column and ``serves`` of an index become `db/README.md`; the migrations in `db/migrations` make the same
tables (a test compares them). Times are UTC microseconds; names follow the vocabulary of the design.
"""

from __future__ import annotations

from sqlalchemy import Column, UniqueConstraint

from watcher.storage.columns import (
    INT64,
    count,
    digest,
    json_column,
    make_index,
    make_table,
    maybe_moment,
    moment,
    reference,
    row_id,
    words,
)
from watcher.storage.types import Blob, CleanText, Flag, JsonText, Number

# --- what is asked ----------------------------------------------------------------------------------------------

watchlists = make_table(
    "watchlists",
    "A question that is watched. Its rules stand in its revisions.",
    row_id(),
    words("name", "Id of the watchlist as its file gives it", None),
    words("question", "The question, as the newest revision words it"),
    words("timezone", "Zone for days and display", "UTC"),
    Column("revision_id", INT64, doc="The revision that is loaded now (watchlist_revisions.id)"),
    moment("created_at", "When it was first loaded"),
    moment("loaded_at", "When it was last loaded"),
    UniqueConstraint("name"),
)

watchlist_revisions = make_table(
    "watchlist_revisions",
    "Every revision that was ever loaded, whole: what a hit was scored under can always be read again.",
    row_id(),
    reference("watchlist_id", "watchlists", "Whose revision"),
    digest("digest", "SHA-256 over all files, names sorted"),
    json_column("files", "The YAML texts by file name"),
    json_column("outline", "Signals, ladders, facets, figures, timeline and positions, for faces that show them"),
    Column(
        "compiled", Blob, nullable=False, doc="The compiled watchlist, zlib over pickle; made anew by other versions"
    ),
    words("made_by", "Program and dictionaries that scored under it; empty: several, or unknown"),
    moment("loaded_at", "When it was loaded first"),
    UniqueConstraint("watchlist_id", "digest"),
)

# --- what is read -----------------------------------------------------------------------------------------------

sources = make_table(
    "sources",
    "A place that is polled, its schedule and its lease. One row per address and kind, however many watchlists list it.",
    row_id(),
    digest("address_key", "SHA-256 over kind, normalised address and path selection: the identity"),
    words("kind", "feed, sitemap … or none", None),
    words("url", "Address as listed", None),
    words("select_path", "Path part that addresses of a sitemap must have"),
    words("name", "Id in the watchlist that was loaded last"),
    words("title", "Title as listed"),
    words("publisher", "Who publishes it"),
    words("family", "Owner family of the publisher"),
    words("language", "Main language"),
    Column("interval_s", Number, nullable=False, doc="Shortest interval that a watchlist wants, seconds"),
    Column("host_interval_s", Number, doc="Politeness: least seconds between two requests to the host"),
    Column("per_host", INT64, doc="Politeness: requests to the host at a time"),
    Column("allow_private", Flag, nullable=False, doc="May its address be a private one"),
    Column("enabled", Flag, nullable=False, doc="Does any watchlist want it polled"),
    maybe_moment("next_poll_at", "When it is due; null: never (disabled or blind)"),
    maybe_moment("retry_not_before", "Retry-After of the publisher; nothing polls before it"),
    Column("lease_owner", CleanText, doc="Who polls it now"),
    maybe_moment("lease_until", "Until when; after that anybody may take it"),
    count("lease_token", "Fencing token: counts claims; the final write must show the newest"),
    words("etag", "Validator of the last body, byte for byte"),
    words("last_modified", "Validator of the last body, byte for byte"),
    digest("body_digest", "SHA-256 of the last body; empty: none yet"),
    words("kind_state", "What its kind keeps between polls"),
    count("failures", "Failed polls in a row"),
    words("health", "State now; history in source_states", None),
    words("health_reason", "Why, in one line"),
    maybe_moment("health_since", "Since when"),
    maybe_moment("last_poll_at", "End of the last poll"),
    words("last_outcome", "How the last poll ended"),
    maybe_moment("last_ok_at", "End of the last poll that could be read"),
    count("entries", "Entries stored, pruned ones included"),
    Column("ttl_s", Number, doc="Seconds that its last body asked to wait between polls (ttl); null: nothing"),
    Column(
        "quiet_hours", JsonText, doc="UTC hours and days of rest (0 is Monday) that its last body asked for; null: none"
    ),
    count("crashes", "Times in a row that reading it ended a child of the sandbox, or the process that held its lease"),
    maybe_moment("alarmed_at", "When its failure was told; null: nothing is wrong, or not yet for long enough"),
    Column("arrivals", JsonText, doc="When it last brought something new, UTC seconds, oldest first: its own cadence"),
    maybe_moment("body_at", "End of the last poll that brought a body, and not only word that nothing changed"),
    words("moved_to", "Where permanent redirects lead; empty: nowhere else"),
    maybe_moment("moved_since", "Since when, without another answer between"),
    count("moved_count", "So many equal answers"),
    maybe_moment("moved_at", "Since when the new address is asked at once; null: the listed one is"),
    moment("created_at", "When it was first listed"),
    UniqueConstraint("address_key"),
    make_index(
        "ix_sources_next_poll_at",
        "next_poll_at",
        serves="claims: what is due, most overdue first; when the next one is due",
        where="next_poll_at IS NOT NULL",
    ),
    make_index(
        "ix_sources_suspected",
        "crashes",
        serves="claims: is a source polled now that may have ended a process",
        where="crashes > 0",
    ),
)

watchlist_sources = make_table(
    "watchlist_sources",
    "What a watchlist says of a source. A source that is no longer listed keeps its row, with removed_at.",
    row_id(),
    reference("watchlist_id", "watchlists", "Which watchlist"),
    reference("source_id", "sources", "Which source"),
    words("name", "Id of the source in this watchlist", None),
    words("institution", "Institution that it speaks for"),
    words("role", "primary or secondary", None),
    words("reliability", "Admiralty reliability A–F, by default", None),
    words("rationale", "Why that reliability"),
    words("recorded", "What the list's author saw: ok, warn, dead, blocked, unverified, none"),
    words("checked_on", "When they looked, ISO date"),
    words("note", "Remark"),
    Column("interval_s", Number, nullable=False, doc="Interval that this watchlist wants, seconds"),
    Column("host_interval_s", Number, doc="Politeness that this watchlist wants"),
    Column("per_host", INT64, doc="Politeness that this watchlist wants"),
    Column("allow_private", Flag, nullable=False, doc="Does this watchlist allow a private address"),
    Column("enabled", Flag, nullable=False, doc="Does this watchlist want it polled"),
    moment("listed_at", "When it was first listed"),
    maybe_moment("removed_at", "When it was last taken off the list; null: still listed"),
    UniqueConstraint("watchlist_id", "source_id"),
    make_index(
        "ix_watchlist_sources_source_id", "source_id", serves="which watchlists list a source; links of a hit's source"
    ),
)

source_states = make_table(
    "source_states",
    "States of a source as intervals [since, until): what was readable when.",
    row_id(),
    reference("source_id", "sources", "Which source"),
    words("health", "ok, unchanged, empty, stale, blocked, …", None),
    moment("since", "Start"),
    maybe_moment("until", "End; null: still so"),
    words("reason", "Why, in one line"),
    make_index("ix_source_states_source_id_since", "source_id", "since", serves="coverage of a source over a period"),
    make_index(
        "uq_source_states_open",
        "source_id",
        serves="at most one open state per source; closing it",
        unique=True,
        where="until IS NULL",
    ),
)

polls = make_table(
    "polls",
    "One attempt to read a source, with its outcome.",
    row_id(),
    reference("source_id", "sources", "Which source"),
    moment("started_at", "Start"),
    moment("finished_at", "End"),
    words("outcome", "new body, same body, not modified or failed", None),
    Column("status", INT64, doc="HTTP status; null: no answer"),
    words("phase", "Where it failed: dns, connect, tls, http, decode, parse, match; empty: nowhere"),
    words("error", "Class of the fault"),
    words("detail", "The fault in at most 200 characters"),
    Column("warnings", JsonText, doc="Warnings of the parser; null: none"),
    words("format", "Format that the body turned out to have"),
    Column("url", CleanText, doc="Address that answered, where it is not the source's own"),
    Column("headers", JsonText, doc="Response headers in order, of new bodies and failures"),
    digest("body_digest", "SHA-256 of the body; null: none came", optional=True),
    count("wire_bytes", "Bytes on the wire"),
    Column("elapsed_s", Number, doc="Seconds of the exchange"),
    count("entries_seen", "Entries in the body"),
    count("entries_new", "Entries stored for the first time"),
    count("revisions", "Known entries whose content changed"),
    count("hits", "Hits made"),
    make_index(
        "ix_polls_source_id_finished_at",
        "source_id",
        "finished_at",
        "entries_new",
        serves="polls of a source, newest first; what was polled in a period, counted from the index alone",
    ),
    make_index("ix_polls_finished_at", "finished_at", serves="the newest poll"),
)

bodies = make_table(
    "bodies",
    "Bytes as fetched, kept once per content where they made a hit or a revision.",
    digest("digest", "SHA-256 of the bytes", key=True),
    count("size", "Bytes before compression"),
    Column("content", Blob, nullable=False, doc="The bytes, zlib"),
    reference("poll_id", "polls", "The poll that kept them first"),
)

source_items = make_table(
    "source_items",
    "Digest of every item that bodies of a source held: what need not be parsed again, and what left.",
    reference("source_id", "sources", "Which source", key=True),
    digest("digest", "SHA-256 of the item's bytes", key=True),
    moment("first_seen", "First body that held it"),
    maybe_moment("last_seen", "Last body that held it; null: the newest one does"),
    make_index(
        "ix_source_items_present",
        "source_id",
        serves="items of the last body, for a claim",
        where="last_seen IS NULL",
    ),
    rowid=False,
)

# --- what was found ---------------------------------------------------------------------------------------------

entries = make_table(
    "entries",
    "One item of a source: who it is and how it reads now. Its texts stand in entry_revisions.",
    row_id(),
    reference("source_id", "sources", "Which source"),
    digest("key", "Identity in its source: digest of guid, else link, else content"),
    digest("link_key", "Digest of the link without tracking parameters; empty: no link"),
    digest("content_digest", "Digest of title and text as they are now"),
    digest("item_digest", "Digest of its bytes in the body; empty: body could not be cut"),
    Column("revision_no", INT64, nullable=False, doc="Number of the revision that is current"),
    words("guid", "Id that the publisher gave, cut"),
    words("link", "Address, as given"),
    words("title", "Title now"),
    words("author", "Author, as given"),
    words("outlet", "Who an aggregator says it has it from"),
    words("outlet_url", "Address of that outlet"),
    words("language", "Language, as given or the source's"),
    Column("tags", JsonText, doc="Tags, as given; null: none"),
    words("flags", "truncated, had-controls, unknown-zone, loose, no-id; space between"),
    maybe_moment("published", "Date that the publisher claims; null: none or not a time"),
    words("published_raw", "The claim as sent"),
    moment("first_seen", "First body that held it: ours, never the publisher's"),
    moment("last_seen", "Last body known to hold it; while left_at is null the source's newest one does"),
    maybe_moment("left_at", "First body without it; null: still in the newest"),
    maybe_moment("vanished_at", "Withdrawn: it left while older entries stayed"),
    words("sighting", "Class of the first sighting: new, back-filled, republished"),
    Column("duplicate_of", INT64, doc="Entry that this one repeats (entries.id, which may be pruned)"),
    reference("poll_id", "polls", "Poll that stored it"),
    make_index(
        "uq_entries_key_source_id",
        "key",
        "source_id",
        serves="is this entry known; the same id at other sources",
        unique=True,
    ),
    make_index(
        "ix_entries_link_key_source_id", "link_key", "source_id", serves="is this link known, here or elsewhere"
    ),
    make_index(
        "ix_entries_content_digest_source_id",
        "content_digest",
        "source_id",
        serves="is this text known, here or elsewhere",
    ),
    make_index(
        "ix_entries_present", "source_id", serves="entries of the last body, to find what left", where="left_at IS NULL"
    ),
    make_index("ix_entries_first_seen", "first_seen", serves="entries of a period; retention by age"),
    make_index(
        "ix_entries_edited",
        "id",
        serves="edited entries that the search index holds as they were",
        where="revision_no > 1",
    ),
)

entry_revisions = make_table(
    "entry_revisions",
    "Every wording of an entry, whole; never changed but for last_seen.",
    reference("entry_id", "entries", "Which entry", key=True),
    Column("revision_no", INT64, primary_key=True, autoincrement=False, doc="Counts from 1"),
    digest("content_digest", "SHA-256 of title and text after NFC and white space folding"),
    words("title", "Title as matched"),
    words("text", "Text as matched"),
    moment("first_seen", "First body that held it"),
    maybe_moment("last_seen", "Last body known to hold it; null: it is current (see entries.last_seen)"),
    words("sighting", "new, updated, back-filled or republished", None),
    reference("poll_id", "polls", "Poll that stored it"),
    make_index("ix_entry_revisions_poll_id", "poll_id", serves="retention: which polls and bodies a wording rests on"),
)

entry_aliases = make_table(
    "entry_aliases",
    "Further keys under which an entry is known (its publisher changed ids).",
    digest("key", "The other key", key=True),
    reference("source_id", "sources", "In which source", key=True),
    reference("entry_id", "entries", "Which entry"),
    moment("created_at", "Since when"),
    make_index("ix_entry_aliases_entry_id", "entry_id", serves="aliases of an entry"),
    rowid=False,
)

tombstones = make_table(
    "tombstones",
    "Keys of pruned entries, so that they do not come back as new.",
    digest("key", "Key of the pruned entry", key=True),
    reference("source_id", "sources", "In which source", key=True),
    digest("link_key", "Its link key"),
    digest("content_digest", "Digest of its last content"),
    moment("first_seen", "When it was first seen"),
    moment("pruned_at", "When it was pruned"),
    make_index("ix_tombstones_link_key_source_id", "link_key", "source_id", serves="is this link known"),
    make_index("ix_tombstones_content_digest_source_id", "content_digest", "source_id", serves="is this text known"),
    rowid=False,
)

rejected = make_table(
    "rejected",
    "Entries that the database refused, each alone, with the reason; the rest of their poll was stored.",
    row_id(),
    reference("source_id", "sources", "Which source"),
    reference("poll_id", "polls", "Which poll"),
    words("guid", "Id that the publisher gave, cut"),
    words("title", "Title, cut"),
    words("reason", "What the database said"),
    moment("rejected_at", "When"),
)

# --- what it means ----------------------------------------------------------------------------------------------

entry_scores = make_table(
    "entry_scores",
    "Under which revision an entry was last scored, per watchlist: hit or not.",
    reference("entry_id", "entries", "Which entry", key=True),
    reference("watchlist_id", "watchlists", "For which watchlist", key=True),
    reference("revision_id", "watchlist_revisions", "Under which revision"),
    Column("entry_revision", INT64, nullable=False, doc="Which wording"),
    rowid=False,
)

hits = make_table(
    "hits",
    "Entry × signal that reached the threshold, once and for ever. Score and rung repeat its best assessment since the last rescore.",
    row_id(),
    reference("watchlist_id", "watchlists", "Which watchlist"),
    words("signal", "Which signal", None),
    reference("entry_id", "entries", "Which entry"),
    reference("source_id", "sources", "The entry's source"),
    moment("first_seen", "When the wording that made it was first seen: periods of reports"),
    moment("made_at", "When the hit was made"),
    words("sighting", "Class of the sighting that made it"),
    Column("entry_revision", INT64, nullable=False, doc="Wording of the assessment that counts"),
    reference("revision_id", "watchlist_revisions", "Watchlist revision of the assessment that counts"),
    Column("score", Number, nullable=False, doc="0–100"),
    words("rung", "Highest rung reached; empty: the signal has no ladder"),
    Column("reached", Flag, nullable=False, doc="Does it reach the threshold still"),
    words("reason", "The strongest parts of the score in one line"),
    Column("duplicate_of", INT64, doc="Entry that this one repeats (entries.id, which may be pruned)"),
    make_index(
        "uq_hits_entry_id_watchlist_id_signal",
        "entry_id",
        "watchlist_id",
        "signal",
        serves="at most one hit per entry and signal; hits of known entries",
        unique=True,
    ),
    make_index(
        "ix_hits_watchlist_id_first_seen_score",
        "watchlist_id",
        "first_seen",
        "score",
        serves="hits of a period, newest or best first",
    ),
    make_index(
        "ix_hits_watchlist_id_signal_first_seen",
        "watchlist_id",
        "signal",
        "first_seen",
        serves="hits of a signal; trend and board",
    ),
    make_index("ix_hits_source_id", "source_id", serves="hits of a source, and how many"),
)

assessments = make_table(
    "assessments",
    "How a hit was scored, each time; append-only.",
    row_id(),
    reference("hit_id", "hits", "Which hit"),
    Column("entry_revision", INT64, nullable=False, doc="Which wording"),
    reference("revision_id", "watchlist_revisions", "Under which revision"),
    reference("run_id", "runs", "Run that scored it again; null: a poll", optional=True),
    moment("assessed_at", "When"),
    Column("score", Number, nullable=False, doc="0–100"),
    words("rung", "Highest rung reached"),
    Column("reached", Flag, nullable=False, doc="Does it reach the threshold"),
    Column("detail", CleanText, nullable=False, doc="Parts, firings with spans, facets: JSON"),
    make_index("ix_assessments_hit_id_id", "hit_id", "id", serves="explain: assessments of a hit, newest first"),
)

hit_facets = make_table(
    "hit_facets",
    "What a hit touches, by its assessments since the last rescore.",
    reference("hit_id", "hits", "Which hit", key=True),
    Column("kind", CleanText, primary_key=True, doc="institution, actor, provision, condition, …"),
    Column("value", CleanText, primary_key=True, doc="Id of the facet"),
    make_index("ix_hit_facets_kind_value_hit_id", "kind", "value", "hit_id", serves="hits that touch a facet"),
    rowid=False,
)

figure_readings = make_table(
    "figure_readings",
    "Tracked quantities, as read from sentences.",
    row_id(),
    reference("watchlist_id", "watchlists", "Which watchlist"),
    words("figure", "Which figure", None),
    reference("entry_id", "entries", "From which entry"),
    Column("entry_revision", INT64, nullable=False, doc="Which wording"),
    Column("value", Number, nullable=False, doc="The value, in the figure's unit"),
    words("unit", "Unit word as read"),
    words("qualifier", "over, about, under, total, added or empty"),
    words("field", "title or text", None),
    Column("span_start", INT64, nullable=False, doc="First character of the reading"),
    Column("span_end", INT64, nullable=False, doc="Character after it"),
    words("sentence", "The sentence"),
    moment("read_at", "When"),
    UniqueConstraint(
        "entry_id", "watchlist_id", "figure", "entry_revision", "field", "span_start", name="uq_figure_readings_reading"
    ),
    make_index(
        "ix_figure_readings_watchlist_id_figure_read_at",
        "watchlist_id",
        "figure",
        "read_at",
        serves="the dated series of a figure",
    ),
)

verdicts = make_table(
    "verdicts",
    "Decisions of analysts on hits; append-only, the newest that changes the state counts.",
    row_id(),
    reference("hit_id", "hits", "Which hit"),
    words("verdict", "review, confirm, corroborate, dismiss, duplicate, escalate, undo, note or grade", None),
    words("from_state", "State of the hit before it"),
    words("to_state", "State of the hit after it; the same where it changes none"),
    Column("duplicate_of_hit", INT64, doc="The hit that this one repeats, where it is a duplicate (hits.id)"),
    Column("undoes", INT64, doc="The decision that it takes back (verdicts.id)"),
    Column("covered_by", INT64, doc="The decision on another hit of the story that brought this one (verdicts.id)"),
    words("reliability", "Admiralty A–F, where graded"),
    words("credibility", "Admiralty 1–6, where graded"),
    words("note", "Remark"),
    words("analyst", "Who"),
    moment("decided_at", "When"),
    make_index("ix_verdicts_hit_id_id", "hit_id", "id", serves="verdicts of a hit, newest first"),
)

rung_events = make_table(
    "rung_events",
    "When a signal reached a rung for the first time.",
    row_id(),
    reference("watchlist_id", "watchlists", "Which watchlist"),
    words("signal", "Which signal", None),
    words("rung", "Which rung", None),
    reference("hit_id", "hits", "By which hit"),
    reference("run_id", "runs", "Run that found it; null: a poll", optional=True),
    moment("reached_at", "When"),
    UniqueConstraint("watchlist_id", "signal", "rung"),
)

# --- what is done with it ---------------------------------------------------------------------------------------

runs = make_table(
    "runs",
    "One catch-up, rescore or backtest.",
    row_id(),
    words("kind", "catch-up, rescore or backtest", None),
    reference("watchlist_id", "watchlists", "Which watchlist"),
    reference("revision_id", "watchlist_revisions", "Under which revision"),
    moment("started_at", "Start"),
    maybe_moment("finished_at", "End; null: not ended"),
    count("position", "Highest entry id done: where it goes on"),
    Column("counts", JsonText, doc="Gained, lost, changed"),
    Column("scope", JsonText, doc="What it was asked for: since, signals, candidates; null: everything"),
)

outbox = make_table(
    "outbox",
    "Messages owed to channels: at least once each, with a key that stays the same.",
    row_id(),
    words("channel", "Which channel", None),
    words("key", "Idempotency key: the same through any crash", None),
    words("kind", "hit, health or digest", None),
    reference("hit_id", "hits", "The hit, where it is one", optional=True),
    json_column("payload", "What is said"),
    moment("created_at", "When it was owed"),
    maybe_moment("next_attempt_at", "When to try; null: sent, dead or suppressed"),
    count("attempts", "Tries so far"),
    Column("lease_owner", CleanText, doc="Who sends it now"),
    maybe_moment("lease_until", "Until when"),
    maybe_moment("sent_at", "When the channel took it"),
    maybe_moment("dead_at", "When it was given up"),
    maybe_moment("suppressed_at", "When it was taken back unsent (too old, restored copy)"),
    words("last_error", "What the channel said last"),
    UniqueConstraint("channel", "key"),
    make_index(
        "ix_outbox_channel_next_attempt_at",
        "channel",
        "next_attempt_at",
        serves="what is owed to a channel now, oldest first",
        where="next_attempt_at IS NOT NULL",
    ),
    make_index("ix_outbox_hit_id", "hit_id", serves="was this hit sent"),
)

duties = make_table(
    "duties",
    "Work that has one owner at a time, and how far it got.",
    Column("name", CleanText, primary_key=True, doc="derive, retention, …"),
    Column("lease_owner", CleanText, doc="Who does it now"),
    maybe_moment("lease_until", "Until when"),
    count("lease_token", "Fencing token"),
    count("watermark", "Highest id done"),
)

indexed_entries = make_table(
    "indexed_entries",
    "Which wording of an entry the search index holds. The words themselves stand in `search_words` (derived data).",
    reference("entry_id", "entries", "The entry", key=True),
    Column("revision_no", INT64, nullable=False, doc="The wording of it that is indexed"),
)

meta = make_table(
    "meta",
    "Facts about this database.",
    Column("name", CleanText, primary_key=True, doc="Name of the fact"),
    words("value", "Its value"),
)

reports = make_table(
    "reports",
    "Reports that were given (`--mark`): where the next one begins.",
    row_id(),
    reference("watchlist_id", "watchlists", "Which watchlist"),
    reference("revision_id", "watchlist_revisions", "Under which revision"),
    moment("since", "Start of its period"),
    moment("until", "End of its period; the next one starts here"),
    words("analyst", "Who gave it"),
    words("note", "Remark"),
    moment("given_at", "When it was recorded"),
    make_index("ix_reports_watchlist_id_until", "watchlist_id", "until", serves="the last report of a watchlist"),
)

daemon_spans = make_table(
    "daemon_spans",
    "When a daemon was at work: time outside of these was watched by nobody, whatever state a source was left in.",
    row_id(),
    words("owner", "Which process", None),
    moment("started_at", "Start"),
    moment("beat_at", "Last sign of life"),
    maybe_moment("ended_at", "Orderly end; null: at work, or killed after beat_at"),
    make_index("ix_daemon_spans_beat_at", "beat_at", serves="who was at work in a period"),
)

host_holds = make_table(
    "host_holds",
    "Hosts that asked to be left alone, for all their sources.",
    Column("host", CleanText, primary_key=True, doc="Host name or address"),
    moment("until", "Nothing is asked of it before"),
    words("reason", "What it said"),
)
