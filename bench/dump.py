"""Everything a database holds, but for times, row numbers and leases: what two runs over the same input must share.

python -m bench.dump DATABASE [DATABASE]     digests per table; with two, exit 1 where they differ
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

TIMES = ("_at", "_until")
DROPPED = {"id", "elapsed_s", "lease_owner", "lease_token", "token", "owner", "watermark", "position", "compiled"}
SEEN = {"first_seen", "last_seen", "since", "until", "health_since"}
NOT_COMPARED = {"alembic_version", "runs", "duties", "meta"}


class Dump:
    """Reads tables; a reference to a row becomes what that row says."""

    def __init__(self, path: Path) -> None:
        self.db = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
        self.db.row_factory = sqlite3.Row
        self.named: dict[str, dict[Any, str]] = {}

    def tables(self) -> list[str]:
        rows = self.db.execute("select name from sqlite_master where type = 'table' and name not like 'sqlite_%'")
        return sorted(name for (name,) in rows if name not in NOT_COMPARED)

    def references(self, table: str) -> dict[str, str]:
        return {row["from"]: row["table"] for row in self.db.execute(f"pragma foreign_key_list('{table}')")}

    def rows(self, table: str) -> Iterator[tuple[Any, str]]:
        """Row number and canonical text of every row."""
        references = self.references(table)
        if table in ("entries", "hits"):
            references = {**references, "duplicate_of": "entries"}
        for row in self.db.execute(f'select * from "{table}"'):
            kept = {name: self._value(name, row[name], references, table) for name in row.keys() if name not in DROPPED}  # noqa: SIM118
            yield row["id"] if "id" in row.keys() else None, json.dumps(kept, sort_keys=True, ensure_ascii=False)  # noqa: SIM118

    def _value(self, name: str, value: Any, references: dict[str, str], table: str) -> Any:
        if name.endswith(TIMES) or name in SEEN:
            return value is not None
        if value is not None and name in references:
            return self.name_of(references[name], value, table)
        if name == "payload":
            told = json.loads(value)
            return {key: told[key] for key in told if key not in ("hit", *SEEN)}
        return value.hex() if isinstance(value, bytes) else value

    def name_of(self, table: str, number: Any, asking: str) -> str:
        """What row ``number`` of ``table`` says, as a short digest (an entry that repeats one is named by its key)."""
        if table == asking == "entries":
            row = self.db.execute("select key, source_id from entries where id = ?", (number,)).fetchone()
            return row["key"].hex() if row else "gone"
        if table not in self.named:
            self.named[table] = {}
            for key, text in self.rows(table):
                self.named[table][key] = hashlib.sha256(text.encode()).hexdigest()[:20]
        return self.named[table].get(number, "gone")

    def digests(self) -> dict[str, str]:
        """Per table: how many rows, and a digest over all of them, sorted."""
        found = {}
        for table in self.tables():
            texts = sorted(text for _, text in self.rows(table))
            digest = hashlib.sha256("\n".join(texts).encode()).hexdigest()
            found[table] = f"{len(texts)} {digest[:20]}"
        return found


def differences(first: Path, second: Path, *, most: int = 1) -> list[str]:
    """What differs, table by table, with a few rows of each."""
    left, right = Dump(first), Dump(second)
    told = []
    for table in sorted({*left.tables(), *right.tables()}):
        ours, theirs = ([text for _, text in side.rows(table)] for side in (left, right))
        if sorted(ours) != sorted(theirs):
            lost, gained = (sorted(set(a) - set(b)) for a, b in ((ours, theirs), (theirs, ours)))
            shown = [[text[:300] for text in rows[:most]] for rows in (lost, gained)]
            told.append(f"{table}: {len(ours)} and {len(theirs)} rows; only first: {shown[0]}; only second: {shown[1]}")
    return told


if __name__ == "__main__":
    paths = [Path(name) for name in sys.argv[1:3]]
    print(json.dumps(Dump(paths[0]).digests(), indent=2))
    if len(paths) == 2:
        found = differences(*paths)
        print("\n".join(found) or "the same")
        sys.exit(1 if found else 0)
