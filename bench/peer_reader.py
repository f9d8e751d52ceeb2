"""The ``reader`` package as a side of bench.poll: the same three rounds on the same publisher.

python -m bench.peer_reader CONTROL_JSON --workers N --phase new|one|same [--times K]
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import warnings
from pathlib import Path

from bench.harness import measured, report_side
from bench.publisher import move
from bench.work import digest_of

warnings.filterwarnings("ignore")


def main() -> None:
    import feedparser_sgmllib

    sys.modules["sgmllib"] = feedparser_sgmllib  # its copy of feedparser asks for the module under its old name
    from reader import make_reader

    parser = argparse.ArgumentParser()
    parser.add_argument("place")
    parser.add_argument("--workers", type=int, default=8)
    parser.add_argument("--phase", choices=("new", "one", "same"), default="one")
    parser.add_argument("--times", type=int, default=1)
    options = parser.parse_args()
    place = json.loads(options.place)
    move(place["control"], "reset")
    with tempfile.TemporaryDirectory() as folder:
        reader = make_reader(str(Path(folder) / "reader.sqlite"), plugins=[], search_enabled=False)
        for url in place["urls"]:
            reader.add_feed(url)
        if options.phase != "new":
            reader.update_feeds(scheduled=False, workers=options.workers)
        move(place["control"], "tick" if options.phase == "one" else "same")
        total = {"cpu_s": 0.0, "wall_s": 0.0}
        answers = {"200": 0, "304": 0}
        for _ in range(options.times):
            with measured() as result:
                reader.update_feeds(scheduled=False, workers=options.workers)
            total = {key: total[key] + result[key] for key in total}
            served = move(place["control"], "tick" if options.phase == "one" else "same")
            answers = {key: answers[key] + served[key] for key in answers}
        ids = sorted((entry.feed_url, entry.id) for entry in reader.get_entries())
        report_side(total, entries=len(ids), digest=digest_of(ids), answers=answers)


if __name__ == "__main__":
    main()
