-- Generated from db/migrations (python -m tests.storage.generate): the schema on SQLite. A test keeps it true.

CREATE TABLE alembic_version (
  version_num VARCHAR(32) NOT NULL,
  CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
);

CREATE TABLE assessments (
  id INTEGER NOT NULL,
  hit_id INTEGER NOT NULL,
  entry_revision INTEGER NOT NULL,
  revision_id INTEGER NOT NULL,
  run_id INTEGER,
  assessed_at INTEGER NOT NULL,
  score REAL NOT NULL,
  rung TEXT DEFAULT '' NOT NULL,
  reached INTEGER NOT NULL,
  detail TEXT NOT NULL,
  CONSTRAINT pk_assessments PRIMARY KEY (id),
  CONSTRAINT fk_assessments_hit_id_hits FOREIGN KEY(hit_id) REFERENCES hits (id),
  CONSTRAINT fk_assessments_revision_id_watchlist_revisions FOREIGN KEY(revision_id) REFERENCES watchlist_revisions (id),
  CONSTRAINT fk_assessments_run_id_runs FOREIGN KEY(run_id) REFERENCES runs (id)
)
 STRICT;

CREATE INDEX ix_assessments_hit_id_id ON assessments (hit_id, id);

CREATE TABLE bodies (
  digest BLOB NOT NULL,
  size INTEGER DEFAULT 0 NOT NULL,
  content BLOB NOT NULL,
  poll_id INTEGER NOT NULL,
  CONSTRAINT pk_bodies PRIMARY KEY (digest),
  CONSTRAINT fk_bodies_poll_id_polls FOREIGN KEY(poll_id) REFERENCES polls (id)
)
 STRICT;

CREATE TABLE daemon_spans (
  id INTEGER NOT NULL,
  owner TEXT NOT NULL,
  started_at INTEGER NOT NULL,
  beat_at INTEGER NOT NULL,
  ended_at INTEGER,
  CONSTRAINT pk_daemon_spans PRIMARY KEY (id)
)
 STRICT;

CREATE INDEX ix_daemon_spans_beat_at ON daemon_spans (beat_at);

CREATE TABLE duties (
  name TEXT NOT NULL,
  lease_owner TEXT,
  lease_until INTEGER,
  lease_token INTEGER DEFAULT 0 NOT NULL,
  watermark INTEGER DEFAULT 0 NOT NULL,
  CONSTRAINT pk_duties PRIMARY KEY (name)
)
 STRICT;

CREATE TABLE entries (
  id INTEGER NOT NULL,
  source_id INTEGER NOT NULL,
  "key" BLOB NOT NULL,
  link_key BLOB NOT NULL,
  content_digest BLOB NOT NULL,
  item_digest BLOB NOT NULL,
  revision_no INTEGER NOT NULL,
  guid TEXT DEFAULT '' NOT NULL,
  link TEXT DEFAULT '' NOT NULL,
  title TEXT DEFAULT '' NOT NULL,
  author TEXT DEFAULT '' NOT NULL,
  outlet TEXT DEFAULT '' NOT NULL,
  outlet_url TEXT DEFAULT '' NOT NULL,
  language TEXT DEFAULT '' NOT NULL,
  tags TEXT,
  flags TEXT DEFAULT '' NOT NULL,
  published INTEGER,
  published_raw TEXT DEFAULT '' NOT NULL,
  first_seen INTEGER NOT NULL,
  last_seen INTEGER NOT NULL,
  left_at INTEGER,
  vanished_at INTEGER,
  sighting TEXT DEFAULT '' NOT NULL,
  duplicate_of INTEGER,
  poll_id INTEGER NOT NULL,
  CONSTRAINT pk_entries PRIMARY KEY (id),
  CONSTRAINT fk_entries_poll_id_polls FOREIGN KEY(poll_id) REFERENCES polls (id),
  CONSTRAINT fk_entries_source_id_sources FOREIGN KEY(source_id) REFERENCES sources (id)
)
 STRICT;

