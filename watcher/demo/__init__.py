"""The sample publisher: serves dated sample feeds over loopback HTTP for `watcher demo`. Knows nothing of the rest."""
