"""`watcher test`: run the cases of watchlists and show what differs. Must not: match or score itself."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from watcher.bootstrap.reading import build_expand
from watcher.bootstrap.settings import Settings
from watcher.cli.common import format_option, write_lines
from watcher.core.errors import UsageProblem

if TYPE_CHECKING:
    from watcher.app.rulechecks import TestRun
    from watcher.core.ruletest import Outcome


@click.command()
@click.argument("files", nargs=-1, type=click.Path(path_type=Path), metavar="[FILE]...")
@click.option(
    "--run", "patterns", multiple=True, metavar="NAME", help="Only cases of this name (* and ? are wild); repeatable."
)
@click.option("--junit", type=click.Path(path_type=Path, dir_okay=False), help="Also write the outcome as JUnit XML.")
@click.option("--verbose", "-v", is_flag=True, help="Name the cases that pass, too.")
@format_option("text", "json")
@click.pass_context
def command(
    ctx: click.Context,
    files: tuple[Path, ...],
    *,
    patterns: tuple[str, ...],
    junit: Path | None,
    verbose: bool,
    form: str,
) -> None:
    """Run the test cases of a watchlist.

    FILE is a test file (watchlist.test.yaml), or a watchlist that has one beside it; without one,
    the tests of config/watchlist.yaml.

    \b
    Examples:
      watcher test
      watcher test --run 'offer-*' -v
      watcher test config/watchlist.test.yaml --junit report.xml

    \b
    Exit codes: 0 all cases pass, 1 one fails, 2 a file is refused.
    """
    from watcher.app.rulechecks import find_test_files, run_tests

    settings = Settings.read()
    expand = build_expand(settings)
    found = find_test_files(files, settings.watchlists if not files else ())
    runs = [run_tests(file, patterns, expand=expand, cache_dir=settings.cache_dir) for file in found]
    if not any(run.outcomes for run in runs):
        raise UsageProblem("no test case has such a name", hint="watcher test -v lists them")
    write_lines(
        [json.dumps(_as_json(runs), ensure_ascii=False, indent=2)]
        if form == "json"
        else _as_text(runs, verbose=verbose)
    )
    if junit is not None:
        junit.write_bytes(_as_junit(runs))
    ctx.exit(0 if all(outcome.passed for run in runs for outcome in run.outcomes) else 1)


def _as_text(runs: Sequence[TestRun], *, verbose: bool) -> Iterator[str]:
    from watcher.core.clean import terminal

    for run in runs:
        for outcome in run.outcomes:
            if verbose or not outcome.passed:
                yield from map(terminal, _outcome_lines(outcome))
        failed = sum(not outcome.passed for outcome in run.outcomes)
        yield terminal(f"{run.file}: {len(run.outcomes) - failed} passed, {failed} failed")


def _outcome_lines(outcome: Outcome) -> Iterator[str]:
    place = outcome.case.place
    state = "pass" if outcome.passed else "FAIL"
    yield f"{state} {outcome.case.name}" + ("" if outcome.passed else f" ({place.file}:{place.line})")
    for failure in outcome.failures:
        yield f"  - {failure.message}"
        for detail in failure.details:
            yield f"      {detail}"


def _as_json(runs: Sequence[TestRun]) -> dict[str, Any]:
    return {
        "files": [
            {
                "file": str(run.file),
                "passed": sum(outcome.passed for outcome in run.outcomes),
                "failed": sum(not outcome.passed for outcome in run.outcomes),
                "cases": [
                    {
                        "name": outcome.case.name,
                        "line": outcome.case.place.line,
                        "passed": outcome.passed,
                        "failures": [asdict(failure) for failure in outcome.failures],
                    }
                    for outcome in run.outcomes
                ],
            }
            for run in runs
        ]
    }


def _as_junit(runs: Sequence[TestRun]) -> bytes:
    """JUnit XML: one suite a file, one test case a case, no times (they would differ from run to run)."""
    from xml.etree import ElementTree as ET

    from watcher.core.clean import terminal

    root = ET.Element("testsuites")
    for run in runs:
        failed = sum(not outcome.passed for outcome in run.outcomes)
        counts = {"tests": str(len(run.outcomes)), "failures": str(failed), "errors": "0"}
        suite = ET.SubElement(root, "testsuite", {"name": str(run.file), **counts})
        for outcome in run.outcomes:
            place = outcome.case.place
            attributes = {
                "name": outcome.case.name,
                "classname": run.file.name,
                "file": place.file,
                "line": str(place.line),
            }
            case = ET.SubElement(suite, "testcase", attributes)
            if not outcome.passed:
                message = "; ".join(failure.message for failure in outcome.failures)
                failure = ET.SubElement(case, "failure", {"message": terminal(message)})
                failure.text = "\n".join(map(terminal, _outcome_lines(outcome)))
    ET.indent(root)
    return bytes(ET.tostring(root, encoding="utf-8", xml_declaration=True)) + b"\n"