CREATE INDEX ix_entries_content_digest_source_id ON entries (content_digest, source_id);

CREATE INDEX ix_entries_edited ON entries (id) WHERE revision_no > 1;

CREATE INDEX ix_entries_first_seen ON entries (first_seen);

CREATE INDEX ix_entries_link_key_source_id ON entries (link_key, source_id);

CREATE INDEX ix_entries_present ON entries (source_id) WHERE left_at IS NULL;

CREATE UNIQUE INDEX uq_entries_key_source_id ON entries ("key", source_id);

CREATE TABLE entry_aliases (
  "key" BLOB NOT NULL,
  source_id INTEGER NOT NULL,
  entry_id INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  CONSTRAINT pk_entry_aliases PRIMARY KEY ("key", source_id),
  CONSTRAINT fk_entry_aliases_entry_id_entries FOREIGN KEY(entry_id) REFERENCES entries (id),
  CONSTRAINT fk_entry_aliases_source_id_sources FOREIGN KEY(source_id) REFERENCES sources (id)
)
 WITHOUT ROWID,
 STRICT;

CREATE INDEX ix_entry_aliases_entry_id ON entry_aliases (entry_id);

CREATE TABLE entry_revisions (
  entry_id INTEGER NOT NULL,
  revision_no INTEGER NOT NULL,
  content_digest BLOB NOT NULL,
  title TEXT DEFAULT '' NOT NULL,
  text TEXT DEFAULT '' NOT NULL,
  first_seen INTEGER NOT NULL,
  last_seen INTEGER,
  sighting TEXT NOT NULL,
  poll_id INTEGER NOT NULL,
  CONSTRAINT pk_entry_revisions PRIMARY KEY (entry_id, revision_no),
  CONSTRAINT fk_entry_revisions_entry_id_entries FOREIGN KEY(entry_id) REFERENCES entries (id),
  CONSTRAINT fk_entry_revisions_poll_id_polls FOREIGN KEY(poll_id) REFERENCES polls (id)
)
 STRICT;

CREATE INDEX ix_entry_revisions_poll_id ON entry_revisions (poll_id);

CREATE TABLE entry_scores (
  entry_id INTEGER NOT NULL,
  watchlist_id INTEGER NOT NULL,
  revision_id INTEGER NOT NULL,
  entry_revision INTEGER NOT NULL,
  CONSTRAINT pk_entry_scores PRIMARY KEY (entry_id, watchlist_id),
  CONSTRAINT fk_entry_scores_entry_id_entries FOREIGN KEY(entry_id) REFERENCES entries (id),
  CONSTRAINT fk_entry_scores_revision_id_watchlist_revisions FOREIGN KEY(revision_id) REFERENCES watchlist_revisions (id),
  CONSTRAINT fk_entry_scores_watchlist_id_watchlists FOREIGN KEY(watchlist_id) REFERENCES watchlists (id)
)
 WITHOUT ROWID,
 STRICT;

CREATE TABLE figure_readings (
  id INTEGER NOT NULL,
  watchlist_id INTEGER NOT NULL,
  figure TEXT NOT NULL,
  entry_id INTEGER NOT NULL,
  entry_revision INTEGER NOT NULL,
  value REAL NOT NULL,
  unit TEXT DEFAULT '' NOT NULL,
  qualifier TEXT DEFAULT '' NOT NULL,
  field TEXT NOT NULL,
  span_start INTEGER NOT NULL,
  span_end INTEGER NOT NULL,
  sentence TEXT DEFAULT '' NOT NULL,
  read_at INTEGER NOT NULL,
  CONSTRAINT pk_figure_readings PRIMARY KEY (id),
  CONSTRAINT fk_figure_readings_entry_id_entries FOREIGN KEY(entry_id) REFERENCES entries (id),
  CONSTRAINT fk_figure_readings_watchlist_id_watchlists FOREIGN KEY(watchlist_id) REFERENCES watchlists (id),
  CONSTRAINT uq_figure_readings_reading UNIQUE (entry_id, watchlist_id, figure, entry_revision, field, span_start)
)
 STRICT;

