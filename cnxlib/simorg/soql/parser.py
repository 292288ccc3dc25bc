"""SOQL text to a tree, by the grammar of grammar.lark."""

from __future__ import annotations

import re
from functools import lru_cache
from importlib.resources import files
from typing import Any

from lark import Lark, Token, Transformer, UnexpectedCharacters, UnexpectedInput, UnexpectedToken, v_args

from ..errors import ApiError
from .ast import Call, Compare, Contained, Expression, Item, Logic, Path, Position, Query, Sorting, Value

_GRAMMAR = Lark(
    (files(__package__) / "grammar.lark").read_text(encoding="utf-8"),
    parser="lalr",
    lexer="contextual",
    maybe_placeholders=False,
)
_STRING = re.compile(r"'(?:\\.|[^'\\])*'", re.DOTALL)
_HEX = re.compile("[0-9A-Fa-f]{4}")
_ESCAPES = {"n": "\n", "r": "\r", "t": "\t", "b": "\b", "f": "\f", '"': '"', "'": "'", "\\": "\\"}
_BIND = re.compile(r":\s*[A-Za-z_]")
_WORD = re.compile(r"\w+|\S", re.ASCII)
# Keywords that an alias cannot be (SOQL Reference, "Alias Notation"); the grammar keeps out the others of that list
_NO_ALIAS = frozenset({"ASC", "DESC", "EXCLUDES", "FIRST", "GROUP", "INCLUDES", "LAST", "NULLS", "USING", "WITH"})
# Deeper than any query a person writes; beyond, Python's stack would end first
_MAX_LENGTH = 100_000
_MAX_DEPTH = 60
_NEGATIONS = re.compile(rf"(?:\bNOT\b\s*){{{_MAX_DEPTH + 1}}}", re.IGNORECASE)


def _at(token: Token) -> Position:
    return token.line or 1, token.column or 1


class _Build(Transformer[Token, Any]):
    """Lark's tree to ours; each method is called with the children of the rule of its name."""

    def path(self, parts: list[Token]) -> Path:
        return Path(tuple(str(part) for part in parts), _at(parts[0]))

    def call(self, children: list[Any]) -> Call:
        return Call(str(children[0]), tuple(children[1:]), _at(children[0]))

    def item(self, children: list[Any]) -> Item:
        return Item(children[0], _alias(children[1]) if len(children) > 1 else None)

    def child(self, children: list[Query]) -> Query:
        return children[0]

    def items(self, children: list[Item | Query]) -> tuple[str, Any]:
        return "items", tuple(children)

    def source(self, children: list[Any]) -> tuple[str, Any]:
        names = [each for each in children[1:] if isinstance(each, Token)]
        joined = tuple(each for each in children if isinstance(each, tuple))
        return "source", (children[0], _alias(names[-1]) if names else None, joined)

    def joined(self, children: list[Any]) -> tuple[Path, str]:
        return children[0], _alias(children[-1])

    def scope(self, children: list[Any]) -> tuple[str, Any]:
        name = str(children[-1]).lower()
        if name not in ("everything", "mine"):
            raise _Unexpected(str(children[-1]), _at(children[-1]))
        return "scope", name

    def where(self, children: list[Any]) -> tuple[str, Any]:
        return "where", children[1]

    def group(self, children: list[Any]) -> tuple[str, Any]:
        having = next((each[1] for each in children if isinstance(each, tuple)), None)
        return "group", (tuple(each for each in children if isinstance(each, Expression)), having)

    def having(self, children: list[Any]) -> tuple[str, Any]:
        return "having", children[1]

    def order(self, children: list[Any]) -> tuple[str, Any]:
        return "order", tuple(each for each in children if isinstance(each, Sorting))

    def sorting(self, children: list[Any]) -> Sorting:
        words = [str(each).upper() for each in children[1:]]
        return Sorting(children[0], "DESC" in words, "LAST" in words)

    def limit(self, children: list[Token]) -> tuple[str, Any]:
        return "limit", _whole(children[1])

    def offset(self, children: list[Token]) -> tuple[str, Any]:
        return "offset", _whole(children[1])

    def forclause(self, children: list[Token]) -> tuple[str, Any]:
        if str(children[1]).upper() not in ("VIEW", "REFERENCE", "UPDATE"):
            raise _Unexpected(str(children[1]), _at(children[1]))
        return "for", str(children[1])

    def query(self, children: list[Any]) -> Query:
        parts: dict[str, Any] = dict(each for each in children if isinstance(each, tuple))
        source, alias, joined = parts["source"]
        group, having = parts.get("group", ((), None))
        return Query(
            items=parts["items"],
            source=source,
            alias=alias,
            joined=joined,
            scope=parts.get("scope", "everything"),
            where=parts.get("where"),
            group=group,
            having=having,
            order=parts.get("order", ()),
            limit=parts.get("limit"),
            offset=parts.get("offset"),
        )

    def start(self, children: list[Query]) -> Query:
        return children[0]

    def conjunction(self, children: list[Any]) -> Logic:
        return Logic("AND", tuple(each for each in children if not isinstance(each, Token)))

    def disjunction(self, children: list[Any]) -> Logic:
        return Logic("OR", tuple(each for each in children if not isinstance(each, Token)))

    def negation(self, children: list[Any]) -> Logic:
        return Logic("NOT", (children[1],))

    def compare(self, children: list[Any]) -> Compare:
        return Compare(children[0], str(children[1]).replace("<>", "!="), (children[2],))

    def like(self, children: list[Any]) -> Compare:
        return Compare(children[0], "LIKE", (children[2],))

    def includes(self, children: list[Any]) -> Compare:
        return self._listed(children, "INCLUDES")

    def excludes(self, children: list[Any]) -> Compare:
        return self._listed(children, "EXCLUDES")

    def _listed(self, children: list[Any], operator: str) -> Compare:
        if isinstance(children[2], Query):
            raise _Unexpected("SELECT", _at(children[1]))
        return Compare(children[0], operator, children[2])

    def contained(self, children: list[Any]) -> Contained:
        return Contained(children[0], False, children[2])

    def not_contained(self, children: list[Any]) -> Contained:
        return Contained(children[0], True, children[3])

    def values(self, children: list[Value]) -> tuple[Value, ...]:
        return tuple(children)

    def subquery(self, children: list[Query]) -> Query:
        return children[0]

    @v_args(inline=True)
    def string(self, token: Token) -> Value:
        return Value("string", str(token)[1:-1], _at(token))

    @v_args(inline=True)
    def datetime(self, token: Token) -> Value:
        return Value("datetime", str(token), _at(token))

    @v_args(inline=True)
    def date(self, token: Token) -> Value:
        return Value("date", str(token), _at(token))

    @v_args(inline=True)
    def number(self, token: Token) -> Value:
        return Value("number", str(token), _at(token))

    @v_args(inline=True)
    def boolean(self, token: Token) -> Value:
        return Value("boolean", str(token).lower(), _at(token))

    @v_args(inline=True)
    def null(self, token: Token) -> Value:
        return Value("null", "", _at(token))

    @v_args(inline=True)
    def literal(self, token: Token) -> Value:
        return Value("literal", str(token), _at(token))


