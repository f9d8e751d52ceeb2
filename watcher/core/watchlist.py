"""The watchlist: YAML texts to a checked document, or every problem with its place. Must not: touch files or compile.

Way of the data: texts -> `yamltext` nodes -> cross-checks on the nodes (`watchlist_checks`) and types by
`watchlist_schema` -> all issues sorted, or a frozen `Document`.
"""

from __future__ import annotations

import hashlib
import posixpath
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from typing import Final

from watcher.core import watchlist_checks as checks
from watcher.core.document import Document, Place
from watcher.core.errors import Issue, WatchlistError
from watcher.core.watchlist_build import build
from watcher.core.watchlist_schema import PartModel, WatchlistModel
from watcher.core.yamlshape import shape_problems
from watcher.core.yamltext import YamlMap, YamlText, read

MAX_ISSUES: Final = 200
_MAIN: Final = re.compile(r"^watchlist\s*:", re.MULTILINE)
"""What only a main file may say, never one that is included."""


def read_stored(files: Mapping[str, str]) -> Document:
    """Read a watchlist as a database keeps it: it was checked when it was loaded, and is not again.

    Raises:
        WatchlistError: its files cannot be read any more.
    """
    main = next((name for name, text in files.items() if _MAIN.search(text)), min(files))
    tree, issues = read_tree(files, main, {})
    if tree is not None and not issues:
        with suppress(LookupError, TypeError, ValueError, AttributeError):
            return build(tree, main, revision_of(files), files)
    return read_document(files, main)


def read_document(files: Mapping[str, str], main: str, *, unreadable: Mapping[str, str] | None = None) -> Document:
    """Read a watchlist with its includes.

    Args:
        files: texts by name; names are relative to the folder of the main file, with forward slashes.
        main: the name of the file that includes the others.
        unreadable: includes that could not be read, with the reason.

    Raises:
        WatchlistError: with every problem found, by file and line.
    """
    tree, issues = read_tree(files, main, unreadable or {})
    if tree is None:
        raise refusal(issues)
    issues += tuple(checks.check_all(tree)) + tuple(_query_problems(tree))
    told = {(issue.file, issue.line, issue.column) for issue in issues if issue.code == "not-in-include"}
    parts = (issue for root in tree.roots[1:] for issue in shape_problems(PartModel, root))
    issues += tuple(issue for issue in parts if (issue.file, issue.line, issue.column) not in told)
    issues += tuple(shape_problems(WatchlistModel, tree.main))
    if issues:
        raise refusal(issues)
    return build(tree, main, revision_of(files), files)


def revision_of(files: Mapping[str, str]) -> str:
    """Hex SHA-256 over all files, names sorted: changes where any character of any file does."""
    digest = hashlib.sha256()
    for name in sorted(files):
        for part in (name, files[name]):
            encoded = part.encode("utf-8", "surrogatepass")
            digest.update(len(encoded).to_bytes(8, "big") + encoded)
    return digest.hexdigest()


def included_names(text: str, main: str) -> tuple[str, ...]:
    """The files that a main file includes, normalised, in order. Problems are for `read_document` to tell."""
    root, _ = read(text, main)
    if not isinstance(root, YamlMap):
        return ()
    return tuple(name for name, _ in _includes(root, main))


def read_tree(
    files: Mapping[str, str], main: str, unreadable: Mapping[str, str]
) -> tuple[checks.Tree | None, tuple[Issue, ...]]:
    """The main file and its includes as nodes; None where the main file cannot be read at all."""
    root, problems = read(files[main], main)
    issues = list(problems)
    if root is not None and not isinstance(root, YamlMap):
        issues.append(checks.issue(root.place, "wrong-type", "a watchlist is a mapping of keys to values"))
    if not isinstance(root, YamlMap):
        return None, tuple(issues)
    roots = [root]
    issues.extend(_bad_includes(root))
    for name, place in _includes(root, main):
        if name in files:
            part, problems = read(files[name], name)
            issues.extend(problems)
            if isinstance(part, YamlMap):
                roots.append(part)
                issues.extend(checks.check_include(part))
            elif part is not None:
                issues.append(checks.issue(part.place, "wrong-type", "an included file is a mapping of keys to values"))
        else:
            why = unreadable.get(name, "there is no such file")
            issues.append(checks.issue(place, "include-missing", f"cannot include {name}: {why}", _INCLUDE_HINT))
    return checks.Tree(tuple(roots)), tuple(issues)


_INCLUDE_HINT: Final = "paths are relative to the folder of this file"


def _includes(root: YamlMap, main: str) -> Iterator[tuple[str, Place]]:
    seen = {posixpath.normpath(main)}
    for item in checks.items(root.get("include")):
        if isinstance(item, YamlText) and _is_relative(item.text):
            name = posixpath.normpath(item.text)
            if name not in seen:
                yield name, item.place
            seen.add(name)


def _is_relative(name: str) -> bool:
    return bool(name) and not name.startswith(("/", "~")) and "\\" not in name and "\x00" not in name


def _bad_includes(root: YamlMap) -> Iterator[Issue]:
    seen: set[str] = set()
    for item in checks.items(root.get("include")):
        if not isinstance(item, YamlText):
            continue
        name = posixpath.normpath(item.text)
        if not _is_relative(item.text):
            yield checks.issue(item.place, "bad-include", f"{item.text!r} is not a relative path", _INCLUDE_HINT)
        elif name in seen:
            yield checks.issue(item.place, "bad-include", f"{name} is included twice", "keep one")
        seen.add(name)


def refusal(issues: Iterable[Issue]) -> WatchlistError:
    """The error that carries every problem, in file order, each once and no more than a person can use."""
    ordered = sorted(set(issues), key=lambda issue: (issue.file, issue.line, issue.column, issue.code, issue.message))
    if len(ordered) > MAX_ISSUES:
        rest = len(ordered) - MAX_ISSUES
        ordered = [*ordered[:MAX_ISSUES], Issue(ordered[0].file, 0, 0, "too-many", f"and {rest} more problems")]
    return WatchlistError(tuple(ordered))


def _query_problems(tree: checks.Tree) -> Iterator[Issue]:
    """Queries and terms that the language of rules refuses."""
    from watcher.core.query import QueryError, parse, parse_term

    language = checks.text(tree.main, "language")
    for path, scalar in checks.expressions(tree):
        try:
            if checks.role(path) == "query":
                parse(scalar.query(), language.text if language else "")
            else:
                parse_term(scalar.text.strip(), "", scalar.place)
        except QueryError as error:
            yield error.issue()
