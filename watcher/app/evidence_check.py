"""Checks a bundle of evidence by itself: digests, wordings, spans, sums, and scored again. Must not: query, or repair.

Everything in the file is untrusted. A check that cannot read what it needs says so as a difference, and the next one runs.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from watcher.app.evidence import engine_of
from watcher.app.watchlists import Expand
from watcher.core import bundle, recheck
from watcher.core.bundle import BundleDamaged, Difference
from watcher.core.compile import CompiledWatchlist, compile_watchlist, words_needed
from watcher.core.errors import UsageProblem, WatcherError
from watcher.core.identity import content_digest
from watcher.core.limits import Limits
from watcher.core.match import find_evidence
from watcher.core.model import Assessment
from watcher.core.score import assess
from watcher.core.watchlist import included_names, read_document, revision_of
from watcher.core.wire import assessment_from_json

Again = Callable[[Mapping[str, str], str, str, str, str], Assessment | None]
"""Scores a text anew: (files of the watchlist, signal, title, text, language) to the assessment of the signal."""


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at. ``is_ok`` None: it could not be looked at, ``said`` tells why; no fault."""

    name: str
    said: str
    is_ok: bool | None
    differences: tuple[Difference, ...] = ()


@dataclass(frozen=True, slots=True)
class Checked:
    """What came of checking a bundle."""

    about: Mapping[str, Any]
    sha256: str
    checks: tuple[Check, ...]

    @property
    def is_whole(self) -> bool:
        """True where nothing differs."""
        return all(check.is_ok is not False for check in self.checks)


def check_bundle(data: bytes, again: Again) -> Checked:
    """Check a bundle.

    Raises:
        BundleDamaged: it is none, or so damaged that its members cannot be told apart.
    """
    members = bundle.unpack(data)
    manifest = bundle.manifest_of(members)
    looked = _Checker(data, members, manifest, again)
    return Checked(manifest, bundle.sha256(data), tuple(looked.all()))


class _Checker:
    def __init__(self, data: bytes, members: Mapping[str, bytes], manifest: Mapping[str, Any], again: Again) -> None:
        self._data = data
        self._members = members
        self._manifest = manifest
        self._again = again

    def all(self) -> Iterator[Check]:
        yield _check("members", self._digests(), f"{len(self._members)}, byte for byte as they were written")
        yield self._guarded("bytes as fetched", self._bodies)
        yield self._guarded("wordings", self._wordings)
        yield self._guarded("words", self._spans)
        yield self._guarded("sum", self._sums)
        yield self._guarded("watchlist", self._watchlists)
        yield self._guarded("scored again", self._scored)

    def _digests(self) -> Iterator[Difference]:
        yield from bundle.differences(self._members, self._manifest)
        other = bundle.as_packed(self._data, self._members)
        if other is not None:
            yield other

    def _guarded(self, name: str, look: Callable[[], Check]) -> Check:
        """A member that is not written as it should be is a difference, whatever is wrong with it."""
        try:
            return look()
        except (KeyError, TypeError, ValueError, AttributeError, RecursionError, OverflowError) as error:
            reason = f"cannot be read: {type(error).__name__}: {str(error)[:200]}"
            found = (Difference(name, reason),)
            return Check(name, "a member is not written as it should be", is_ok=False, differences=found)

    def _json(self, name: str) -> Any:
        try:
            return bundle.from_json(self._members[name])
        except KeyError:
            raise ValueError(f"{name} is missing") from None
        except ValueError as error:
            raise ValueError(f"{name}: {error}") from None

    def _group(self, folder: str) -> dict[str, Any]:
        return {name: self._json(name) for name in sorted(self._members) if name.startswith(f"{folder}/")}

    # --- one look each ----------------------------------------------------------------------------------------------

    def _bodies(self) -> Check:
        kept = {name: data for name, data in self._members.items() if name.startswith("bodies/")}
        found = [
            Difference(name, f"its bytes have the SHA-256 {bundle.sha256(data)}")
            for name, data in kept.items()
            if name != f"bodies/{bundle.sha256(data)}"
        ]
        polls = {poll["id"]: poll["body_digest"] for poll in self._group("polls").values()}
        for name, wording in self._group("wordings").items():
            digest = polls.get(wording["poll"])
            if digest != wording["body_sha256"]:
                found.append(
                    Difference(name, f"was brought by a body {wording['body_sha256']}, its poll recorded {digest}")
                )
        out = list(self._manifest.get("left_out", ()))
        said = f"{len(kept)}, with the digest that the poll recorded" + "".join(f"; not in here: {one}" for one in out)
        return _check("bytes as fetched", found, said) if kept else Check("bytes as fetched", said, None)

    def _texts(self) -> dict[int, tuple[str, str]]:
        return {one["revision"]: (one["title"], one["text"]) for one in self._group("wordings").values()}

    def _wordings(self) -> Check:
        found = []
        wordings = self._group("wordings")
        for name, one in wordings.items():
            digest = content_digest(one["title"], one["text"]).hex()
            if digest != one["sha256"]:
                found.append(Difference(name, f"title and text have the SHA-256 {digest}, recorded is {one['sha256']}"))
        return _check("wordings", found, f"{len(wordings)}, each with its recorded digest")

    def _assessments(self) -> list[tuple[Mapping[str, Any], Assessment]]:
        rows = self._json("assessments.json")
        return [(row, assessment_from_json(bundle.to_json(row["detail"]))) for row in rows]

    def _spans(self) -> Check:
        found: list[Difference] = []
        spans, texts = 0, self._texts()
        for row, one in self._assessments():
            if row["entry_revision"] not in texts:
                found.append(
                    Difference(
                        f"assessment {row['id']}", f"is of wording {row['entry_revision']}, which is not in here"
                    )
                )
                continue
            spans += sum(len(firing.matches) for firing in one.firings)
            found += _within(f"assessment {row['id']}", recheck.check_spans(one, *texts[row["entry_revision"]]))
        return _check("words", found, f"{spans} spans spell the words that the rules matched")

    def _sums(self) -> Check:
        found: list[Difference] = []
        rows = self._assessments()
        for row, one in rows:
            found += _within(f"assessment {row['id']}", recheck.check_sum(one))
            if not math.isclose(row["score"], one.score, abs_tol=recheck.POINTS_APART):
                found.append(
                    Difference(f"assessment {row['id']}", f"is listed with {row['score']:g}, scored {one.score:g}")
                )
        if rows and self._json("hit.json")["hit"]["score"] not in {row["score"] for row, _ in rows}:
            found.append(Difference("hit.json", "has a score that no assessment gave"))
        return _check("sum", found, f"the parts of {len(rows)} scorings add up to their scores")

    def _watchlists(self) -> Check:
        found = []
        revisions = self._group("watchlists")
        for name, one in revisions.items():
            digest = revision_of(_files(one))
            if name != f"watchlists/{digest}.json" or one["digest"] != digest:
                found.append(Difference(name, f"its files make the revision {digest}, recorded is {one['digest']}"))
        listed = {row["watchlist_revision"] for row, _ in self._assessments()}
        missing = sorted(listed - {one["digest"] for one in revisions.values()})
        found += [Difference("assessments.json", f"revision {digest[:12]} is not in here") for digest in missing]
        return _check("watchlist", found, f"{len(revisions)} revision(s), each the digest of its files")

    def _scored(self) -> Check:
        """The scoring that counts, made again from the text and the watchlist in the bundle."""
        hit, rows = self._json("hit.json"), self._assessments()
        if not rows:
            return Check("scored again", "no scoring is in here", None)
        marks = ("entry_revision", "revision_id", "score")
        counting = [pair for pair in rows if all(pair[0][mark] == hit["hit"][mark] for mark in marks)]
        row, recorded = (counting or rows)[-1]
        files = _files(self._json(f"watchlists/{row['watchlist_revision']}.json"))
        title, text = self._texts()[row["entry_revision"]]
        try:
            one = self._again(files, recorded.signal, title, text, hit["entry"]["language"])
        except WatcherError as error:
            return Check("scored again", f"not possible with this program: {error.message}", None)
        found = tuple(recheck.compare(recorded, one))
        if found and self._manifest.get("engine") != engine_of():
            made = ", ".join(map(str, self._manifest.get("engine", ["unknown"])))
            return Check(
                "scored again", f"this program scores otherwise than the one that made it ({made})", None, found
            )
        return _check("scored again", found, f"{recorded.score:.1f} as recorded, from the text and watchlist in here")


