"""The language of rules: text in, a tree of frozen nodes out. Must not: know word forms, concepts or texts.

Loosest to tightest: ``|``, ``&``, ``sentence``, ``near/N`` and ``before/N`` (not chained), ``!``, atom. The grammar is
documented in ``docs/reference/query-language.md``. The parser library is imported at the first query that needs it.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache
from typing import Any, Final, NoReturn, cast

from msgspec.structs import replace

from watcher.core.document import Place, Query
from watcher.core.errors import Issue, UsageProblem
from watcher.core.querytree import (
    AllOf,
    AnyOf,
    ConceptRef,
    CountOf,
    InField,
    Near,
    Node,
    Not,
    Phrase,
    SameSentence,
    Word,
    show,
    walk,
)

__all__ = [
    "GRAMMAR",
    "MAX_CHARS",
    "MAX_DEPTH",
    "MAX_DISTANCE",
    "MAX_WORDS",
    "MIN_PREFIX",
    "AllOf",
    "AnyOf",
    "ConceptRef",
    "CountOf",
    "InField",
    "Near",
    "Node",
    "Not",
    "Phrase",
    "QueryError",
    "SameSentence",
    "Word",
    "parse",
    "parse_term",
    "place_at",
    "show",
    "walk",
]

MAX_CHARS: Final = 20_000
MAX_DEPTH: Final = 30
MAX_DISTANCE: Final = 100
MAX_WORDS: Final = 24
MIN_PREFIX: Final = 2


class QueryError(UsageProblem):
    """A query is refused: where, why, and what to write instead."""

    def __init__(self, place: Place, message: str, hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.place = place

    def issue(self) -> Issue:
        """The same as an issue of the file."""
        place = self.place
        return Issue(place.file, place.line, place.column, "bad-query", self.message, self.hint)


# --- the grammar --------------------------------------------------------------------------------------------------

GRAMMAR: Final = r"""
start: any
any: all ("|" all)*
all: same ("&" same)*
same: near (SENTENCE near)*
near: item ((NEAR | BEFORE) item)*
?item: not | atom
not: NOT atom
?atom: group | infield | count | CONCEPT | phrase
group: "(" any ")"
infield: FIELD "(" any ")"
count: COUNT "(" any ")"
phrase: (WORD | PREFIX | CASED | EXACT | EXACTCASED)+

