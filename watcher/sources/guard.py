"""Decides which addresses and URLs may be contacted. Must not: connect, or resolve a name by itself.

The address is checked where the socket is made, so what is checked is what is connected: a name that resolves twice to
different addresses, a redirect, a decimal or hexadecimal host, all end at the same gate.
"""

from __future__ import annotations

import errno
import ipaddress
import re
import socket
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Protocol, cast

from yarl import URL

from watcher.core.errors import SourceError

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
AddrInfo = tuple[int | socket.AddressFamily, int | socket.SocketKind, int, str, tuple[Any, ...]]

REFUSED_MARK = "address refused:"
# The same addresses and URLs come back at every poll, and their judgement is pure. A refusal by exception is not kept.
REMEMBERED = 32_768

_PLAIN_PORTS = frozenset({80, 443})
_BAD_IN_URL = re.compile(r"[\x00-\x20\\\x7f-\xa0\u2028\u2029]")
_TRICKY = "holds a space, a control character or a backslash"
_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*:", re.IGNORECASE)
_HOST = re.compile(r"[A-Za-z0-9._-]{1,253}")
_AUTHORITY = re.compile(r"[a-z][a-z0-9+.-]*://([^/?#]*)", re.IGNORECASE)

# What `is_global` calls public although no publisher lives there.
_NEVER = tuple(
    ipaddress.ip_network(text)
    for text in (
        "0.0.0.0/8",
        "::/128",
        "168.63.129.16/32",  # Azure's own services
        "169.254.0.0/16",  # link-local, with the metadata services of most clouds
        "192.0.0.0/24",
        "192.88.99.0/24",
        "224.0.0.0/3",
        "fd00:ec2::/32",  # metadata service over IPv6
        "3fff::/20",
        "5f00::/16",
        "fe80::/10",
        "fec0::/10",
        "ff00::/8",
    )
)
_NAT64 = ipaddress.ip_network("64:ff9b::/96")
_NAT64_LOCAL = ipaddress.ip_network("64:ff9b:1::/48")
_COMPATIBLE = ipaddress.ip_network("::/96")


def embedded_address(address: Address) -> ipaddress.IPv4Address | None:
    """The IPv4 address inside a mapped, 6to4, Teredo, NAT64 or IPv4-compatible address, or None."""
    if isinstance(address, ipaddress.IPv4Address):
        return None
    inside = address.ipv4_mapped or address.sixtofour or (address.teredo[1] if address.teredo else None)
    if inside is not None:
        return inside
    if address in _NAT64 or (address in _COMPATIBLE and int(address) > 1):
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return None


@lru_cache(maxsize=REMEMBERED)
def refusal(text: str, *, allow_private: bool = False) -> str:
    """Why an address must not be contacted, or an empty string where it may be.

    ``allow_private`` opens loopback, private and shared ranges, which a user may really mean; link-local, metadata,
    multicast, unspecified and tunnel addresses stay closed.
    """
    try:
        address = ipaddress.ip_address(text.split("%", 1)[0])
    except ValueError:
        return "not an address"
    inside = embedded_address(address)
    if inside is not None:
        reason = refusal(str(inside), allow_private=allow_private)
        return f"carries {inside}, {reason}" if reason else ""
    if any(address.version == net.version and address in net for net in _NEVER):
        return "never a publisher's address"
    if allow_private:
        return ""
    is_public = address.is_global and not address.is_multicast and not address.is_reserved
    return "" if is_public and address not in _NAT64_LOCAL else "not a public address"


class Judge(Protocol):
    """Says why an address must not be contacted: `refusal`, or a stand-in that knows a test's own network."""

    def __call__(self, text: str, *, allow_private: bool = False) -> str:
        """The reason, or an empty string."""
        ...


def guarded_socket(*, allow_private: bool, judge: Judge = refusal) -> Callable[[AddrInfo], socket.socket]:
    """A socket factory that makes a socket only for an address that may be contacted.

    Raises:
        OSError: the address is refused; its text begins with ``REFUSED_MARK``.
    """

    def make(info: AddrInfo) -> socket.socket:
        family, kind, proto, _, where = info
        reason = judge(str(where[0]), allow_private=allow_private)
        if reason:
            raise OSError(errno.EACCES, f"{REFUSED_MARK} {where[0]} {reason}")
        return socket.socket(family=family, type=kind, proto=proto)

    return make


