"""HTML to plain text, and text to storable text. Must not: render, keep markup, or look anything up.

The text that leaves here is what is stored and matched: no NUL, no control characters but new lines, no surrogates, no
noncharacters, white space folded.
"""

from __future__ import annotations

import html
import re

from selectolax.lexbor import LexborHTMLParser

_UNSTORABLE = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff"
    + "".join(chr(plane * 0x10000 + last) for plane in range(1, 17) for last in (0xFFFE, 0xFFFF))
    + "]"
)
# The same in few ranges, with some harmless characters beyond the basic plane: eight times as fast, and nearly always
# enough to know that there is nothing to look for.
_SUSPECT = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff\U0001fffe-\U0010ffff]"
)
_BREAKS = re.compile("[\r\x85\u2028\u2029]")
_TAG = re.compile(r"<[A-Za-z/!?]")
# Beginnings of the names of block elements, and of pictures and players, which part words too. Three times as fast as
# the list of their names, and told from the inline ones by as few letters as it takes (`del`, `font`, `mark`, `sub`,
# `sup` and the like must not match).
_BLOCK = re.compile(
    r"<(?=/?(?:p[\s>/r]|b[rl]|d(?:[ltd]\b|et|i)|h[1-6erg]|l[ie]|ul|o[lp]|t[abdfhr]|a[rsd]|c[ae]|f(?:i|oo|orm)|mai|men|na"
    r"|se|sum|im|vi|au|pi|emb))",
    re.IGNORECASE,
)
_MANY_TAGS = 20_000
_ANY_TAG = re.compile(r"<[A-Za-z/!?][^<>]*>")
_SILENT = ["script", "style", "template", "noscript", "iframe", "object", "svg", "math", "head"]


def scrub(text: str) -> tuple[str, bool]:
    """Text without what must not be stored, and whether there was any of it."""
    if text.replace("\n", "").isprintable():
        return text, False
    text = _BREAKS.sub("\n", text.replace("\r\n", "\n")) if _BREAKS.search(text) else text
    if _SUSPECT.search(text) is None or _UNSTORABLE.search(text) is None:
        return text, False
    return _UNSTORABLE.sub("", text), True


def plain_text(markup: str, limit: int) -> str:
    """The words of a piece of HTML: blocks begin new lines, inline tags leave no gap, entities are undone once more.

    Args:
        markup: HTML or plain text, as the feed had it after its own unescaping.
        limit: the most characters of markup that are read.
    """
    text = markup[:limit]
    if _TAG.search(text):
        text = _strip(text)
    if "&" in text:
        text = html.unescape(text)
    return text


def fold_space(text: str) -> str:
    """White space folded: one space inside a line, one new line between lines, none at the ends."""
    return "\n".join(filter(None, (" ".join(line.split()) for line in text.split("\n"))))


def one_line(text: str) -> str:
    """All white space folded to single spaces."""
    return " ".join(text.split())


def _strip(markup: str) -> str:
    spaced = _BLOCK.sub("\n<", markup)
    if spaced.count("<") > _MANY_TAGS:
        # The tree builder takes quadratic time on deep nesting; nobody writes an article with so many tags.
        return _ANY_TAG.sub("", spaced)
    tree = LexborHTMLParser(spaced)
    tree.strip_tags(_SILENT)
    root = tree.body or tree.root
    return root.text(deep=True, separator="") if root is not None else ""
