"""The one-byte alphabet the engine reads texts in: a letter in, a folded byte out. Must not: change a length.

Texts of the configured languages fit into 256 code points, so a text becomes ``bytes`` by one pass of the charmap
codec and is folded by one ``bytes.translate``: no per-character Python, no third-party array library. A letter that
is not in the alphabet (Polish, Greek, Georgian …) becomes the byte ``OTHER``; what it was is checked at a hit only.
"""

from __future__ import annotations

import codecs
import re
import unicodedata
from collections.abc import Collection
from typing import Final

OTHER: Final = "\x01"
OTHER_BYTE: Final = OTHER.encode()
APOSTROPHES: Final = "'’ʼ‘ʹ′`´ʻ＇"

_CYRILLIC: Final = "".join(map(chr, range(0x410, 0x450))) + "ЁёІіЇїЄєҐґ"
_LATIN: Final = "".join(chr(c) for c in range(0xC0, 0x100) if chr(c) not in "×÷ÞþÐðÝýÕõÃã") + "œŒ"
_ASCII: Final = "\x00\x01\t\n\r" + "".join(map(chr, range(32, 127)))
_MARKS: Final = "«»“”„‘’ʼ–—…\xa0№€£§°‑"
_ALPHABET: Final = _ASCII + _LATIN + _CYRILLIC + _MARKS


def _layout() -> str:
    """Give every character its byte. ASCII keeps its own; NUL stays 0 (the codec's rule).

    The bytes of ASCII control characters hold marks only (folded to a space), so that an ASCII text, which is taken
    as it is, cannot smuggle in a letter by way of a control character. What is left is private use: never in a text.
    """
    table = [chr(0xE000 + byte) for byte in range(256)]
    for char in _ASCII:
        table[ord(char)] = char
    high, low = list(range(128, 256)), [byte for byte in range(2, 128) if chr(byte) not in _ASCII]
    for char in _LATIN + _CYRILLIC:
        table[high.pop()] = char
    for char in _MARKS:
        table[low.pop()] = char
    return "".join(table)


_TABLE: Final = _layout()
_ENCODING: Final = codecs.charmap_build(_TABLE)
_BYTE: Final = {char: byte for byte, char in enumerate(_TABLE)}
OUTSIDE: Final = re.compile("[^" + re.escape(_ALPHABET.replace(OTHER, "")) + "]")


def fold_char(char: str) -> str:
    """One character, folded: exactly one out. What is neither letter, digit nor mark becomes a space."""
    if not (char.isalnum() or unicodedata.category(char)[0] == "M"):
        return " "
    folded = char.casefold()
    if len(folded) != 1:
        folded = char.lower()
    return "е" if folded == "ё" else folded if len(folded) == 1 else char


def is_cyrillic(char: str) -> bool:
    """True for a letter of the Cyrillic blocks."""
    return "\u0400" <= char <= "\u052f"


def _folded_byte(char: str) -> int:
    return 1 if char == OTHER else _BYTE[fold_char(char)]


def _class_byte(char: str) -> int:
    """Script class, for the two cheap questions: an apostrophe between Cyrillic letters? a word of mixed scripts?"""
    if char == OTHER:
        return ord("o")
    if char in APOSTROPHES:
        return ord("'")
    if not char.isalpha():
        return ord(" ")
    return ord("c") if is_cyrillic(char) else ord("l")


FOLD: Final = bytes(_folded_byte(char) if char in _ALPHABET else 32 for char in _TABLE)
CLASS: Final = bytes(_class_byte(char) if char in _ALPHABET else 32 for char in _TABLE)
_FOLD_ASCII: Final = bytes(32 if byte == ord(OTHER) else folded for byte, folded in enumerate(FOLD))
APOSTROPHE: Final = ord("'")
_FEW: Final = 20


def encode_ascii(text: str) -> bytes:
    """An ASCII text, folded. Control characters are separators here, the byte ``OTHER`` too."""
    return text.encode("ascii").translate(_FOLD_ASCII)


def encode_known(text: str) -> bytes | None:
    """The text in the alphabet, one byte a character, not folded yet; None where a character is not in it."""
    if OTHER in text:
        text = text.replace(OTHER, " ")
    try:
        return codecs.charmap_encode(text, "strict", _ENCODING)[0]
    except UnicodeEncodeError:
        return None


def _inside(char: str) -> str:
    folded = "'" if char in APOSTROPHES else fold_char(char)
    return folded if folded == " " or folded in _BYTE else OTHER


def encode_outside(text: str, outside: Collection[str]) -> bytes:
    """The text in the alphabet, its characters from outside replaced: letters by ``OTHER``, the rest by spaces."""
    text = text.replace(OTHER, " ")
    if len(outside) > _FEW:
        text = OUTSIDE.sub(lambda match: _inside(match.group()), text)
    else:
        for char in outside:
            text = text.replace(char, _inside(char))
    return codecs.charmap_encode(text, "strict", _ENCODING)[0]


def encode(text: str) -> bytes:
    """A short folded text (a form of a term) in the alphabet."""
    known = encode_known(text)
    return encode_outside(text, set(OUTSIDE.findall(text))) if known is None else known


def decode(code: bytes) -> str:
    """Bytes of the alphabet as text again (``OTHER`` stays what it is)."""
    return codecs.charmap_decode(code, "strict", _TABLE)[0]
