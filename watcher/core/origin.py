"""Who an entry really comes from, and how many independent origins a story has. Must not: judge, or set a grade.

An entry makes *claims*: the agency it credits, the document it refers to, else its publisher's owner. Claims and copied
texts tie entries of a story together; what is tied together is one origin. Ties err on the side of fewer origins.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from watcher.core.story import Standing
from watcher.core.wires import AGENCIES, INSTITUTIONS, Agency

HEAD_CHARS: Final = 2000
TAIL_CHARS: Final = 300
AGGREGATORS: Final = frozenset({"google", "news.google.com", "msn", "msn.com", "yahoo", "news.yahoo.com", "bing.com"})

Claim = tuple[str, str]
"""An owner family, and the reason in one line."""


@dataclass(frozen=True, slots=True)
class Published:
    """What is known of who published an entry; ``outlet`` and ``outlet_url`` are what an aggregator says."""

    title: str
    text: str
    link: str
    family: str
    publisher: str
    author: str = ""
    outlet: str = ""
    outlet_url: str = ""
    is_primary: bool = False


@dataclass(frozen=True, slots=True)
class Owner:
    """Who owns a host, as the watchlist says it."""

    family: str
    publisher: str
    is_primary: bool = False


@dataclass(frozen=True, slots=True)
class Traced:
    """What an entry says about where it comes from."""

    outlet: str
    standing: Standing
    claims: tuple[Claim, ...]


@dataclass(frozen=True, slots=True)
class Member:
    """A member of a story, for counting origins."""

    entry_id: int
    claims: Sequence[Claim]
    copy_of: int | None = None


# --- the patterns -------------------------------------------------------------------------------------------------

_BEFORE: Final = (
    r"according to|says|reporting by|citing|cited by|quoted by|quoting|as reported by|reported by|first reported by|told|reports? by|"
    r"со? ссылкой на|по данным|по (?:со|у)общени(?:ю|ям)|по информации|как (?:сообщ|переда|пиш)\w+|(?:сообщ|переда|пиш)\w+|"
    r"рассказал\w* (?:агентству )?|заявил\w* (?:агентству )?|цитирует|з посиланням на|за (?:повідомленням|даними|інформацією)|"
    r"(?:повідомля|переда)\w+|selon|d'après|d’après|rapporté par|citée? par|a (?:déclaré|indiqué|dit) à|"
    r"laut|nach (?:Angaben|Informationen)(?: der| von)?|unter Berufung auf(?: die)?|"
    r"berichtete?n?|meldete?n?|zitiert(?:e)?|sagte (?:er |sie )?der"
)
_FILLER: Final = (
    r"(?:(?:the|a|state|state-run|Russian|Ukrainian|German|French|news|wire|agency|agencies|service|российск\w+|агентств\w*|"
    r"информагентств\w*|інформагентств\w*|л?l['’]|l['’]agence|agence|de presse|der|die|das|Nachrichtenagentur|dem|la|le|russe|"
    r"russische[nr]?)\s*){0,5}"
)
_AFTER: Final = (
    r"(?:news agency |agency )?(?:reports|reported|said|says|quoted|quotes|cited|cites|writes|"
    r"сообща\w+|сообщил\w*|переда[её]т|передал\w*|пиш\w+|цитирует|повідомля\w+|повідомил\w*|передає|"
    r"rapporte|a rapporté|indique|berichtet\w*|meldet\w*)"
)


def _spelled(agencies: Iterable[Agency]) -> str:
    return "|".join(f"(?P<n{number}>{agency.spelled})" for number, agency in enumerate(agencies))


_NAMES: Final = _spelled(AGENCIES)
_EDGE: Final = r"(?![\w-])"
_ATTRIBUTED: Final = re.compile(rf"\b(?i:{_BEFORE})\s+(?i:{_FILLER})[\"«“'(]?(?:{_NAMES}){_EDGE}")
_ATTRIBUTED_AFTER: Final = re.compile(rf"(?<![\w-])(?:{_NAMES})[\"»”')]?,?\s+(?i:{_AFTER})\b")
_SIGNED: Final = tuple(
    re.compile(pattern, re.MULTILINE)
    for pattern in (
        rf"[(\[/]\s*(?:{_NAMES})(?:[,/][^()\]]{{0,30}})?\s*[)\]/]",
        rf"[-—–]\s*(?:[Bb]y\s+)?(?:{_NAMES})\s*(?:[.:]|$)",
        rf"^(?:{_NAMES})\s*(?:,\s*\d|[-—–:]\s)",
        rf"[.!?]\s+(?:[Bb]y\s+)?(?:{_NAMES})\s*\.?\s*\Z",
    )
)
"""Datelines and signatures: (Reuters), /TASS/, — РИА Новости."""
_SITE: Final = r"website|web site|site|page|channel|сайт\w*|канал\w*|страниц\w*|сайті|Website|Internetseite|Homepage"
_PUBLISHED: Final = (
    r"publish\w*|posted|released|statement|document|text|draft\w*|опубликова\w*|размещ[её]н\w*|заявлени\w*|документ\w*|текст\w*|"
    r"опублікова\w*|заяв\w*|publi[ée]\w*|communiqué|veröffentlicht\w*|Erklärung|Mitteilung|Dokument"
)
_INSTITUTION: Final = re.compile(rf"(?<![\w-])(?:{_spelled(INSTITUTIONS)})(?!\w)")
_HAS_SITE: Final = re.compile(rf"\b(?i:{_SITE})\b")
_HAS_PUBLISHED: Final = re.compile(rf"\b(?i:{_PUBLISHED})\b")
_HOST: Final = re.compile(r"(?<![\w@.-])(?:[a-z0-9-]+\.)+[a-z]{2,12}\b", re.IGNORECASE)
_SENTENCE: Final = re.compile(r"(?<=[.!?])\s+")

_DOCUMENT: Final = re.compile(
    r"\A\W*(?:(?:full|complete|official|final|the|draft|joint|text of(?: the)?|presidency|press|agreed|signed|полный|текст|"
    r"проект|совместн\w+|спільн\w+|повний|проєкт|texte (?:intégral|de la|du)|projet de|gemeinsame[rs]?|entwurf(?: eines| einer)?|"
    r"wortlaut (?:des|der)|high|representative|north atlantic council)\s+){0,5}"
    r"(?:treaty|agreement|convention|charter|protocol|memorandum|statement|declaration|communiqu[ée]|resolution|decision|"
    r"conclusions|note verbale|verbal note|aide-m[ée]moire|letter|treaties|text|act|договор\w*|соглашени\w*|конвенци\w*|хартия|"
    r"протокол|меморандум\w*|заявление|декларация|коммюнике|резолюция|решение|нота|письмо|указ|договір|угода|заява|"
    r"комюніке|резолюція|рішення|лист|trait[ée]|accord|convention|d[ée]claration|r[ée]solution|lettre|vertrag\w*|abkommen|"
    r"erkl[äa]rung|beschluss|entschlie[ßs]ung|note)\b",
    re.IGNORECASE,
)
_TREATY: Final = re.compile(
    r"\b(?:have agreed as follows|the (?:contracting )?parties|hereby (?:decides|agree)|article 1\b.{0,2000}\barticle 2\b|"
    r"статья 1\b.{0,2000}\bстатья 2\b|стаття 1\b.{0,2000}\bстаття 2\b|artikel 1\b.{0,2000}\bartikel 2\b|"
    r"договорились о нижеследующем|домовилися про|sont convenu\w* de ce qui suit|sind wie folgt übereingekommen)",
    re.IGNORECASE | re.DOTALL,
)
_FILES: Final = (".pdf", ".doc", ".docx", ".odt", ".rtf")


# --- an entry alone -----------------------------------------------------------------------------------------------


def host_of(link: str) -> str:
    """The host of a link without ``www.``; empty where there is none."""
    try:
        host = urlsplit(link if "//" in link else f"//{link}").hostname or ""
    except ValueError:
        return ""
    return host.removeprefix("www.")


def owner_of(host: str, owners: Mapping[str, Owner]) -> Owner | None:
    """Who owns a host: named itself, or the one that it is a part of."""
    while host:
        if host in owners:
            return owners[host]
        _, _, host = host.partition(".")
    return None


def trace(said: Published, owners: Mapping[str, Owner]) -> Traced:
    """Who published an entry, who it says it has it from, and whether it is the document itself."""
    outlet, family, is_primary = _outlet(said, owners)
    body = said.text[:HEAD_CHARS] + ("\n" + said.text[-TAIL_CHARS:] if len(said.text) > HEAD_CHARS else "")
    text = f"{said.title}\n{body}"
    claims = [claim for claim in (_credited(text, said.author, owners), _quoted(text, owners)) if claim]
    if is_primary or not claims:
        claims = [(family, f"published by {outlet}, owner {family}")]
    return Traced(outlet, standing_of(said, is_primary=is_primary), tuple(dict(reversed(claims)).items())[::-1])


def _outlet(said: Published, owners: Mapping[str, Owner]) -> tuple[str, str, bool]:
    """Name of the outlet, its family, and whether it is an institution's own."""
    named = said.outlet or host_of(said.outlet_url)
    is_aggregator = said.family in AGGREGATORS or host_of(said.link) in AGGREGATORS
    if not named or not (is_aggregator or said.outlet_url):
        name = said.publisher or host_of(said.link) or "unknown"
        return name, said.family or name, said.is_primary
    host = host_of(said.outlet_url)
    known = owner_of(host, owners) or next((one for one in owners.values() if one.publisher == named), None)
    if known is not None:
        return known.publisher, known.family, known.is_primary
    for agency in AGENCIES:
        if host in agency.hosts or re.fullmatch(agency.spelled, named):
            return agency.name, agency.family, False
    return named, host or named.casefold(), False


