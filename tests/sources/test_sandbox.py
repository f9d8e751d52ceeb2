"""The sandbox: what children may not do, what their answers may not say, and how it ends."""

from __future__ import annotations

import asyncio
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from msgspec.structs import replace

from tests.sources.helpers import claim, failure, fetched, item, rss, run, sandboxed
from watcher.core.errors import SourceError
from watcher.core.limits import Limits
from watcher.core.model import Entry, Evidence, ParsedEntry, ParsedFeed
from watcher.core.wire import parsed_feed_to_json
from watcher.sources import frames
from watcher.sources.cutter import DIGEST_BYTES
from watcher.sources.sandbox import Sandbox
from watcher.sources.verify import Verifier

TWO = rss(item(1), item(2))


def children_of(pid: int) -> list[int]:
    return [int(number) for number in Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()]


def test_children_hold_nothing_of_ours() -> None:
    async def work() -> tuple[list[str], str, str, bytes, dict[str, str]]:
        async with Sandbox(Limits(), (), 1) as sandbox:
            await sandbox.parse(claim(), fetched(TWO))
            (child,) = children_of(sandbox.server_pid())
            base = Path(f"/proc/{child}")
            files = [os.readlink(entry) for entry in sorted((base / "fd").iterdir())]
            limits = {line[:26].strip(): line[26:47].strip() for line in (base / "limits").read_text().splitlines()[1:]}
            return (
                files,
                (base / "oom_score_adj").read_text().strip(),
                os.readlink(base / "ns/net"),
                (base / "environ").read_bytes(),
                limits,
            )

    os.environ["WATCHER_CANARY"] = "canary"
    try:
        with socket.socket() as ours, Path(__file__).open() as also_ours:
            ours.bind(("127.0.0.1", 0))
            files, score, network, environment, limits = run(work())
            assert also_ours.fileno() > 2
    finally:
        del os.environ["WATCHER_CANARY"]
    assert len([name for name in files if name.startswith("socket:")]) == 1
    assert {name for name in files if not name.startswith("socket:")} == {"/dev/null"}
    assert int(score) > 0
    assert b"canary" not in environment
    assert limits["Max address space"] == str(Limits().parse_memory_bytes)
    assert limits["Max core file size"] == limits["Max file size"] == "0"
    assert int(limits["Max open files"]) <= 16
    assert network


def test_children_have_no_network_where_the_system_allows_it() -> None:
    async def work() -> tuple[bool, str]:
        async with Sandbox(Limits(), (), 1) as sandbox:
            await sandbox.parse(claim(), fetched(TWO))
            (child,) = children_of(sandbox.server_pid())
            return await sandbox.has_no_network(), os.readlink(f"/proc/{child}/ns/net")

    is_gone, network = run(work())
    assert is_gone == (network != os.readlink("/proc/self/ns/net"))


def test_children_are_replaced_after_so_many_tasks() -> None:
    async def work() -> set[int]:
        seen: set[int] = set()
        async with Sandbox(replace(Limits(), parse_tasks_per_child=2), (), 1) as sandbox:
            for _ in range(6):
                feed = await sandbox.parse(claim(), fetched(TWO))
                assert len(feed.entries) == 2
                seen.update(children_of(sandbox.server_pid()))
        return seen

    assert len(run(work())) >= 3


def test_many_tasks_at_once_keep_their_own_answers() -> None:
    bodies = [rss(*(item(n) for n in range(number, number + number % 7))) for number in range(80)]

    async def work() -> list[ParsedFeed]:
        async with Sandbox(Limits(), (), 2) as sandbox:
            return await asyncio.gather(*(sandbox.parse(claim(), fetched(body)) for body in bodies))

    feeds = run(work())
    assert [[p.entry.guid for p in feed.entries] for feed in feeds] == [
        [f"g{n}" for n in range(number, number + number % 7)] for number in range(80)
    ]


def test_a_cancelled_task_leaves_the_sandbox_usable() -> None:
    async def work() -> ParsedFeed:
        async with Sandbox(Limits(), (), 1) as sandbox:
            await sandbox.parse(claim(), fetched(TWO))
            task = asyncio.ensure_future(sandbox.parse(claim(), fetched(rss(*(item(n) for n in range(3000))))))
            await asyncio.sleep(0.02)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            return await sandbox.parse(claim(), fetched(TWO))

    assert len(run(work()).entries) == 2


def test_closing_waits_for_tasks_under_way_and_ends_the_server() -> None:
    async def work() -> tuple[ParsedFeed, int]:
        async with Sandbox(Limits(), (), 1) as sandbox:
            task = asyncio.ensure_future(sandbox.parse(claim(), fetched(TWO)))
            await asyncio.sleep(0)
            pid = sandbox.server_pid()
        with pytest.raises(SourceError):
            await sandbox.parse(claim(), fetched(TWO))
        return await task, pid

    feed, pid = run(work())
    assert len(feed.entries) == 2
    assert not Path(f"/proc/{pid}").exists()


