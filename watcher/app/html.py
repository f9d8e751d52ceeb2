"""Builds HTML in which every text is escaped by construction. Must not: know what a page is about, or take markup from a text.

``tag("p", "a < b")`` escapes its texts; only what this module made (``Markup``) goes in as it is. Attribute values are
escaped too; an address must have come through ``safe_link`` (``anchor`` sees to it).
"""

from __future__ import annotations

import base64
import hashlib
import re

from watcher.core.clean import html_attribute, html_text, safe_link

_VOID = frozenset({"meta", "br", "hr"})
_NAME = re.compile(r"[a-z][a-z0-9-]*")


class Markup(str):
    """HTML made here, safe to put into a page."""

    __slots__ = ()


Child = str | Markup | None


def escaped(child: Child) -> Markup:
    """Markup as it is, a text escaped."""
    if child is None:
        return Markup()
    return child if isinstance(child, Markup) else Markup(html_text(child))


def joined(*children: Child, between: str = "") -> Markup:
    """Several pieces in a row."""
    return Markup(between.join(map(escaped, children)))


def tag(name: str, /, *children: Child, **attributes: str | None) -> Markup:
    """An element. ``class_`` and the like lose their last underscore; an attribute that is None is left out."""
    if _NAME.fullmatch(name) is None:
        raise ValueError(f"not a name of an element: {name!r}")
    written = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{html_attribute(value)}"'
        for key, value in attributes.items()
        if value is not None
    )
    if name in _VOID:
        return Markup(f"<{name}{written}>")
    return Markup(f"<{name}{written}>{joined(*children)}</{name}>")


def anchor(text: str, url: str, **attributes: str | None) -> Markup:
    """A link where the address may be one, else the text alone."""
    link = safe_link(url)
    if not link:
        return escaped(text)
    return tag("a", text, href=link, rel="noopener noreferrer nofollow", **attributes)


def style_element(css: str) -> tuple[Markup, str]:
    """A style element of our own, and its hash for a content security policy."""
    digest = base64.b64encode(hashlib.sha256(css.encode()).digest()).decode()
    return Markup(f"<style>{css}</style>"), f"sha256-{digest}"


_DECLARATION = re.compile(r"^\s*<\?xml[^>]*\?>\s*")


def picture(svg: str, label: str) -> Markup:
    """An SVG document that our own plotting made, inside the page."""
    body = _DECLARATION.sub("", svg).strip()
    if not body.startswith("<svg"):
        raise ValueError("not an SVG document")
    return tag("div", Markup(body), class_="plot", role="img", aria_label=label)


def page(*body: Child, title: str, language: str, css: str) -> str:
    """A whole document that loads nothing, runs nothing and sends nothing: the policy says so too."""
    style, digest = style_element(css)
    policy = f"default-src 'none'; style-src '{digest}'; img-src data:; base-uri 'none'; form-action 'none'"
    head = tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", http_equiv="Content-Security-Policy", content=policy),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", name="referrer", content="no-referrer"),
        tag("meta", name="color-scheme", content="light dark"),
        tag("title", title),
        style,
    )
    return f"<!doctype html>\n{tag('html', head, tag('body', *body), lang=language)}\n"
