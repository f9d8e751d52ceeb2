"""What both sides of a benchmark must agree on. Must not: import a side."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable


def digest_of(pairs: Iterable[tuple[str, str]]) -> str:
    """Short digest of (source address, entry id) pairs, in order."""
    total = hashlib.sha256()
    for url, entry in pairs:
        total.update(f"{url}\t{entry}\n".encode())
    return total.hexdigest()[:16]
