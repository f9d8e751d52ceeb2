"""`watcher evidence`: reads the arguments, has bundles made or checked, writes them. Must not: query or check by itself."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

import click

from watcher.cli import complete
from watcher.cli.common import database_option, format_option, say, speaks_unicode, write_lines


@click.command(short_help="Put all that is kept about a hit into one file, or check such files.")
@click.argument("hits", type=click.IntRange(min=1), metavar="[HIT]...", nargs=-1, shell_complete=complete.hits)
@click.option(
    "-o", "--output", type=click.Path(path_type=Path), metavar="FILE", help="Write here; it must not be there yet."
)
@click.option(
    "--folder",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="FOLDER",
    help="Write one file a hit into this folder (default: here).",
)
@click.option(
    "--verify",
    "files",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    multiple=True,
    help="Check this file, without database and network; may be given several times.",
)
@format_option("text", "jsonl")
@database_option
def command(
    *,
    hits: tuple[int, ...],
    output: Path | None,
    folder: Path | None,
    files: tuple[Path, ...],
    form: str,
    database: str,
) -> int:
    """Put all that is kept about a hit into one file, or check such files.

    The file is a ZIP archive that any tool opens: the bytes as they were fetched, response headers and times, every
    wording of the entry, the watchlist that scored it, the account of the score, verdicts, and the SHA-256 of each.
    Note the digest of the file that is printed: whoever can rewrite a file can rewrite the digests in it.

    With --verify nothing but the file is needed: every digest, the wordings, the words at their places, the sums, and
    the score made again from the text and watchlist in it. What differs is told.

    \b
    Examples:
      watcher evidence 12
      watcher evidence 12 -o offer.zip
      watcher evidence 12 14 15 --folder december
      watcher evidence --verify offer.zip

    \b
    Exit codes: 0 done or whole, 1 something differs, is no bundle or no
    hit, 2 wrong usage, 4 database damaged or from a newer watcher.
    """
    if bool(hits) == bool(files):
        raise click.UsageError("name hits to bundle, or files with --verify")
    if files:
        if output or folder:
            raise click.UsageError("--output and --folder are for making bundles, not for --verify")
        return _verify(files, form)
    if output and (folder or len(hits) > 1):
        raise click.UsageError("--output is for one hit; several go into a --folder")
    _make(dict.fromkeys(hits), output, folder or Path(), database)
    return 0


def _make(hits: Iterable[int], output: Path | None, folder: Path, database: str) -> None:
    from watcher.app.evidence import make_bundle, shown_name
    from watcher.app.explain import read_explanation
    from watcher.bootstrap.evidence import build_evidence
    from watcher.core.bundle import sha256
    from watcher.core.errors import WatcherError

    if output is None:
        folder.mkdir(parents=True, exist_ok=True)
    with build_evidence(database) as desk:
        for number in hits:
            account = read_explanation(desk.queries, number)
            facts = desk.evidence.hit(number)
            if facts is None:
                raise WatcherError(f"hit {number} is not there any more")
            data = make_bundle(facts, account)
            path = output or folder / shown_name(facts)
            _write(path, data)
            say(f"{path}: {len(data):,} bytes")
            for sentence in facts.left_out:
                say(f"  not in it: {sentence}")
            write_lines([f"{sha256(data)}  {path}"])


def _write(path: Path, data: bytes) -> None:
    """Write a new file, whole or not at all."""
    from watcher.core.errors import UsageProblem
    from watcher.storage.files import put_in_place

    draft = path.with_name(f".{path.name}.part-{os.getpid()}")
    try:
        draft.write_bytes(data)
        put_in_place(draft, path)
    except FileExistsError:
        if path.is_file() and path.read_bytes() == data:
            return
        raise UsageProblem(f"{path} is there already", hint="name another file with --output") from None
    finally:
        draft.unlink(missing_ok=True)


def _verify(files: Iterable[Path], form: str) -> int:
    from watcher.app.evidence_check import BundleDamaged, check_bundle, checked_lines, checked_record
    from watcher.bootstrap.evidence import build_scorer
    from watcher.core.clean import json_line

    again, code = build_scorer(), 0
    for path in files:
        try:
            checked = check_bundle(_read(path), again)
        except BundleDamaged as error:
            say(f"error: {path} is no whole bundle of evidence: {error}")
            code = 1
            continue
        record = {"file": str(path), **checked_record(checked)}
        write_lines([json_line(record, ascii_only=not speaks_unicode())] if form == "jsonl" else checked_lines(checked))
        if not checked.is_whole:
            say(f"error: {path} is not as it was made")
            code = 1
    return code


def _read(path: Path) -> bytes:
    from watcher.core.bundle import MOST_BYTES
    from watcher.core.errors import UsageProblem

    with path.open("rb") as stream:
        data = stream.read(MOST_BYTES * 2 + 1)
    if len(data) > MOST_BYTES * 2:
        raise UsageProblem(f"{path} is larger than any bundle of evidence")
    return data