def scorer(expand: Expand) -> Again:
    """What scores a text anew under bundled files; a watchlist that was compiled once is kept."""

    @cache
    def compiled(files: tuple[tuple[str, str], ...]) -> CompiledWatchlist:
        texts = dict(files)
        included = {name for main, text in files for name in included_names(text, main)}
        mains = [name for name in texts if name not in included]
        if len(mains) != 1:
            raise UsageProblem("the files of the watchlist are not one watchlist")
        document = read_document(texts, mains[0])
        return compile_watchlist(document, expand(words_needed(document)))

    def again(files: Mapping[str, str], signal: str, title: str, text: str, language: str) -> Assessment | None:
        watchlist = compiled(tuple(sorted(files.items())))
        evidence = find_evidence(watchlist, title, text, language, limits=Limits())
        assessed = assess(watchlist, evidence) if evidence is not None else ()
        return next((one for one in assessed if one.signal == signal), None)

    return again


def _check(name: str, found: Iterator[Difference] | Sequence[Difference], said: str) -> Check:
    differences = tuple(found)
    return Check(name, said if not differences else f"{len(differences)} difference(s)", not differences, differences)


def _within(where: str, found: Iterator[Difference]) -> list[Difference]:
    return [Difference(f"{where}, {one.where}", one.what) for one in found]


def _files(revision: Mapping[str, Any]) -> dict[str, str]:
    files = revision["files"]
    if not isinstance(files, dict) or not all(isinstance(text, str) for text in files.values()):
        raise ValueError("a watchlist revision holds no files")
    return files


# --- laid out -----------------------------------------------------------------------------------------------------


def checked_lines(checked: Checked) -> Iterator[str]:
    """One line for each check, and below it what differs."""
    from watcher.core.clean import terminal

    about = checked.about
    yield terminal(f"hit {about.get('hit')} of {about.get('watchlist')}, {about.get('signal')}: {about.get('title')}")
    yield terminal(f"made by {about.get('made_by')}; SHA-256 of the file {checked.sha256}")
    words = {True: "ok", False: "DIFFERS", None: "not checked"}
    for check in checked.checks:
        yield terminal(f"{words[check.is_ok]:<12} {check.name}: {check.said}")
        for one in check.differences:
            yield terminal(f"{'':<12}   {one.where}: {one.what}")


def checked_record(checked: Checked) -> dict[str, Any]:
    """The same as plain data."""
    return {
        "whole": checked.is_whole,
        "sha256": checked.sha256,
        "about": {name: value for name, value in checked.about.items() if name != "members"},
        "checks": [
            {
                "check": check.name,
                "ok": check.is_ok,
                "said": check.said,
                "differences": [{"where": one.where, "what": one.what} for one in check.differences],
            }
            for check in checked.checks
        ],
    }


__all__ = ["BundleDamaged", "Check", "Checked", "check_bundle", "checked_lines", "checked_record"]
