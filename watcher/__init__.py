"""watcher: poll sources for the signals of one question. Holds the version and nothing else."""

__version__ = "0.1.0"
