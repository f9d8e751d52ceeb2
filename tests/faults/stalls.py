"""Makes inputs that stall a parser from the corpus's description of them. Must not: hold a recipe itself.

The description is a table of samples in which a unit is repeated up to an ellipsis; where the corpus is absent, or
describes a row only in prose, there is nothing to make.
"""

from __future__ import annotations

import re
from pathlib import Path

SIZE = 1_000_000
_SECTION = re.compile(r"^### 5\.3 .*?(?=^### )", re.MULTILINE | re.DOTALL)
_SAMPLE = re.compile(r"^\| [^`|]*`([^`]+)`", re.MULTILINE)


def described(corpus: Path) -> list[str]:
    """A body of about a megabyte for every sample in the description."""
    page = corpus / "study" / "reliability.md"
    section = _SECTION.search(page.read_text(encoding="utf-8")) if page.is_file() else None
    return [_body(_grown(sample)) for sample in _SAMPLE.findall(section.group(0))] if section else []


def _grown(sample: str) -> str:
    before, more, after = sample.partition("…")
    if not more and sample.startswith("<"):
        return "".join(f"{sample}{n}</{sample[1:]}" for n in range(SIZE // (2 * len(sample) + 6)))
    unit = next(
        (before[-size:] for size in range(1, len(before) // 2 + 1) if before.endswith(before[-size:] * 2)), before
    )
    return before + unit * (SIZE // len(unit)) + after


def _body(text: str) -> str:
    if text.startswith("<?"):
        return text
    if text.startswith("<"):
        return f"<rss version='2.0'><channel><item>{text}</item></channel></rss>"
    inside = text if text.startswith("&") else f"<![CDATA[<p {text}>x</p>]]>"
    return f"<rss version='2.0'><channel><item><description>{inside}</description></item></channel></rss>"
