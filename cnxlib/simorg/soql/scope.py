"""Names in a query: which column a path means, and the joins that lead there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..dml import readable
from ..errors import ApiError
from ..schema import Field, SObject
from ..store import quote
from .ast import Call, Expression, Path
from .parser import locate, malformed

if TYPE_CHECKING:
    from ..actor import Actor
    from ..org import Org

_HELP = (
    " If you are attempting to use a custom {kind}, be sure to append the '__{suffix}' after the custom {what} name."
    " Please reference your WSDL or the describe call for the appropriate names."
)
MAX_LEVELS = 5
AGGREGATES = frozenset({"COUNT", "COUNT_DISTINCT", "SUM", "AVG", "MIN", "MAX"})
_WHOLE = "CAST(strftime('{}', substr({{0}}, 1, 19)) AS INTEGER)"
# Date functions of SOQL in SQLite: the type of what they give, and how. Moments are taken in UTC.
DATE_FUNCTIONS = {
    "CALENDAR_YEAR": ("int", _WHOLE.format("%Y")),
    "CALENDAR_QUARTER": ("int", f"(({_WHOLE.format('%m')} + 2) / 3)"),
    "CALENDAR_MONTH": ("int", _WHOLE.format("%m")),
    "DAY_IN_MONTH": ("int", _WHOLE.format("%d")),
    "DAY_IN_YEAR": ("int", _WHOLE.format("%j")),
    "DAY_IN_WEEK": ("int", f"({_WHOLE.format('%w')} + 1)"),
    "DAY_ONLY": ("date", "substr({0}, 1, 10)"),
    "HOUR_IN_DAY": ("int", _WHOLE.format("%H")),
}


@dataclass(frozen=True)
class Column:
    """What an expression means in SQL.

    ``relation`` are the canonical names of the relationships passed on the way, ``field`` the field where it is one.
    """

    sql: str
    type: str
    name: str
    relation: tuple[str, ...] = ()
    field: Field | None = None
    aggregate: bool = False
    sobject: SObject | None = None

    @property
    def is_text(self) -> bool:
        """Whether it is compared without regard to case."""
        return self.field is not None and self.field.is_text

    @property
    def is_heavy(self) -> bool:
        """Whether it is a compound or a long text, of which nothing is computed (`aggregatable` in describe)."""
        long = self.type == "textarea" and self.field is not None and self.field.length > 255
        return long or self.type in ("address", "complexvalue")

    @property
    def field_is_id(self) -> bool:
        """Whether it holds ids, which are compared in both lengths."""
        return self.type in ("id", "reference")


@dataclass(frozen=True)
class _Table:
    """Tables joined for one relationship: several where it is polymorphic."""

    aliases: tuple[str, ...]
    objects: tuple[SObject, ...]


class Session:
    """What one query is compiled for: org, actor, API, and the names of tables given so far."""

    def __init__(self, org: Org, actor: Actor, text: str, tooling: bool, all_rows: bool) -> None:
        self.org, self.actor, self.text, self.tooling, self.all_rows = org, actor, text, tooling, all_rows
        self._tables = 0

    def table(self) -> str:
        """A name for a table that is new in this query."""
        self._tables += 1
        return f"t{self._tables}"

    def invalid(self, code: str, message: str, expression: Expression) -> ApiError:
        """An error at the place of an expression."""
        return ApiError(code, locate(self.text, expression.at) + message)


class Scope:
    """One FROM: the object, its alias, and the parents that were joined."""

    def __init__(self, session: Session, each: SObject, names: tuple[str, ...]) -> None:
        self.session = session
        self.each = each
        self._names = {name.lower() for name in (*names, each.name)}
        self.root = session.table()
        self._tables: dict[tuple[str, ...], _Table] = {(): _Table((self.root,), (each,))}
        self._joins: list[str] = []
        self._shortcuts: dict[str, tuple[str, ...]] = {}

    def also(self, name: str) -> None:
        """Let paths begin with a further name for the object: the relationship of a child query."""
        self._names.add(name.lower())

    @classmethod
    def of(cls, session: Session, source: Path, alias: str | None, joined: tuple[tuple[Path, str], ...] = ()) -> Scope:
        """The scope of ``FROM source alias, alias.Parent further``.

        Raises:
            ApiError: INVALID_TYPE, INVALID_FIELD.
        """
        name = ".".join(source.parts)
        each = session.org.schema.get(name)
        if each is None or not each.served(session.tooling) or not readable(each, session.actor):
            message = f"sObject type '{name}' is not supported."
            raise session.invalid(
                "INVALID_TYPE",
                message + _HELP.format(kind="object", what="entity", suffix="c").replace("custom entity", "entity"),
                source,
            )
        if not each.queryable:
            message = f"entity type {each.name} does not support query"
            raise session.invalid("INVALID_TYPE_FOR_OPERATION", message, source)
        scope = cls(session, each, (alias,) if alias else ())
        for path, name in joined:
            scope._shorten(path, name)
        return scope

    def _shorten(self, path: Path, name: str) -> None:
        """Let paths begin with an alias for a parent (SOQL Reference, "Alias Notation")."""
        parts = self._relative(path)
        if len(path.parts) == 1 or not parts:
            message = "FROM names one object, and beside it relationships of that object alone"  # [R: text]
            raise malformed(self.session.text, message, path.at)
        relation: tuple[str, ...] = ()
        for part in parts:
            relation = self._join(relation, part, path)
        self._shortcuts[name.lower()] = relation

    def _relative(self, path: Path) -> list[str]:
        """The path's parts from the object queried on, its aliases resolved."""
        first, *rest = path.parts
        if rest and first.lower() in self._shortcuts:
            return [*self._shortcuts[first.lower()], *rest]
        return rest if rest and first.lower() in self._names else [first, *rest]

    def sql(self) -> str:
        """``FROM`` with its joins."""
        return f"FROM {quote(self.each.name)} {self.root} {' '.join(self._joins)}"

    def guard(self) -> str:
        """The condition that keeps to this org and out of the recycle bin."""
        hidden = f" AND {self.root}.IsDeleted = 0" if self.each.soft_delete and not self.session.all_rows else ""
        return f"{self.root}.org = '{self.session.org.org_id}'{hidden}"

    def column(self, expression: Expression) -> Column:
        """The column that an expression means.

        Raises:
            ApiError: INVALID_FIELD, MALFORMED_QUERY.
        """
        return self._path(expression) if isinstance(expression, Path) else self._call(expression)

    def _call(self, call: Call) -> Column:
        name = call.name.upper()
        if name == "COUNT" and not call.arguments:
            return Column("count(*)", "int", "COUNT", aggregate=True)
        if len(call.arguments) != 1:
            raise malformed(self.session.text, f"unexpected token: '{call.name}'", call.at)
        inner = self.column(call.arguments[0])
        if name in AGGREGATES:
            return self._aggregate(call, name, inner)
        if name in DATE_FUNCTIONS:
            if inner.type not in ("date", "datetime"):
                raise self._unfit(call, inner)
            kind, sql = DATE_FUNCTIONS[name]
            return Column(sql.format(inner.sql), kind, inner.name, inner.relation, None, sobject=inner.sobject)
        if name in ("TOLABEL", "FORMAT", "CONVERTTIMEZONE"):
            return inner
        raise malformed(self.session.text, f"unexpected token: '{call.name}'", call.at)

    def _aggregate(self, call: Call, name: str, inner: Column) -> Column:
        numeric = inner.type in ("int", "double", "currency", "percent")
        if (
            inner.aggregate
            or inner.is_heavy
            or (name in ("SUM", "AVG") and not numeric)
            or (name in ("MIN", "MAX") and inner.type == "boolean")
        ):
            raise self._unfit(call, inner)
        if name in ("COUNT", "COUNT_DISTINCT"):
            return Column(
                f"count({'DISTINCT ' if name != 'COUNT' else ''}{inner.sql})", "int", inner.name, aggregate=True
            )
        kind = "double" if name == "AVG" else inner.type
        return Column(
            f"{name.lower()}({inner.sql})", kind, inner.name, inner.relation, inner.field, True, inner.sobject
        )

    def _unfit(self, call: Call, inner: Column) -> ApiError:
        message = f"field {inner.name} does not support aggregate operator {call.name.upper()}"
        return malformed(self.session.text, message, call.at)

    def _path(self, path: Path) -> Column:
        parts = self._relative(path)
        if len(parts) > MAX_LEVELS + 1:
            message = (
                f"SOQL statements cannot query more than {MAX_LEVELS} levels of child-to-parent relationships: {path}"
            )
            raise malformed(self.session.text, message, path.at)
        relation: tuple[str, ...] = ()
        for part in parts[:-1]:
            relation = self._join(relation, part, path)
        table = self._tables[relation]
        found = [(alias, each, each.field(parts[-1])) for alias, each in zip(table.aliases, table.objects, strict=True)]
        known = [(alias, each, one) for alias, each, one in found if one is not None and self._visible(each, one)]
        if not known:
            message = f"No such column '{parts[-1]}' on entity '{table.objects[0].name}'."
            raise self.session.invalid(
                "INVALID_FIELD", message + _HELP.format(kind="field", what="field", suffix="c"), path
            )
        sql = [f"{alias}.{quote(one.name)}" if one.sql is None else one.sql.format(t=alias) for alias, _, one in known]
        _, each, one = known[0]
        text = sql[0] if len(sql) == 1 else f"coalesce({', '.join(sql)})"
        if one.type == "boolean" and relation:
            text = f"coalesce({text}, 0)"  # no parent: false (SOQL Reference, booleans in outer joins)
        if one.is_text and (len(sql) > 1 or one.sql):
            text = f"{text} COLLATE NOCASE"
        return Column(text, one.type, one.name, relation, one, sobject=each)

    def sees(self, one: Field) -> bool:
        """Whether the actor may read a field of the object queried."""
        return self._visible(self.each, one)

    def _visible(self, each: SObject, one: Field) -> bool:
        if one.tooling and not self.session.tooling:
            return False
        return self.session.actor.sees(each, one)

    def _join(self, relation: tuple[str, ...], part: str, path: Path) -> tuple[str, ...]:
        """The relation one relationship further, joined."""
        table = self._tables[relation]
        for alias, each in zip(table.aliases, table.objects, strict=True):
            one = next(
                (f for f in each.fields.values() if f.relationship and f.relationship.lower() == part.lower()), None
            )
            if one is None or not self._visible(each, one):
                continue
            further = (*relation, str(one.relationship))
            if further not in self._tables:
                self._tables[further] = self._add(alias, one)
            return further
        message = f"Didn't understand relationship '{part}' in field path."
        raise self.session.invalid(
            "INVALID_FIELD", message + _HELP.format(kind="relationship", what="relationship", suffix="r"), path
        )

    def _add(self, alias: str, one: Field) -> _Table:
        schema = self.session.org.schema
        objects = tuple(schema[name] for name in (("Name",) if one.named else one.refers) if schema.get(name))
        aliases = tuple(self.session.table() for _ in objects)
        for joined, each in zip(aliases, objects, strict=True):
            on = f"{joined}.org = {alias}.org AND {joined}.{quote(each.key)} = {alias}.{quote(one.name)}"
            self._joins.append(f"LEFT JOIN {quote(each.name)} {joined} ON {on}")
        return _Table(aliases, objects)

    def objects(self, relation: tuple[str, ...]) -> tuple[SObject, ...]:
        """The objects that a relation joined leads to."""
        return self._tables[relation].objects

    def ids(self, relation: tuple[str, ...]) -> str:
        """The SQL of the id of the row that a relation leads to."""
        return f"coalesce({', '.join(f'{alias}.Id' for alias in self._tables[relation].aliases)}, NULL)"
