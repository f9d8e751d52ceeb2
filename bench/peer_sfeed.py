"""`sfeed_update` as a side of bench.poll: a shell script over curl and sfeed; one text file a feed.

As it comes it asks unconditionally: it has no counterpart to a 304, and merges the whole body every time.

python -m bench.peer_sfeed PLACE_JSON --workers N --phase new|one|same
"""

from __future__ import annotations

import json
import subprocess
import tempfile
from pathlib import Path

from bench.pollwork import poll_options, run_phase


class Sfeed:
    """One configuration and its folder of feeds."""

    def __init__(self, folder: Path, urls: list[str], workers: int) -> None:
        self.urls, self.feeds, self.config = urls, folder / "feeds", folder / "sfeedrc"
        self.feeds.mkdir()
        lines = "".join(f"  feed 's{number}' '{url}'\n" for number, url in enumerate(urls))
        self.config.write_text(
            f"sfeedpath='{self.feeds}'\nmaxjobs={workers}\nfeeds() {{\n{lines}}}\n", encoding="utf-8"
        )

    def update(self) -> None:
        subprocess.run(("sfeed_update", str(self.config)), check=True, stdout=subprocess.DEVNULL)

    def entries(self) -> list[tuple[str, str]]:
        """Address and the id, the sixth field of a line."""
        found = []
        for number, url in enumerate(self.urls):
            lines = (self.feeds / f"s{number}").read_text(encoding="utf-8").splitlines()
            found.extend((url, line.split("\t")[5]) for line in lines)
        return found


def main() -> None:
    options = poll_options(8)
    place = json.loads(options.place)
    with tempfile.TemporaryDirectory() as folder:
        sfeed = Sfeed(Path(folder), place["urls"], options.workers)
        run_phase(place["control"], options, sfeed.update, sfeed.entries)


if __name__ == "__main__":
    main()
