"""The file form of evidence: one way to write it, every changed byte found, everything else refused."""

from __future__ import annotations

import io
import json
import struct
import zipfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watcher.core import bundle
from watcher.core.bundle import (
    MANIFEST,
    SUMS,
    BundleDamaged,
    as_packed,
    differences,
    from_json,
    manifest_of,
    pack,
    sealed,
    sha256,
    to_json,
    unpack,
)

NAMES = st.from_regex(r"\A[a-z0-9]{1,8}(/[a-z0-9.]{1,1}[a-z0-9]{1,4})?\Z").filter(lambda name: "/." not in name)
MEMBERS = st.dictionaries(NAMES, st.binary(max_size=60), min_size=1, max_size=5)


@given(MEMBERS)
def test_what_is_packed_comes_out_again_and_ordinary_tools_read_it(members):
    data = pack(members)

    assert unpack(data) == members
    assert as_packed(data, members) is None
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert archive.testzip() is None
        assert {name: archive.read(name) for name in archive.namelist()} == members
        assert archive.namelist() == sorted(members)


def problems(data: bytes) -> list[str]:
    try:
        members = unpack(data)
        found = [f"{one.where}: {one.what}" for one in differences(members, manifest_of(members))]
    except BundleDamaged as error:
        return [str(error)]
    other = as_packed(data, members)
    return [*found, *([other.what] if other else [])]


GOOD = pack(sealed({"body/one": b"bytes as fetched", "hit.json": to_json({"hit": 1})}, {"hit": 1}))


def test_a_whole_bundle_has_no_difference():
    assert problems(GOOD) == []


@given(st.integers(0, len(GOOD) - 1), st.integers(1, 255))
def test_any_changed_byte_is_found(at, change):
    assert problems(GOOD[:at] + bytes([GOOD[at] ^ change]) + GOOD[at + 1 :])


@given(st.integers(0, len(GOOD) - 1))
def test_a_cut_is_found(at):
    assert problems(GOOD[:at])


@given(st.binary(min_size=1, max_size=9), st.integers(0, len(GOOD)))
def test_anything_put_in_is_found(more, at):
    changed = GOOD[:at] + more + GOOD[at:]
    assert changed == GOOD or problems(changed)


@given(st.binary(max_size=300))
def test_other_bytes_are_refused(data):
    assert problems(data)


def test_it_says_which_member_differs():
    members = sealed({"a": b"one", "b": b"two"}, {})
    members["a"] = b"ONE"
    members["c"] = b"more"
    del members["b"]

    assert [f"{one.where} {one.what.split(',')[0]}" for one in differences(members, manifest_of(members))] == [
        f"a SHA-256 is {sha256(b'ONE')}",
        "b is missing",
        "c is not listed in the manifest",
        "SHA256SUMS is not the list of these members' digests",
    ]


def archive(*members: tuple[str, bytes], method: int = zipfile.ZIP_STORED) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", method) as target:
        for name, data in members:
            target.writestr(name, data)
    return made.getvalue()


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "no ZIP archive"),
        (b"PK\x03\x04" + bytes(9), "inside of a header"),
        (archive(("../../etc/passwd", b"x")), "no name that a bundle holds"),
        (archive(("/etc/passwd", b"x")), "no name that a bundle holds"),
        (archive(("a/../b", b"x")), "no name that a bundle holds"),
        (archive(("n" * 201, b"x")), "no name that a bundle holds"),
        (archive(("bomb", bytes(1 << 22)), method=zipfile.ZIP_DEFLATED), "packed in a way"),
        (archive(("b", b"x"), ("a", b"x")), "twice, or out of order"),
        (GOOD[:-40], "is not as it is written"),
        (GOOD[: len(GOOD) // 2], "inside of member"),
        (GOOD[: GOOD.index(b"PK\x01\x02")], "cut or changed there"),
        (archive(("a", b"x")), "holds no manifest.json"),
    ],
)
def test_hostile_and_broken_archives_are_refused_with_the_reason(data, why):
    assert why in " ".join(problems(data))


def test_members_twice_too_many_and_too_much_are_refused(monkeypatch):
    one = pack({"a": b"x"})
    local = one[: one.index(b"PK\x01\x02")]
    assert "twice" in problems(local + one)[0]
    monkeypatch.setattr(bundle, "MOST_MEMBERS", 1)
    two = local + pack({"b": b""})
    assert "more than 1 members" in problems(two)[0]
    with pytest.raises(ValueError, match="more than 1 members"):
        pack({"a": b"", "b": b""})
    monkeypatch.setattr(bundle, "MOST_BYTES", 10)
    assert "more than 20 bytes" in problems(one)[0]


def test_a_length_that_lies_is_refused():
    size = struct.pack("<L", 1 << 31)
    at = GOOD.index(b"PK\x03\x04") + 18
    assert "inside of member" in problems(GOOD[:at] + size + size + GOOD[at + 8 :])[0]


@pytest.mark.parametrize(
    ("manifest", "why"),
    [
        (b"\xff", "it is no JSON"),
        (b"[" * 100_000, "it is no JSON"),
        (b"{", "Expecting"),
        (b"[]", "not that of a bundle"),
        (to_json({"format": "other"}), "not that of a bundle"),
        (to_json({"format": "watcher evidence", "format_version": 2}), "version 2; this program reads 1"),
        (to_json({"format": "watcher evidence", "format_version": 1}), "does not list"),
        (to_json({"format": "watcher evidence", "format_version": 1, "members": [{"name": 1}]}), "does not list"),
    ],
)
def test_a_manifest_that_is_none_is_refused(manifest, why):
    with pytest.raises(BundleDamaged, match=why):
        list(differences({MANIFEST: manifest}, manifest_of({MANIFEST: manifest})))


def test_names_that_are_none_are_not_packed():
    with pytest.raises(ValueError, match="no name of a member"):
        pack({"../a": b""})


def test_sums_are_as_common_tools_read_them():
    members = sealed({"a": b"one"}, {"hit": 1})

    assert members[SUMS].decode().splitlines()[0] == f"{sha256(b'one')}  a"
    assert json.loads(members[MANIFEST])["members"] == [{"name": "a", "sha256": sha256(b"one"), "size": 3}]
    assert from_json(members[MANIFEST])["hit"] == 1
