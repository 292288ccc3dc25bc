"""A SOQL query as a tree."""

from __future__ import annotations

from dataclasses import dataclass

Position = tuple[int, int]


@dataclass(frozen=True)
class Path:
    """A field, by way of parent relationships: ``Owner.Name``."""

    parts: tuple[str, ...]
    at: Position = (1, 1)

    def __str__(self) -> str:
        return ".".join(self.parts)


@dataclass(frozen=True)
class Call:
    """A function of fields: ``COUNT(Id)``, ``FIELDS(ALL)``."""

    name: str
    arguments: tuple[Path | Call, ...]
    at: Position = (1, 1)

    def __str__(self) -> str:
        return f"{self.name}({', '.join(map(str, self.arguments))})"


Expression = Path | Call


@dataclass(frozen=True)
class Value:
    """A literal: its kind, and its text as it was written.

    Kinds are ``string``, ``number``, ``boolean``, ``null``, ``date``, ``datetime``, and ``literal`` for TODAY
    and its like.
    """

    kind: str
    text: str = ""
    at: Position = (1, 1)


@dataclass(frozen=True)
class Compare:
    """``left operator right``; the operators are those of SOQL, LIKE, INCLUDES and EXCLUDES among them."""

    left: Expression
    operator: str
    right: tuple[Value, ...]


@dataclass(frozen=True)
class Contained:
    """``left [NOT] IN`` a list of literals or a query."""

    left: Expression
    negated: bool
    right: tuple[Value, ...] | Query


@dataclass(frozen=True)
class Logic:
    """``AND``, ``OR`` of several conditions, or ``NOT`` of one."""

    operator: str
    parts: tuple[Condition, ...]


Condition = Compare | Contained | Logic


@dataclass(frozen=True)
class Item:
    """An expression selected, under an alias where it has one."""

    what: Expression
    alias: str | None = None


@dataclass(frozen=True)
class Sorting:
    """An expression sorted by. Nulls come first unless it is said otherwise."""

    what: Expression
    descending: bool = False
    nulls_last: bool = False


@dataclass(frozen=True)
class Query:
    """A SELECT statement, or one of its child subqueries or semi-joins.

    `joined` holds the parents that FROM names beside its object, each with its alias: ``FROM Contact c, c.Account a``.
    """

    items: tuple[Item | Query, ...]
    source: Path
    alias: str | None = None
    joined: tuple[tuple[Path, str], ...] = ()
    scope: str = "everything"
    where: Condition | None = None
    group: tuple[Expression, ...] = ()
    having: Condition | None = None
    order: tuple[Sorting, ...] = ()
    limit: int | None = None
    offset: int | None = None
