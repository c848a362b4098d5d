"""SQLAlchemy's ``Select``, page by page: by numbers, or by the values that it is ordered by (a keyset).

SQLAlchemy is nobody's dependency here: where it has not been imported, nothing can be a Select.
"""

from __future__ import annotations

import sys
from collections import namedtuple
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

#: Databases whose NULL is larger than all values; in the others it is smaller.
LARGE_NULLS = frozenset({"postgresql", "oracle", "redshift", "snowflake", "ibm_db_sa"})

#: What may stand around a column in ORDER BY, by the names of SQLAlchemy's operators.
DIRECTIONS = {"asc_op": False, "desc_op": True}
NULLS_LAST: dict[str, bool | None] = {"nulls_first_op": False, "nulls_last_op": True}


class Term(NamedTuple):
    """One term of ORDER BY."""

    element: Any
    descending: bool = False
    nulls_last: bool | None = None  # None: nobody said so
    nullable: bool = True


def is_select(rows: Any) -> bool:
    """Whether rows are a Select, which a session is to run."""
    sqlalchemy = sys.modules.get("sqlalchemy")
    return sqlalchemy is not None and isinstance(rows, sqlalchemy.Select)


def usable_session(session: Any) -> Any:
    """Return what runs a Select.

    :param session: a session, a ``scoped_session``, or Flask-SQLAlchemy's ``db``.
    :raises TypeError: there is none.
    """
    found = session if hasattr(session, "execute") else getattr(session, "session", None)
    if found is None:
        raise TypeError(f"A Select needs a session to run it, as in session=db.session; {session!r} is none.")
    return found


def session_among(extensions: Mapping[str, Any]) -> Any:
    """Return Flask-SQLAlchemy's ``db.session`` from ``app.extensions``, or None."""
    return getattr(extensions.get("sqlalchemy"), "session", None)


def count_rows(select: Any, session: Any) -> int:
    """Return how many rows a Select has; none is loaded."""
    sqlalchemy = sys.modules["sqlalchemy"]
    counting = sqlalchemy.select(sqlalchemy.func.count()).select_from(select.order_by(None).subquery())
    return int(session.execute(counting).scalar_one())


def fetch(select: Any, session: Any, limit: int, offset: int = 0) -> list[Any]:
    """Return some of a Select's rows: objects where it names one thing alone, else rows.

    Where it asks for an entity alone, level rows are ordered by the primary key, so that no two pages show one.

    :raises ValueError: it has a limit of its own.
    """
    check_unlimited(select)
    entity = entity_of(select)
    ordered = select if entity is None or select._group_by_clauses else order_by_terms(select, terms_of(select))
    result = session.execute(ordered.limit(limit).offset(offset))
    rows = result.unique() if must_be_unique(result) else result
    return list(rows.scalars() if len(select.column_descriptions) == 1 else rows)


def must_be_unique(result: Any) -> bool:
    """Whether collections are loaded with a result's objects, which then come several times."""
    return getattr(result, "_unique_filter_state", None) is not None


def check_unlimited(select: Any) -> None:
    if select._has_row_limiting_clause:
        raise ValueError("A Select that is shown in pages can't have a limit or an offset of its own. Leave them out.")


def entity_of(select: Any) -> Any:
    """Return the mapped class (or its alias) that a Select asks for, where it asks for nothing else."""
    descriptions = select.column_descriptions
    expression = descriptions[0]["expr"] if len(descriptions) == 1 else None
    return expression if expression is not None and expression is descriptions[0].get("entity") else None


def fetch_after(
    select: Any, session: Any, limit: int, terms: Sequence[Term], values: Sequence[Any] | None
) -> list[tuple[Any, Sequence[Any]]]:
    """Return the rows that follow a position, each with its own position.

    :param terms: from :func:`position_terms`.
    :param values: a position: what the terms are there; None for the beginning.
    """
    labels = [term.element.label(f"position_{number}") for number, term in enumerate(terms)]
    wanted = (
        select if values is None else select.where(is_after_position(terms, values, nulls_are_large(select, session)))
    )
    result = session.execute(order_by_terms(wanted, terms).add_columns(*labels).limit(limit))
    rows = result.unique() if entity_of(select) is not None or must_be_unique(result) else result
    width = len(labels)
    if len(select.column_descriptions) == 1:
        return [(row[0], tuple(row[-width:])) for row in rows]
    made = namedtuple("Row", list(result.keys())[:-width], rename=True)  # type: ignore[misc]  # named as the Select has it
    return [(made(*row[:-width]), tuple(row[-width:])) for row in rows]


