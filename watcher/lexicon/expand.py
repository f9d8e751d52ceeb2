"""Forms of words, from the disk cache or from a process that loads the dictionaries and ends.

Must not: import a dictionary library here; a second load costs milliseconds.
"""

from __future__ import annotations

import contextlib
import hashlib
import importlib.metadata
import importlib.util
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final

from watcher.core.compile import words_needed
from watcher.core.document import Document
from watcher.core.errors import WatcherError

RULES: Final = "3"
"""Version of our own choice of forms; part of the key of the cache."""
TIMEOUT_S: Final = 300.0
Forms = dict[tuple[str, str], frozenset[str]]


def _version(name: str) -> str:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return "-"


def forms_version() -> str:
    """What forms depend on: the dictionaries' versions and our own rules. Part of the key of every cache."""
    names = ("simplemma", "pymorphy3", "pymorphy3-dicts-ru")
    return "_".join([RULES, *map(_version, names)])


def _cache_file(cache_dir: Path, language: str) -> Path:
    key = hashlib.sha256(forms_version().encode()).hexdigest()[:16]
    return cache_dir / f"forms-{language}-{key}.json"


def _read(path: Path) -> dict[str, list[str]]:
    """The cached forms of a language; a cache that cannot be read is an empty one."""
    try:
        data = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return {}
    return data if isinstance(data, dict) and all(_is_row(row) for row in data.values()) else {}


def _is_row(row: object) -> bool:
    return isinstance(row, list) and all(isinstance(form, str) for form in row)


def _write(path: Path, forms: Mapping[str, list[str]]) -> None:
    """Replace a cache file whole. A cache that cannot be written costs time, never the answer."""
    with contextlib.suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=path.name, suffix=".part")
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            json.dump(forms, file, ensure_ascii=False, sort_keys=True)
        Path(name).replace(path)


def _ask(missing: Mapping[str, list[str]]) -> dict[str, dict[str, list[str]]]:
    """Let a process of its own look the words up, and end."""
    command = [sys.executable, "-I", "-m", "watcher.lexicon.inflect"]
    try:
        done = subprocess.run(  # noqa: S603 - our own interpreter and module
            command, input=json.dumps(missing), capture_output=True, text=True, timeout=TIMEOUT_S, check=True
        )
        answer: dict[str, dict[str, list[str]]] = json.loads(done.stdout)
    except subprocess.CalledProcessError as error:
        lines = error.stderr.strip().splitlines()
        raise WatcherError(f"word forms could not be looked up: {lines[-1] if lines else error}") from error
    except (subprocess.TimeoutExpired, ValueError) as error:
        raise WatcherError(f"word forms could not be looked up: {error}") from error
    return answer


def expand(words: Iterable[tuple[str, str]], *, cache_dir: Path | None) -> Forms:
    """Forms of words.

    Args:
        words: (language, word) pairs, as ``words_needed`` names them.
        cache_dir: where forms are kept between starts; None keeps nothing.

    Returns:
        By pair, its forms, the word itself among them.

    Raises:
        WatcherError: the dictionaries could not be read.
    """
    asked: dict[str, set[str]] = {}
    for language, word in words:
        asked.setdefault(language, set()).add(word)
    known = {language: _read(_cache_file(cache_dir, language)) if cache_dir else {} for language in asked}
    missing = {
        language: sorted(wanted - known[language].keys())
        for language, wanted in asked.items()
        if not wanted <= known[language].keys()
    }
    if missing:
        for language, found in _ask(missing).items():
            known[language] |= found
            if cache_dir:
                _write(_cache_file(cache_dir, language), known[language])
    return {(language, word): frozenset(known[language][word]) for language, wanted in asked.items() for word in wanted}


def load_watchlist_forms(document: Document, *, cache_dir: Path | None) -> Forms:
    """Forms of every word that a document needs."""
    return expand(words_needed(document), cache_dir=cache_dir)
