"""What may not be asked: of certain objects, and of any."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ..errors import ApiError
from ..schema import SObject
from .ast import Compare, Condition, Contained, Item, Logic, Path, Query
from .groups import aggregates, expressions, is_aggregate
from .parser import malformed
from .scope import Column, Session

BATCH = 2000
MAX_OFFSET = 2000
MAX_SEMI_JOINS = 2
MAX_CHILD_QUERIES, MAX_CHILD_LEVELS = 20, 4

# Objects that cannot be paged through (EXCEEDED_ID_LIMIT, as clients met it)
_ONE_BATCH = frozenset({"EntityDefinition", "FieldDefinition", "UserEntityAccess", "TabDefinition"})

# Objects that stand for metadata and are no tables: no COUNT(), GROUP BY, OR, != (Tooling API, "SOQL Operation
# Limitations"). That page has LIMIT without effect; clients limit their queries by it, as EXCEEDED_ID_LIMIT tells them.
_CATALOG = frozenset({"EntityDefinition", "FieldDefinition", "UserEntityAccess"})

# One of these has to be in the filter (MALFORMED_QUERY, as clients that read every object met it)
_REIFIED = {"FieldDefinition": ("EntityDefinitionId", "DurableId"), "UserEntityAccess": ("UserId", "DurableId")}


def no_query_more(what: str) -> ApiError:
    """The refusal of an answer that would need a second page and cannot have one."""
    text = f"{what} does not support queryMore(), use LIMIT to restrict the results to a single batch"
    return ApiError("EXCEEDED_ID_LIMIT", text)


def check(session: Session, each: SObject, query: Query) -> None:
    """Refuse a query that the object does not take.

    Raises:
        ApiError: EXCEEDED_ID_LIMIT for UserEntityAccess without LIMIT; MALFORMED_QUERY for SubscriberPackageVersion by
            anything but Id, and for FieldDefinition and UserEntityAccess without a filter on what they belong to; and
            what objects that stand for metadata do not support.
    """
    if each.name in _CATALOG:
        _check_catalog(each, query)
    if each.name == "UserEntityAccess" and query.limit is None:
        raise no_query_more(each.name)
    if each.name == "SubscriberPackageVersion" and not _by_id(query.where):
        # Only WHERE Id = is allowed (Tooling API, SubscriberPackageVersion); [R: text]
        message = "SubscriberPackageVersion can be queried only by Id: add WHERE Id = '04t...'"
        raise malformed(session.text, message, query.source.at)


def check_children(session: Session, query: Query, version: str) -> None:
    """Refuse child queries that are too many or too deep (SOQL Reference, "Relationship Query Limitations").

    Raises:
        ApiError: MALFORMED_QUERY.
    """
    levels = MAX_CHILD_LEVELS if float(version) >= 58 else 1
    deep = list(_children(query))
    if len(deep) > MAX_CHILD_QUERIES:
        message = f"SOQL statements cannot query more than {MAX_CHILD_QUERIES} aggregate relationships"  # [R: text]
        raise malformed(session.text, message, query.source.at)
    for level, child in deep:
        if level > levels:
            reach = "1 level" if levels == 1 else f"{levels} levels"
            message = f"SOQL statements cannot query aggregate relationships more than {reach} away from the root"
            raise malformed(session.text, f"{message} entity object.", child.source.at)


def _children(query: Query, level: int = 1) -> Iterator[tuple[int, Query]]:
    """The child queries, with how far from the root they are."""
    for item in query.items:
        if isinstance(item, Query):
            yield level, item
            yield from _children(item, level + 1)


def _check_catalog(each: SObject, query: Query) -> None:
    if is_aggregate(query):
        message = "The requested operation is not yet supported by this SObject storage type, contact salesforce.com"
        raise ApiError("INVALID_OPERATION", f"{message} support for more information.")
    for part in _parts(query.where):
        if isinstance(part, Logic) and part.operator == "OR":
            raise ApiError("EXTERNAL_OBJECT_UNSUPPORTED_EXCEPTION", "Disjunctions not supported")  # [R: code]
        # That KeyPrefix != null is answered is seen in public clients
        if isinstance(part, Compare) and part.operator == "!=" and part.right[0].kind not in ("null", "boolean"):
            raise ApiError("EXTERNAL_OBJECT_UNSUPPORTED_EXCEPTION", "Only equals comparisons permitted")  # [R: code]
    reified = _REIFIED.get(each.name)
    if reified and not any(_reifies(part, each, reified) for part in _conjuncts(query.where)):
        columns = ",".join(reified)
        raise ApiError("MALFORMED_QUERY", f"{each.name}: a filter on a reified column is required [{columns}]")


def _reifies(part: Condition, each: SObject, columns: tuple[str, ...]) -> bool:
    """Whether the part asks for certain values of such a column, or of a field of what it refers to."""
    if not isinstance(part, Compare | Contained) or not isinstance(part.left, Path):
        return False
    certain = not part.negated if isinstance(part, Contained) else part.operator == "="
    ways = {column.lower() for column in columns}
    ways |= {one.relationship.lower() for name in columns if (one := each.field(name)) and one.relationship}
    return certain and any(name.lower() in ways for name in part.left.parts)


def check_where(session: Session, query: Query) -> None:
    """Refuse conditions that SOQL has for no object (SOQL Reference, "Comparison Operators").

    Raises:
        ApiError: MALFORMED_QUERY for aggregates in WHERE; for semi-joins nested, within OR or NOT, or too many.
    """
    for left in expressions(query.where):
        if aggregates(left):
            # [R: text]
            raise malformed(session.text, f"Aggregate functions are not allowed in the WHERE clause: {left}", left.at)
    for part in _parts(query.having):
        if _is_semi_join(part):
            raise malformed(session.text, "Semi-joins are only supported in WHERE clauses", part.left.at)
    joins = [part for part in _parts(query.where) if _is_semi_join(part)]
    if not joins:
        return
    top = query.where.parts if isinstance(query.where, Logic) else (query.where,)
    message = ""
    if any(_is_semi_join(inner) for part in joins for inner in _parts(part.right.where)):
        message = "Nesting of semi join sub-selects is not supported"
    elif not all(part in top for part in joins) or (isinstance(query.where, Logic) and query.where.operator == "NOT"):
        message = "Semi join sub-selects are only allowed at the top level WHERE expressions and not in nested WHERE"
        message += " expressions."
    elif isinstance(query.where, Logic) and query.where.operator == "OR":
        message = "Semi join sub-selects are not allowed with the 'OR' operator"
    elif len(joins) > MAX_SEMI_JOINS:
        message = f"Maximum {MAX_SEMI_JOINS} semi join sub-selects are allowed"
    if message:
        raise malformed(session.text, message, joins[0].left.at)


def check_semi_join(session: Session, condition: Contained, left: Column, right: Column, query: Query) -> None:
    """Refuse a semi-join whose sides do not fit (SOQL Reference, "Comparison Operators").

    Args:
        condition: the semi-join, ``query`` its inner query.
        left: the column before IN, ``right`` the one that the inner query selects.

    Raises:
        ApiError: MALFORMED_QUERY.
    """
    inner, outer = query.items[0].what if isinstance(query.items[0], Item) else query.source, condition.left
    message = ""
    if left.relation:
        message = f"The left operand '{outer}' cannot have more than one level of relationships"  # [R: text]
    elif right.relation:
        message = f"The inner select field '{inner}' cannot have more than one level of relationships"  # [R: text]
    elif not right.field_is_id:
        message = f"The inner select field '{inner}' of a semi join must be an ID or reference field"
    elif query.order or query.limit is not None or query.offset is not None:
        message = "ORDER BY, LIMIT and OFFSET are not supported in semi join sub-selects"  # [R: text]
    elif not _meant(left) & _meant(right):
        message = (
            f"The selected field '{inner}' in the subquery and the left operand field in the where expression in the"
            f" outer query '{outer}' should point to the same object type"
        )
    if message:
        raise malformed(session.text, message, outer.at)


def _meant(column: Column) -> set[str]:
    """The objects whose ids the column holds."""
    if column.field is None or column.sobject is None:
        return set()
    return set(column.field.refers) or {column.sobject.name}


def _conjuncts(condition: Condition | None) -> Iterator[Condition]:
    """The conditions that all have to hold."""
    if isinstance(condition, Logic):
        if condition.operator == "AND":
            for part in condition.parts:
                yield from _conjuncts(part)
    elif condition is not None:
        yield condition


def _parts(condition: Condition | None) -> Iterator[Any]:
    """A condition and all that it is made of, without what stands in subqueries."""
    if condition is not None:
        yield condition
    if isinstance(condition, Logic):
        for part in condition.parts:
            yield from _parts(part)


def _is_semi_join(condition: Any) -> bool:
    return isinstance(condition, Contained) and isinstance(condition.right, Query)


def _by_id(condition: Condition | None) -> bool:
    if isinstance(condition, Logic):
        return condition.operator == "AND" and any(_by_id(part) for part in condition.parts)
    if isinstance(condition, Compare):
        return condition.operator == "=" and _is_id(condition.left)
    return isinstance(condition, Contained) and not condition.negated and _is_id(condition.left)


def _is_id(left: object) -> bool:
    return isinstance(left, Path) and left.parts[-1].lower() == "id" and len(left.parts) <= 2


def check_size(each: SObject, query: Query, rows: int) -> None:
    """Refuse an answer longer than a batch from an object that cannot be paged through.

    Raises:
        ApiError: EXCEEDED_ID_LIMIT.
    """
    if rows > BATCH and each.name in _ONE_BATCH and query.limit is None:
        raise no_query_more(each.name)
