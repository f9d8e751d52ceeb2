"""The sample publisher: serves dated sample feeds over loopback HTTP for `watcher demo`. Knows nothing of the rest."""

from watcher.demo.publisher import Publisher, start_publisher
from watcher.demo.watchlist import write_demo_watchlist

__all__ = ["Publisher", "start_publisher", "write_demo_watchlist"]
