"""Loads what the last bodies of sources showed, for those whose bodies have changed. Must not: fetch, parse or write.

Most answers say that nothing has changed, so a claim comes without it. Those who ask while an answer is being read are
served together by the next. It is read beside the writer, so that a database that is locked delays no poll.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence

from msgspec.structs import replace

from watcher.core.model import Claim

Items = frozenset[bytes]
Load = Callable[[Sequence[int]], Mapping[int, Items]]


class SeenItems:
    """Fills ``seen_items`` into claims.

    Args:
        load: reads them for many sources (blocking); one that has none is left out.
    """

    def __init__(self, load: Load) -> None:
        self._load = load
        self._asked: list[tuple[int, asyncio.Future[Items]]] = []
        self._work: asyncio.Task[None] | None = None

    async def of(self, claim: Claim) -> Claim:
        """The claim with the digests of the items that its last body showed.

        Raises:
            StorageError: the database cannot be read.
        """
        if claim.is_first:
            return claim
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[Items] = loop.create_future()
        self._asked.append((claim.source_id, answer))
        if self._work is None:
            self._work = loop.create_task(self._answer_all(), name="seen items")
        return replace(claim, seen_items=await answer)

    async def _answer_all(self) -> None:
        while self._asked:
            asked, self._asked = self._asked, []
            asked = [one for one in asked if not one[1].done()]
            try:
                ids = [source_id for source_id, _ in asked]
                found = await asyncio.get_running_loop().run_in_executor(None, self._load, ids)
            except Exception as error:  # noqa: BLE001  # it is raised where the answer is waited for
                for _, answer in asked:
                    if not answer.done():
                        answer.set_exception(error)
            else:
                for source_id, answer in asked:
                    if not answer.done():
                        answer.set_result(found.get(source_id, frozenset()))
        self._work = None
