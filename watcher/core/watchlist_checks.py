"""Cross-checks of a watchlist that a shape cannot say, on whatever could be read of it. Must not: stop at the first.

They work on the nodes and not on typed data, so that a misspelt key in one place hides no problem in another.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Final, Literal

from watcher.core.document import Place, Query
from watcher.core.errors import Issue
from watcher.core.yamltext import YamlList, YamlMap, YamlNode, YamlText, locate, walk

SECRET: Final = re.compile(r"\$\{([^}]*)\}")
_SECRET_NAME: Final = re.compile(r"[A-Z][A-Z0-9_]*")
_CONCEPT: Final = re.compile(r'"[^"]*"|(@([A-Za-z0-9_-]+))')
_CREDENTIALS: Final = re.compile(r"://[^/?#@]*@")
_MAIN_ONLY: Final = ("include", "signals", "figures", "sources", "retired")

Path = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Tree:
    """The files of a watchlist as nodes: the main one first, then its includes in order."""

    roots: tuple[YamlMap, ...]

    @property
    def main(self) -> YamlMap:
        """The file that includes the others."""
        return self.roots[0]

    def entries(self, section: str) -> Iterator[tuple[YamlText, YamlNode]]:
        """Keys and values of a section over all files."""
        for root in self.roots:
            yield from pairs(root.get(section))

    def names(self, section: str) -> tuple[str, ...]:
        """The ids that a section declares."""
        return tuple(key.text for key, _ in self.entries(section))


def check_all(tree: Tree) -> Iterator[Issue]:
    """Every cross-check, in no particular order."""
    yield from _scalars(tree)
    yield from _twice(tree)
    yield from _rule_ids(tree)
    yield from _rungs(tree)
    yield from _contexts(tree)
    yield from _sources(tree)
    yield from _same_sources(tree)
    yield from _figures(tree)
    yield from _concept_references(tree)


def role(path: Path) -> Literal["query", "term", ""]:
    """What a scalar at this path is: a query, a term of a concept, or anything else."""
    match path:
        case ("concepts", _, _, int()) | ("concepts", _, _, int(), "term"):
            return "term"
        case ("figures", _, "units", _, int()) | ("figures", _, "units", _, int(), "term"):
            return "term"
        case ("facets", _, _) | ("facets", _, _, "match") | ("figures", _, "match"):
            return "query"
        case ("signals", _, "rules", int(), *rest) if tuple(rest) in _CONTEXTS or rest == ["match"]:
            return "query"
        case ("signals", _, *rest) if tuple(rest) in _CONTEXTS:
            return "query"
    return ""


_CONTEXTS: Final = {("needs",), ("unless",), ("needs", "sentence"), ("needs", "entry")}


def expressions(tree: Tree) -> Iterator[tuple[Path, YamlText]]:
    """Every query and term of every file that is written the way it may be, with its path."""
    for root in tree.roots:
        for path, scalar in walk(root):
            if scalar.style != '"' and scalar.text.strip() and role(path):
                yield path, scalar


def concept_references(query: Query) -> Iterator[tuple[str, Place]]:
    """The concepts that a query names (``@id`` outside of exact phrases), each with its place."""
    for found in _CONCEPT.finditer(query.text):
        if found[1]:
            yield found[2], query.at(found.start())


def closest(word: str, known: Iterable[str]) -> str:
    """A hint that names the nearest known word, or all of them where they are few."""
    known = tuple(islice(dict.fromkeys(known), 2000))  # comparing with more would take longer than a person waits
    near = difflib.get_close_matches(word, known, 1, 0.6)
    if near:
        return f"did you mean {near[0]!r}?"
    return "known here: " + ", ".join(known) if 0 < len(known) <= 24 else ""


def issue(place: Place, code: str, message: str, hint: str = "", severity: str = "error") -> Issue:
    """An issue at a place."""
    return Issue(place.file, place.line, place.column, code, message, hint, severity)


def pairs(node: YamlNode | None) -> tuple[tuple[YamlText, YamlNode], ...]:
    """Keys and values, or nothing where this is no mapping."""
    return node.items if isinstance(node, YamlMap) else ()


def items(node: YamlNode | None) -> tuple[YamlNode, ...]:
    """Items, or nothing where this is no list."""
    return node.items if isinstance(node, YamlList) else ()


def text(node: YamlNode | None, key: str) -> YamlText | None:
    """The scalar at a key, or None where there is none."""
    value = node.get(key) if isinstance(node, YamlMap) else None
    return value if isinstance(value, YamlText) else None


def rules(tree: Tree) -> Iterator[tuple[YamlText, YamlNode, YamlNode]]:
    """Signal id, signal and rule, for every rule."""
    for key, signal in pairs(tree.main.get("signals")):
        for rule in items(signal.get("rules") if isinstance(signal, YamlMap) else None):
            yield key, signal, rule


def _scalars(tree: Tree) -> Iterator[Issue]:
    for root in tree.roots:
        for path, scalar in walk(root):
            yield from _comment(path, scalar)
            yield from _quotes(path, scalar)
            yield from _secrets(path, scalar)


def _comment(path: Path, scalar: YamlText) -> Iterator[Issue]:
    """A ``#`` that looks like part of a value but starts a comment, or the other way round."""
    hint = "single-quote the value, or put the comment on a line of its own"
    if scalar.comment and not scalar.comment[:1].isspace() and scalar.comment[:1] != "#":
        message = f"everything from '#{scalar.comment[:20]}' on is a comment, not part of the value"
        yield issue(scalar.place, "comment-in-value", message, hint)
    if scalar.style in ("|", ">") and role(path) and re.search(r"^\s*#", scalar.text, re.MULTILINE):
        message = "a line that starts with '#' is part of this text, not a comment"
        yield issue(scalar.place, "comment-in-value", message, "move the comment above the key")