def _family(agency: Agency, owners: Mapping[str, Owner]) -> str:
    return next((owners[host].family for host in agency.hosts if host in owners), agency.family)


def _credited(text: str, author: str, owners: Mapping[str, Owner]) -> Claim | None:
    """The agency that a text says it has it from: an attribution goes before a signature."""
    found = [match for pattern in (_ATTRIBUTED, _ATTRIBUTED_AFTER) if (match := pattern.search(text))]
    found = found or [match for pattern in _SIGNED if (match := pattern.search(text))]
    first = min(found, key=lambda match: match.start(), default=None)
    if first is None:
        agency = next((one for one in AGENCIES if re.fullmatch(one.spelled, author.strip())), None)
        return (_family(agency, owners), f"credits {agency.name} as its author") if agency else None
    number = next(int(name[1:]) for name, value in first.groupdict().items() if value)
    agency, words = AGENCIES[number], " ".join(first.group().split())
    return _family(agency, owners), f"credits {agency.name}: “{words[:80]}”"


def _quoted(text: str, owners: Mapping[str, Owner]) -> Claim | None:
    """The institution whose own document a text refers to: by its site, or as published there."""
    for match in _HOST.finditer(text):
        owner = owner_of(match.group().lower().removeprefix("www."), owners)
        if owner is not None and owner.is_primary:
            return owner.family, f"refers to {match.group()}"
    for sentence in _SENTENCE.split(text):
        named = _INSTITUTION.search(sentence)
        if named and _HAS_SITE.search(sentence) and _HAS_PUBLISHED.search(sentence):
            number = next(int(name[1:]) for name, value in named.groupdict().items() if value)
            institution = INSTITUTIONS[number]
            return _family(institution, owners), f"quotes what {institution.name} published itself"
    return None


