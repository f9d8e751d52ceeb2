"""Tells what bytes or text are that are not a feed, and whether a page is a bot filter. Must not: parse."""

from __future__ import annotations

import html
import re

_MAGIC: tuple[tuple[bytes, str], ...] = (
    (b"\x89PNG", "a PNG image"),
    (b"GIF8", "a GIF image"),
    (b"\xff\xd8\xff", "a JPEG image"),
    (b"RIFF", "a RIFF file (WebP image or sound)"),
    (b"\x00\x00\x01\x00", "an icon"),
    (b"%PDF", "a PDF document"),
    (b"\x1f\x8b", "gzip data inside the body"),
    (b"PK\x03\x04", "a zip archive"),
    (b"\x28\xb5\x2f\xfd", "zstd data"),
    (b"BZh", "bzip2 data"),
    (b"\xfd7zXZ", "xz data"),
    (b"\x7fELF", "a program"),
)
_TITLE = re.compile(r"<title[^<>]{0,200}>([^<]{0,500})", re.IGNORECASE)
_HTML_DOCTYPE = re.compile(r"\s*(?:<\?xml[^>]{0,300}\?>\s*)?<!doctype\s+html\b", re.IGNORECASE)
_HTML_ROOTS = frozenset({"html", "head", "body", "meta", "script", "title", "div", "p", "center", "h1", "iframe"})
_XML_ROOT = re.compile(r"<([A-Za-z_][\w.:-]{0,60})")
_JSON_FEED = re.compile(r"\"version\"\s*:\s*\"https?:[\\/]+jsonfeed", re.IGNORECASE)

# Words of the page itself, not of its feed: each names the filter that says so.
_CHALLENGES: tuple[tuple[str, str], ...] = (
    ("challenges.cloudflare.com", "Cloudflare"),
    ("cf-browser-verification", "Cloudflare"),
    ("cf_chl_opt", "Cloudflare"),
    ("/cdn-cgi/challenge-platform", "Cloudflare"),
    ("attention required! | cloudflare", "Cloudflare"),
    ("just a moment...", "Cloudflare"),
    ("ddos-guard", "DDoS-Guard"),
    ("_incapsula_resource", "Imperva"),
    ("incapsula incident id", "Imperva"),
    ("errors.edgesuite.net", "Akamai"),
    ("_pxcaptcha", "HUMAN"),
    ("px-captcha", "HUMAN"),
    ("captcha-delivery.com", "DataDome"),
    ("awswafcookie", "AWS WAF"),
    ("aws-waf-token", "AWS WAF"),
    ("sucuri website firewall", "Sucuri"),
    ("qrator", "Qrator"),
    ("anubis_challenge", "Anubis"),
    ("making sure you're not a bot", "Anubis"),
    ("checking your browser before accessing", "a browser check"),
    ("enable javascript and cookies to continue", "a browser check"),
    ("g-recaptcha", "a captcha"),
    ("h-captcha", "a captcha"),
)


def magic_name(body: bytes) -> str:
    """What binary data begins like this, or an empty string."""
    return next((name for magic, name in _MAGIC if body.startswith(magic)), "")


def challenge_name(page: str) -> str:
    """The bot filter whose page this is, or an empty string."""
    head = page[:65536].lower()
    return next((name for words, name in _CHALLENGES if words in head), "")


def is_html(text: str) -> bool:
    """Whether a text is a web page, by its document type or its first element."""
    head = text[:4096]
    if _HTML_DOCTYPE.match(head):
        return True
    root = _XML_ROOT.search(head)
    return root is not None and root.group(1).lower() in _HTML_ROOTS


def not_a_feed(text: str) -> str:
    """What a text is that is no feed, in words that a person can act on."""
    head = text[:65536].lstrip("\ufeff \t\r\n")
    if is_html(head):
        match = _TITLE.search(head)
        title = " ".join(html.unescape(match.group(1)).split())[:80] if match else ""
        return f"an HTML page titled {title!r}" if title else "an HTML page without a title"
    if head.startswith(("{", "[")):
        return "a JSON Feed (not supported)" if _JSON_FEED.search(head) else "JSON"
    if head.startswith("<"):
        root = _XML_ROOT.search(head)
        return f"XML with the root <{root.group(1)}>" if root else "markup without an element"
    return "plain text"
