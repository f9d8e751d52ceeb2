"""Every fault of the client has its phase and kind."""

from __future__ import annotations

import errno
import inspect
import socket
import ssl
from types import SimpleNamespace

import aiohttp
import pytest
from aiohttp import client_exceptions, http_exceptions
from yarl import URL

from tests.sources.helpers import sound
from watcher.core.errors import SourceError
from watcher.sources.httpfaults import to_source_error

KEY = SimpleNamespace(host="x.test", port=443, ssl=True, is_ssl=True)
URL_TEXT = "https://user:secret@x.test/feed?token=secret"
PHASES = {"dns", "connect", "tls", "http", "decode"}


def classes(module: object) -> list[type[BaseException]]:
    found = [value for value in vars(module).values() if inspect.isclass(value) and issubclass(value, BaseException)]
    return sorted({one for one in found if one.__module__ == module.__name__}, key=lambda one: one.__name__)  # type: ignore[attr-defined]


def made(kind: type[BaseException]) -> BaseException:
    """An instance, by whichever of the client's constructors fits."""
    info = SimpleNamespace(real_url=URL("https://x.test/?token=secret"))
    certificate = ssl.SSLCertVerificationError(1, "certificate verify failed")
    for arguments in (
        (KEY, certificate), (KEY, OSError(errno.ECONNREFUSED, "refused")), (info, ()), ("/sock", KEY, OSError(5, "x")),
        (b"expected", b"got", "x.test", 443), ("some words",), (),
    ):  # fmt: skip
        try:
            error = kind(*arguments)
            str(error)
        except (TypeError, AttributeError):
            continue
        return error
    raise AssertionError(f"cannot make {kind}")


@pytest.mark.parametrize("kind", [*classes(client_exceptions), *classes(http_exceptions)])
def test_every_exception_of_the_client_is_mapped(kind: type[BaseException]) -> None:
    error = sound(to_source_error(made(kind), URL_TEXT))
    assert error.phase in PHASES
    assert error.kind != "failed" or error.phase == "connect"
    assert "secret" not in str(error)


@pytest.mark.parametrize(
    ("error", "phase", "kind"),
    [
        (TimeoutError(), "http", "timeout"),
        (aiohttp.ConnectionTimeoutError(), "connect", "timeout"),
        (aiohttp.ClientConnectorDNSError(KEY, socket.gaierror(-2, "Name or service not known")), "dns", "not-found"),
        (aiohttp.ClientConnectorError(KEY, OSError(errno.EACCES, "address refused: 10.0.0.1 inner")), "connect", "address-refused"),
        (aiohttp.ClientConnectorError(KEY, OSError(errno.EHOSTUNREACH, "x")), "connect", "failed"),
        (ssl.SSLError(1, "wrong version"), "tls", "handshake"),
        (ConnectionResetError(errno.ECONNRESET, "reset"), "connect", "failed"),
        (UnicodeError("label too long"), "http", "protocol"),
        (RuntimeError("ours"), "http", "failed"),
    ],
)  # fmt: skip
def test_others(error: BaseException, phase: str, kind: str) -> None:
    mapped = sound(to_source_error(error, URL_TEXT))
    assert (mapped.phase, mapped.kind) == (phase, kind)


def test_a_source_error_stays_itself() -> None:
    error = SourceError("http", "gone", "x", status=410)
    assert to_source_error(error, URL_TEXT) is error


def test_a26_a_certificate_from_the_future_points_at_the_clock() -> None:
    certificate = ssl.SSLCertVerificationError(1, "x")
    certificate.verify_message = "certificate is not yet valid"
    error = sound(to_source_error(aiohttp.ClientConnectorCertificateError(KEY, certificate), URL_TEXT))
    assert (error.phase, error.kind) == ("tls", "bad-certificate")
    assert "check the local clock" in error.detail


def test_details_are_short_one_line_and_without_queries() -> None:
    error = sound(
        to_source_error(aiohttp.ClientError("bad\n\x1b[31m" + "x" * 5000 + " https://x.test/?token=secret"), URL_TEXT)
    )
    assert "secret" not in error.detail