def standing_of(said: Published, *, is_primary: bool) -> Standing:
    """Is it the document, the institution's own word, or a report?"""
    if not is_primary:
        return "report"
    path = said.link.split("?", 1)[0].lower()
    is_text = path.endswith(_FILES) or _DOCUMENT.match(said.title) or _TREATY.search(said.text[:HEAD_CHARS])
    return "document" if is_text else "primary"


# --- a story ------------------------------------------------------------------------------------------------------


def origins_of(members: Sequence[Member]) -> dict[int, Claim]:
    """The origin of each entry of a story, with the reason; entries with the same origin bear the same name."""
    roots = _tied(members)
    said = {member.entry_id: member for member in members}
    named: dict[str, Counter[str]] = defaultdict(Counter)
    for member in members:
        named[roots[str(member.entry_id)]].update(family for family, _ in member.claims[:1] if not _is_own(member))
    for member in members:
        group = named[roots[str(member.entry_id)]]
        if not group:
            group.update(family for family, _ in member.claims[:1])
    return {member.entry_id: (_name(named[roots[str(member.entry_id)]]), _reason(member, said)) for member in members}


def _is_own(member: Member) -> bool:
    return member.claims[0][1].startswith("published by")


def _name(group: Counter[str]) -> str:
    return min(group, key=lambda family: (-group[family], family))


def _reason(member: Member, said: Mapping[int, Member]) -> str:
    is_copy = member.copy_of in said
    if is_copy and _is_own(member):
        return f"same text as entry {member.copy_of}"
    return "; ".join([why for _, why in member.claims] + ([f"same text as entry {member.copy_of}"] if is_copy else []))


def _tied(members: Sequence[Member]) -> dict[str, str]:
    """The root of what each entry is tied to: by a claim that another makes too, or by a copied text."""
    parent: dict[str, str] = {}

    def root(one: str) -> str:
        parent.setdefault(one, one)
        while parent[one] != one:
            parent[one] = one = parent[parent[one]]
        return one

    here = {member.entry_id for member in members}
    for member in members:
        ties = [f"family {family}" for family, _ in member.claims]
        if member.copy_of in here:
            ties.append(str(member.copy_of))
            ties = ties[1:] if _is_own(member) else ties
        for tie in ties:
            parent[root(tie)] = root(str(member.entry_id))
    return {str(member.entry_id): root(str(member.entry_id)) for member in members}


def suggested_credibility(origins: int) -> str:
    """What the number of independent origins suggests; a person sets the grade."""
    if origins < 1:
        return ""
    return (
        "suggests 1-3: at least two independent origins"
        if origins > 1
        else "suggests no better than 3: a single origin"
    )
