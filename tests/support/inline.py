"""The parser of the sandbox without the sandbox: for tests of what comes before and after it. Trusted bodies only."""

from __future__ import annotations

import pickle
from collections.abc import Sequence
from typing import Self

from watcher.core.limits import Limits
from watcher.core.model import Claim, Fetched, ParsedFeed
from watcher.sources import child, frames
from watcher.sources.verify import Verifier


class InlineParser:
    """Parses in the caller's process, by the code that children run."""

    def __init__(
        self, limits: Limits, watchlists: Sequence[bytes] = (), workers: int = 0, loaded: object = None
    ) -> None:
        del workers, loaded
        self._limits = limits
        self._watchlists = [pickle.loads(one) for one in watchlists]
        self._verifier = Verifier(limits, lambda: self._watchlists)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        return None

    async def parse(self, claim: Claim, fetched: Fetched) -> ParsedFeed:
        frame = frames.pack_task(claim, fetched)[frames.LENGTH.size :]
        answer = child.answer_task(frame, self._watchlists, self._limits)
        return self._verifier.feed(answer)