CREATE INDEX ix_figure_readings_watchlist_id_figure_read_at ON figure_readings (watchlist_id, figure, read_at);

CREATE TABLE hit_facets (
  hit_id INTEGER NOT NULL,
  kind TEXT NOT NULL,
  value TEXT NOT NULL,
  CONSTRAINT pk_hit_facets PRIMARY KEY (hit_id, kind, value),
  CONSTRAINT fk_hit_facets_hit_id_hits FOREIGN KEY(hit_id) REFERENCES hits (id)
)
 WITHOUT ROWID,
 STRICT;

CREATE INDEX ix_hit_facets_kind_value_hit_id ON hit_facets (kind, value, hit_id);

CREATE TABLE hits (
  id INTEGER NOT NULL,
  watchlist_id INTEGER NOT NULL,
  signal TEXT NOT NULL,
  entry_id INTEGER NOT NULL,
  source_id INTEGER NOT NULL,
  first_seen INTEGER NOT NULL,
  made_at INTEGER NOT NULL,
  sighting TEXT DEFAULT '' NOT NULL,
  entry_revision INTEGER NOT NULL,
  revision_id INTEGER NOT NULL,
  score REAL NOT NULL,
  rung TEXT DEFAULT '' NOT NULL,
  reached INTEGER NOT NULL,
  reason TEXT DEFAULT '' NOT NULL,
  duplicate_of INTEGER,
  CONSTRAINT pk_hits PRIMARY KEY (id),
  CONSTRAINT fk_hits_entry_id_entries FOREIGN KEY(entry_id) REFERENCES entries (id),
  CONSTRAINT fk_hits_revision_id_watchlist_revisions FOREIGN KEY(revision_id) REFERENCES watchlist_revisions (id),
  CONSTRAINT fk_hits_source_id_sources FOREIGN KEY(source_id) REFERENCES sources (id),
  CONSTRAINT fk_hits_watchlist_id_watchlists FOREIGN KEY(watchlist_id) REFERENCES watchlists (id)
)
 STRICT;

CREATE INDEX ix_hits_source_id ON hits (source_id);

CREATE INDEX ix_hits_watchlist_id_first_seen_score ON hits (watchlist_id, first_seen, score);

CREATE INDEX ix_hits_watchlist_id_signal_first_seen ON hits (watchlist_id, signal, first_seen);

CREATE UNIQUE INDEX uq_hits_entry_id_watchlist_id_signal ON hits (entry_id, watchlist_id, signal);

CREATE TABLE host_holds (
  host TEXT NOT NULL,
  until INTEGER NOT NULL,
  reason TEXT DEFAULT '' NOT NULL,
  CONSTRAINT pk_host_holds PRIMARY KEY (host)
)
 STRICT;

CREATE TABLE indexed_entries (
  entry_id INTEGER NOT NULL,
  revision_no INTEGER NOT NULL,
  CONSTRAINT pk_indexed_entries PRIMARY KEY (entry_id),
  CONSTRAINT fk_indexed_entries_entry_id_entries FOREIGN KEY(entry_id) REFERENCES entries (id)
)
 STRICT;

CREATE TABLE meta (
  name TEXT NOT NULL,
  value TEXT DEFAULT '' NOT NULL,
  CONSTRAINT pk_meta PRIMARY KEY (name)
)
 STRICT;

CREATE TABLE outbox (
  id INTEGER NOT NULL,
  channel TEXT NOT NULL,
  "key" TEXT NOT NULL,
  kind TEXT NOT NULL,
  hit_id INTEGER,
  payload TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  next_attempt_at INTEGER,
  attempts INTEGER DEFAULT 0 NOT NULL,
  lease_owner TEXT,
  lease_until INTEGER,
  sent_at INTEGER,
  dead_at INTEGER,
  suppressed_at INTEGER,
  last_error TEXT DEFAULT '' NOT NULL,
  CONSTRAINT pk_outbox PRIMARY KEY (id),
  CONSTRAINT fk_outbox_hit_id_hits FOREIGN KEY(hit_id) REFERENCES hits (id),
  CONSTRAINT uq_outbox_channel_key UNIQUE (channel, "key")
)
 STRICT;

