"""Check and test watchlists: what `watcher check` and `watcher test` do. Must not: print, or decide how it looks."""

from __future__ import annotations

import posixpath
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from watcher.app import watchlists
from watcher.app.watchlists import Expand, Files, Loaded
from watcher.core.errors import Issue, UsageProblem, WatchlistError

if TYPE_CHECKING:
    from watcher.core.document import Document
    from watcher.core.program import CompiledWatchlist
    from watcher.core.ruletest import Outcome, TestFile

TEST_SUFFIX = ".test.yaml"


@dataclass(frozen=True, slots=True)
class Checked:
    """What a check of one watchlist found. The document and its compiled form are there unless it has errors."""

    path: Path
    issues: tuple[Issue, ...]
    lines: dict[tuple[str, int], str]
    document: Document | None = None
    compiled: CompiledWatchlist | None = None

    @property
    def errors(self) -> tuple[Issue, ...]:
        """What refuses the watchlist."""
        return tuple(issue for issue in self.issues if issue.severity == "error")

    @property
    def warnings(self) -> tuple[Issue, ...]:
        """What is only odd."""
        return tuple(issue for issue in self.issues if issue.severity != "error")


def check(path: Path, *, expand: Expand) -> Checked:
    """All errors and warnings of a watchlist and of the tests beside it.

    Raises:
        UsageProblem: the file cannot be read at all.
    """
    try:
        files = watchlists.read_files(path)
    except WatchlistError as error:
        return Checked(path, error.issues, {})
    issues = list(watchlists.warnings_of(path))
    document, compiled = None, None
    try:
        document = watchlists.read_document(files)
        compiled = watchlists.compile_document(files, document, expand)
    except WatchlistError as error:
        issues.extend(error.issues)
    tests, problems = _tests_beside(path, document)
    issues.extend(problems)
    if document and compiled and not problems:
        from watcher.core.lint import lint

        issues.extend(map(files.shown, lint(document, compiled, tests)))
    return Checked(path, tuple(issues), _lines(files, issues), document, compiled)


def _lines(files: Files, issues: Sequence[Issue]) -> dict[tuple[str, int], str]:
    """The line of every issue, as it stands in the file."""
    texts = {files.shown(Issue(name, 0, 0, "", "")).file: text.split("\n") for name, text in files.texts.items()}
    return {
        (issue.file, issue.line): texts[issue.file][issue.line - 1]
        for issue in issues
        if issue.file in texts and 0 < issue.line <= len(texts[issue.file])
    }


def tests_beside(path: Path) -> Path:
    """Where the tests of a watchlist stand: ``watchlist.yaml`` has ``watchlist.test.yaml``."""
    return path.with_name(path.name.removesuffix(".yaml").removesuffix(".yml") + TEST_SUFFIX)


def _tests_beside(path: Path, document: Document | None) -> tuple[tuple[TestFile, ...], tuple[Issue, ...]]:
    file = tests_beside(path)
    if not file.is_file():
        return (), ()
    try:
        tests = read_tests(file)
    except WatchlistError as error:
        return (), error.issues
    from watcher.core.ruletest import check_references

    return (tests,), check_references(tests, document) if document else ()


def read_tests(file: Path) -> TestFile:
    """The cases of a test file; places name the file as given.

    Raises:
        UsageProblem: it cannot be read.
        WatchlistError: it has problems: all of them.
    """
    from watcher.core.ruletest_yaml import read_tests as read

    try:
        content = watchlists.read_text(file, str(file))
    except OSError as error:
        raise UsageProblem(f"cannot read test file {file}: {error.strerror}") from error
    return read(content, str(file))


@dataclass(frozen=True, slots=True)
class TestRun:
    """The outcomes of one test file."""

    __test__ = False

    file: Path
    outcomes: tuple[Outcome, ...]


def run_tests(file: Path, patterns: Sequence[str], *, expand: Expand, cache_dir: Path | None) -> TestRun:
    """Run the cases of a test file whose names match a pattern.

    Raises:
        UsageProblem: the file or its watchlist cannot be read.
        WatchlistError: one of them has problems, or a case names what the watchlist does not have.
    """
    from watcher.core.ruletest import check_references, run_case, select

    tests = read_tests(file)
    loaded = load_tested(file, tests, expand=expand, cache_dir=cache_dir)
    problems = check_references(tests, loaded.document)
    if problems:
        raise WatchlistError(problems)
    return TestRun(file, tuple(run_case(case, loaded.compiled) for case in select(tests.cases, patterns)))


def load_tested(file: Path, tests: TestFile, *, expand: Expand, cache_dir: Path | None) -> Loaded:
    """The watchlist that a test file names, relative to itself."""
    path = Path(posixpath.normpath((file.parent / tests.watchlist).as_posix()))
    if not path.is_file():
        place = tests.place
        message = f"there is no watchlist {path}"
        raise WatchlistError((Issue(place.file, place.line, place.column, "watchlist-missing", message),))
    return watchlists.load(path, expand=expand, cache_dir=cache_dir)


def find_test_files(given: Sequence[Path], default: Sequence[Path]) -> tuple[Path, ...]:
    """The test files meant: those given, those beside watchlists given, or those beside the default watchlists.

    Raises:
        UsageProblem: there is none.
    """
    found = tuple(path if path.name.endswith(TEST_SUFFIX) else tests_beside(path) for path in given or default)
    for path in found:
        if not path.is_file():
            hint = f"tests of a watchlist stand beside it, in a file that ends in {TEST_SUFFIX}"
            raise UsageProblem(f"there is no test file {path}", hint=hint)
    return found
