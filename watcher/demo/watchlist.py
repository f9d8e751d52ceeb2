"""The watchlist of the demo: the shipped signals with the sample sources. Must not: check it (the loader does)."""

from __future__ import annotations

import re
from pathlib import Path

from watcher.demo.publisher import Publisher
from watcher.demo.samples import Sample

_SOURCES = re.compile(r"^sources:.*?(?=^[^\s#]|\Z)", re.MULTILINE | re.DOTALL)
_INCLUDE = re.compile(r"^include:(.*?)(?=^[^\s#-]|\Z)", re.MULTILINE | re.DOTALL)
_YAML_NAME = re.compile(r"[^\s\[\],'\"-][^\s\[\],'\"]*\.ya?ml")


def write_demo_watchlist(folder: Path, publisher: Publisher, base_watchlist_path: Path) -> Path:
    """Write the base watchlist into ``folder`` with its sources replaced by the samples; returns the new file."""
    return with_sources(folder, base_watchlist_path, sources_block(publisher))


def with_sources(folder: Path, base_watchlist_path: Path, block: str) -> Path:
    """Write a watchlist into ``folder`` with its key ``sources`` replaced; returns the new file.

    Included files are copied along, so that the folder is whole in itself.
    """
    folder.mkdir(parents=True, exist_ok=True)
    base = base_watchlist_path.read_text(encoding="utf-8")
    for name in included_files(base):
        copy = folder / name
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_bytes((base_watchlist_path.parent / name).read_bytes())
    rest = _SOURCES.sub("", base).rstrip()
    written = folder / "watchlist.yaml"
    written.write_text(f"{rest}\n\n{block}", encoding="utf-8")
    return written


def included_files(text: str) -> tuple[str, ...]:
    """Names under the top-level key ``include``, as written."""
    found = _INCLUDE.search(text)
    return tuple(_YAML_NAME.findall(found.group(1))) if found else ()


def sources_block(publisher: Publisher) -> str:
    """The key ``sources`` with every sample at its address."""
    blocks = (_source(sample, publisher.urls[sample.name]) for sample in publisher.samples)
    return "# Made-up sources, served on this machine by `watcher demo`.\nsources:\n" + "".join(blocks)


def _source(sample: Sample, url: str) -> str:
    values = {
        "kind": sample.kind,
        "url": _quoted(url),
        "title": _quoted(sample.title),
        "publisher": _quoted(sample.publisher),
        "family": sample.family,
        "language": f"'{sample.language}'",
        "institution": _quoted(sample.institution),
        "role": sample.role,
        "reliability": sample.reliability,
        "rationale": _quoted(sample.rationale),
        "recorded": "none" if sample.kind == "none" else "ok",
        "checked_on": "2025-12-18",
        "note": _quoted(sample.note),
        "select": _quoted(sample.select),
        "politeness": "{interval: 1s, per_host: 1}",
        "allow_private": "true",
    }
    lines = (f"    {key}: {value}\n" for key, value in values.items() if value != "''")
    return f"  {sample.name}:\n" + "".join(lines)


def _quoted(text: str) -> str:
    """A single-quoted YAML scalar."""
    return "'" + text.replace("'", "''") + "'"