def any_after(select: Any, session: Any, terms: Sequence[Term], values: Sequence[Any]) -> bool:
    """Whether rows follow a position; none is loaded."""
    following = select.where(is_after_position(terms, values, nulls_are_large(select, session)))
    return count_rows(following.limit(1), session) > 0


def terms_of(select: Any) -> tuple[Term, ...]:
    """Return what a Select is ordered by, and then the primary key of its entity, so that no two rows are level."""
    entity = entity_of(select)
    terms = [term_of(clause, entity) for clause in select._order_by_clauses]
    descending = terms[-1].descending if terms else False
    for attribute in [] if entity is None else key_attributes(entity):
        if not any(term.element.compare(attribute.__clause_element__()) for term in terms):
            terms.append(Term(attribute, descending, nullable=False))
    return tuple(terms)


def position_terms(select: Any) -> tuple[Term, ...]:
    """Return the terms that say where a row of a Select stands.

    :raises ValueError: none do: it has a limit, is grouped, or is ordered by strings or not at all.
    """
    check_unlimited(select)
    if select._group_by_clauses:
        raise ValueError("A grouped Select has no cursors. Select from it as a subquery.")
    terms = terms_of(select)
    if not terms:
        raise ValueError("A Select has cursors by what it is ordered by: give it an order_by that is unique.")
    elements = sys.modules["sqlalchemy"].sql.elements
    for term in terms:
        if isinstance(term.element, (elements._textual_label_reference, elements.TextClause)):
            raise ValueError(f"A Select has cursors by columns: order it by Model.column, not by {term.element}.")
    return terms


def key_attributes(entity: Any) -> Iterable[Any]:
    mapper = inspect_entity(entity).mapper
    return [getattr(entity, mapper.get_property_by_column(column).key) for column in mapper.primary_key]


def inspect_entity(entity: Any) -> Any:
    return sys.modules["sqlalchemy"].inspect(entity)


def term_of(clause: Any, entity: Any) -> Term:
    elements = sys.modules["sqlalchemy"].sql.elements
    element, descending, nulls_last = clause, False, None
    while True:
        modifier = getattr(getattr(element, "modifier", None), "__name__", "")
        descending = DIRECTIONS.get(modifier, descending)
        nulls_last = NULLS_LAST.get(modifier, nulls_last)
        if not modifier and not isinstance(element, (elements._label_reference, elements.Label)):
            return Term(element, descending, nulls_last, not is_required(element, entity))
        element = element.element


def is_required(element: Any, entity: Any) -> bool:
    """Whether a term can't be NULL: a column declared so, of the entity itself (of one joined to it, it may be)."""
    table = getattr(element, "table", None)
    if entity is None or table is None or element.nullable:
        return False
    return bool(inspect_entity(entity).selectable.is_derived_from(table))


def order_by_terms(select: Any, terms: Iterable[Term]) -> Any:
    """Return a Select in the order of its terms: as it was, with the terms that were added."""
    added = list(terms)[len(select._order_by_clauses) :]
    return select.order_by(*(term.element.desc() if term.descending else term.element.asc() for term in added))


def nulls_are_large(select: Any, session: Any) -> bool:
    entity = entity_of(select)
    asked = {} if entity is None else {"mapper": inspect_entity(entity).mapper}
    return session.get_bind(**asked).dialect.name in LARGE_NULLS


def is_after_position(terms: Sequence[Term], values: Sequence[Any], large_nulls: bool) -> Any:
    """Return the condition that a row stands after a position: ``a > 1 OR (a = 1 AND b < 2) OR ...``."""
    sqlalchemy = sys.modules["sqlalchemy"]
    after = sqlalchemy.false()
    for term, value in reversed(tuple(zip(terms, values, strict=True))):
        level = term.element.is_(None) if value is None else term.element == value
        after = sqlalchemy.or_(is_after(term, value, large_nulls), sqlalchemy.and_(level, after))
    return after


def is_after(term: Term, value: Any, large_nulls: bool) -> Any:
    sqlalchemy = sys.modules["sqlalchemy"]
    nulls_last = large_nulls != term.descending if term.nulls_last is None else term.nulls_last
    if value is None:
        return sqlalchemy.false() if nulls_last else term.element.is_not(None)
    past = term.element < value if term.descending else term.element > value
    return sqlalchemy.or_(past, term.element.is_(None)) if nulls_last and term.nullable else past
