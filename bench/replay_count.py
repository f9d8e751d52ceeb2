"""Counts by itself what the replay must end with: entries, entries that were revised, revisions in all.

Reads the states with the standard library's XML and HTML readers and shares no code with watcher, so that agreement
means something. An entry is a distinct guid. A revision is a change of the digest of title and body (the full content
where there is one, else the description) after plain text, NFC and folded white space, against the state before.

    python -m bench.replay_count [ARCHIVE] [--every N] [--first N]
"""

from __future__ import annotations

import argparse
import hashlib
import json
import tarfile
import unicodedata
from collections.abc import Iterable, Iterator
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree as ET

DEFAULT = Path(__file__).resolve().parents[2] / "shared" / "data" / "replay-state-dept.tar.xz"
CONTENT = "{http://purl.org/rss/1.0/modules/content/}encoded"
INLINE = {
    "a",
    "abbr",
    "b",
    "bdi",
    "cite",
    "code",
    "em",
    "font",
    "i",
    "mark",
    "q",
    "s",
    "small",
    "span",
    "strong",
    "sub",
    "sup",
    "u",
}
SILENT = {"script", "style"}


class PlainText(HTMLParser):
    """Text of an HTML fragment; block elements part words, inline ones do not."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.pieces: list[str] = []
        self.silent = 0

    def handle_starttag(self, tag: str, _attrs: object) -> None:
        if tag in SILENT:
            self.silent += 1
        if tag not in INLINE:
            self.pieces.append(" ")

    def handle_endtag(self, tag: str) -> None:
        if tag in SILENT:
            self.silent = max(0, self.silent - 1)
        if tag not in INLINE:
            self.pieces.append(" ")

    def handle_data(self, data: str) -> None:
        if not self.silent:
            self.pieces.append(data)


def plain(html: str) -> str:
    reader = PlainText()
    reader.feed(html)
    reader.close()
    return " ".join(unicodedata.normalize("NFC", "".join(reader.pieces)).split())


def digest(item: ET.Element) -> bytes:
    title, description = (item.findtext(name) or "" for name in ("title", "description"))
    body = item.findtext(CONTENT) or description
    return hashlib.sha256(f"{plain(title)}\n{plain(body)}".encode()).digest()


def states(archive: Path) -> list[tuple[str, bytes]]:
    with tarfile.open(archive, "r|*") as tar:
        found = [(Path(m.name).name, tar.extractfile(m).read()) for m in tar if m.name.endswith(".rss")]
    return sorted(found)


def items(body: bytes) -> Iterator[tuple[str, bytes]]:
    for item in ET.fromstring(body).iter("item"):
        yield (item.findtext("guid") or "").strip(), digest(item)


def count(bodies: Iterable[bytes]) -> dict[str, int]:
    latest: dict[str, bytes] = {}
    revisions: dict[str, int] = {}
    for body in bodies:
        for guid, content in items(body):
            if latest.get(guid) != content:
                latest[guid] = content
                revisions[guid] = revisions.get(guid, 0) + 1
    return {
        "entries": len(revisions),
        "revised": sum(number > 1 for number in revisions.values()),
        "revisions": sum(revisions.values()),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("archive", nargs="?", type=Path, default=DEFAULT)
    parser.add_argument("--every", type=int, default=1, help="every Nth state")
    parser.add_argument("--first", type=int, default=None, help="only the first N of them")
    options = parser.parse_args()
    chosen = states(options.archive)[:: options.every][: options.first]
    print(json.dumps({"states": len(chosen), **count(body for _, body in chosen)}))


if __name__ == "__main__":
    main()
