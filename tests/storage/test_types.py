"""The validation layer: what goes in comes out, the same from both databases; what no database should hold is refused."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from msgspec.structs import fields, replace
from sqlalchemy import select
from sqlalchemy.dialects import sqlite

from tests.support.backends import Backend
from tests.support.polls import HOUR, T0, document, entry_intent, poll, source
from watcher.core.model import Entry
from watcher.storage.engine import begin
from watcher.storage.sqltools import Column
from watcher.storage.tables import entries, entry_revisions
from watcher.storage.types import DIGEST_BYTES, CleanText, Digest, JsonText, Number, clean_text

DIALECT = sqlite.dialect()
anything = st.text(st.characters(codec=None, exclude_categories=()), max_size=200)


@given(anything)
def test_clean_text_is_utf8_without_nul_and_stays_so(text: str) -> None:
    clean = clean_text(text)
    assert "\x00" not in clean
    clean.encode("utf-8")
    assert clean_text(clean) == clean


@given(st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\x00")))
def test_clean_text_leaves_ordinary_text_alone(text: str) -> None:
    assert clean_text(text) is text


def test_a_lone_surrogate_is_marked_not_dropped() -> None:
    assert clean_text("a\ud800b") == "a\ufffdb"


@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf])
def test_numbers_that_are_none_are_refused(number: float) -> None:
    with pytest.raises(ValueError, match="finite"):
        Number().process_bind_param(number, DIALECT)
    with pytest.raises(ValueError, match="JSON"):
        JsonText().process_bind_param({"score": number}, DIALECT)


def test_digests_have_32_bytes_or_none() -> None:
    check = Digest().bind_processor(DIALECT)
    assert check(b"") == b""
    assert check(None) is None
    with pytest.raises(ValueError, match="31 bytes"):
        check(b"x" * 31)


def test_nul_inside_json_is_gone_and_a_written_escape_is_not() -> None:
    column = JsonText()
    assert column.process_bind_param({"a\x00": ["\x00b", ("c", 1, None)]}, DIALECT) == '{"a":["b",["c",1,null]]}'
    assert column.process_bind_param([r"\u0000"], DIALECT) == r'["\\u0000"]'


def test_bytes_are_no_text() -> None:
    clean = CleanText().bind_processor(DIALECT)
    for value in (b"x", 5):
        with pytest.raises(TypeError):
            clean(value)


entry_texts = st.builds(
    Entry,
    guid=anything,
    link=anything,
    title=anything,
    text=anything,
    published=st.none() | st.integers(-(2**62), 2**62),
    published_raw=anything,
    author=anything,
    outlet=anything,
    outlet_url=anything,
    tags=st.lists(anything, max_size=3).map(tuple),
    language=st.sampled_from(["", "en", "ru"]),
    flags=st.lists(st.sampled_from(["loose", "truncated"]), unique=True).map(tuple),
)


# No shrinking: every example is a whole transaction on a real database.
@settings(
    max_examples=20,
    deadline=None,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(said=st.lists(entry_texts, min_size=1, max_size=4))
def test_entries_come_back_as_they_went_in(backend: Backend, said: list[Entry]) -> None:
    store = backend.store()
    store.save_watchlist(document(source("a")), b"", T0)
    backend.run("UPDATE sources SET lease_until = NULL, next_poll_at = :t", t=T0)
    for table in ("entry_scores", "entry_revisions", "entries"):
        backend.run(f"DELETE FROM {table}")
    (claim,) = store.claim_due("test", T0, limit=1, lease_s=9)
    intents = [entry_intent(str(number)) for number in range(len(said))]
    intents = [
        replace(intent, scored=replace(intent.scored, entry=entry)) for intent, entry in zip(intents, said, strict=True)
    ]
    with store.write() as transaction:
        assert transaction.apply(poll(claim, *intents, at=T0 + HOUR))["entries"] == len(said)
    assert _stored(backend) == [_cleaned(entry) for entry in said]


def _cleaned(entry: Entry) -> Entry:
    values = {field.name: getattr(entry, field.name) for field in fields(entry)}
    texts = {name: clean_text(value) for name, value in values.items() if isinstance(value, str)}
    return replace(entry, **texts, tags=tuple(map(clean_text, entry.tags)))


def _stored(backend: Backend) -> list[Entry]:
    e = entries.c
    statement = select(entries, entry_revisions.c.text).join_from(entries, entry_revisions).order_by(e.id)
    with begin(backend.engine) as connection:
        return [
            Entry(
                guid=row.guid,
                link=row.link,
                title=row.title,
                text=row.text,
                published=row.published,
                published_raw=row.published_raw,
                author=row.author,
                outlet=row.outlet,
                outlet_url=row.outlet_url,
                tags=tuple(row.tags or ()),
                language=row.language,
                flags=tuple(row.flags.split()),
            )
            for row in connection.execute(statement)
        ]


VALUES = {
    CleanText(): st.none() | st.text() | st.sampled_from(["", "a", "a\x00b", "я", "\ud800"]),
    Digest(): st.none() | st.sampled_from([b"", b"d" * DIGEST_BYTES]),
}


@pytest.mark.parametrize("kind", VALUES, ids=lambda kind: type(kind).__name__)
@given(data=st.data())
def test_a_column_at_once_is_what_its_values_are_one_by_one(kind: Any, data: st.DataObject) -> None:
    column = Column(kind, DIALECT)
    values = data.draw(st.lists(VALUES[kind], max_size=6))

    assert list(column.all(values)) == [column.one(value) for value in values]


@pytest.mark.parametrize("wrong", [b"short", "text" * 8])
def test_one_bad_digest_is_found_among_good_ones(wrong: Any) -> None:
    assert Digest.is_clean([b"", b"d" * DIGEST_BYTES])
    assert not Digest.is_clean([b"", b"d" * DIGEST_BYTES, wrong])
