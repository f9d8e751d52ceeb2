"""The tables of stories and origins, each with what it is for. Must not: hold a query or import a database driver.

Stories, members and origins are derived from entries and can be emptied and filled again; what people decided about
them (`story_edits`) is kept, and names entries, never stories.
"""

from __future__ import annotations

from sqlalchemy import Column

from watcher.storage.columns import INT64, count, make_index, make_table, maybe_moment, moment, reference, row_id, words
from watcher.storage.tables import entries
from watcher.storage.types import JsonText, Number

stories = make_table(
    "stories",
    "Entries about one event. Derived data.",
    row_id(),
    reference("lead_id", entries.name, "The entry that stands for it: a document before reports, then the first seen"),
    moment("first_at", "First sighting of its first entry"),
    moment("last_at", "First sighting of its newest entry: nothing joins long after that"),
    count("entries", "Entries in it"),
    count("outlets", "Outlets that carry it"),
    count("origins", "Independent origins of it"),
    make_index("ix_stories_lead_id", "lead_id", serves="may an entry be pruned: the story that it stands for"),
    make_index("ix_stories_last_at", "last_at", serves="stories that can still be joined; stories of a period"),
)

story_members = make_table(
    "story_members",
    "Which story an entry belongs to, and why. Derived data.",
    reference("entry_id", entries.name, "The entry", key=True),
    reference("story_id", "stories", "Its story"),
    words("way", "How it came there: first, link, title, text, likeness, split or joined by a person", None),
    words("found_way", "How it came there before a person moved it; empty: nobody did"),
    Column("nearest_id", INT64, doc="The entry that it is most like (entries.id); null: it began the story"),
    Column("likeness", Number, doc="How like, 0-1; null: not measured"),
    Column("related_id", INT64, doc="An entry of another story that it is somewhat like (entries.id); null: none"),
    Column("copy_id", INT64, doc="An entry whose text it shares (entries.id); null: none"),
    Column("claims", JsonText, doc="Who it says it comes from: [owner family, reason] each; origins are made of these"),
    words("outlet", "Who published it: the unit of counting outlets"),
    words("origin", "Who it really comes from: the unit of counting origins"),
    words("origin_why", "Why that origin, in one line"),
    words("standing", "document (it is the text itself), primary (an institution's own word) or report"),
    make_index("ix_story_members_story_id", "story_id", serves="members of a story"),
)

story_edits = make_table(
    "story_edits",
    "Splits and joins that a person made; append-only, and they outlive every rebuild of the stories.",
    row_id(),
    words("edit", "join, split or undo", None),
    reference("entry_id", entries.name, "The entry that was moved"),
    Column("with_id", INT64, doc="Join: an entry of the story that it was moved to (entries.id)"),
    Column("undoes", INT64, doc="The edit that this one takes back (story_edits.id)"),
    words("analyst", "Who"),
    words("note", "Why"),
    moment("decided_at", "When"),
    maybe_moment("applied_at", "When the stories followed; null: not yet"),
    make_index("ix_story_edits_entry_id", "entry_id", serves="what people decided about an entry"),
)