CREATE INDEX ix_outbox_channel_next_attempt_at ON outbox (channel, next_attempt_at) WHERE next_attempt_at IS NOT NULL;

CREATE INDEX ix_outbox_hit_id ON outbox (hit_id);

CREATE TABLE polls (
  id INTEGER NOT NULL,
  source_id INTEGER NOT NULL,
  started_at INTEGER NOT NULL,
  finished_at INTEGER NOT NULL,
  outcome TEXT NOT NULL,
  status INTEGER,
  phase TEXT DEFAULT '' NOT NULL,
  error TEXT DEFAULT '' NOT NULL,
  detail TEXT DEFAULT '' NOT NULL,
  warnings TEXT,
  format TEXT DEFAULT '' NOT NULL,
  url TEXT,
  headers TEXT,
  body_digest BLOB,
  wire_bytes INTEGER DEFAULT 0 NOT NULL,
  elapsed_s REAL,
  entries_seen INTEGER DEFAULT 0 NOT NULL,
  entries_new INTEGER DEFAULT 0 NOT NULL,
  revisions INTEGER DEFAULT 0 NOT NULL,
  hits INTEGER DEFAULT 0 NOT NULL,
  CONSTRAINT pk_polls PRIMARY KEY (id),
  CONSTRAINT fk_polls_source_id_sources FOREIGN KEY(source_id) REFERENCES sources (id)
)
 STRICT;

CREATE INDEX ix_polls_finished_at ON polls (finished_at);

CREATE INDEX ix_polls_source_id_finished_at ON polls (source_id, finished_at, entries_new);

CREATE TABLE rejected (
  id INTEGER NOT NULL,
  source_id INTEGER NOT NULL,
  poll_id INTEGER NOT NULL,
  guid TEXT DEFAULT '' NOT NULL,
  title TEXT DEFAULT '' NOT NULL,
  reason TEXT DEFAULT '' NOT NULL,
  rejected_at INTEGER NOT NULL,
  CONSTRAINT pk_rejected PRIMARY KEY (id),
  CONSTRAINT fk_rejected_poll_id_polls FOREIGN KEY(poll_id) REFERENCES polls (id),
  CONSTRAINT fk_rejected_source_id_sources FOREIGN KEY(source_id) REFERENCES sources (id)
)
 STRICT;

CREATE TABLE reports (
  id INTEGER NOT NULL,
  watchlist_id INTEGER NOT NULL,
  revision_id INTEGER NOT NULL,
  since INTEGER NOT NULL,
  until INTEGER NOT NULL,
  analyst TEXT DEFAULT '' NOT NULL,
  note TEXT DEFAULT '' NOT NULL,
  given_at INTEGER NOT NULL,
  CONSTRAINT pk_reports PRIMARY KEY (id),
  CONSTRAINT fk_reports_watchlist_id_watchlists FOREIGN KEY(watchlist_id) REFERENCES watchlists (id),
  CONSTRAINT fk_reports_revision_id_watchlist_revisions FOREIGN KEY(revision_id) REFERENCES watchlist_revisions (id)
)
 STRICT;

CREATE INDEX ix_reports_watchlist_id_until ON reports (watchlist_id, until);

CREATE TABLE rung_events (
  id INTEGER NOT NULL,
  watchlist_id INTEGER NOT NULL,
  signal TEXT NOT NULL,
  rung TEXT NOT NULL,
  hit_id INTEGER NOT NULL,
  run_id INTEGER,
  reached_at INTEGER NOT NULL,
  CONSTRAINT pk_rung_events PRIMARY KEY (id),
  CONSTRAINT fk_rung_events_hit_id_hits FOREIGN KEY(hit_id) REFERENCES hits (id),
  CONSTRAINT fk_rung_events_run_id_runs FOREIGN KEY(run_id) REFERENCES runs (id),
  CONSTRAINT fk_rung_events_watchlist_id_watchlists FOREIGN KEY(watchlist_id) REFERENCES watchlists (id),
  CONSTRAINT uq_rung_events_watchlist_id_signal_rung UNIQUE (watchlist_id, signal, rung)
)
 STRICT;

