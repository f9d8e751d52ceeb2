"""Which addresses and URLs may be contacted."""

from __future__ import annotations

import contextlib
import socket

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watcher.core.errors import SourceError
from watcher.sources.guard import (
    as_addr_info,
    check_url,
    configured_ports,
    escaped,
    guarded_socket,
    redirect_target,
    refusal,
    show_url,
)

REFUSED = [
    # loopback, private, shared, link-local, unspecified, broadcast
    "127.0.0.1", "127.255.255.254", "10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.0.1", "100.64.0.1", "100.127.255.255",
    "169.254.0.1", "0.0.0.0", "0.1.2.3", "255.255.255.255", "240.0.0.1", "::1", "::", "fe80::1", "fe80::1%eth0", "fec0::1",
    "fc00::1", "fd12:3456::1",
    # metadata services of clouds
    "169.254.169.254", "169.254.170.2", "100.100.100.200", "168.63.129.16", "fd00:ec2::254",
    # multicast, documentation, benchmarking, protocol assignments
    "224.0.0.1", "239.255.255.250", "ff02::1", "ff0e::1", "192.0.2.1", "198.51.100.7", "203.0.113.9", "198.18.0.1", "192.0.0.8",
    "192.0.0.170", "192.88.99.1", "2001:db8::1", "3fff::1", "5f00::1", "2001::", "100::1",
    # an inner address carried by another one
    "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:169.254.169.254", "::127.0.0.1", "::7f00:1", "64:ff9b::7f00:1",
    "64:ff9b::10.0.0.1", "64:ff9b:1::7f00:1", "2002:7f00:1::", "2002:a00:1::1", "2001:0:1:2:3:4:80ff:fffe",
    # no address at all
    "", "localhost", "127.1", "0x7f.1", "2130706433", "0177.0.0.1", "①②⑦.0.0.1",
]  # fmt: skip
ALLOWED = [
    "8.8.8.8",
    "1.1.1.1",
    "93.184.216.34",
    "2606:4700::1111",
    "2a00:1450:4001::1",
    "::ffff:8.8.8.8",
    "64:ff9b::808:808",
]


@pytest.mark.parametrize("address", REFUSED)
def test_a17_refused_addresses(address: str) -> None:
    assert refusal(address)


@pytest.mark.parametrize("address", ALLOWED)
def test_public_addresses_are_allowed(address: str) -> None:
    assert refusal(address) == ""


@pytest.mark.parametrize(
    "address", ["127.0.0.1", "10.1.2.3", "192.168.1.1", "100.64.0.1", "::1", "fd12::1", "::ffff:10.0.0.1"]
)
def test_a21_private_addresses_of_a_source_that_may(address: str) -> None:
    assert refusal(address, allow_private=True) == ""


@pytest.mark.parametrize(
    "address",
    [
        "169.254.169.254",
        "168.63.129.16",
        "224.0.0.1",
        "0.0.0.0",
        "fe80::1",
        "ff02::1",
        "fd00:ec2::254",
        "::ffff:169.254.169.254",
        "64:ff9b::a9fe:a9fe",
    ],
)
def test_a21_metadata_and_multicast_stay_closed(address: str) -> None:
    assert refusal(address, allow_private=True)


def test_the_socket_is_made_only_for_an_allowed_address() -> None:
    with pytest.raises(OSError, match=r"address refused: 10\.0\.0\.1"):
        guarded_socket(allow_private=False)(as_addr_info(socket.AF_INET, "10.0.0.1", 80))
    with guarded_socket(allow_private=True)(as_addr_info(socket.AF_INET6, "::1", 80)) as made:
        assert made.family == socket.AF_INET6


