"""`watcher check`: a watchlist's errors and warnings, its word forms, its effective form. Must not: find anything itself."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any, Final

import click
from msgspec import structs, to_builtins

from watcher.bootstrap.reading import build_expand
from watcher.bootstrap.settings import Settings
from watcher.cli.common import format_option, write_lines

if TYPE_CHECKING:
    from watcher.app.rulechecks import Checked
    from watcher.core.errors import Issue

SHOWN_CHARS: Final = 100
"""So much of a line is shown, around what is wrong in it."""


@click.command()
@click.argument("watchlist", nargs=-1, type=click.Path(path_type=str))
@click.option("--forms", is_flag=True, help="List every term with the forms it matches.")
@click.option("--show", is_flag=True, help="Print settings and watchlist as they take effect (JSON, secrets hidden).")
@click.option("--schema", is_flag=True, help="Print the JSON Schema of watchlists, for editors.")
@click.option("--strict", is_flag=True, help="Let warnings fail too.")
@format_option("text", "json")
@click.pass_context
def command(
    ctx: click.Context, watchlist: tuple[str, ...], *, forms: bool, show: bool, schema: bool, strict: bool, form: str
) -> None:
    """Check a watchlist: all its errors and warnings, with their places.

    WATCHLIST is a file, or a folder of them; without one, config/watchlist.yaml.

    \b
    Examples:
      watcher check
      watcher check --forms | grep treaty
      watcher check --strict --format json

    \b
    Exit codes: 0 all is well, 1 --strict found warnings,
    2 a watchlist is refused.
    """
    if schema:
        from watcher.core.watchlist_schema import schema_text

        write_lines([schema_text().rstrip("\n")])
        return
    from watcher.app.rulechecks import check

    settings = Settings.read(watchlists=watchlist)
    checked = [check(path, expand=build_expand(settings)) for path in settings.watchlists]
    if any(one.errors for one in checked):
        forms = show = False
    if forms:
        write_lines(_forms(checked, form))
    elif show:
        write_lines([json.dumps(_effective(settings, checked), indent=2, ensure_ascii=False)])
    elif form == "json":
        write_lines([json.dumps(_as_json(checked), indent=2, ensure_ascii=False)])
    else:
        write_lines(line for one in checked for line in _as_text(one))
    ctx.exit(_exit_code(checked, strict=strict))


def _exit_code(checked: Iterable[Checked], *, strict: bool) -> int:
    if any(one.errors for one in checked):
        return 2
    return 1 if strict and any(one.warnings for one in checked) else 0


def _as_json(checked: Iterable[Checked]) -> dict[str, Any]:
    return {
        "watchlists": [
            {
                "path": str(one.path),
                "errors": len(one.errors),
                "warnings": len(one.warnings),
                "issues": [structs.asdict(issue) for issue in one.issues],
            }
            for one in checked
        ]
    }


def _as_text(one: Checked) -> Iterator[str]:
    """Every issue with its line, and a sum; errors last, where they are seen."""
    from watcher.core.clean import terminal

    for issue in sorted(one.issues, key=lambda issue: issue.severity == "error"):
        for line in _issue_lines(issue, one.lines.get((issue.file, issue.line), "")):
            yield terminal(line)
    yield terminal(_sum(one))


def _issue_lines(issue: Issue, line: str) -> Iterator[str]:
    from watcher.core.secrets import hide_in_line

    first, *rest = str(issue).split("\n")
    yield first
    if line.strip() and hide_in_line(line) == line:
        start = max(0, issue.column - 1 - SHOWN_CHARS // 2) if len(line) > SHOWN_CHARS else 0
        yield f"    | {line[start : start + SHOWN_CHARS]}"
        yield "    | " + " " * (issue.column - 1 - start) + "^"
    yield from rest


def _sum(one: Checked) -> str:
    errors, warnings = len(one.errors), len(one.warnings)
    problems = f"{_count(errors, 'error')}, {_count(warnings, 'warning')}"
    if one.document is None or errors:
        return f"{one.path}: refused: {problems}"
    document = one.document
    rules = sum(len(signal.rules) for signal in document.signals)
    terms = sum(len(concept.terms) for concept in document.concepts.values())
    return (
        f"{one.path}: good: {_count(len(document.signals), 'signal')}, {_count(rules, 'rule')}, "
        f"{_count(len(document.concepts), 'concept')} with {_count(terms, 'term')}, "
        f"{_count(len(document.sources), 'source')}; {problems}"
    )


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"


def _forms(checked: Iterable[Checked], form: str) -> Iterator[str]:
    """A line per term: where it is declared, its language, itself, and what it matches."""
    for one in checked:
        for (concept, language, term), words in _grouped(one).items():
            if form == "json":
                row = {"concept": concept, "language": language, "term": term, "forms": words}
                yield json.dumps(row, ensure_ascii=False)
            else:
                owner = f"@{concept}" if concept else "(rules)"
                yield f"{owner}\t{language or '-'}\t{term}\t" + " + ".join(", ".join(forms) for forms in words)


def _grouped(one: Checked) -> dict[tuple[str, str, str], list[list[str]]]:
    """The forms of each word of every term. Forms that an author gave are terms of their own inside; here they are one."""
    found: dict[tuple[str, str, str], list[list[str]]] = {}
    for term in one.compiled.terms if one.compiled else ():
        words = [[term.term[1:].strip('"')]] if term.term.startswith("=") else [list(forms) for forms in term.forms]
        before = found.setdefault((term.concept, term.language, term.term), words)
        if before is not words:
            before[:] = _joined(before, words)
    return found


def _joined(before: list[list[str]], words: list[list[str]]) -> list[list[str]]:
    """Two rows of forms as alternatives of one."""
    as_phrase = [" ".join(forms[0] for forms in words)] if len(words) > 1 else words[0]
    first = [" ".join(forms[0] for forms in before)] if len(before) > 1 else before[0]
    return [list(dict.fromkeys([*first, *as_phrase]))]


def _effective(settings: Settings, checked: Iterable[Checked]) -> dict[str, Any]:
    return {
        "settings": {
            "database": _without_password(settings.database),
            "watchlists": list(map(str, settings.watchlists)),
            "alerts": str(settings.alerts) if settings.alerts else None,
            "cache": str(settings.cache_dir) if settings.cache_dir else None,
            "workers": settings.workers,
            "user_agent": settings.user_agent,
            "limits": structs.asdict(settings.limits),
        },
        "watchlists": [_document(one) for one in checked],
    }


def _without_password(database: str) -> str:
    from watcher.core.secrets import hide_in_line

    return hide_in_line(database)


def _document(one: Checked) -> dict[str, Any]:
    """The document without places and file texts; which secrets are set, never what they are."""
    from watcher.app.watchlists import missing_secrets

    if one.document is None:
        return {"path": str(one.path)}
    document: dict[str, Any] = _without_places(to_builtins(one.document))
    document.pop("files")
    missing = missing_secrets(one.document)
    return {
        "path": str(one.path),
        **document,
        "missing_secrets": [f"{name} (source {source})" for source, name in missing],
    }


def _without_places(value: Any) -> Any:
    """Queries as their text; no line numbers; unbounded ranges as null (JSON has no infinity)."""
    if isinstance(value, dict):
        if set(value) == {"text", "place", "turns"}:
            return value["text"]
        return {key: _without_places(item) for key, item in value.items() if key != "place"}
    if isinstance(value, list | tuple):
        return [_without_places(item) for item in value]
    return None if value == float("inf") else value