CREATE TABLE runs (
  id INTEGER NOT NULL,
  kind TEXT NOT NULL,
  watchlist_id INTEGER NOT NULL,
  revision_id INTEGER NOT NULL,
  started_at INTEGER NOT NULL,
  finished_at INTEGER,
  position INTEGER DEFAULT 0 NOT NULL,
  counts TEXT, scope TEXT,
  CONSTRAINT pk_runs PRIMARY KEY (id),
  CONSTRAINT fk_runs_revision_id_watchlist_revisions FOREIGN KEY(revision_id) REFERENCES watchlist_revisions (id),
  CONSTRAINT fk_runs_watchlist_id_watchlists FOREIGN KEY(watchlist_id) REFERENCES watchlists (id)
)
 STRICT;

CREATE VIRTUAL TABLE search_words USING fts5(words, content='', detail=none, tokenize="ascii tokenchars ''''");

CREATE TABLE 'search_words_config'(k PRIMARY KEY, v) WITHOUT ROWID;

CREATE TABLE 'search_words_data'(id INTEGER PRIMARY KEY, block BLOB);

CREATE TABLE 'search_words_docsize'(id INTEGER PRIMARY KEY, sz BLOB);

CREATE TABLE 'search_words_idx'(segid, term, pgno, PRIMARY KEY(segid, term)) WITHOUT ROWID;

CREATE TABLE source_items (
  source_id INTEGER NOT NULL,
  digest BLOB NOT NULL,
  first_seen INTEGER NOT NULL,
  last_seen INTEGER,
  CONSTRAINT pk_source_items PRIMARY KEY (source_id, digest),
  CONSTRAINT fk_source_items_source_id_sources FOREIGN KEY(source_id) REFERENCES sources (id)
)
 WITHOUT ROWID,
 STRICT;

CREATE INDEX ix_source_items_present ON source_items (source_id) WHERE last_seen IS NULL;

CREATE TABLE source_states (
  id INTEGER NOT NULL,
  source_id INTEGER NOT NULL,
  health TEXT NOT NULL,
  since INTEGER NOT NULL,
  until INTEGER,
  reason TEXT DEFAULT '' NOT NULL,
  CONSTRAINT pk_source_states PRIMARY KEY (id),
  CONSTRAINT fk_source_states_source_id_sources FOREIGN KEY(source_id) REFERENCES sources (id)
)
 STRICT;

CREATE INDEX ix_source_states_source_id_since ON source_states (source_id, since);

CREATE UNIQUE INDEX uq_source_states_open ON source_states (source_id) WHERE until IS NULL;

CREATE TABLE sources (
  id INTEGER NOT NULL,
  address_key BLOB NOT NULL,
  kind TEXT NOT NULL,
  url TEXT NOT NULL,
  select_path TEXT DEFAULT '' NOT NULL,
  name TEXT DEFAULT '' NOT NULL,
  title TEXT DEFAULT '' NOT NULL,
  publisher TEXT DEFAULT '' NOT NULL,
  family TEXT DEFAULT '' NOT NULL,
  language TEXT DEFAULT '' NOT NULL,
  interval_s REAL NOT NULL,
  host_interval_s REAL,
  per_host INTEGER,
  allow_private INTEGER NOT NULL,
  enabled INTEGER NOT NULL,
  next_poll_at INTEGER,
  retry_not_before INTEGER,
  lease_owner TEXT,
  lease_until INTEGER,
  lease_token INTEGER DEFAULT 0 NOT NULL,
  etag TEXT DEFAULT '' NOT NULL,
  last_modified TEXT DEFAULT '' NOT NULL,
  body_digest BLOB NOT NULL,
  kind_state TEXT DEFAULT '' NOT NULL,
  failures INTEGER DEFAULT 0 NOT NULL,
  health TEXT NOT NULL,
  health_reason TEXT DEFAULT '' NOT NULL,
  health_since INTEGER,
  last_poll_at INTEGER,
  last_outcome TEXT DEFAULT '' NOT NULL,
  last_ok_at INTEGER,
  entries INTEGER DEFAULT 0 NOT NULL,
  created_at INTEGER NOT NULL, ttl_s REAL, quiet_hours TEXT, crashes INTEGER DEFAULT 0 NOT NULL, alarmed_at INTEGER, arrivals TEXT, body_at INTEGER, moved_to TEXT DEFAULT '' NOT NULL, moved_since INTEGER, moved_count INTEGER DEFAULT 0 NOT NULL, moved_at INTEGER,
  CONSTRAINT pk_sources PRIMARY KEY (id),
  CONSTRAINT uq_sources_address_key UNIQUE (address_key)
)
 STRICT;

