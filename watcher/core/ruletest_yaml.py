"""The YAML of a test file to cases, or every problem with its place. Must not: run anything."""

from __future__ import annotations

from collections.abc import Iterator

from watcher.core import watchlist_schema as shape
from watcher.core.errors import Issue
from watcher.core.ruletest import Case, ExpectedHit, ExpectedReading, TestFile
from watcher.core.watchlist import refusal
from watcher.core.watchlist_checks import issue, items, text
from watcher.core.yamlshape import shape_problems
from watcher.core.yamltext import YamlMap, YamlNode, locate, plain, read


def read_tests(content: str, file: str) -> TestFile:
    """Read a test file.

    Raises:
        WatchlistError: with every problem found, by line.
    """
    root, issues = read(content, file)
    if root is None:
        raise refusal(issues)
    issues += (*shape_problems(shape.TestFileModel, root), *_twice(root), *_empty(root))
    if issues:
        raise refusal(issues)
    model = shape.TestFileModel.model_validate(plain(root))
    cases = tuple(_case(case, root, index) for index, case in enumerate(model.cases))
    return TestFile(file, model.watchlist, cases, locate(root, ("watchlist",)))


def _cases(root: YamlNode) -> tuple[YamlNode, ...]:
    return items(root.get("cases") if isinstance(root, YamlMap) else None)


def _twice(root: YamlNode) -> Iterator[Issue]:
    seen: set[str] = set()
    for case in _cases(root):
        name = text(case, "name")
        if name is not None and name.text in seen:
            yield issue(name.place, "duplicate-id", f"case {name.text!r} stands twice", "give each case its own name")
        seen.add(name.text if name else "")


def _empty(root: YamlNode) -> Iterator[Issue]:
    """A case without a text, or one that expects nothing, tests nothing."""
    for case in _cases(root):
        if not isinstance(case, YamlMap):
            continue
        if case.get("title") is None and case.get("text") is None:
            yield issue(case.place, "empty-case", "a case needs a title or a text")
        if all(case.get(key) is None for key in ("match", "not", "figures")):
            hint = "say what must match, or not: all"
            yield issue(case.place, "empty-case", "a case needs match:, not: or figures:", hint)


def _case(case: shape.CaseModel, root: YamlNode, index: int) -> Case:
    path = ("cases", index)
    forbidden = case.not_ if isinstance(case.not_, list) else []
    return Case(
        name=case.name,
        title=case.title,
        text=case.text,
        language=case.language or "",
        hits=tuple(
            ExpectedHit(hit.signal, hit.min_score, hit.rung or "", tuple(hit.facets), locate(root, (*path, "match", n)))
            for n, hit in enumerate(case.match)
        ),
        forbidden=tuple((name, locate(root, (*path, "not", n))) for n, name in enumerate(forbidden)),
        forbids_all=case.not_ == "all",
        figures=tuple(
            ExpectedReading(f.figure, f.value, f.qualifier, locate(root, (*path, "figures", n)))
            for n, f in enumerate(case.figures)
        ),
        place=locate(root, (*path, "name")),
    )
