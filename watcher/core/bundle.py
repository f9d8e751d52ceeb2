"""The file form of a bundle of evidence: members, their digests, one sequence of bytes. Must not: open a file, or say what members mean.

A bundle is a ZIP archive that any tool opens, written in one way only: members sorted by name, not compressed, without
times. So the same members are the same bytes for ever (a compressor may change, this cannot), a byte that differs is
found wherever it stands, and whatever is not written like this is refused before anything is made of it.
"""

from __future__ import annotations

import hashlib
import json
import re
import struct
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

MANIFEST: Final = "manifest.json"
SUMS: Final = "SHA256SUMS"
FORMAT: Final = "watcher evidence"
FORMAT_VERSION: Final = 1
MOST_BYTES: Final = 512 * 1024 * 1024
MOST_MEMBERS: Final = 5000
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*(?:/[A-Za-z0-9][A-Za-z0-9._-]*)*")

_LOCAL: Final = struct.Struct("<4sHHHHHLLLHH")
_CENTRAL: Final = struct.Struct("<4sHHHHHHLLLHHHHHLL")
_END: Final = struct.Struct("<4sHHHHLLH")
_FIRST_DAY: Final = 0x21  # 1 January 1980: the first that the format can say


class BundleDamaged(ValueError):
    """It is no bundle, or not one as it was written; the message says where."""


@dataclass(frozen=True, slots=True)
class Difference:
    """Something that is not as it was written down: where, and what."""

    where: str
    what: str


def to_json(value: Any) -> bytes:
    """JSON as members hold it: readable, keys sorted, ASCII only, the same bytes for the same value."""
    return (json.dumps(value, allow_nan=False, indent=1, sort_keys=True) + "\n").encode("ascii")


def from_json(data: bytes) -> Any:
    """What a member says.

    Raises:
        ValueError: it is no JSON.
    """
    try:
        return json.loads(data)
    except (UnicodeDecodeError, RecursionError) as error:
        raise ValueError(f"it is no JSON: {error}") from None


def sha256(data: bytes) -> str:
    """SHA-256 in hexadecimal."""
    return hashlib.sha256(data).hexdigest()


# --- members ------------------------------------------------------------------------------------------------------


def sealed(members: Mapping[str, bytes], about: Mapping[str, Any]) -> dict[str, bytes]:
    """The members with their manifest (what this is, and each member's size and digest) and SHA256SUMS beside it."""
    listed = [{"name": name, "size": len(data), "sha256": sha256(data)} for name, data in sorted(members.items())]
    head = {"format": FORMAT, "format_version": FORMAT_VERSION}
    whole = {**members, MANIFEST: to_json({**about, **head, "members": listed})}
    return {**whole, SUMS: _sums(whole)}


def _sums(members: Mapping[str, bytes]) -> bytes:
    """As ``sha256sum --check`` reads it."""
    return "".join(f"{sha256(data)}  {name}\n" for name, data in sorted(members.items())).encode()


def manifest_of(members: Mapping[str, bytes]) -> dict[str, Any]:
    """The manifest.

    Raises:
        BundleDamaged: there is none, or none that this version understands.
    """
    try:
        manifest = from_json(members[MANIFEST])
    except KeyError:
        raise BundleDamaged(f"it holds no {MANIFEST}: it is no bundle of evidence") from None
    except ValueError as error:
        raise BundleDamaged(f"{MANIFEST}: {error}") from None
    if not isinstance(manifest, dict) or manifest.get("format") != FORMAT:
        raise BundleDamaged(f"{MANIFEST} is not that of a bundle of evidence")
    if manifest.get("format_version") != FORMAT_VERSION:
        raise BundleDamaged(
            f"its form is version {manifest.get('format_version')!r}; this program reads {FORMAT_VERSION}"
        )
    return manifest


def differences(members: Mapping[str, bytes], manifest: Mapping[str, Any]) -> Iterator[Difference]:
    """Members that are not as the manifest says, and sums that are not those of the members.

    Raises:
        BundleDamaged: the manifest lists no members.
    """
    listed = _listed(manifest)
    for name, (size, digest) in listed.items():
        data = members.get(name)
        if data is None:
            yield Difference(name, "is missing")
        elif sha256(data) != digest:
            yield Difference(
                name, f"SHA-256 is {sha256(data)}, not {digest} ({len(data):,} bytes, {size:,} were written)"
            )
    for name in sorted(set(members) - set(listed) - {MANIFEST, SUMS}):
        yield Difference(name, "is not listed in the manifest")
    if members.get(SUMS) != _sums({name: data for name, data in members.items() if name != SUMS}):
        yield Difference(SUMS, "is not the list of these members' digests")


