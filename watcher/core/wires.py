"""The agencies and institutions that texts name as where they have it from. Must not: read a text.

Declared here and nowhere else: names as regular expressions (with their case: AP and dpa are words too), the owner
family, and the hosts by which a watchlist's own source of the same owner is found.
"""

from __future__ import annotations

from typing import Final, NamedTuple


class Agency(NamedTuple):
    """One that others quote: its name, the family it belongs to, its name in texts, its hosts."""

    name: str
    family: str
    spelled: str
    hosts: tuple[str, ...] = ()


AGENCIES: Final = (
    Agency("TASS", "russian-state", r"(?:ITAR[- ])?TASS|Tass|(?:ИТАР-)?ТАСС\w?|Тасс", ("tass.com", "tass.ru")),
    Agency("RIA Novosti", "russian-state", r"RIA(?: Novosti| Nowosti)?|РИА(?: Новости| Новостей)?|РІА Новості|Ria Novosti", ("ria.ru",)),
    Agency("Sputnik", "russian-state", r"Sputnik|Спутник", ("sputniknews.com", "sputnikglobe.com")),
    Agency("RT", "russian-state", r"RT(?= TV| channel|\b)|Russia Today", ("rt.com",)),
    Agency("Interfax", "interfax", r"Interfax(?!-Ukra)|Интерфакс(?:а|у|ом|е)?(?!-Укра)|Інтерфакс(?!-Укра)", ("interfax.ru", "interfax.com")),
    Agency("Interfax-Ukraine", "interfax-ukraine", r"Interfax-Ukraine|Интерфакс-Украина|Інтерфакс-Україна", ("interfax.com.ua",)),
    Agency("Ukrinform", "ukrainian-state", r"Ukrinform|Укринформ(?:а|у|ом)?|Укрінформ(?:у|ом)?", ("ukrinform.net", "ukrinform.ua")),
    Agency("UNIAN", "unian", r"UNIAN|УНИАН|УНІАН", ("unian.net", "unian.info")),
    Agency("Reuters", "reuters", r"Reuters|REUTERS|Рейтер(?:с|са|а|у|ом)?", ("reuters.com",)),
    Agency("AFP", "afp", r"AFP|Agence France-Presse|АФП|Франс Пресс", ("afp.com",)),
    Agency("AP", "associated-press", r"AP|Associated Press|Ассошиэйтед Пресс|Ассошиейтед Пресс", ("apnews.com",)),
    Agency("dpa", "dpa", r"dpa|DPA|Deutsche Presse-Agentur|Deutschen Presse-Agentur|ДПА", ("dpa.com",)),
    Agency("Bloomberg", "bloomberg", r"Bloomberg|Блумберг", ("bloomberg.com",)),
    Agency("PAP", "pap", r"PAP|ПАП|Polish Press Agency", ("pap.pl",)),
    Agency("ANSA", "ansa", r"ANSA|Ansa|АНСА", ("ansa.it",)),
    Agency("EFE", "efe", r"EFE|ЭФЭ", ("efe.com",)),
    Agency("Xinhua", "chinese-state", r"Xinhua|Синьхуа|Сіньхуа", ("xinhuanet.com", "news.cn")),
    Agency("Anadolu", "anadolu", r"Anadolu(?: Agency| Ajans\w*)?|Анадолу", ("aa.com.tr",)),
    Agency("BelTA", "belarusian-state", r"BelTA|BELTA|БелТА|БЕЛТА", ("belta.by",)),
    Agency("Kyodo", "kyodo", r"Kyodo|Киодо", ("kyodonews.net",)),
    Agency("Yonhap", "yonhap", r"Yonhap|Ёнхап|Рёнхап", ("yna.co.kr",)),
)  # fmt: skip

INSTITUTIONS: Final = (
    Agency(
        "Russian Foreign Ministry",
        "russian-state",
        r"Russian Foreign Ministry|Russia's (?:Foreign Ministry|foreign ministry)|Russian foreign ministry|"
        r"МИД(?:а|у|ом)?(?: России| РФ)?|МЗС (?:Росії|РФ)|ministère russe des Affaires étrangères|"
        r"russische[ns]? Außenministerium\w*",
        ("mid.ru",),
    ),
    Agency("Kremlin", "russian-state", r"Kremlin|Кремл[ьяею]\w?|Кремль|Kreml", ("kremlin.ru",)),
    Agency("NATO", "nato", r"NATO|НАТО|OTAN", ("nato.int",)),
    Agency("EU", "eu", r"European Council|EU Council|EEAS|European Commission|Еврокомисси\w+|Евросовет\w*|"
           r"Commission européenne|Conseil européen|Europäische\w? (?:Kommission|Rat)", ("consilium.europa.eu", "eeas.europa.eu", "europa.eu")),
    Agency("OSCE", "osce", r"OSCE|ОБСЕ|ОБСЄ|OSZE", ("osce.org",)),
    Agency("UN", "united-nations", r"United Nations|ООН|Nations unies|Vereinte\w? Nationen", ("un.org",)),
    Agency("US State Department", "us-government", r"(?:US |U\.S\. )?State Department|Госдеп\w*|Держдеп\w*", ("state.gov",)),
    Agency("Ukrainian Foreign Ministry", "ukrainian-state", r"Ukrainian Foreign Ministry|Ukraine's (?:F|f)oreign (?:M|m)inistry|"
           r"МИД(?:а|е|у)? Украины|МЗС(?: України)?", ("mfa.gov.ua",)),
)  # fmt: skip
