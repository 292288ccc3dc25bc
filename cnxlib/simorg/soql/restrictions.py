"""What certain objects refuse to be asked."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ..errors import ApiError
from ..schema import SObject
from .ast import Compare, Condition, Contained, Logic, Path, Query
from .parser import malformed
from .scope import Session

BATCH = 2000
MAX_OFFSET = 2000
# Objects that cannot be paged through (EXCEEDED_ID_LIMIT, as clients met it)
_ONE_BATCH = frozenset({"EntityDefinition", "FieldDefinition", "UserEntityAccess", "TabDefinition"})


def no_query_more(what: str) -> ApiError:
    """The refusal of an answer that would need a second page and cannot have one."""
    text = f"{what} does not support queryMore(), use LIMIT to restrict the results to a single batch"
    return ApiError("EXCEEDED_ID_LIMIT", text)


def check(session: Session, each: SObject, query: Query) -> None:
    """Refuse a query that the object does not take.

    Raises:
        ApiError: EXCEEDED_ID_LIMIT for UserEntityAccess without LIMIT; MALFORMED_QUERY for SubscriberPackageVersion by
            anything but Id.
    """
    for part in _parts(query.where):
        if isinstance(part, Logic) and part.operator == "OR" and any(_is_semi_join(one) for one in part.parts):
            message = "Semi join sub-selects are not allowed with the 'OR' operator"
            raise malformed(session.text, message, query.source.at)
        if _is_semi_join(part) and any(_is_semi_join(inner) for inner in _parts(part.right.where)):
            message = "Nesting of semi join sub-selects is not supported"
            raise malformed(session.text, message, part.right.source.at)
    if each.name == "UserEntityAccess" and query.limit is None:
        raise no_query_more(each.name)
    if each.name == "SubscriberPackageVersion" and not _by_id(query.where):
        # Only WHERE Id = is allowed (Tooling API, SubscriberPackageVersion); [R: text]
        message = "SubscriberPackageVersion can be queried only by Id: add WHERE Id = '04t...'"
        raise malformed(session.text, message, query.source.at)


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
