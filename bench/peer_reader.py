"""The ``reader`` package as a side of bench.poll: the same three rounds on the same publisher.

python -m bench.peer_reader CONTROL_JSON --workers N --phase new|one|same
"""

from __future__ import annotations

import json
import sys
import tempfile
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from bench.pollwork import poll_options, run_phase

warnings.filterwarnings("ignore")


@contextmanager
def ready(
    place: dict[str, Any], workers: int
) -> Iterator[tuple[Callable[[], None], Callable[[], list[tuple[str, str]]]]]:
    """A reader that knows all sources; yields "update all" and "which entries"."""
    import feedparser_sgmllib

    sys.modules["sgmllib"] = feedparser_sgmllib  # its copy of feedparser asks for the module under its old name
    from reader import make_reader

    with tempfile.TemporaryDirectory() as folder:
        reader = make_reader(str(Path(folder) / "reader.sqlite"), plugins=[], search_enabled=False)
        for url in place["urls"]:
            reader.add_feed(url)
        yield (
            lambda: reader.update_feeds(scheduled=False, workers=workers),
            lambda: [(entry.feed_url, entry.id) for entry in reader.get_entries()],
        )


def main() -> None:
    options = poll_options(8)
    place = json.loads(options.place)
    with ready(place, options.workers) as (update, entries):
        run_phase(place["control"], options, update, entries)


if __name__ == "__main__":
    main()
