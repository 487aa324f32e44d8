"""The lists of `csms.core.listings`, as SQL: filters, sort and page by key.

A listing's SQL sorts by one expression and its unique keys, in one direction, so that an index
on them serves any page; texts are ordered by the database's collation.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

from msgspec import Struct

from csms.core.listings import Kind, Listing, Place, Plan, cursor, plan
from csms.core.pages import Page, Query
from csms.storage.pool import Pool

T = TypeVar("T")

_TYPES: Mapping[Kind, str] = {
    Kind.TEXT: "text",
    Kind.INTEGER: "bigint",
    Kind.NUMBER: "double precision",
    Kind.TIME: "timestamptz",
    Kind.FLAG: "boolean",
    Kind.UUID: "uuid",
}


class Source(Struct, frozen=True, kw_only=True):
    """Where a listing's rows come from.

    ``columns`` and ``tables`` are the texts after SELECT and FROM; ``where`` always holds.
    ``filters`` maps each filter to a condition with one ``%s``; ``sorts`` maps each sort, and
    ``keys`` each key, to its expression.
    """

    listing: Listing
    columns: str
    tables: str
    where: str = "true"
    filters: Mapping[str, str]
    sorts: Mapping[str, str]
    keys: tuple[str, ...]


async def page(
    pool: Pool,
    source: Source,
    query: Query,
    row: Callable[..., T],
    *conditions: tuple[str, object],
) -> Page[T]:
    """One page, of the rows for which the further ``conditions`` (with one ``%s`` each) hold."""
    wanted = plan(source.listing, query)
    sql, params = statement(source, wanted, conditions)
    width = 1 + len(source.keys)

    def placed(*columns: object) -> tuple[Place, T]:
        return Place(columns[0], columns[1:width]), row(*columns[width:])

    found = await pool.many(sql, params, placed)
    shown = found[: wanted.limit]
    more = cursor(wanted, shown[-1][0]) if len(found) > len(shown) else None
    return Page(tuple(item for _, item in shown), more)


def statement(
    source: Source, wanted: Plan, conditions: Sequence[tuple[str, object]] = ()
) -> tuple[str, list[object]]:
    """The SELECT of a page and one row more, and its parameters."""
    terms = [
        *conditions,
        *((source.filters[name], value) for name, value in wanted.filters.items()),
    ]
    wheres = [source.where, *(term for term, _ in terms)]
    params = [value for _, value in terms]
    sort = source.sorts[wanted.sort]
    keys = ", ".join(source.keys)
    if wanted.after is not None:
        beyond, values = _beyond(source, wanted, wanted.after)
        wheres.append(beyond)
        params += values
    direction = "DESC" if wanted.descending else "ASC"
    order = [f"{sort} {direction}" + (" NULLS LAST" if wanted.nullable else "")]
    order += [f"{key} {direction}" for key in source.keys]
    sql = (
        f"SELECT {sort}, {keys}, {source.columns} FROM {source.tables}"
        f" WHERE {' AND '.join(wheres)} ORDER BY {', '.join(order)} LIMIT %s"
    )
    return sql, [*params, wanted.limit + 1]


def _beyond(source: Source, wanted: Plan, after: Place) -> tuple[str, list[object]]:
    """The condition for lying after a place.  No value lies after every value."""
    sort = source.sorts[wanted.sort]
    keys = ", ".join(source.keys)
    marks = ", ".join(f"%s::{_TYPES[kind]}" for kind in source.listing.keys)
    sign = "<" if wanted.descending else ">"
    if after.value is None:
        return f"{sort} IS NULL AND ({keys}) {sign} ({marks})", [*after.keys]
    kind = _TYPES[source.listing.sorts[wanted.sort].kind]
    beyond = f"({sort}, {keys}) {sign} (%s::{kind}, {marks})"
    if wanted.nullable:
        beyond = f"({beyond} OR {sort} IS NULL)"
    return beyond, [after.value, *after.keys]