CREATE INDEX ix_sources_next_poll_at ON sources (next_poll_at) WHERE next_poll_at IS NOT NULL;

CREATE INDEX ix_sources_suspected ON sources (crashes) WHERE crashes > 0;

CREATE TABLE stories (
  id INTEGER NOT NULL,
  lead_id INTEGER NOT NULL,
  first_at INTEGER NOT NULL,
  last_at INTEGER NOT NULL,
  entries INTEGER DEFAULT 0 NOT NULL,
  outlets INTEGER DEFAULT 0 NOT NULL,
  origins INTEGER DEFAULT 0 NOT NULL,
  CONSTRAINT pk_stories PRIMARY KEY (id),
  CONSTRAINT fk_stories_lead_id_entries FOREIGN KEY(lead_id) REFERENCES entries (id)
)
 STRICT;

CREATE INDEX ix_stories_last_at ON stories (last_at);

CREATE INDEX ix_stories_lead_id ON stories (lead_id);

CREATE TABLE story_edits (
  id INTEGER NOT NULL,
  edit TEXT NOT NULL,
  entry_id INTEGER NOT NULL,
  with_id INTEGER,
  undoes INTEGER,
  analyst TEXT DEFAULT '' NOT NULL,
  note TEXT DEFAULT '' NOT NULL,
  decided_at INTEGER NOT NULL,
  applied_at INTEGER,
  CONSTRAINT pk_story_edits PRIMARY KEY (id),
  CONSTRAINT fk_story_edits_entry_id_entries FOREIGN KEY(entry_id) REFERENCES entries (id)
)
 STRICT;

CREATE INDEX ix_story_edits_entry_id ON story_edits (entry_id);

CREATE TABLE story_members (
  entry_id INTEGER NOT NULL,
  story_id INTEGER NOT NULL,
  way TEXT NOT NULL,
  found_way TEXT DEFAULT '' NOT NULL,
  nearest_id INTEGER,
  likeness REAL,
  related_id INTEGER,
  copy_id INTEGER,
  claims TEXT,
  outlet TEXT DEFAULT '' NOT NULL,
  origin TEXT DEFAULT '' NOT NULL,
  origin_why TEXT DEFAULT '' NOT NULL,
  standing TEXT DEFAULT '' NOT NULL,
  CONSTRAINT pk_story_members PRIMARY KEY (entry_id),
  CONSTRAINT fk_story_members_entry_id_entries FOREIGN KEY(entry_id) REFERENCES entries (id),
  CONSTRAINT fk_story_members_story_id_stories FOREIGN KEY(story_id) REFERENCES stories (id)
)
 STRICT;

CREATE INDEX ix_story_members_story_id ON story_members (story_id);

CREATE TABLE tombstones (
  "key" BLOB NOT NULL,
  source_id INTEGER NOT NULL,
  link_key BLOB NOT NULL,
  content_digest BLOB NOT NULL,
  first_seen INTEGER NOT NULL,
  pruned_at INTEGER NOT NULL,
  CONSTRAINT pk_tombstones PRIMARY KEY ("key", source_id),
  CONSTRAINT fk_tombstones_source_id_sources FOREIGN KEY(source_id) REFERENCES sources (id)
)
 WITHOUT ROWID,
 STRICT;

