"""``python -m watcher``: the same as the ``watcher`` command. Must not: hold anything else."""

import sys

from watcher.cli import main

if __name__ == "__main__":
    sys.exit(main())