def _listed(manifest: Mapping[str, Any]) -> dict[str, tuple[int, str]]:
    try:
        return {str(one["name"]): (int(one["size"]), str(one["sha256"])) for one in manifest["members"]}
    except (KeyError, TypeError, ValueError):
        raise BundleDamaged(f"{MANIFEST} does not list the members as it should") from None


# --- bytes --------------------------------------------------------------------------------------------------------


def pack(members: Mapping[str, bytes]) -> bytes:
    """The archive of members.

    Raises:
        ValueError: a name that is none, or too much.
    """
    if len(members) > MOST_MEMBERS or sum(map(len, members.values())) > MOST_BYTES:
        raise ValueError(f"more than {MOST_MEMBERS:,} members or {MOST_BYTES:,} bytes")
    parts: list[bytes] = []
    directory: list[bytes] = []
    at = 0
    for name, data in sorted(members.items()):
        if _NAME.fullmatch(name) is None or len(name) > 200:
            raise ValueError(f"{name!r} is no name of a member")
        local, central = _headers(name.encode("ascii"), data, at)
        parts += [local, data]
        directory.append(central)
        at += len(local) + len(data)
    index = b"".join(directory)
    end = _END.pack(b"PK\x05\x06", 0, 0, len(directory), len(directory), len(index), at, 0)
    return b"".join([*parts, index, end])


def _headers(name: bytes, data: bytes, at: int) -> tuple[bytes, bytes]:
    facts = (0, 0, 0, _FIRST_DAY, zlib.crc32(data), len(data), len(data), len(name), 0)
    local = _LOCAL.pack(b"PK\x03\x04", 10, *facts)
    made_by_unix, readable_file = 3 << 8 | 10, 0o100644 << 16
    central = _CENTRAL.pack(b"PK\x01\x02", made_by_unix, 10, *facts, 0, 0, 0, readable_file, at)
    return local + name, central + name


def unpack(data: bytes) -> dict[str, bytes]:
    """The members of an archive that `pack` wrote.

    Only lengths and names are trusted here, and checked: the rest is compared (`as_packed`).

    Raises:
        BundleDamaged: it was not written by `pack`, or ends early.
    """
    if len(data) > MOST_BYTES * 2:
        raise BundleDamaged(f"it has more than {MOST_BYTES * 2:,} bytes")
    members: dict[str, bytes] = {}
    at, before = 0, ""
    while data[at : at + 4] == b"PK\x03\x04":
        name, start, size = _member(data, at)
        if name <= before:
            raise BundleDamaged(f"member {name!r} at byte {at:,} is there twice, or out of order")
        if len(members) >= MOST_MEMBERS:
            raise BundleDamaged(f"it has more than {MOST_MEMBERS:,} members")
        members[name] = data[start : start + size]
        at, before = start + size, name
    if not members:
        raise BundleDamaged("it is no ZIP archive")
    if data[at : at + 4] != b"PK\x01\x02":
        raise BundleDamaged(f"no member and no directory begins at byte {at:,}: it was cut or changed there")
    return members


def _member(data: bytes, at: int) -> tuple[str, int, int]:
    """Name, start and size of the member whose header stands there."""
    if len(data) - at < _LOCAL.size:
        raise BundleDamaged(f"it ends at byte {len(data):,}, inside of a header")
    _, _, flags, method, _, _, _, packed, size, length, extra = _LOCAL.unpack_from(data, at)
    name = data[at + _LOCAL.size : at + _LOCAL.size + length].decode("latin-1")
    if _NAME.fullmatch(name) is None or length > 200:
        raise BundleDamaged(f"{name[:80]!r} at byte {at:,} is no name that a bundle holds")
    if flags or method or extra or packed != size:
        raise BundleDamaged(f"member {name} is packed in a way that a bundle never is")
    start = at + _LOCAL.size + length
    if start + size > len(data):
        raise BundleDamaged(f"it ends at byte {len(data):,}, inside of member {name}")
    return name, start, size


def as_packed(data: bytes, members: Mapping[str, bytes]) -> Difference | None:
    """Where the archive's bytes are not those that its members make, or None."""
    wanted = pack(members)
    if data == wanted:
        return None
    pairs: Sequence[tuple[int, int]] = list(zip(data, wanted, strict=False))
    at = next((place for place, (is_, should) in enumerate(pairs) if is_ != should), len(pairs))
    return Difference("archive", f"byte {at:,} is not as it is written by watcher ({len(data):,} bytes)")
