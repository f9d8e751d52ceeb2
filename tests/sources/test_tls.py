"""Rows A-24 and A-25: certificates of a test's own authority, and a way down to plain HTTP."""

from __future__ import annotations

import shutil
import ssl
import subprocess
from pathlib import Path

import pytest

from tests.server import Server, redirect, reply
from tests.sources.helpers import claim, failure, fetcher, item, rss, run
from watcher.core.errors import SourceError
from watcher.core.model import Fetched

BODY = rss(item(1)).encode()

pytestmark = pytest.mark.skipif(shutil.which("openssl") is None, reason="no openssl program to make certificates with")


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An authority and certificates by it: good, expired, for another host, and one by nobody."""
    folder = tmp_path_factory.mktemp("tls")
    key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    openssl(
        folder, "req", "-x509", *key, "-keyout", "ca.key", "-out", "ca.pem", "-subj", "/CN=test authority", "-days", "2"
    )
    openssl(folder, "req", "-x509", *key, "-keyout", "self.key", "-out", "self.pem", "-subj", "/CN=localhost", "-days", "2",
            "-addext", "subjectAltName=IP:127.0.0.1")  # fmt: skip
    for name, host, days in (
        ("good", "IP:127.0.0.1", "2"),
        ("expired", "IP:127.0.0.1", "-1"),
        ("other", "DNS:other.test", "2"),
    ):
        openssl(
            folder,
            "req",
            *key,
            "-keyout",
            f"{name}.key",
            "-out",
            f"{name}.csr",
            "-subj",
            "/CN=x",
            "-addext",
            f"subjectAltName={host}",
        )
        openssl(folder, "x509", "-req", "-in", f"{name}.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-days", days,
                "-copy_extensions", "copy", "-out", f"{name}.pem")  # fmt: skip
    return folder


def openssl(folder: Path, *arguments: str) -> None:
    subprocess.run(["openssl", *arguments], cwd=folder, check=True, capture_output=True, timeout=60)


def serving(folder: Path, name: str) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / f"{name}.pem", folder / f"{name}.key")
    return context


async def ask(folder: Path, url: str) -> Fetched:
    async with fetcher(ssl_context=ssl.create_default_context(cafile=folder / "ca.pem")) as http:
        return await http.fetch(claim(url))


def test_a_good_certificate_is_taken(certificates: Path) -> None:
    with Server(tls=serving(certificates, "good")) as server:
        server.on("/", reply(BODY))
        assert run(ask(certificates, server.url("/"))).body == BODY


@pytest.mark.parametrize(("name", "words"), [("expired", "expired"), ("other", "not valid"), ("self", "self-signed")])
def test_a25_bad_certificates_are_refused(certificates: Path, name: str, words: str) -> None:
    with Server(tls=serving(certificates, name)) as server:
        server.on("/", reply(BODY))
        error = failure(ask(certificates, server.url("/")))
        assert not server.requests
    assert (error.phase, error.kind) == ("tls", "bad-certificate")
    assert words in error.detail.lower().replace("self signed", "self-signed").replace(
        "doesn't match", "not valid"
    ).replace("mismatch", "not valid")


def test_a25_the_systems_trust_does_not_know_our_authority(certificates: Path) -> None:
    async def work() -> Fetched:
        async with fetcher() as http:
            return await http.fetch(claim(server.url("/")))

    with Server(tls=serving(certificates, "good")) as server:
        assert failure(work()).kind == "bad-certificate"


def test_a24_a_redirect_down_to_http_is_refused(certificates: Path) -> None:
    with Server(tls=serving(certificates, "good")) as server:
        server.on("/", redirect(f"http://127.0.0.1:{server.port}/plain"))
        error = failure(ask(certificates, server.url("/")))
    assert (error.phase, error.kind) == ("http", "url-refused")
    assert "https to http" in error.detail


def test_a38_plain_http_to_a_tls_port(certificates: Path) -> None:
    with Server(tls=serving(certificates, "good")) as server:
        server.on("/", reply(BODY))
        with pytest.raises(SourceError) as caught:
            run(ask(certificates, server.url("/").replace("https:", "http:")))
        assert caught.value.kind in {"disconnected", "protocol"}
