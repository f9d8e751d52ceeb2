"""Checked nodes to the frozen `Document`. Must not: find problems (everything was checked before)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from watcher.core import watchlist_schema as shape
from watcher.core.document import (
    BaselineFigure,
    Concept,
    Document,
    Facet,
    Figure,
    Position,
    Query,
    Rule,
    Signal,
    Term,
    TimelineEvent,
)
from watcher.core.model import SourceSpec
from watcher.core.watchlist_checks import Tree, items, pairs
from watcher.core.yamltext import YamlMap, YamlNode, YamlText, locate, plain


def build(tree: Tree, main: str, revision: str, files: Mapping[str, str]) -> Document:
    """The document of a tree in which no problem was found."""
    top = shape.WatchlistModel.model_validate(plain(tree.main))
    parts = (top, *(shape.PartModel.model_validate(plain(root)) for root in tree.roots[1:]))
    pairs_of_parts = tuple(zip(parts, tree.roots, strict=True))
    return Document(
        id=top.watchlist,
        question=top.question,
        language=top.language,
        timezone=top.timezone,
        revision=revision,
        files=dict(files),
        ladders={name: tuple(rungs) for part in parts for name, rungs in part.ladders.items()},
        concepts={c.id: c for part, root in pairs_of_parts for c in _concepts(part, root)},
        facets=tuple(f for part, root in pairs_of_parts for f in _facets(part, root)),
        signals=tuple(_signal(name, signal, tree.main) for name, signal in top.signals.items()),
        figures=tuple(_figure(name, figure, tree.main) for name, figure in top.figures.items()),
        sources=tuple(_source(name, source) for name, source in top.sources.items()),
        timeline=tuple(TimelineEvent(e.date, e.title, e.note, e.source) for e in top.timeline),
        positions=tuple(Position(p.party, p.date, p.position, p.source) for p in top.positions),
        retired=tuple(top.retired),
        main=main,
    )


def _node(root: YamlNode, *path: str | int) -> YamlNode | None:
    node: YamlNode | None = root
    for step in path:
        if isinstance(node, YamlMap) and isinstance(step, str):
            node = node.get(step)
        else:
            steps = items(node)
            node = steps[step] if isinstance(step, int) and step < len(steps) else None
    return node


def _query(root: YamlNode, *path: str | int) -> Query:
    node = _node(root, *path)
    return node.query() if isinstance(node, YamlText) else Query()


def _needs(root: YamlNode, *path: str | int) -> tuple[Query, str]:
    """The context query and where it must stand."""
    node = _node(root, *path)
    if isinstance(node, YamlMap):
        ((where, query),) = pairs(node)
        return (query.query() if isinstance(query, YamlText) else Query()), where.text
    return _query(root, *path), "entry"


def _concepts(part: shape.PartModel, root: YamlMap) -> Iterator[Concept]:
    for name, languages in part.concepts.items():
        path = ("concepts", name)
        terms = tuple(
            term for language, listed in languages.items() for term in _terms(listed, language, root, *path, language)
        )
        yield Concept(name, terms, locate(root, path, key=True))


def _terms(listed: list[shape.TermModel], language: str, root: YamlNode, *path: str | int) -> Iterator[Term]:
    for index, term in enumerate(listed):
        place = (_query(root, *path, index) or _query(root, *path, index, "term")).place
        yield Term(term.term.strip(), language, place, tuple(term.forms), term.only or "")


def _facets(part: shape.PartModel, root: YamlMap) -> Iterator[Facet]:
    for kind, facets in part.facets.items():
        for name, facet in facets.items():
            path = ("facets", kind, name)
            query = _query(root, *path) or _query(root, *path, "match")
            yield Facet(kind, name, query, facet.title, locate(root, path, key=True))


def _signal(name: str, signal: shape.SignalModel, root: YamlMap) -> Signal:
    path = ("signals", name)
    needs, scope = _needs(root, *path, "needs")
    return Signal(
        id=name,
        title=signal.title,
        rules=tuple(_rule(rule, root, *path, "rules", index) for index, rule in enumerate(signal.rules)),
        threshold=signal.threshold,
        ladder=signal.ladder or "",
        needs=needs,
        unless=_query(root, *path, "unless"),
        scope=scope,
        note=signal.note,
        place=locate(root, path, key=True),
    )


def _rule(rule: shape.RuleModel, root: YamlMap, *path: str | int) -> Rule:
    needs, scope = _needs(root, *path, "needs")
    return Rule(
        id=rule.id,
        match=_query(root, *path, "match"),
        weight=rule.weight,
        rung=rule.rung or "",
        needs=needs,
        unless=_query(root, *path, "unless"),
        scope=scope,
        note=rule.note,
        place=locate(root, (*path, "id")),
    )


def _figure(name: str, figure: shape.FigureModel, root: YamlMap) -> Figure:
    path = ("figures", name)
    low, high = figure.range or (0.0, float("inf"))
    return Figure(
        id=name,
        title=figure.title,
        match=_query(root, *path, "match"),
        unit=figure.unit,
        unit_terms=tuple(
            term
            for language, listed in figure.units.items()
            for term in _terms(listed, language, root, *path, "units", language)
        ),
        low=low,
        high=high,
        baseline=tuple(BaselineFigure(b.date, b.value, b.qualifier, b.note, b.source) for b in figure.baseline),
        place=locate(root, path, key=True),
    )


def _source(name: str, source: shape.SourceModel) -> SourceSpec:
    return SourceSpec(
        id=name,
        kind=source.kind,
        url=source.url or "",
        title=source.title,
        publisher=source.publisher,
        family=source.family,
        language=source.language,
        institution=source.institution,
        role=source.role,
        reliability=source.reliability,
        rationale=source.rationale,
        checked_on=source.checked_on or "",
        recorded=source.recorded,
        note=source.note,
        interval_s=source.interval,
        allow_private=source.allow_private,
        host_interval_s=source.politeness.interval,
        per_host=source.politeness.per_host,
        select=source.select,
        enabled=source.enabled,
    )