CREATE INDEX ix_tombstones_content_digest_source_id ON tombstones (content_digest, source_id);

CREATE INDEX ix_tombstones_link_key_source_id ON tombstones (link_key, source_id);

CREATE TABLE verdicts (
  id INTEGER NOT NULL,
  hit_id INTEGER NOT NULL,
  verdict TEXT NOT NULL,
  reliability TEXT DEFAULT '' NOT NULL,
  credibility TEXT DEFAULT '' NOT NULL,
  note TEXT DEFAULT '' NOT NULL,
  analyst TEXT DEFAULT '' NOT NULL,
  decided_at INTEGER NOT NULL, from_state TEXT DEFAULT '' NOT NULL, to_state TEXT DEFAULT '' NOT NULL, duplicate_of_hit INTEGER, undoes INTEGER, covered_by INTEGER,
  CONSTRAINT pk_verdicts PRIMARY KEY (id),
  CONSTRAINT fk_verdicts_hit_id_hits FOREIGN KEY(hit_id) REFERENCES hits (id)
)
 STRICT;

CREATE INDEX ix_verdicts_hit_id_id ON verdicts (hit_id, id);

CREATE TABLE watchlist_revisions (
  id INTEGER NOT NULL,
  watchlist_id INTEGER NOT NULL,
  digest BLOB NOT NULL,
  files TEXT NOT NULL,
  outline TEXT NOT NULL,
  compiled BLOB NOT NULL,
  loaded_at INTEGER NOT NULL, made_by TEXT DEFAULT '' NOT NULL,
  CONSTRAINT pk_watchlist_revisions PRIMARY KEY (id),
  CONSTRAINT fk_watchlist_revisions_watchlist_id_watchlists FOREIGN KEY(watchlist_id) REFERENCES watchlists (id),
  CONSTRAINT uq_watchlist_revisions_watchlist_id_digest UNIQUE (watchlist_id, digest)
)
 STRICT;

CREATE TABLE watchlist_sources (
  id INTEGER NOT NULL,
  watchlist_id INTEGER NOT NULL,
  source_id INTEGER NOT NULL,
  name TEXT NOT NULL,
  institution TEXT DEFAULT '' NOT NULL,
  role TEXT NOT NULL,
  reliability TEXT NOT NULL,
  rationale TEXT DEFAULT '' NOT NULL,
  recorded TEXT DEFAULT '' NOT NULL,
  checked_on TEXT DEFAULT '' NOT NULL,
  note TEXT DEFAULT '' NOT NULL,
  interval_s REAL NOT NULL,
  host_interval_s REAL,
  per_host INTEGER,
  allow_private INTEGER NOT NULL,
  enabled INTEGER NOT NULL,
  listed_at INTEGER NOT NULL,
  removed_at INTEGER,
  CONSTRAINT pk_watchlist_sources PRIMARY KEY (id),
  CONSTRAINT fk_watchlist_sources_source_id_sources FOREIGN KEY(source_id) REFERENCES sources (id),
  CONSTRAINT fk_watchlist_sources_watchlist_id_watchlists FOREIGN KEY(watchlist_id) REFERENCES watchlists (id),
  CONSTRAINT uq_watchlist_sources_watchlist_id_source_id UNIQUE (watchlist_id, source_id)
)
 STRICT;

CREATE INDEX ix_watchlist_sources_source_id ON watchlist_sources (source_id);

CREATE TABLE watchlists (
  id INTEGER NOT NULL,
  name TEXT NOT NULL,
  question TEXT DEFAULT '' NOT NULL,
  timezone TEXT DEFAULT 'UTC' NOT NULL,
  revision_id INTEGER,
  created_at INTEGER NOT NULL,
  loaded_at INTEGER NOT NULL,
  CONSTRAINT pk_watchlists PRIMARY KEY (id),
  CONSTRAINT uq_watchlists_name UNIQUE (name)
)
 STRICT;
