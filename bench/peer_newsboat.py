"""`newsboat -x reload` as a side of bench.poll: the same rounds on the same publisher. It stores, and parses in C.

python -m bench.peer_newsboat PLACE_JSON --workers N --phase new|one|same
"""

from __future__ import annotations

import json
import sqlite3
import subprocess
import tempfile
from contextlib import closing
from pathlib import Path

from bench.pollwork import poll_options, run_phase

CONFIG = "reload-threads {workers}\ndownload-retries 1\nmax-items 0\nuse-proxy no\n"


class Newsboat:
    """One set of files, as a person has them."""

    def __init__(self, folder: Path, urls: list[str], workers: int) -> None:
        self.cache = folder / "cache.db"
        (folder / "config").write_text(CONFIG.format(workers=workers), encoding="ascii")
        (folder / "urls").write_text("".join(f"{url}\n" for url in urls), encoding="ascii")
        self.command = (
            "newsboat",
            *("-C", str(folder / "config"), "-u", str(folder / "urls"), "-c", str(self.cache), "-x", "reload"),
        )

    def update(self) -> None:
        subprocess.run(self.command, check=True, stdout=subprocess.DEVNULL)

    def entries(self) -> list[tuple[str, str]]:
        with closing(sqlite3.connect(f"file:{self.cache}?mode=ro", uri=True)) as connection:
            return connection.execute("select feedurl, guid from rss_item").fetchall()


def main() -> None:
    options = poll_options(8)
    place = json.loads(options.place)
    with tempfile.TemporaryDirectory() as folder:
        newsboat = Newsboat(Path(folder), place["urls"], options.workers)
        run_phase(place["control"], options, newsboat.update, newsboat.entries)


if __name__ == "__main__":
    main()
