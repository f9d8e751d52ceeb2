"""Reads single keys from a terminal. Must not: know what a key means.

The terminal stays in this mode between keys, so that what is typed ahead is not lost (setting it anew for every key would
throw it away); a line is asked for in the terminal's own mode. A signal (Ctrl-C, a resize) that comes in the instant
before a read would be noticed only at the next key: it wakes what waits through a pipe instead.
"""

from __future__ import annotations

import os
import select
import signal
import termios
import tty
from types import TracebackType
from typing import Any, Self

import click

_LONGEST_LINE = 65_536
_ESCAPE_WAIT_S = 0.05
"""The rest of an arrow key's sequence comes at once; a lone Escape is followed by nothing."""


class Keys:
    """Keys of a terminal; a context manager that leaves the terminal as it was."""

    def __init__(self, file: int) -> None:
        self._file = file
        self._before: list[Any] = []
        self._woken, self._wakes = -1, -1
        self._woke_before = -1

    def __enter__(self) -> Self:
        """From now on keys come one by one, and are not shown."""
        self._woken, self._wakes = os.pipe()
        os.set_blocking(self._wakes, False)
        self._woke_before = signal.set_wakeup_fd(self._wakes, warn_on_full_buffer=False)
        self._before = termios.tcgetattr(self._file)
        tty.setcbreak(self._file, termios.TCSADRAIN)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """The terminal as it was."""
        signal.set_wakeup_fd(self._woke_before)
        os.close(self._wakes)
        os.close(self._woken)
        termios.tcsetattr(self._file, termios.TCSADRAIN, self._before)

    def key(self) -> str:
        """The next key: a character, or the whole sequence of an arrow key.

        Raises:
            EOFError: the terminal is gone.
        """
        data = self._byte()
        if data == b"\x1b":
            while len(data) < 8 and select.select([self._file], [], [], _ESCAPE_WAIT_S)[0]:
                data += self._byte()
                if len(data) > 2 and (data[-1:].isalpha() or data[-1:] == b"~"):
                    break
        else:
            for _ in range(_more(data[0])):
                data += self._byte()
        return data.decode(errors="replace")

    def line(self, prompt: str) -> str:
        """A line, edited in the terminal's own mode; nothing where the person thinks better of it (Ctrl-C)."""
        termios.tcsetattr(self._file, termios.TCSADRAIN, self._before)
        try:
            click.echo(f"{prompt} ", nl=False)
            self._wait()
            return os.read(self._file, _LONGEST_LINE).decode(errors="replace").rstrip("\n")
        except KeyboardInterrupt:
            return ""
        finally:
            tty.setcbreak(self._file, termios.TCSADRAIN)

    def _byte(self) -> bytes:
        self._wait()
        data = os.read(self._file, 1)
        if not data:
            raise EOFError
        return data

    def _wait(self) -> None:
        """Until something is typed; the handlers of signals run meanwhile."""
        while self._file not in select.select([self._file, self._woken], [], [])[0]:
            os.read(self._woken, 512)


def _more(first: int) -> int:
    """Bytes that follow the first one of a character in UTF-8."""
    return (first >= 0xC0) + (first >= 0xE0) + (first >= 0xF0)
