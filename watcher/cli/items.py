"""Items from files and standard input, one at a time: JSON Lines or CSV, plain, gzip or xz; Parquet. Must not: score."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import IO, Any, Final, cast

from watcher.core.errors import UsageProblem

MAX_LINE_BYTES: Final = 16 * 1024 * 1024
COLUMNS: Final = frozenset({"id", "title", "text", "summary", "published", "source", "lang", "date", "signal"})
"""What is read of a Parquet file."""

Item = dict[str, Any]
OnBad = Callable[[int, str], None]
"""Called with the number of a bad line and what is wrong with it."""


class _BadLine(Exception):
    """A line that is no item; the message says why."""


def read_items(file: str, on_bad: OnBad, *, needs_id: bool = True) -> Iterator[Item]:
    """Items with an id and a title, text or summary; bad lines are told and left out.

    Args:
        file: a path (``.gz`` and ``.xz`` are unpacked, ``.csv`` has a header line, ``.parquet`` columns), or ``-`` for
            standard input.
        on_bad: told of every bad line.
        needs_id: whether a line without an id is bad.

    Raises:
        UsageProblem: the file cannot be read.
    """
    with ExitStack() as stack:
        rows = _rows(file, stack)
        try:
            for number, row in rows:
                if isinstance(row, bytes) and not row.strip():
                    continue
                try:
                    item = _item(row, needs_id=needs_id)
                except _BadLine as problem:
                    on_bad(number, str(problem))
                    continue
                yield item
        except EOFError as error:
            raise UsageProblem(f"{file} ends early: {error}") from error
        except OSError as error:
            if isinstance(error, BrokenPipeError):
                raise
            raise UsageProblem(f"cannot read {file}: {error.strerror or error}") from error


def _rows(file: str, stack: ExitStack) -> Iterator[tuple[int, Item | bytes]]:
    if file.endswith(".parquet"):
        return _parquet_rows(file)
    stream = _open(file, stack)
    name = file.removesuffix(".gz").removesuffix(".xz")
    return _csv_rows(stream, stack) if name.endswith(".csv") else enumerate(_lines(stream), 1)


def _parquet_rows(file: str) -> Iterator[tuple[int, Item]]:
    """Rows of the columns that items have, batch by batch; numbers count from 1."""
    try:
        from pyarrow import parquet
    except ImportError:
        raise UsageProblem(
            f"cannot read {file}: Parquet needs pyarrow",
            hint="pip install 'watcher[parquet]', or write JSON Lines or CSV",
        ) from None
    try:
        table = parquet.ParquetFile(file)
        columns = [name for name in table.schema_arrow.names if name in COLUMNS]
        number = 0
        for batch in table.iter_batches(batch_size=1000, columns=columns):
            for row in batch.to_pylist():
                number += 1
                yield number, {key: _told(value) for key, value in row.items() if value is not None}
    except (OSError, ValueError, RuntimeError) as error:  # pyarrow's errors are of these kinds
        raise UsageProblem(f"cannot read {file}: {str(error).splitlines()[0][:200]}") from error


def _told(value: Any) -> Any:
    """A time as text, like in the other formats."""
    return value.isoformat() if hasattr(value, "isoformat") else value


def _open(file: str, stack: ExitStack) -> IO[bytes]:
    if file == "-":
        return sys.stdin.buffer
    opener: Callable[[str], Any] = _open_plain
    if file.endswith(".gz"):
        import gzip

        opener = gzip.open
    elif file.endswith(".xz"):
        import lzma

        opener = lzma.open
    try:
        return cast("IO[bytes]", stack.enter_context(opener(file)))
    except OSError as error:
        raise UsageProblem(f"cannot read {file}: {error.strerror}") from error


def _open_plain(file: str) -> IO[bytes]:
    return Path(file).open("rb")


def _lines(stream: IO[bytes]) -> Iterator[bytes]:
    """Lines, each bounded: of one that is too long only the beginning comes, which is no JSON."""
    while line := stream.readline(MAX_LINE_BYTES):
        yield line
        while line and len(line) == MAX_LINE_BYTES and not line.endswith(b"\n"):
            line = stream.readline(MAX_LINE_BYTES)


def _csv_rows(stream: IO[bytes], stack: ExitStack) -> Iterator[tuple[int, Item | bytes]]:
    import csv
    import io

    csv.field_size_limit(MAX_LINE_BYTES)
    text = stack.enter_context(io.TextIOWrapper(stream, "utf-8-sig", errors="replace", newline=""))
    reader = csv.DictReader(text, strict=True)
    while True:
        try:
            row = next(reader, None)
        except csv.Error as error:
            yield reader.line_num, f"not CSV: {error}".encode()
            continue
        if row is None:
            return
        yield reader.line_num, {key: value for key, value in row.items() if key and value}


def _item(row: Item | bytes, *, needs_id: bool) -> Item:
    item = row
    if isinstance(row, bytes):
        item = _from_json(row)
    if not isinstance(item, dict):
        raise _BadLine("not a JSON object")
    if needs_id and not isinstance(item.get("id"), str | int):
        raise _BadLine("no id")
    for key in ("title", "text", "summary", "lang"):
        if not isinstance(item.get(key), str | None):
            raise _BadLine(f"{key} is not text")
    if not (item.get("title") or item.get("text") or item.get("summary")):
        raise _BadLine("neither title nor text nor summary")
    return item


def _from_json(line: bytes) -> Any:
    if len(line) == MAX_LINE_BYTES:
        raise _BadLine(f"longer than {MAX_LINE_BYTES >> 20} MB")
    if line.startswith(b"not CSV"):
        raise _BadLine(line.decode())
    try:
        return json.loads(line)
    except UnicodeDecodeError:
        raise _BadLine("not UTF-8") from None
    except (ValueError, RecursionError) as error:
        raise _BadLine(f"not JSON: {str(error)[:100]}") from None


def title_of(item: Item, limit: int) -> str:
    """The title as a poll would store it."""
    return plain(item.get("title") or "", limit)


def text_of(item: Item, limit: int) -> str:
    """The text, or the summary, as a poll would store it."""
    return plain(item.get("text") or item.get("summary") or "", limit)


def language_of(item: Item) -> str:
    """The main language of an item: ``de`` of ``de-AT``."""
    return (item.get("lang") or "").partition("-")[0].lower()


def plain(text: str, limit: int) -> str:
    """Markup taken off; text without any is taken as it is, so that spans are those of the text given."""
    if "<" in text or "&" in text or not text.isprintable():
        from watcher.sources.plain import plain_text, scrub

        text = scrub(plain_text(text, limit * 8))[0]
    return text[:limit]