TRICKS = [
    "", "x", "//x.test/", "/path", "http:", "http://", "http:///path", "http:x.test", "HTTP:/x.test", "file:///etc/passwd", "ftp://x.test/",
    "data:text/plain,x", "javascript:alert(1)", " JaVa\tScRiPt:alert(1)", "gopher://x.test/", "feed://x.test/", "ws://x.test/",
    "http://x.test\\@y.test/", "http://x.test/\\y", "http://x.test/ y", " http://x.test/", "http://x.test/\n", "http://x.test/\0",
    "http://x\t.test/", "http://x.test\r\nHost: y/", "http://user@x.test/", "http://user:secret@x.test/", "http://@x.test/", "http://:@x.test/",
    "http://x.test%00.y.test/", "http://x%2etest/", "http://[::1%25eth0]/", "http://[::1/", "http://[]/", "http://[v1.x]/",
    "http://x.test:99999/", "http://x.test:-1/", "http://x.test:8080/", "http://x.test:22/", "http://x.test:0/", "http://x.test:8 0/",
    "http://①②⑦.0.0.1/", "http://１２７.0.0.1/", "http://ｌocalhost/", "http://ⓛocalhost/", "http://x.test\u2028/", "http://x.test\u00a0/",
]  # fmt: skip


@pytest.mark.parametrize("url", TRICKS)
def test_a20_tricks_in_urls(url: str) -> None:
    with pytest.raises(SourceError) as caught:
        check_url(url)
    assert (caught.value.phase, caught.value.kind) == ("http", "url-refused")
    assert "secret" not in caught.value.detail


@pytest.mark.parametrize(
    ("url", "origin", "text"),
    [
        ("http://x.test", "http://x.test:80", "http://x.test"),
        ("HTTPS://X.TEST./a?b=c#d", "https://x.test:443", "https://x.test./a?b=c"),
        ("http://пример.рф/п", "http://xn--e1afmkfd.xn--p1ai:80", "http://xn--e1afmkfd.xn--p1ai/%D0%BF"),
        ("http://x.test:80/?u=http://user@y/", "http://x.test:80", "http://x.test/?u=http://user@y/"),
        ("http://[2606:4700::1111]/", "http://2606:4700::1111:80", "http://[2606:4700::1111]/"),
    ],
)
def test_good_urls_keep_their_parts(url: str, origin: str, text: str) -> None:
    hop = check_url(url)
    assert hop.origin == origin
    assert hop.text == text


def test_the_configured_port_is_allowed() -> None:
    url = "http://x.test:8080/feed"
    assert configured_ports(url) == {8080}
    assert configured_ports("http://[") == frozenset()
    assert check_url(url, ports=configured_ports(url)).url.port == 8080


@pytest.mark.parametrize(
    ("location", "target"),
    [("/b", "https://x.test/b"), ("c?d", "https://x.test/a/c?d"), ("//y.test/", "https://y.test/"), ("http://y.test/", "http://y.test/"),
     ("javascript:1", "javascript:1"), ("?q", "https://x.test/a/feed?q"), ("../up", "https://x.test/up")],
)  # fmt: skip
def test_redirect_targets(location: str, target: str) -> None:
    assert redirect_target(check_url("https://x.test/a/feed"), location) == target


def test_redirect_targets_that_cannot_be_parsed() -> None:
    with pytest.raises(SourceError):
        redirect_target(check_url("https://x.test/"), "/\\y.test")


def test_shown_urls_hold_no_secret_and_no_control() -> None:
    shown = show_url("http://user:secret@x.test/feed\x1b[31m?token=secret#secret")
    assert "secret" not in shown
    assert shown.isprintable()
    assert len(show_url("http://x.test/" + "a" * 500)) == 100
    assert escaped("a\ud800\n") == "a\\ud800\\n"


@given(st.text(max_size=60))
def test_a20_any_text_is_refused_or_is_a_plain_web_address(text: str) -> None:
    hop = None
    with contextlib.suppress(SourceError):
        hop = check_url(f"http://{text}")
    if hop is not None:
        assert hop.url.scheme == "http"
        assert hop.host
        assert hop.url.user is None
        assert hop.url.port == 80