@dataclass(frozen=True, slots=True)
class Hop:
    """A URL that was checked, in the form that the client connects to: one parser for both."""

    url: URL
    text: str

    @property
    def origin(self) -> str:
        """Scheme, host and port: what credentials and politeness belong to."""
        return f"{self.url.scheme}://{self.host}:{self.url.port}"

    @property
    def host(self) -> str:
        """The host as it will be looked up, lower-case, without a final dot."""
        return (self.url.raw_host or "").rstrip(".").lower()


@lru_cache(maxsize=REMEMBERED)
def check_url(text: str, *, ports: frozenset[int] = frozenset()) -> Hop:
    """Parse a URL once and refuse every trick.

    Args:
        text: as configured, or as a ``Location`` joined with the URL it came from.
        ports: ports the configuration names, beside 80 and 443.

    Raises:
        SourceError: phase ``http``, kind ``url-refused``.
    """
    reason = _text_refusal(text)
    if reason:
        raise refused_url(reason, text)
    try:
        url = URL(text)
        port = url.port
        host = url.host
    except ValueError as error:
        raise refused_url("cannot be parsed", text) from error
    reason = _parts_refusal(url, host or "", port, ports)
    if reason:
        raise refused_url(reason, text)
    return Hop(url.with_fragment(None), str(url.with_fragment(None)))


def redirect_target(hop: Hop, location: str) -> str:
    """Where a ``Location`` leads from here, not checked yet.

    Raises:
        SourceError: it holds characters that parsers read differently.
    """
    if _BAD_IN_URL.search(location):
        raise refused_url(_TRICKY, location)
    if _SCHEME.match(location):
        return location
    if location.startswith("//"):
        return f"{hop.url.scheme}:{location}"
    try:
        return str(hop.url.join(URL(location)))
    except ValueError as error:
        raise refused_url("cannot be parsed", location) from error


@lru_cache(maxsize=REMEMBERED)
def configured_ports(text: str) -> frozenset[int]:
    """The port that a configured URL names itself, if any (nothing where it cannot be parsed: `check_url` will say)."""
    try:
        port = URL(text).explicit_port
    except ValueError:
        return frozenset()
    return frozenset({port}) if port else frozenset()


def refused_url(reason: str, text: str) -> SourceError:
    """The one error for URLs that are not contacted."""
    return SourceError("http", "url-refused", f"{reason}: {show_url(text)}")


def show_url(text: str, limit: int = 100) -> str:
    """A URL for messages: without user, password, query and fragment, escaped and cut."""
    bare = re.split(r"[?#]", text, maxsplit=1)[0]
    bare = re.sub(r"(?<=//)[^/]*@", "", bare)
    shown = escaped(bare)
    return shown if len(shown) <= limit else shown[: limit - 1] + "…"


def escaped(text: str) -> str:
    """Text with every unprintable character shown as an escape: one line, no terminal codes."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape", "replace").decode("ascii") for c in text)


def _text_refusal(text: str) -> str:
    if _BAD_IN_URL.search(text):
        return _TRICKY
    match = _AUTHORITY.match(text)
    if match is None:
        scheme = text.split(":", 1)[0] if ":" in text else ""
        return f"scheme {escaped(scheme[:20])!r} is not http or https" if scheme else "is not an absolute URL"
    return _authority_refusal(match.group(1))


def _authority_refusal(authority: str) -> str:
    if "@" in authority:
        return "holds a user name or password"
    if "%" in authority:
        return "holds an escape in its host"
    if "[" in authority and ":" not in authority.partition("]")[0]:
        return "holds brackets without an address"
    if unicodedata.normalize("NFKC", authority).casefold() != authority.casefold():
        return "holds look-alike characters in its host"
    return ""


def _parts_refusal(url: URL, host: str, port: int | None, ports: frozenset[int]) -> str:
    if url.scheme not in ("http", "https"):
        return f"scheme {url.scheme!r} is not http or https"
    if not host.strip("."):
        return "has no host"
    if not _HOST.fullmatch(url.raw_host or "") and ":" not in host:
        return "has a host that is no name and no address"
    if url.user is not None or url.password is not None:
        return "holds a user name or password"
    if port not in _PLAIN_PORTS | ports:
        return f"port {port} is not 80, 443 or the configured one"
    return ""


def as_addr_info(family: int, address: str, port: int) -> AddrInfo:
    """The tuple that the client passes to a socket factory; for tests and for doctor."""
    where: tuple[Any, ...] = (address, port) if family == socket.AF_INET else (address, port, 0, 0)
    return cast("AddrInfo", (family, socket.SOCK_STREAM, socket.IPPROTO_TCP, "", where))