def test_children_end_with_a_daemon_that_is_killed() -> None:
    script = (
        "import asyncio, os\n"
        "from tests.sources.helpers import *\n"
        "async def main():\n"
        "    sandbox = Sandbox(Limits(), (), 1)\n"
        "    await sandbox.__aenter__()\n"
        "    await sandbox.parse(claim(), fetched(rss(item(1))))\n"
        "    print(sandbox.server_pid(), flush=True)\n"
        "    await asyncio.sleep(60)\n"
        "asyncio.run(main())\n"
    )
    root = Path(__file__).parents[2]
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, cwd=root) as daemon:
        assert daemon.stdout is not None
        server = int(daemon.stdout.readline())
        (child,) = children_of(server)
        daemon.kill()
    deadline = 500
    while deadline and any(_lives(pid) for pid in (server, child)):
        deadline -= 1
        with pytest.raises(subprocess.TimeoutExpired):
            subprocess.run(["sleep", "1"], timeout=0.02, check=False)
    assert deadline


def _lives(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_two_kinds_go_through_the_sandbox() -> None:
    async def work() -> tuple[ParsedFeed, str]:
        async with Sandbox(Limits(), (), 1) as sandbox:
            body = "<urlset><url><loc>https://x.test/2025/12/15/a-b</loc></url></urlset>"
            feed = await sandbox.parse(claim(kind="sitemap"), fetched(body))
            with pytest.raises(SourceError) as caught:
                await sandbox.parse(claim(kind="none"), fetched(body))
            return feed, caught.value.kind

    feed, unknown = run(work())
    assert feed.entries[0].entry.title == "A b"
    assert unknown == "unknown-kind"


def test_an_error_of_a_body_comes_through_with_its_phase() -> None:
    error = failure(sandboxed(b""))
    assert (error.phase, error.kind) == ("decode", "empty-body")


# --- answers that a sound child does not give -------------------------------------------------------------------

ENTRY = Entry(guid="g", link="http://x.test/", title="T", text="W")
FEED = ParsedFeed(format="rss20", entries=(ParsedEntry(ENTRY),))


def feed_with(**changed: object) -> ParsedFeed:
    return replace(FEED, entries=(ParsedEntry(replace(ENTRY, **changed)),))  # type: ignore[arg-type]


HOSTILE: dict[str, ParsedFeed] = {
    "link": feed_with(link="javascript:alert(1)"),
    "outlet": feed_with(outlet_url="file:///etc/passwd"),
    "title too long": feed_with(title="x" * 1001),
    "title with NUL": feed_with(title="a\0b"),
    "text with escape": feed_with(text="\x1b[31m"),
    "surrogate": feed_with(text="\ud800"),
    "guid too long": feed_with(guid="g" * 2001),
    "tags": feed_with(tags=("t",) * 51),
    "tag too long": feed_with(tags=("t" * 201,)),
    "flag": feed_with(flags=("trusted",)),
    "digest": feed_with(item_digest=b"short"),
    "time": feed_with(published=2**60),
    "language": feed_with(language="english"),
    "entries": replace(FEED, entries=FEED.entries * 5001),
    "digests": replace(FEED, item_digests=(b"x" * DIGEST_BYTES,) * 5001),
    "digest of the feed": replace(FEED, item_digests=(b"x",)),
    "warnings": replace(FEED, warnings=("w",) * 51),
    "warning": replace(FEED, warnings=("a\x1b[31m",)),
    "format": replace(FEED, format="x" * 41),
    "count": replace(FEED, skipped=-1),
    "ttl": replace(FEED, ttl_s=-1.0),
    "hours": replace(FEED, skip_hours=(24,)),
    "days": replace(FEED, skip_days=(7,)),
    "feed title": replace(FEED, title="x" * 1001),
    "evidence for an unknown watchlist": replace(FEED, entries=(ParsedEntry(ENTRY, {"w": Evidence("r", b"d")}),)),
}


def test_a_sound_answer_is_taken() -> None:
    assert Verifier(Limits(), list).feed(b"F" + parsed_feed_to_json(FEED)) == FEED


@pytest.mark.parametrize("name", sorted(HOSTILE))
def test_hostile_answers_are_refused(name: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        Verifier(Limits(), list).feed(b"F" + parsed_feed_to_json(HOSTILE[name]))


@pytest.mark.parametrize(
    "answer", [b"", b"X", b"F", b"F{}", b"Fnull", b"E", b"E[]", b'E["parse", "crashed"]', b'E["store", "x", "y"]', b'E["parse", "<b>", "y"]',
               b"E[1, 2, 3]", b"\x80\x04K\x01."],
)  # fmt: skip
def test_answers_of_no_shape_are_refused(answer: bytes) -> None:
    with pytest.raises(ValueError, match=r".*"):
        Verifier(Limits(), list).feed(answer)


def test_an_errors_words_are_cleaned() -> None:
    with pytest.raises(SourceError) as caught:
        Verifier(Limits(), list).feed(b"E" + b'["parse", "crashed", "a\\u001b[31m' + b"x" * 500 + b'"]')
    assert caught.value.detail.isprintable()
    assert len(caught.value.detail) == 200


def test_tasks_survive_their_way() -> None:
    task = frames.pack_task(
        claim("http://x.test/", seen=frozenset({b"d" * DIGEST_BYTES, b"wrong size"}), select="/a"),
        fetched("body", "text/xml"),
    )
    name, request = frames.unpack_task(task[frames.LENGTH.size :], Limits())
    assert (name, request.body, request.seen, request.select) == ("feed", b"body", {b"d" * DIGEST_BYTES}, "/a")
    assert request.url == "http://feeds.test/dir/feed.xml"