def _quotes(path: Path, scalar: YamlText) -> Iterator[Issue]:
    if scalar.style == '"' and role(path):
        message = f"a {role(path)} in double quotes: YAML takes the quotes away, so the words would not be exact"
        hint = "write it in single quotes, with the double quotes inside where the words shall be exact"
        yield issue(scalar.place, "double-quoted-query", message, hint)


def _secrets(path: Path, scalar: YamlText) -> Iterator[Issue]:
    """``${NAME}`` only in the address of a source; no password in clear. Messages never repeat the value."""
    is_address = path[:1] == ("sources",) and path[2:] == ("url",)
    for found in SECRET.finditer(scalar.text):
        if not is_address:
            message = "${...} is only read in the url of a source"
            yield issue(scalar.place, "secret-not-allowed", message, "write the text itself")
        elif not _SECRET_NAME.fullmatch(found[1]):
            message = "${...} must name an environment variable"
            yield issue(scalar.place, "bad-secret", message, "capital letters, digits and underscores: ${FEED_KEY}")
    if is_address and _CREDENTIALS.search(scalar.text):
        message = "the address holds a user name or password"
        hint = "logins are not sent; where the publisher gives a key, name it: https://host/feed?key=${FEED_KEY}"
        yield issue(scalar.place, "secret-in-file", message, hint)


def _twice(tree: Tree) -> Iterator[Issue]:
    """Ids declared in two files."""
    for section in ("concepts", "ladders"):
        yield from _twice_in(tree.entries(section), section[:-1])
    kinds: dict[str, list[tuple[YamlText, YamlNode]]] = {}
    for kind, facets in tree.entries("facets"):
        kinds.setdefault(kind.text, []).extend(pairs(facets))
    for kind_name, facets_of_kind in kinds.items():
        yield from _twice_in(facets_of_kind, f"facet {kind_name}")


def _twice_in(entries: Iterable[tuple[YamlText, YamlNode]], what: str) -> Iterator[Issue]:
    seen: dict[str, Place] = {}
    for key, _ in entries:
        if key.text in seen:
            first = seen[key.text]
            message = f"{what} {key.text!r} is declared twice (first in {first.file}, line {first.line})"
            yield issue(key.place, "duplicate-id", message, "rename one, or keep it in one file")
        seen.setdefault(key.text, key.place)


def _rule_ids(tree: Tree) -> Iterator[Issue]:
    """Rule ids are unique in the whole watchlist, and retired ids stay retired."""
    retired = {item.text for item in items(tree.main.get("retired")) if isinstance(item, YamlText)}
    seen: dict[str, str] = {}
    for signal, _, rule in rules(tree):
        name = text(rule, "id")
        if name is None:
            continue
        if name.text in seen:
            message = f"rule id {name.text!r} is used twice (first in signal {seen[name.text]!r})"
            yield issue(name.place, "duplicate-id", message, "explanations and history name rules by id")
        seen.setdefault(name.text, signal.text)
        yield from _retired(name, "rule", retired)
    for key, _ in pairs(tree.main.get("signals")):
        yield from _retired(key, "signal", retired)


def _retired(name: YamlText, what: str, retired: set[str]) -> Iterator[Issue]:
    if name.text in retired:
        message = f"{what} id {name.text!r} is retired: stored hits carry it with its old meaning"
        yield issue(name.place, "retired-id", message, "choose a new id")


