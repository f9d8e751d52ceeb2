"""The shape of a watchlist and of its tests as pydantic models, and their JSON Schema. Must not: know places or meaning.

Scalars arrive as text (see `yamltext`) and are typed here; the schema tells editors what people write. Cross-checks
(does this rung exist?) stand in `watchlist_checks`.
"""

from __future__ import annotations

import datetime as dt
import json
import re
from typing import Annotated, Any, Final, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema
from pydantic_core import PydanticCustomError

_UNITS: Final = {"s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}


def _number(value: object) -> object:
    """Plain decimal text to a number: no ``1e9``, ``1_000``, ``010``, ``nan`` or ``inf``."""
    if isinstance(value, str):
        if not re.fullmatch(r"-?(0|[1-9][0-9]{0,14})(\.[0-9]{1,9})?", value):
            raise PydanticCustomError(
                "number", "{value} is not a plain number such as 60 or 0.5", {"value": repr(value)}
            )
        return float(value)
    return value


def _flag(value: object) -> object:
    if isinstance(value, str):
        if value not in ("true", "false"):
            raise PydanticCustomError("flag", "{value} is neither true nor false", {"value": repr(value)})
        return value == "true"
    return value


def _duration(value: object) -> object:
    if isinstance(value, str):
        found = re.fullmatch(r"([1-9][0-9]{0,5})([smhd])", value)
        if not found:
            raise PydanticCustomError(
                "duration", "{value} is not a duration such as 30s, 15m, 1h or 2d", {"value": repr(value)}
            )
        return float(found[1]) * _UNITS[found[2]]
    return value


def _date(value: str) -> str:
    try:
        if re.fullmatch(r"\d{4}-\d{2}-\d{2}", value, re.ASCII):
            return dt.date.fromisoformat(value).isoformat()
    except ValueError:
        pass
    raise PydanticCustomError("date", "{value} is not a date such as 2025-12-11", {"value": repr(value)})


def _short(key: str, model: type[BaseModel]) -> BeforeValidator:
    """Let a plain text stand for a model: ``Russia`` for ``{term: Russia}``."""

    def wrap(value: object) -> object:
        return {key: value} if isinstance(value, str) else value

    return BeforeValidator(wrap, json_schema_input_type=str | model)


def _like(kind: str, pattern: str, example: str) -> AfterValidator:
    """Text of a certain form, with a message that shows an example instead of a pattern."""

    def check(value: str) -> str:
        if not re.fullmatch(pattern, value, re.ASCII):
            raise PydanticCustomError(
                kind, "{value} should look like {example}", {"value": repr(value), "example": example}
            )
        return value

    return AfterValidator(check)


def _pattern(pattern: str) -> Any:
    """The same form, for editors."""
    return Field(json_schema_extra={"pattern": f"^(?:{pattern})$"})


def _number_within(
    *, gt: float | None = None, ge: float | None = None, lt: float | None = None, le: float | None = None
) -> BeforeValidator:
    """A plain number; editors are told the bounds."""
    bounded = Annotated[float, Field(gt=gt, ge=ge, lt=lt, le=le)]
    return BeforeValidator(_number, json_schema_input_type=bounded)


_KEBAB: Final = "[a-z0-9]+(-[a-z0-9]+)*"
_SNAKE: Final = "[a-z][a-z0-9_]*"
_LANGUAGE: Final = "[a-z]{2,3}"
_URL: Final = r"https?://[^\s<>\"]{1,1990}"

Number = Annotated[float, _number_within()]
Weight = Annotated[float, _number_within(gt=0, le=1000), Field(gt=0, le=1000)]
Score = Annotated[float, _number_within(gt=0, lt=100), Field(gt=0, lt=100)]
Points = Annotated[float, _number_within(ge=0, lt=100), Field(ge=0, lt=100)]
Flag = Annotated[bool, BeforeValidator(_flag, json_schema_input_type=bool)]
Duration = Annotated[
    float,
    BeforeValidator(_duration),
    WithJsonSchema({"type": "string", "pattern": "^[1-9][0-9]{0,5}[smhd]$", "examples": ["30s", "15m", "1h", "2d"]}),
]
Date = Annotated[
    str,
    AfterValidator(_date),
    WithJsonSchema({"type": "string", "format": "date", "pattern": r"^\d{4}-\d{2}-\d{2}$"}),
]
Text = Annotated[str, Field(min_length=1, max_length=4000)]
Kebab = Annotated[str, _like("kebab_id", _KEBAB, "text-of-pact (small letters, digits, hyphens)"), _pattern(_KEBAB)]
Snake = Annotated[
    str, _like("snake_id", _SNAKE, "security_pact (small letters, digits, underscores)"), _pattern(_SNAKE)
]
Language = Annotated[str, _like("language", _LANGUAGE, "en (an ISO 639 code)"), _pattern(_LANGUAGE)]
Url = Annotated[str, _like("url", _URL, "https://example.org/feed.xml"), _pattern(_URL)]
"""An address; ``${NAME}`` in it stands for a secret."""


class Strict(BaseModel):
    """Unknown keys are errors; nothing changes after reading."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class SentenceContext(Strict):
    """Context that must stand in one of the sentences that match (``sentence``) or anywhere in the entry."""

    sentence: Text = ""
    entry: Text = ""


Needs = Annotated[SentenceContext, _short("entry", SentenceContext)]


class TermModel(Strict):
    """A term with forms of its own, or for entries of one language only."""

    term: Text
    forms: tuple[Text, ...] = Field(default=(), max_length=500)
    only: Language | None = None


TermInput = Annotated[TermModel, _short("term", TermModel)]
Terms = Annotated[list[TermInput], Field(min_length=1)]
ConceptModel = Annotated[dict[Language, Terms], Field(min_length=1)]


class FacetModel(Strict):
    """A facet: the query that says an entry touches it, and how to name it."""

    match: Text
    title: Text = ""


FacetInput = Annotated[FacetModel, _short("match", FacetModel)]


class RuleModel(Strict):
    """One weighted condition of a signal."""

    id: Kebab
    match: Text
    weight: Weight
    rung: Text | None = None
    needs: Needs = SentenceContext()
    unless: Text = ""
    note: Text = ""


class SignalModel(Strict):
    """An indicator of the watchlist."""

    title: Text
    note: Text = ""
    ladder: Text | None = None
    threshold: Score = 50.0
    needs: Needs = SentenceContext()
    unless: Text = ""
    rules: Annotated[list[RuleModel], Field(min_length=1)]


Qualifier = Literal["", "over", "about", "under", "total", "added"]


class BaselineModel(Strict):
    """A dated, sourced value that later readings stand beside."""

    date: Date
    value: Number
    qualifier: Qualifier = ""
    note: Text = ""
    source: Url


class FigureModel(Strict):
    """A tracked quantity."""

    title: Text
    match: Text
    unit: Text
    units: ConceptModel
    range: Annotated[list[Number], Field(min_length=2, max_length=2)] | None = None
    baseline: list[BaselineModel] = []


class Politeness(Strict):
    """How gently a source's host is asked; per source, never a global switch."""

    interval: Duration | None = None
    per_host: Annotated[int, BeforeValidator(_number, json_schema_input_type=int), Field(ge=1, le=16)] | None = None


class SourceModel(Strict):
    """A source as the watchlist wants it. Missing from the list means disabled, never deleted."""

    title: Text
    kind: Literal["feed", "sitemap", "none"]
    url: Url | None = None
    publisher: Text
    family: Kebab
    language: Language
    institution: Text = ""
    role: Literal["primary", "secondary"] = "secondary"
    reliability: Literal["A", "B", "C", "D", "E", "F"] = "F"
    rationale: Text = ""
    checked_on: Date | None = None
    recorded: Literal["ok", "warn", "dead", "blocked", "unverified", "none"] = "unverified"
    note: Text = ""
    interval: Duration = 3600.0
    select: Text = ""
    politeness: Politeness = Politeness()
    allow_private: Flag = False
    enabled: Flag = True


class EventModel(Strict):
    """A dated background event."""

    date: Date
    title: Text
    note: Text = ""
    source: Url


class PositionModel(Strict):
    """A party's baseline position, in our own words."""

    party: Text
    date: Date
    position: Text
    source: Url


class PartModel(Strict):
    """An included file: what several watchlists can share."""

    ladders: dict[Kebab, Annotated[list[Text], Field(min_length=2)]] = {}
    concepts: dict[Snake, ConceptModel] = {}
    facets: dict[Kebab, dict[Kebab, FacetInput]] = {}


class WatchlistModel(PartModel):
    """A watchlist: one question, its signals, concepts, sources and ladders."""

    watchlist: Kebab
    question: Text
    language: Language
    timezone: Text = "UTC"
    include: list[Text] = []
    signals: Annotated[dict[Kebab, SignalModel], Field(min_length=1)]
    figures: dict[Kebab, FigureModel] = {}
    sources: dict[Kebab, SourceModel] = {}
    timeline: list[EventModel] = []
    positions: list[PositionModel] = []
    retired: list[Kebab] = []


class ExpectedSignal(Strict):
    """A signal that must hit, and how."""

    signal: Kebab
    min_score: Points | None = None
    rung: Text | None = None
    facets: list[Text] = []


class ExpectedFigure(Strict):
    """A figure that must be read."""

    figure: Kebab
    value: Number
    qualifier: Qualifier | None = None


ExpectedInput = Annotated[ExpectedSignal, _short("signal", ExpectedSignal)]


class CaseModel(Strict):
    """One text and what must (not) come of it."""

    name: Kebab
    title: Annotated[str, Field(max_length=1000)] = ""
    text: Annotated[str, Field(max_length=1_000_000)] = ""
    language: Language | None = None
    note: Text = ""
    match: list[ExpectedInput] = []
    not_: Annotated[list[Kebab] | Literal["all"], Field(alias="not")] = []
    figures: list[ExpectedFigure] = []


class TestFileModel(Strict):
    """The tests of a watchlist."""

    watchlist: Text
    cases: Annotated[list[CaseModel], Field(min_length=1)]


def json_schema() -> dict[str, Any]:
    """The JSON Schema of a watchlist, for editors (draft 2020-12)."""
    schema = WatchlistModel.model_json_schema(by_alias=True)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "watcher watchlist",
        **{key: value for key, value in schema.items() if key != "title"},
    }


def schema_text() -> str:
    """The JSON Schema as it is kept in ``docs/reference/watchlist.schema.json``."""
    return json.dumps(json_schema(), indent=1, ensure_ascii=False) + "\n"