class _Unexpected(Exception):
    """A word that the grammar lets pass and SOQL does not."""

    def __init__(self, text: str, at: Position) -> None:
        super().__init__(text)
        self.text, self.at = text, at


def _alias(token: Token) -> str:
    if str(token).upper() in _NO_ALIAS:
        raise _Unexpected(str(token), _at(token))
    return str(token)


def _whole(token: Token) -> int:
    if not str(token).isdigit():
        raise _Unexpected(str(token), _at(token))
    return int(token)


def unescape(text: str, like: bool = False) -> str:
    r"""The string that a literal's text means. For LIKE, ``\%`` and ``\_`` stay escaped, and so does a backslash.

    Raises:
        ValueError: an escape that SOQL does not know.
    """
    out = []
    chars = iter(text)
    for char in chars:
        if char != "\\":
            out.append(char)
            continue
        escaped = next(chars)
        if like and escaped in "%_\\":
            out.append("\\" + escaped)
        elif escaped in _ESCAPES:
            out.append(_ESCAPES[escaped])
        elif escaped.lower() == "u":
            digits = "".join(next(chars, "") for _ in range(4))
            if not _HEX.fullmatch(digits):
                raise ValueError(f"\\u{digits}")
            out.append(chr(int(digits, 16)))
        else:
            raise ValueError(f"\\{escaped}")
    return "".join(out)


def locate(text: str, at: Position) -> str:
    """The head of an error text: the line, a caret below the place, and its row and column."""
    line, column = at
    lines = text.splitlines() or [""]
    shown = lines[min(line, len(lines)) - 1]
    start = max(0, column - 40)
    return f"\n{shown[start : column + 40]}\n{' ' * (column - 1 - start)}^\nERROR at Row:{line}:Column:{column}\n"


def malformed(text: str, message: str, at: Position | None = None) -> ApiError:
    """MALFORMED_QUERY, with the place where it is known."""
    return ApiError("MALFORMED_QUERY", (locate(text, at) if at else "") + message)


def parse(text: str) -> Query:
    """The tree of a query.

    Raises:
        ApiError: MALFORMED_QUERY.
    """
    if len(text) > _MAX_LENGTH:
        raise ApiError("QUERY_TOO_COMPLICATED", f"SOQL statements cannot be longer than {_MAX_LENGTH} characters.")
    depth = deepest = 0
    bare = _STRING.sub("", text)
    for char in bare:
        depth += (char == "(") - (char == ")")
        deepest = max(deepest, depth)
    if deepest > _MAX_DEPTH or _NEGATIONS.search(bare):
        raise ApiError(
            "QUERY_TOO_COMPLICATED",
            "Query is either selecting too many fields or the filter conditions are too complicated.",
        )
    return _parse(text)


@lru_cache(maxsize=512)
def _parse(text: str) -> Query:
    builder = _Build()
    try:
        query: Query = builder.transform(_GRAMMAR.parse(text))
    except UnexpectedToken as problem:
        token = problem.token
        if token.type == "$END":
            last = text.rstrip()
            raise malformed(
                text, "unexpected token: '<EOF>'", (last.count("\n") + 1, len(last) - last.rfind("\n"))
            ) from None
        raise malformed(text, f"unexpected token: '{token}'", (token.line or 1, token.column or 1)) from None
    except UnexpectedCharacters as problem:
        at = (problem.line, problem.column)
        if _BIND.match(text, problem.pos_in_stream or 0):
            raise malformed(text, "Bind variables only allowed in Apex code", at) from None
        word = _WORD.match(text, problem.pos_in_stream or 0)
        raise malformed(text, f"unexpected token: '{word[0] if word else ''}'", at) from None
    except UnexpectedInput:
        raise malformed(text, "unexpected token: '<EOF>'") from None
    except Exception as problem:
        cause = getattr(problem, "orig_exc", problem)
        if isinstance(cause, _Unexpected):
            raise malformed(text, f"unexpected token: '{cause.text}'", cause.at) from None
        raise
    return query