def _rungs(tree: Tree) -> Iterator[Issue]:
    ladders = {
        key.text: [item.text for item in items(rungs) if isinstance(item, YamlText)]
        for key, rungs in tree.entries("ladders")
    }
    for key, rungs in tree.entries("ladders"):
        yield from _twice_in(((item, item) for item in items(rungs) if isinstance(item, YamlText)), f"{key.text} rung")
    for key, signal in pairs(tree.main.get("signals")):
        ladder = text(signal, "ladder")
        if ladder and ladder.text not in ladders:
            hint = closest(ladder.text, ladders)
            yield issue(ladder.place, "unknown-ladder", f"there is no ladder {ladder.text!r}", hint)
        yield from _rungs_of(key, signal, ladders)


def _rungs_of(key: YamlText, signal: YamlNode, ladders: Mapping[str, list[str]]) -> Iterator[Issue]:
    ladder = text(signal, "ladder")
    for rule in items(signal.get("rules") if isinstance(signal, YamlMap) else None):
        rung = text(rule, "rung")
        if rung is None:
            continue
        if ladder is None:
            message = f"rung {rung.text!r}, but signal {key.text!r} has no ladder"
            yield issue(rung.place, "unknown-rung", message, "give the signal a ladder: key, or leave the rung out")
        elif ladder.text in ladders and rung.text not in ladders[ladder.text]:
            message = f"ladder {ladder.text!r} has no rung {rung.text!r}"
            yield issue(rung.place, "unknown-rung", message, closest(rung.text, ladders[ladder.text]))


def _contexts(tree: Tree) -> Iterator[Issue]:
    """``needs`` stands either in the entry or in the sentence."""
    contexts = [signal.get("needs") for _, signal in pairs(tree.main.get("signals")) if isinstance(signal, YamlMap)]
    contexts += [rule.get("needs") for _, _, rule in rules(tree) if isinstance(rule, YamlMap)]
    for needs in contexts:
        if (
            isinstance(needs, YamlMap)
            and len([key for key, _ in needs.items if key.text in ("entry", "sentence")]) != 1
        ):
            message = "needs is one query, or exactly one of entry: and sentence:"
            yield issue(needs.place, "bad-needs", message, "join two with & where both must stand in the same place")


def _sources(tree: Tree) -> Iterator[Issue]:
    for key, source in pairs(tree.main.get("sources")):
        kind, url = text(source, "kind"), text(source, "url")
        if kind and kind.text != "none" and url is None and isinstance(source, YamlMap):
            hint = "a source that cannot be read has kind: none, and says why in note:"
            yield issue(key.place, "missing-key", f"source {key.text!r} of kind {kind.text} has no url", hint)


def _same_sources(tree: Tree) -> Iterator[Issue]:
    """Sources that are one: the database keeps a source by kind, address and selection, and would refuse the second."""
    seen: dict[tuple[str, tuple[str, str, str], str], str] = {}
    for key, source in pairs(tree.main.get("sources")):
        kind, url, select = text(source, "kind"), text(source, "url"), text(source, "select")
        if kind is None or url is None or kind.text == "none":
            continue
        name = (kind.text, address(url.text), select.text if select else "")
        if name in seen:
            message = f"source {key.text!r} has the address of source {seen[name]!r}"
            yield issue(url.place, "duplicate-source", message, "one poll serves all: keep one")
        seen.setdefault(name, key.text)


def address(url: str) -> tuple[str, str, str]:
    """Host, path and query of an address in one spelling: host in lower case, no default port."""
    scheme, _, rest = url.partition("://")
    host, slash, path = rest.partition("#")[0].partition("/")
    path, _, query = (slash + path).partition("?")
    port = {"http": ":80", "https": ":443"}.get(scheme.lower(), "")
    return f"{scheme.lower()}://{host.lower().removesuffix(port)}", path or "/", query


def _figures(tree: Tree) -> Iterator[Issue]:
    for _, figure in pairs(tree.main.get("figures")):
        bounds = items(figure.get("range") if isinstance(figure, YamlMap) else None)
        values = [float(n.text) for n in bounds if isinstance(n, YamlText) and re.fullmatch(r"-?\d+(\.\d+)?", n.text)]
        if len(values) == 2 and values[0] > values[1]:
            yield issue(bounds[0].place, "bad-value", "the range ends before it begins", "write [low, high]")


def _concept_references(tree: Tree) -> Iterator[Issue]:
    known = dict.fromkeys(tree.names("concepts"))
    for path, scalar in expressions(tree):
        for name, place in concept_references(scalar.query()) if role(path) == "query" else ():
            if name not in known:
                yield issue(place, "unknown-concept", f"there is no concept @{name}", closest(name, known))


def check_include(root: YamlMap) -> Iterator[Issue]:
    """An included file holds shared parts only; says so for the keys that belong to the main file."""
    for key, _ in root.items:
        if key.text in _MAIN_ONLY:
            hint = "an included file holds concepts, facets and ladders"
            yield issue(
                locate(root, (key.text,), key=True), "not-in-include", f"{key.text}: belongs to the main file", hint
            )
