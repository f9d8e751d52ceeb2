"""A small single-threaded process that forks parser children. Must not: parse, or keep anything of a task.

It is started as a program of its own, so that no child inherits the daemon's sockets, database or secrets; it loads the
parsers and the compiled watchlists once, so that a child costs a fork. Messages on its control socket, one packet each:
``S`` id (with a socket) start a child; ``K`` id kill it. Back: ``R`` ready (1 if without network), ``X`` id status of a
child that ended, ``F`` id errno for a fork that failed, ``!`` why the server cannot go on.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import os
import pickle
import selectors
import signal
import socket
import struct
from typing import Any

from watcher.sources import confine, frames

MESSAGE = struct.Struct(">cQi")

_PRELOAD = (
    "watcher.sources.child",
    "watcher.sources.feed",
    "encodings.cp1251",
    "encodings.cp1252",
    "encodings.koi8_r",
    "encodings.utf_16",
    "encodings.idna",
)


def main(control_fd: int, config_fd: int) -> None:
    """Run until the daemon closes its end."""
    control = socket.socket(fileno=control_fd)
    try:
        server = _ForkServer(control, _read_config(config_fd))
    except Exception as error:  # told to the daemon, which is the only one listening
        control.send(MESSAGE.pack(b"!", 0, 0) + f"{type(error).__name__}: {error}".encode()[:300])
        raise
    server.run()


def _read_config(fd: int) -> frames.ServerConfig:
    with os.fdopen(fd, "rb") as file:
        file.seek(0)
        return frames.ServerConfig.unpack(file.read())


class _ForkServer:
    """Children by number, and the loop that starts, kills and reaps them."""

    def __init__(self, control: socket.socket, config: frames.ServerConfig) -> None:
        self._control = control
        self._limits = config.limits
        self._pids: dict[int, int] = {}
        is_isolated = confine.confine_server()
        for name in _PRELOAD:
            importlib.import_module(name)
        self._watchlists: list[Any] = [pickle.loads(compiled) for compiled in config.watchlists]  # noqa: S301 - our own
        if self._watchlists:
            importlib.import_module("watcher.core.match")
        gc.collect()
        gc.freeze()
        self._wake_read, self._wake_write = socket.socketpair()
        self._wake_write.settimeout(0)
        self._wake_read.settimeout(0)
        signal.set_wakeup_fd(self._wake_write.fileno(), warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        self._tell(b"R", 0, int(is_isolated))

    def run(self) -> None:
        """Serve until the control socket ends; children end with it."""
        with selectors.DefaultSelector() as selector:
            selector.register(self._control, selectors.EVENT_READ)
            selector.register(self._wake_read, selectors.EVENT_READ)
            while True:
                for key, _ in selector.select():
                    if key.fileobj is self._wake_read:
                        self._reap()
                    elif not self._obey():
                        self._kill_all()
                        return

    def _tell(self, letter: bytes, number: int, value: int) -> None:
        with contextlib.suppress(OSError):
            self._control.send(MESSAGE.pack(letter, number, value))

    def _obey(self) -> bool:
        """One message; False at the end of the daemon."""
        try:
            data, files, _, _ = socket.recv_fds(self._control, MESSAGE.size, 1)
        except OSError:
            return False
        if len(data) < MESSAGE.size:
            return False
        letter, number, _ = MESSAGE.unpack(data)
        if letter == b"S" and files:
            self._start(number, files[0])
        elif letter == b"K" and number in self._pids:
            os.kill(self._pids[number], signal.SIGKILL)
        return True

    def _start(self, number: int, fd: int) -> None:
        try:
            pid = os.fork()
        except OSError as error:
            self._tell(b"F", number, error.errno or 0)
        else:
            if not pid:
                self._become_child(fd)
            self._pids[number] = pid
        os.close(fd)

    def _become_child(self, fd: int) -> None:
        """Never returns."""
        code = 1
        try:
            signal.set_wakeup_fd(-1)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            sock = socket.socket(fileno=confine.close_other_files(fd))
            confine.confine_child(self._limits)
            from watcher.sources.child import serve

            serve(sock, self._watchlists, self._limits)
            code = 0
        except BaseException:  # noqa: BLE001 - nobody to tell: the daemon sees the socket's end and the status
            code = 1
        finally:
            os._exit(code)

    def _reap(self) -> None:
        with contextlib.suppress(BlockingIOError):
            while self._wake_read.recv(4096):
                pass
        for number, pid in list(self._pids.items()):
            ended, status = os.waitpid(pid, os.WNOHANG)
            if ended:
                del self._pids[number]
                self._tell(b"X", number, os.waitstatus_to_exitcode(status))

    def _kill_all(self) -> None:
        for pid in self._pids.values():
            with contextlib.suppress(OSError):
                os.kill(pid, signal.SIGKILL)
