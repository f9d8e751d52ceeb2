"""The pass of the quick reader over a document: which rule is next, names, attributes. Must not: know an element.

expat calls it, it calls the rules of `quick`. Wherever feedparser's way of naming things is too odd to follow (a prefix
with two meanings, a base inside the document) it gives up.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any, Final, NoReturn
from xml.parsers import expat

from feedparser.urls import _urljoin, make_safe_absolute_uri

from watcher.sources.cutter import ITEM_NAMES
from watcher.sources.quicknames import Attributes, GiveUp, Meanings, Place, Rule, may_pass, prefix_of

_NONE: Final[Attributes] = {}
# Attributes that feedparser or a rule looks at: one of an unknown namespace would count as if it had none.
_READ_ATTRIBUTES = frozenset(
    {
        "base", "lang", "version", "lastmod", "href", "url", "uri", "about", "type", "mode", "rel", "ispermalink", "term",
        "scheme", "domain", "label", "text", "src",
    }
)  # fmt: skip


class Pass:
    """One pass over one document.

    ``context`` is the dictionary that values go to: the feed's or an item's; ``depths`` says how deep the elements stood
    that they came from, since feedparser lets an outer one replace an inner one and not the other way round.

    Args:
        places: the rules of every place.
        data: a document in UTF-8.
        with_digests: note the digests of the items, as `cutter` does; where it would not trust its cut, give up.
    """

    def __init__(self, places: Mapping[str, Place], data: bytes, *, with_digests: bool = False) -> None:
        self.digests: list[bytes] = []
        self.version = ""
        self.base = ""
        self.feed: dict[str, Any] = {}
        self.entries: list[dict[str, Any]] = []
        self.context = self.feed
        self.depths: dict[str, int] = {}
        self.tags: set[tuple[str | None, str | None, str | None]] = set()
        self.pieces: list[str] = []
        self.title_depth = -1
        self.has_content = False
        self.guid_is_link = False
        self.link_is_text = False
        self.has_parts = False
        self._all_places = places
        self._known: dict[str, dict[str, Rule]] = {name: {} for name in places}
        self._rules: list[Rule] = []
        self._tables = [self._known["document"]]
        self._languages: list[tuple[int, str]] = [(0, "")]
        self._bases: list[str] = []
        self._next_base: dict[str, str] = {}
        self._meanings = Meanings()
        self._data = data
        self._parser = expat.ParserCreate(namespace_separator=" ")
        self._with_digests = with_digests
        self._item_at = 0
        self._item_depth = 0

    def run(self) -> None:
        """Read the document.

        Raises:
            GiveUp: it has a shape that is not ours, or is not well-formed.
        """
        parser = self._parser
        parser.buffer_text = True
        parser.ordered_attributes = True
        parser.StartDoctypeDeclHandler = self._on_doctype
        parser.StartNamespaceDeclHandler = self._on_namespace
        parser.StartElementHandler = self._on_start
        parser.EndElementHandler = self._on_end
        parser.CharacterDataHandler = self.pieces.append
        try:
            parser.Parse(self._data, True)  # noqa: FBT003 - the C function takes no keyword
        except expat.ExpatError as error:
            raise GiveUp("not well-formed") from error
        except ValueError as error:
            raise GiveUp("an encoding that expat does not know") from error

    # --- what the rules use -----------------------------------------------------------------------------------------

    def depth(self) -> int:
        """How deep the element stands that ends."""
        return len(self._rules)

    def language(self) -> str:
        """What xml:lang says here."""
        return self._languages[-1][1].replace("_", "-")

    def resolve(self, uri: str) -> str:
        """An address as feedparser resolves it, also one that is empty."""
        return str(_urljoin(self.base, uri)) if self.base or ":///" in uri else uri

    def put(self, key: str, value: str) -> None:
        """Store a value, unless one of an outer element is there."""
        depth = len(self._rules)
        if self.context is self.feed or depth <= self.depths.get(key, depth):
            self.depths[key] = depth
            self.context[key] = value

    def item_begins(self) -> None:
        """Note where an item begins."""
        depth = len(self._rules)
        if self._with_digests and self._item_depth not in (0, depth):
            raise GiveUp("items in two places")
        self._item_depth = depth
        self._item_at = self._parser.CurrentByteIndex

    def item_ends(self) -> None:
        """Note the digest of an item, its end tag included."""
        if self._with_digests:
            end = self._data.find(b">", self._parser.CurrentByteIndex) + 1
            self.digests.append(hashlib.sha256(self._data[self._item_at : end]).digest())

    # --- what expat calls -------------------------------------------------------------------------------------------

    def _on_doctype(self, *_: object) -> NoReturn:
        raise GiveUp("a document type")

    def _on_namespace(self, prefix: str | None, uri: str | None) -> None:
        if uri:
            self._guess_version(prefix, uri.lower())
            self._meanings.declare(prefix, uri)

    def _guess_version(self, prefix: str | None, uri: str) -> None:
        if self.version:
            return
        if prefix is None and uri == "http://my.netscape.com/rdf/simple/0.9/":
            self.version = "rss090"
        elif uri == "http://purl.org/rss/1.0/":
            self.version = "rss10"
        elif uri == "http://www.w3.org/2005/atom":
            self.version = "atom10"

    def _on_start(self, name: str, attributes: list[str]) -> None:
        rule = self._tables[-1].get(name) or self._find(name)
        given = self._attributes(attributes, rule) if attributes else _NONE
        if self._bases and "base" not in given and "xml:base" not in given:
            self._enter_base("")
        if rule.begin is not None:
            rule.begin(self, given)
        self._rules.append(rule)
        self._tables.append(self._known[rule.inside])
        self.pieces.clear()

    def _on_end(self, _: str) -> None:
        rule = self._rules[-1]
        if rule.finish is not None:
            rule.finish(self, "".join(self.pieces).strip())
        if self._languages[-1][0] == len(self._rules):
            self._languages.pop()
        if self._bases:
            self._leave_base()
        self._rules.pop()
        self._tables.pop()
        self.pieces.clear()

    # --- names and attributes ---------------------------------------------------------------------------------------

    def _find(self, name: str) -> Rule:
        """The rule for an element in this place, kept for the next of its name."""
        inside = self._rules[-1].inside if self._rules else "document"
        place = self._all_places[inside]
        key = self._meanings.key(name)
        rule = place.rules.get(key) or (place.other if may_pass(key) else None)
        if rule is None:
            raise GiveUp(f"{key} in {inside}")
        if self._with_digests and rule.is_item != (name.rpartition(" ")[2] in ITEM_NAMES):
            raise GiveUp("what is an item here is none there")
        self._tables[-1][name] = rule
        return rule

    def _attributes(self, pairs: list[str], rule: Rule) -> Attributes:
        """Attributes by feedparser's names; what they say of language and base is taken at once."""
        if rule.is_ignored and not any(name[-4:].lower() in ("lang", "base") for name in pairs[::2]):
            return _NONE
        given: dict[str, str] = {}
        for at in range(0, len(pairs), 2):
            name = self._attribute_name(pairs[at]) if " " in pairs[at] else pairs[at].lower()
            if name in given:
                raise GiveUp("an attribute twice")
            given[name] = pairs[at + 1].lower() if name in ("rel", "type") else pairs[at + 1]
        if "base" in given or "xml:base" in given:
            self._enter_base(given.get("xml:base", given.get("base", "")))
        if "lang" in given or "xml:lang" in given:
            self._languages.append((len(self._rules) + 1, given.get("xml:lang", given.get("lang", ""))))
        return given

    def _attribute_name(self, name: str) -> str:
        uri, _, local = name.rpartition(" ")
        prefix = prefix_of(uri)
        local = local.lower()
        if not prefix and local in _READ_ATTRIBUTES:
            raise GiveUp(f"the attribute {local} of an unknown namespace")
        return f"{prefix or uri}:{local}"

    def _enter_base(self, base: str) -> None:
        """What feedparser makes of xml:base; until the first, all bases are empty, which need not be noted."""
        if not self._bases:
            self._bases = [""] * len(self._rules)
        base = base or self.base
        joined = f"{self.base} {base}"
        if joined not in self._next_base:
            safe = make_safe_absolute_uri(self.base, base) if self.base else _urljoin("", base)
            self._next_base[joined] = str(safe or self.base)
        self.base = self._next_base[joined]
        self._bases.append(self.base)

    def _leave_base(self) -> None:
        """An empty base does not come back: feedparser keeps the last one."""
        self._bases.pop()
        if self._bases and self._bases[-1]:
            self.base = self._bases[-1]
