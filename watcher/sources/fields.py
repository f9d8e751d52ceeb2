"""Cuts and cleans the fields of an entry to what may be stored. Must not: read a feed's structure.

Every kind builds its entries here, so that the caps hold for all of them and the flags mean the same.
"""

from __future__ import annotations

import hashlib
import re
from functools import lru_cache
from urllib.parse import urljoin

from msgspec import Struct, field

from watcher.core.limits import Limits
from watcher.core.model import Entry, Micros
from watcher.core.space import fold_lines, one_line
from watcher.sources.plain import plain_text, scrub

MARKUP_FACTOR = 4
"""So many characters of markup are read for one character of text that is kept."""

# Addresses that joining leaves as they are.
_PLAIN_LINK = re.compile(
    r"https?://[A-Za-z0-9.-]+(?::[0-9]+)?/[A-Za-z0-9/._~%+,:@!$&'()*=-]*(?:\?[A-Za-z0-9/._~%+,:@!$&'()*=?-]+)?"
)
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(?![A-Za-z])")


class FieldCleaner(Struct):
    """Cleans the fields of one entry and remembers what had to be done. Made anew for every entry."""

    limits: Limits
    flags: list[str] = field(default_factory=list)

    def flag(self, name: str) -> None:
        """Note something about this entry, once."""
        if name not in self.flags:
            self.flags.append(name)

    def line(self, markup: str, limit: int) -> str:
        """Markup to one line of text."""
        if not markup:
            return ""
        return self._cut(one_line(self._words(markup, limit)), limit)

    def body(self, markup: str) -> str:
        """Markup to text with lines."""
        limit = self.limits.text_chars
        return self._cut(fold_lines(self._words(markup, limit)), limit)

    def body_cut(self, text: str) -> str:
        """Text of our own making, cut to what an entry may hold."""
        return self._cut(text, self.limits.text_chars)

    def raw(self, text: str, limit: int) -> str:
        """Text that is no markup, such as a date."""
        return self._cut(one_line(self._scrub(text)), limit)

    def guid(self, text: str) -> str:
        """An id, whole; one that is too long is cut and told apart by the digest of the whole."""
        clean = self._scrub(text).strip()
        limit = self.limits.guid_chars
        if len(clean) <= limit:
            return clean
        digest = hashlib.sha256(clean.encode("utf-8", "surrogatepass")).hexdigest()
        return f"{clean[: max(0, limit - len(digest) - 1)]}#{digest}"

    def link(self, text: str, base: str) -> str:
        """An absolute http or https address, or an empty string."""
        clean = self._scrub(text).strip() if text else ""
        if not clean or len(clean) > self.limits.link_chars:
            return ""
        if _PLAIN_LINK.fullmatch(clean):
            return clean
        try:
            joined = urljoin(base, clean)
        except ValueError:
            return ""
        is_web = joined[:8].lower().startswith(("http://", "https://"))
        return one_line(joined) if is_web and len(joined) <= self.limits.link_chars else ""

    def entry(
        self,
        *,
        guid: str,
        link: str,
        title: str,
        text: str,
        published: Micros | None,
        published_raw: str,
        author: str = "",
        outlet: str = "",
        outlet_url: str = "",
        tags: tuple[str, ...] = (),
        language: str = "",
        item_digest: bytes = b"",
    ) -> Entry:
        """The entry of cleaned fields, with the flags collected so far."""
        if not guid:
            self.flag("no-id")
        return Entry(
            guid=guid,
            link=link,
            title=title,
            text=text,
            published=published,
            published_raw=published_raw,
            author=author,
            outlet=outlet,
            outlet_url=outlet_url,
            tags=tags,
            language=language,
            flags=tuple(self.flags),
            item_digest=item_digest,
        )

    def _words(self, markup: str, limit: int) -> str:
        room = limit * MARKUP_FACTOR
        if len(markup) > room:
            self.flag("truncated")
        clean = self._scrub(markup[:room])
        text = plain_text(clean, room)
        return self._scrub(text) if "&" in clean else text  # without references nothing unclean can appear

    def _scrub(self, text: str) -> str:
        clean, had_controls = scrub(text)
        if had_controls:
            self.flag("had-controls")
        return clean

    def _cut(self, text: str, limit: int) -> str:
        if len(text) <= limit:
            return text
        self.flag("truncated")
        return text[:limit].rstrip()


@lru_cache(maxsize=256)
def primary_language(text: str) -> str:
    """The primary subtag of a language tag, lower-case, or an empty string."""
    match = _LANGUAGE.match(text.strip())
    return match.group(0).lower() if match else ""
