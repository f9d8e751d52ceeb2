"""Texts and links of a hostile publisher, for every face that shows what a feed says. Must not: hold tests, or judge.

How to use it: put each of `TEXTS` wherever a feed reaches (title, author, publisher, name of a source, reason, rung) and
each of `LINKS` wherever an address stands, render your face, and look at the *whole* output:

    @pytest.mark.parametrize("name", TEXTS)
    def test_i11_my_face(name):
        shown = "\\n".join(my_lines(facts(hits=(hit(title=TEXTS[name]),))))
        assert not raw_controls(shown)                 # terminal, log, Markdown, CSV, HTML: no C0, C1, bidi, format character

`LIVE_MARKUP` are the beginnings that must not stand unescaped in HTML, Atom or Markdown; `formula_cells` finds the cells
of parsed CSV that a spreadsheet would run; `LIVE_SCHEMES` are the schemes that must never follow ``href=``; `extra_lines`
counts lines that a text has added to an output of which each record is one line (JSON lines, logs, calendars).

Every text bears `MARK`, so that a test can also see that a text was shown and not lost.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Final

MARK: Final = "canary"

TEXTS: Final[dict[str, str]] = {
    "colour": f"\x1b[31m{MARK}\x1b[0m",
    "clear screen": f"\x1b[2J\x1b[H{MARK}",
    "window title": f"\x1b]0;{MARK}\x07",
    "hyperlink": f"\x1b]8;;http://evil.example/\x1b\\{MARK}\x1b]8;;\x1b\\",
    "clipboard": f"\x1b]52;c;Y2FuYXJ5\x07{MARK}",
    "device answer": f"\x1b[6n\x1b[c\x1bP$q\x1b\\{MARK}",
    "c1 controls": f"\x9b31m\x9d0;{MARK}\x9c\x90x\x9c",
    "overwritten": f"good\b\b\b\b{MARK}\rwell",
    "bell and delete": f"\a\x7f\v\f{MARK}",
    "bidi override": f"\u202e{MARK}\u202c",
    "bidi isolate": f"\u2067{MARK}\u2066\u2069\u200f",
    "zero width": f"c\u200ba\u200dn\u2060a\u00ad\ufeff {MARK}",
    "tag characters": f"{MARK}\U000e0041\U000e007f",
    "line separators": f"{MARK}\u2028second\u2029third\x85fourth",
    "new lines": f"{MARK}\r\n2026-01-01T00:00:00Z INFO feed=x all is well\nand more",
    "nul": f"{MARK}\x00after",
    "xml invalid": f"{MARK}\ufffe\uffff\x01\x0b",
    "lone surrogate": f"{MARK}\ud800\udfff",
    "formula": f'=HYPERLINK("http://evil.example/","{MARK}")',
    "formula plus": f"+{MARK}|' /C x'!A0",
    "formula minus": f"-1+{MARK}",
    "formula at": f"@SUM({MARK})",
    "formula tab": f"\t={MARK}",
    "formula wide": f"\uff1d{MARK}",
    "csv quotes": f'","{MARK}"\n=1+1,"',
    "script": f"<script>alert('{MARK}')</script>",
    "script end": f"</script><script>{MARK}</script><!--",
    "image": f"<img src=x onerror=alert('{MARK}')>",
    "svg": f"<svg/onload=alert('{MARK}')>",
    "frame": f'<iframe srcdoc="<p>{MARK}">',
    "style": f"</style><style>*{{background:url(http://evil.example/)}}</style>{MARK}",
    "title end": f"</title><h1>{MARK}</h1>",
    "attribute": f"\" onmouseover=\"alert('{MARK}')\" x=\"",
    "attribute single": f"' onfocus='alert(1)' autofocus='{MARK}",
    "attribute bare": f"x onclick=alert(1) {MARK}",
    "entity": f"&lt;script&gt;{MARK}&#x6a;avascript:&lt;/script&gt;",
    "cdata end": f"]]><evil>{MARK}</evil><![CDATA[",
    "xml entity": f'<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/hostname">]>&e;{MARK}',
    "markdown link": f"[{MARK}](javascript:alert(1)) ![x](http://evil.example/p.png) <http://evil.example/>",
    "markdown table": f"{MARK} | cell | cell\n|---|---|\n| x | y |",
    "markdown heading": f"# {MARK}\n\n***\n> quote\n```\ncode\n```",
    "markdown html": f"`{MARK}`<details open ontoggle=alert(1)>",
    "calendar lines": f"{MARK}\r\nEND:VEVENT\r\nBEGIN:VEVENT\r\nSUMMARY:evil",
    "calendar parts": f"{MARK};X-EVIL=1:x\\nATTACH:http://evil.example/,\\",
    "mail header": f"{MARK}\r\nBcc: somebody@evil.example\r\n\r\nbody",
    "template": f"{{{{7*7}}}}${{7*7}}%(x)s{{0.__class__}}{{x!r}}%n{MARK}",
    "mentions": f"@everyone @here <!channel> <@U1> {MARK}",
    "zalgo": MARK + "".join(f"z{chr(0x300 + n % 0x70) * 40}" for n in range(20)),
    "long word": MARK + "w" * 20_000,
    "wide": MARK + "\u6f22" * 5_000,
    "many emoji": MARK + "\U0001f468\u200d\U0001f469\u200d\U0001f467" * 200,
    "only blanks": f"\u00a0\u3000\u2003\u2800{MARK}\u3164",
}  # fmt: skip
"""By name: what a publisher can put into any field of text."""

LINKS: Final[dict[str, str]] = {
    "javascript": f"javascript:alert('{MARK}')",
    "javascript split": f" JaVa\tScRi\npt:alert('{MARK}')",
    "javascript control": f"\x01javascript:{MARK}",
    "vbscript": f"vbscript:{MARK}",
    "data": f"data:text/html,<script>{MARK}</script>",
    "data base64": "data:text/html;base64,PHNjcmlwdD4=",
    "file": "file:///etc/passwd",
    "blob": f"blob:http://evil.example/{MARK}",
    "view source": f"view-source:javascript:{MARK}",
    "attribute": f'http://evil.example/"onmouseover="{MARK}',
    "attribute single": f"http://evil.example/'onmouseover='{MARK}",
    "tag": f"http://evil.example/><script>{MARK}</script>",
    "blank": f"http://evil.example/ onclick={MARK}",
    "markdown": f"http://evil.example/)[x](javascript:{MARK})",
    "escape": f"http://evil.example/\x1b]8;;\x07{MARK}",
    "lines": f"http://evil.example/\r\nSet-Cookie:{MARK}",
    "userinfo": f"http://good.example@evil.example/{MARK}",
    "bidi": f"http://evil.example/\u202egpj.{MARK}",
    "protocol-relative": f"//evil.example/{MARK}",
    "no scheme": MARK,
    "long": f"http://evil.example/{MARK}" + "a" * 20_000,
    "formula": f"=cmd|'{MARK}'",
}  # fmt: skip
"""By name: what a publisher can put where an address is expected."""

LIVE_MARKUP: Final = (
    "<script", "<img", "<svg", "<iframe", "<evil", "<!entity", "<details", "</style><style", "<base",
)  # fmt: skip
"""Beginnings, in small letters, that stand in no face unless something was not escaped."""

LIVE_SCHEMES: Final = ("javascript:", "vbscript:", "data:", "file:", "blob:", "view-source:")

_CONTROLS = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\ufffe\uffff"
    "\ud800-\udfff\U000e0000-\U000e0fff]"
)


def raw_controls(shown: str, *, but: str = "") -> list[str]:
    """Controls, direction marks, format characters and surrogates that stand raw in an output, tab and newline apart.

    Args:
        shown: the whole output.
        but: characters that this face writes itself, such as the escape of its own colours.
    """
    return sorted({f"U+{ord(found):04X}" for found in _CONTROLS.findall(shown) if found not in but})


def formula_cells(rows: Iterable[Sequence[str]]) -> list[str]:
    """Cells of parsed CSV that a spreadsheet would take for a formula."""
    return [cell for row in rows for cell in row if cell[:1] and cell[0] in "=+-@\t\r\n\0\uff1d\uff0b\uff0d\uff20"]


def live_markup(shown: str) -> list[str]:
    """Beginnings of elements that stand without a backslash before them.

    A face that writes such elements itself compares with what it shows of a calm text.
    """
    return [begin for begin in LIVE_MARKUP if re.search(rf"(?<!\\){begin}", shown, re.IGNORECASE)]


def extra_lines(shown: str, records: int) -> int:
    """Lines beyond one per record, by every separator that some reader takes for the end of a line."""
    return len(shown.splitlines()) - records
