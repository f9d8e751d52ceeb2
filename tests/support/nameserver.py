"""A small name server on loopback, and a look-up that asks it over UDP. Must not: know more than questions for A and AAAA."""

from __future__ import annotations

import socket
import struct
import threading
from collections.abc import Sequence
from typing import Self

A, AAAA, CNAME = 1, 28, 5
_HEADER = struct.Struct("!HHHHHH")


class NameServer:
    """Answers questions for names it was told; each question for a name takes the next of its answers, the last one stays.

    ``seen`` are the questions as they came, so that a test can tell how often a name was asked for.
    """

    def __init__(self, ttl: int = 0) -> None:
        self.seen: list[tuple[str, int]] = []
        self._ttl = ttl
        self._answers: dict[tuple[str, int], list[tuple[str, ...]]] = {}
        self._aliases: dict[str, str] = {}
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self._thread = threading.Thread(target=self._serve, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as bell:
            bell.sendto(b"", self._socket.getsockname())  # an empty question ends it
        self._thread.join(10)
        self._socket.close()

    @property
    def address(self) -> tuple[str, int]:
        return ("127.0.0.1", int(self._socket.getsockname()[1]))

    def on(self, name: str, *answers: Sequence[str], kind: int = A) -> None:
        """What a name is, from the first question to the last."""
        self._answers[name, kind] = [tuple(answer) for answer in answers]

    def alias(self, name: str, target: str) -> None:
        """A name that is another one."""
        self._aliases[name] = target

    def resolve(self, host: str, port: int) -> list[tuple[int, str]]:
        """A look-up as the system makes it: A and AAAA over UDP; what the fetcher is given instead of getaddrinfo."""
        del port
        found: list[tuple[int, str]] = [(socket.AF_INET, text) for text in ask(self.address, host, A)]
        found += [(socket.AF_INET6, text) for text in ask(self.address, host, AAAA)]
        if not found:
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return found

    def _serve(self) -> None:
        while True:
            question, sender = self._socket.recvfrom(512)
            if not question:
                return
            self._socket.sendto(self._answer(question), sender)

    def _answer(self, question: bytes) -> bytes:
        name, end = _read_name(question, _HEADER.size)
        kind = struct.unpack_from("!H", question, end)[0]
        self.seen.append((name, kind))
        owner = self._aliases.get(name, name)
        turns = self._answers.get((owner, kind), [()])
        texts = turns.pop(0) if len(turns) > 1 else turns[0]
        records = [(name, CNAME, _wire(owner))] if owner != name else []
        family = socket.AF_INET if kind == A else socket.AF_INET6
        records += [(owner, kind, socket.inet_pton(family, text)) for text in texts]
        head = _HEADER.pack(struct.unpack_from("!H", question)[0], 0x8180, 1, len(records), 0, 0)
        body = b"".join(
            _wire(who) + struct.pack("!HHIH", what, 1, self._ttl, len(data)) + data for who, what, data in records
        )
        return head + question[_HEADER.size : end + 4] + body


def ask(server: tuple[str, int], host: str, kind: int) -> list[str]:
    """The addresses that a server gives for a name."""
    question = _HEADER.pack(7, 0x0100, 1, 0, 0, 0) + _wire(host) + struct.pack("!HH", kind, 1)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as line:
        line.settimeout(10)
        line.sendto(question, server)
        answer = line.recv(4096)
    count = _HEADER.unpack_from(answer)[3]
    _, place = _read_name(answer, _HEADER.size)
    place, found = place + 4, []
    for _ in range(count):
        _, place = _read_name(answer, place)
        what, _, _, size = struct.unpack_from("!HHIH", answer, place)
        data, place = answer[place + 10 : place + 10 + size], place + 10 + size
        if what == kind:
            found.append(socket.inet_ntop(socket.AF_INET if kind == A else socket.AF_INET6, data))
    return found


def _wire(name: str) -> bytes:
    parts = name.rstrip(".").encode("idna").split(b".")
    return b"".join(bytes([len(part)]) + part for part in parts) + b"\0"


def _read_name(packet: bytes, place: int) -> tuple[str, int]:
    parts = []
    while size := packet[place]:
        parts.append(packet[place + 1 : place + 1 + size].decode("ascii"))
        place += 1 + size
    return ".".join(parts), place + 1
