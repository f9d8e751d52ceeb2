"""Channel ``file``: one JSON object per line, each with its idempotency key. Must not: decide what is sent or when.

Every line goes out in one ``write`` to a file opened for appending, under a lock, and is on disk before we say so. A
line counts once its line end stands: a piece without one is left by a crash in the middle of a write, nobody was told
that it was sent, and it is taken back before the next line is written.
"""

from __future__ import annotations

import errno
import fcntl
import json
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from watcher.core.errors import ChannelError
from watcher.core.intents import OwedAlert
from watcher.core.model import SECOND, Micros

# Every line of ours begins so; a torn piece that begins otherwise is not ours to take back.
_START = b'{"key": "'
_TAIL_BYTES = 1 << 20
# An alert that waited for longer says so.
DELAYED_AFTER: Micros = 3600 * SECOND


class FileChannel:
    """Appends alerts to a JSON Lines file.

    Args:
        path: the file; it and its folder are made when the first alert comes, for our eyes only.
    """

    name = "file"

    def __init__(self, path: Path) -> None:
        self.path = path

    def send(self, alerts: Sequence[OwedAlert], now: Micros) -> None:
        """Append the alerts and wait until they are on disk.

        Raises:
            ChannelError: the file cannot be written; nothing of these alerts is in it then.
        """
        data = b"".join(line(alert, now) for alert in alerts)
        try:
            with _locked(self.path) as file:
                _mend(file)
                _append(file, data)
        except OSError as error:
            name = errno.errorcode.get(error.errno or 0, "error")
            raise ChannelError(self.name, f"{self.path}: {error.strerror} ({name})") from error


def line(alert: OwedAlert, now: Micros) -> bytes:
    """An alert as its line. Non-ASCII is escaped: no character of a title can end a line or steer a terminal."""
    # The key stands first, whatever else there is: `_mend` knows our lines by it.
    said: dict[str, object] = {"key": alert.key, **alert.payload}
    said |= {"key": alert.key, "kind": alert.kind}
    if now - alert.created_at > DELAYED_AFTER:
        said["delayed_s"] = (now - alert.created_at) // SECOND
    return json.dumps(said, ensure_ascii=True, allow_nan=False).encode() + b"\n"


@contextmanager
def _locked(path: Path) -> Iterator[int]:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    file = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield file
    finally:
        os.close(file)


def _mend(file: int) -> None:
    """Take back a torn last line of ours; end a foreign one."""
    size = os.fstat(file).st_size
    if not size or os.pread(file, 1, size - 1) == b"\n":
        return
    start = max(0, size - _TAIL_BYTES)
    piece = os.pread(file, size - start, start).rpartition(b"\n")[2]
    if _START.startswith(piece[: len(_START)]):
        os.ftruncate(file, size - len(piece))
    else:
        os.write(file, b"\n")


def _append(file: int, data: bytes) -> None:
    size = os.fstat(file).st_size
    try:
        written = os.write(file, data)
        os.fsync(file)
    except OSError:
        # Part of it may stand there. Where even that cannot be taken back, it has no line end and is no line.
        with suppress(OSError):
            os.ftruncate(file, size)
        raise
    if written != len(data):
        os.ftruncate(file, size)
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
