"""A command in a pseudo-terminal: keys in, what is shown out. Must not: hold tests."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Self

DEADLINE_S = 30.0

_START = """
import fcntl, signal, sys, termios
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
signal.signal(signal.SIGINT, signal.default_int_handler)
from watcher.cli import main
sys.exit(main())
"""
"""The terminal is the process's own, so that Ctrl-C and a resize reach it, whatever our own parent does with signals."""


class Terminal:
    """watcher with arguments in a terminal of a size. ``wait`` reads until a text was shown."""

    def __init__(self, arguments: Sequence[str], env: Mapping[str, str], *, rows: int = 30, columns: int = 100) -> None:
        self._ours, theirs = pty.openpty()
        self._size(theirs, rows, columns)
        self.process = subprocess.Popen(
            [sys.executable, "-c", _START, *arguments],
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            env={name: value for name, value in os.environ.items() if name not in ("LINES", "COLUMNS")}
            | {"TERM": "xterm", **env},
            start_new_session=True,
        )
        os.close(theirs)
        self.shown = ""
        self._since = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        os.close(self._ours)

    @staticmethod
    def _size(file: int, rows: int, columns: int) -> None:
        fcntl.ioctl(file, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def resize(self, rows: int, columns: int) -> None:
        self._since = len(self.shown)
        self._size(self._ours, rows, columns)

    def press(self, keys: str) -> None:
        """Write keys; what is shown from now on is waited for."""
        self._since = len(self.shown)
        os.write(self._ours, keys.encode())

    def wait(self, text: str) -> str:
        """What was shown since the last key, once it holds the text."""
        end = time.monotonic() + DEADLINE_S
        while text not in self.shown[self._since :]:
            left = end - time.monotonic()
            if left <= 0 or not self._read(left):
                raise AssertionError(f"{text!r} was not shown but {self.shown[self._since :]!r}")
        return self.shown[self._since :]

    def end(self) -> int:
        """Read to the end; the exit code."""
        while self._read(DEADLINE_S):
            pass
        return self.process.wait(DEADLINE_S)

    def _read(self, patience_s: float) -> bool:
        if not select.select([self._ours], [], [], patience_s)[0]:
            return False
        try:
            data = os.read(self._ours, 65536)
        except OSError:  # the other end is closed: Linux says it this way
            return False
        self.shown += data.decode(errors="replace")
        return bool(data)
