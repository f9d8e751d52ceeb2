"""``${NAME}`` in an address: what it names, filled in, or hidden. Must not: read the environment itself."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

_LOGIN: Final = re.compile(r"://[^\s/?#@'\"]*@")
_QUERY: Final = re.compile(r"(?<=\S)\?[^\s'\"]*=[^\s'\"]*")
_SECRET: Final = re.compile(r"\$\{([A-Z][A-Z0-9_]*)\}")


def names(text: str) -> tuple[str, ...]:
    """The variables that a text refers to, each once."""
    return tuple(dict.fromkeys(_SECRET.findall(text)))


def reveal(text: str, environ: Mapping[str, str]) -> str:
    """The text with its secrets filled in. Only for the request itself: never stored, logged or shown.

    Raises:
        KeyError: a variable is not set; the argument is its name.
    """
    return _SECRET.sub(lambda found: environ[found[1]], text)


def hide(text: str, secrets: Mapping[str, str]) -> str:
    """The text with every value of these secrets replaced by its ``${NAME}``: for messages of libraries."""
    for name, value in sorted(secrets.items(), key=lambda item: -len(item[1])):
        if value:
            text = text.replace(value, f"${{{name}}}")
    return text


def hide_in_line(line: str) -> str:
    """A line of a file for showing: what an address could hold in secret (login, query) is left out."""
    return _QUERY.sub("?\u2026", _LOGIN.sub("://\u2026@", line))
