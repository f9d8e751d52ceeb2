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
_ASCII_SUSPECTS = bytes([*range(0x09), 0x0B, 0x0C, *range(0x0D, 0x20), 0x7F])
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
# Tags that part or mark words and do nothing else to the text around them, in a form over which no two parsers differ.
_PLAIN_TAG = re.compile(
    r"</?(?:a|abbr|acronym|address|article|aside|b|big|blockquote|br|center|cite|code|dd|del|dfn|div|dl|dt|em|figcaption"
    r"|figure|font|footer|h[1-6]|header|hr|i|img|ins|kbd|li|main|mark|nav|ol|p|q|s|samp|section|small|span|strike|strong"
    r"|sub|sup|time|tt|u|ul|var|wbr)"
    r"(?:\s++[A-Za-z][A-Za-z0-9_:-]*+(?:\s*+=\s*+(?:\"[^\"<]*+\"|'[^'<]*+'|[^\s\"'=<>`]++))?+)*+\s*+/?>",
    re.IGNORECASE,
)
# A reference in any other form than these few may be read in more than one way.
_ODD_REFERENCE = re.compile(
    r"&(?!(?:[A-Za-z]{2,8}|#(?:3[2-9]|[4-9][0-9]|1[01][0-9]|12[0-6]|1[6-9][0-9]|[2-9][0-9]{2}|[1-9][0-9]{3}));)"
)
_SHORT = 60
_GAP = "\x00"
_MANY_TAGS = 20_000
_ANY_TAG = re.compile(r"<[A-Za-z/!?][^<>]*>")
_SILENT = ["script", "style", "template", "noscript", "iframe", "object", "svg", "math", "head"]


def scrub(text: str) -> tuple[str, bool]:
    """Text without what must not be stored, and whether there was any of it."""
    if text.isascii() and len(text) > _SHORT:
        data = text.encode()
        if len(data.translate(None, _ASCII_SUSPECTS)) == len(data):
            return text, False
    elif text.replace("\n", "").isprintable():
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


def _strip(markup: str) -> str:
    spaced = _BLOCK.sub("\n<", markup)
    plain = _strip_plain(spaced)
    if plain is not None:
        return plain
    if spaced.count("<") > _MANY_TAGS:
        # The tree builder takes quadratic time on deep nesting; nobody writes an article with so many tags.
        return _ANY_TAG.sub("", spaced)
    return _strip_tree(spaced)


def _strip_tree(spaced: str) -> str:
    tree = LexborHTMLParser(spaced)
    tree.strip_tags(_SILENT)
    root = tree.body or tree.root
    return root.text(deep=True, separator="") if root is not None else ""


def _strip_plain(markup: str) -> str | None:
    """The text of markup of nothing but plain tags and references, or None: three times as fast as a tree of it.

    It is the text of the tree, but for white space at the beginning, which all callers fold away.
    """
    text = _PLAIN_TAG.sub(_GAP, markup.lstrip(" \t\n"))
    if "<" in text or _ODD_REFERENCE.search(text):
        return None
    # The gaps go last: a reference that a tag parts is none.
    return html.unescape(text).replace(_GAP, "")