NOT: "!"
SENTENCE.9: /sentence(?![\w*:'’-])/
NEAR.9: /near\/\d+(?!\w)/
BEFORE.9: /before\/\d+(?!\w)/
COUNT.9: /\d+\s+of(?=\s*\()/
FIELD.9: /(title|lead):(?=\s*\()/
CONCEPT.8: /@[A-Za-z0-9_-]+/
EXACTCASED.8: /="[^"]*"/
CASED.7: /=[^\W_](?:[\w\u0300-\u036f.'’ʼ‑-]*[^\W_])?\.?(?![\w*"])/
EXACT.8: /"[^"]*"/
PREFIX.7: /[^\W_](?:[\w\u0300-\u036f'’ʼ‑-]*\w)?\*(?![\w*"])/
WORD.6: /(?!(?:near|before)\/)[^\W_](?:[\w\u0300-\u036f.'’ʼ‑-]*[^\W_\u0300-\u036f][\u0300-\u036f]*)?\.?(?![\w*":])/

%ignore /[ \t\r\n\u00a0]+/
"""

_SIMPLE_TERM: Final = re.compile(r"[^\W_][^\W_]*(?:[ -][^\W_]+)*")
_RESERVED: Final = {
    "sentence": "it is an operator; quote it to search for the word",
    "near": "write a distance, as in near/5; quote it to search for the word",
    "before": "write a distance, as in before/5; quote it to search for the word",
}
_FOREIGN: Final = {"AND": "&", "OR": "|", "NOT": "!", "NEAR": "near/5", "ADJ": "before/0", "W/": "near/5"}


@cache
def _parser() -> Any:
    from lark import Lark

    return Lark(GRAMMAR, parser="lalr", propagate_positions=True, maybe_placeholders=False)


def place_at(query: Query, at: int) -> Place:
    """Where the character ``at`` of a query stands in its file."""
    place, before = query.place, query.text[:at]
    lines = before.count("\n")
    column = at - before.rfind("\n") if lines else place.column + at
    return replace(place, line=place.line + lines, column=column)


class _Reader:
    """Makes nodes of one query and points at what is wrong in it."""

    def __init__(self, query: Query, language: str) -> None:
        self.query = query
        self.language = language

    def fail(self, at: int, message: str, hint: str = "") -> NoReturn:
        raise self.error(at, message, hint)

    def error(self, at: int, message: str, hint: str = "") -> QueryError:
        if self.query.turns:  # doubled quotes or folded lines of the file: the query knows where its characters stand
            return QueryError(self.query.at(at), message, hint)
        return QueryError(place_at(self.query, at), message, hint)

    def guard(self) -> None:
        """Refuse what could cost more than a query is worth, before the parser sees it."""
        text = self.query.text
        if not text.strip():
            self.fail(0, "the query is empty", "write a word, a phrase or a concept")
        if len(text) > MAX_CHARS:
            self.fail(MAX_CHARS, f"the query is longer than {MAX_CHARS} characters", "put its terms into a concept")
        depth, quoted = 0, False
        for at, char in enumerate(text):
            quoted ^= char == '"'
            depth += 0 if quoted else (char == "(") - (char == ")")
            if depth > MAX_DEPTH:
                self.fail(at, f"parentheses are nested deeper than {MAX_DEPTH}", "put parts of it into concepts")

    def tree(self) -> Any:
        from lark.exceptions import UnexpectedCharacters, UnexpectedToken

        try:
            return _parser().parse(self.query.text)
        except UnexpectedCharacters as error:
            at = cast("int", error.pos_in_stream)
        except UnexpectedToken as error:
            at = len(self.query.text.rstrip()) if error.token.type == "$END" else int(error.token.start_pos)
        raise self.complaint(at)

    def complaint(self, at: int) -> QueryError:
        """Say what is wrong at a place that the parser refused."""
        text = self.query.text
        rest = text[at:]
        for pattern, message, hint in _COMPLAINTS:
            if re.match(pattern, rest):
                return self.error(at, message.format(rest[:1]), hint)
        if re.match(r"[\w@\"=(]", rest):
            return self.error(
                at, f"an operator is missing before '{rest.split()[0][:30]}'", "join parts with |, & or near/N"
            )
        hint = 'quote punctuation: "…"; operators are | & ! ( ) near/N sentence'
        return self.error(at, f"'{rest[:1]}' cannot stand here", hint)

    # nodes, one method a rule of the grammar

    def node(self, tree: Any) -> Node:
        if not hasattr(tree, "data"):
            return self.concept(tree)
        maker: Callable[[Any], Node] = getattr(self, f"make_{tree.data}")
        return maker(tree)

    def concept(self, token: Any) -> ConceptRef:
        name = str(token)[1:]
        if not re.fullmatch(r"[a-z][a-z0-9_]*", name):
            self.fail(token.start_pos, f"'@{name}' is not the name of a concept", "names are like @security_pact")
        return ConceptRef(name, token.start_pos)

    def make_start(self, tree: Any) -> Node:
        return self.node(tree.children[0])

    make_group = make_start

    def make_any(self, tree: Any) -> Node:
        items = self._operands(tree, "|")
        return items[0] if len(items) == 1 else AnyOf(items)

    def make_all(self, tree: Any) -> Node:
        items = tuple(self.node(child) for child in tree.children)
        if len(items) == 1:
            return items[0]
        if all(isinstance(item, Not) for item in items):
            self.fail(tree.meta.start_pos, "everything here is negated", "at least one part of & must be wanted")
        return AllOf(items)

    def make_same(self, tree: Any) -> Node:
        parts = [child for child in tree.children if getattr(child, "type", "") != "SENTENCE"]
        items = tuple(self.node(child) for child in parts)
        if len(items) == 1:
            return items[0]
        for item, part in zip(items, parts, strict=True):
            self._positional(item, part, "sentence", near_allowed=True)
        return SameSentence(items)

    def make_near(self, tree: Any) -> Node:
        children = tree.children
        if len(children) == 1:
            return self.node(children[0])
        if len(children) > 3:
            self.fail(
                children[3].start_pos,
                "near and before cannot be chained",
                "write (a near/5 b) sentence c, or a near/5 b & b near/5 c",
            )
        left, operator, right = self.node(children[0]), str(children[1]), self.node(children[2])
        for item, part in ((left, children[0]), (right, children[2])):
            self._positional(item, part, operator.partition("/")[0])
        distance = int(operator.partition("/")[2][:9])
        if distance > MAX_DISTANCE:
            self.fail(children[1].start_pos, f"a distance is at most {MAX_DISTANCE}", "use sentence or & instead")
        return Near(left, right, distance, operator.startswith("before"))

    def make_not(self, tree: Any) -> Node:
        return Not(self._wanted(tree.children[1]))

    def make_infield(self, tree: Any) -> Node:
        return InField(str(tree.children[0])[:-1], self._wanted(tree.children[1]))

    def make_count(self, tree: Any) -> Node:
        token, body = tree.children
        items = self._operands(body, "N of")
        count = int(str(token).split()[0][:9])
        if not 1 <= count <= len(items):
            self.fail(
                token.start_pos,
                f"{count} of {len(items)} cannot be",
                f"write a number from 1 to {len(items)} before of",
            )
        return CountOf(count, items)

    def make_phrase(self, tree: Any) -> Node:
        words = tuple(self.word(token) for token in tree.children)
        if len(words) > MAX_WORDS:
            self.fail(words[MAX_WORDS].at, f"a phrase has at most {MAX_WORDS} words", "join parts with & or sentence")
        return Phrase(words)

    def word(self, token: Any) -> Word:
        text, at = str(token), token.start_pos
        match token.type:
            case "WORD":
                return self._bare(text, at)
            case "PREFIX":
                return self._prefix(text[:-1], at)
            case "CASED":
                return Word(text[1:], "case", "", at)
            case "EXACT":
                return Word(self._content(text[1:-1], at), "exact", "", at)
            case _:
                return Word(self._content(text[2:-1], at), "case", "", at)

    def _bare(self, text: str, at: int) -> Word:
        if text in _RESERVED:
            self.fail(at, f"'{text}' alone cannot stand here", _RESERVED[text])
        if text in _FOREIGN:
            self.fail(at, f"'{text}' is not an operator here", f"write {_FOREIGN[text]}, or quote it as a word")
        return Word(text, "forms", self.language, at)

    def _prefix(self, text: str, at: int) -> Word:
        if len(text) < MIN_PREFIX:
            self.fail(at, f"the prefix '{text}*' would match nearly everything", f"give {MIN_PREFIX} letters or more")
        return Word(text, "prefix", "", at)

    def _content(self, text: str, at: int) -> str:
        if not any(char.isalnum() for char in text):
            self.fail(at, "there is no word between the quotes", "write a word between them")
        return " ".join(text.split())

    def _operands(self, tree: Any, operator: str) -> tuple[Node, ...]:
        items = tuple(self.node(child) for child in tree.children)
        if len(items) > 1 or operator != "|":
            for item, child in zip(items, tree.children, strict=True):
                self._refuse_not(item, child)
        return items

    def _wanted(self, tree: Any) -> Node:
        item = self.node(tree)
        self._refuse_not(item, tree)
        return item

    def _refuse_not(self, item: Node, tree: Any) -> None:
        if isinstance(item, Not):
            self.fail(_start(tree), "'!' stands only inside &", "write wanted & !unwanted")

    def _positional(self, item: Node, tree: Any, operator: str, *, near_allowed: bool = False) -> None:
        """Operands of near, before and sentence have a place in the text: terms, phrases, concepts, groups of them."""
        if isinstance(item, Phrase | ConceptRef) or (near_allowed and isinstance(item, Near)):
            return
        if isinstance(item, AnyOf):
            for inner in item.items:
                self._positional(inner, tree, operator, near_allowed=near_allowed)
            return
        self.fail(
            _start(tree),
            f"an operand of {operator} must be a word, a phrase, a concept or a group of them joined by |",
            "write the rest with & outside",
        )

    def whole(self) -> Node:
        self.guard()
        tree = self.tree()
        return self._wanted(tree)


def _start(tree: Any) -> int:
    return int(tree.start_pos if hasattr(tree, "start_pos") else tree.meta.start_pos)


_COMPLAINTS: Final = (
    (r"\Z", "the query ends too early", "something is missing: an operand, or a closing parenthesis"),
    (r"\)", "this closing parenthesis opens nowhere, or nothing stands before it", "check the parentheses"),
    (r'"[^"]*\Z', "this quotation mark is never closed", "close it, or remove it"),
    (r'="[^"]*\Z', "this quotation mark is never closed", "close it, or remove it"),
    (r"(near|before)\b(?!/\d)", "a distance is missing", "write near/5 or before/5; quote it to search for the word"),
    (r"(near|before)/\d", "an operand is missing on one side", "write a near/5 b"),
    (r"sentence\b", "an operand is missing beside sentence", "write a sentence b; quote it to search for the word"),
    (r"(title|lead):", "a field needs parentheses", "write title:(words)"),
    (r"\w+:", "there is no such field", "fields are title: and lead:, as in title:(words)"),
    (r"\*", "a star stands only at the end of a word", "write guarant*"),
    (r"[\w'’-]+\*", "a star stands only at the end of a word, and only one", "write guarant*"),
    (r"[|&]", "an operand is missing beside '{}'", "write a | b, a & b (single characters)"),
    (r"!", "'!' must stand directly before what is unwanted, inside &", "write wanted & !unwanted"),
    (r"[‘’“”„«»]", "curly quotes are not quotation marks here", 'use straight ones: "exact words"'),
    (r",", "a comma means nothing here", "join alternatives with |"),
    (r"@(?![A-Za-z0-9_-])", "a concept has a name", "write @name"),
    (r'=(?![\w"])', "'=' stands directly before a word", "write =NATO"),
)


def parse(query: Query, language: str) -> Node:
    """Read a query.

    Args:
        query: the text and its place.
        language: of its bare words.

    Returns:
        The tree of the query.

    Raises:
        QueryError: it is not one; the error points at its column.
    """
    return _Reader(query, language).whole()


def parse_term(text: str, language: str, place: Place | None = None) -> Phrase:
    """Read a term of a concept: a word or phrase, with ``"exact"``, ``pre*`` and ``=Case`` allowed.

    Raises:
        QueryError: it is something else.
    """
    if _SIMPLE_TERM.fullmatch(text):
        parts = text.split(" ")
        if len(parts) <= MAX_WORDS:
            return Phrase(tuple(Word(part, "forms", language) for part in parts))
    query = Query(text, place or Place())
    node = parse(query, language)
    if not isinstance(node, Phrase):
        raise QueryError(
            query.place, f"'{text}' is not a term", "a term is a word or a phrase; operators go into rules"
        )
    return node
