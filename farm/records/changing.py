"""Mappings that change little from one number to the next, kept as what changed.

A generation admits nearly the heads that the one before did, and a snapshot holds nearly the same
builds: of thousands of components, a table has one row for each that is another from a number on.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import TypeVar

import sqlalchemy as sa

from farm.records.database import same_place
from farm.records.rows import LineId

V = TypeVar("V")

_PLACE = ("channel", "distro", "component")


def changed(old: Mapping[str, V], new: Mapping[str, V]) -> Iterator[tuple[str, V | None]]:
    """The components whose values differ, with the new one; None where there is none any more."""
    if old is not new:
        for component in old.keys() | new.keys():
            value = new.get(component)
            if old.get(component) != value:
                yield component, value


def read_changing(
    connection: sa.Connection, table: sa.Table, line: LineId | None = None, number: int = 0
) -> dict[LineId, dict[str, sa.RowMapping]]:
    """The rows of every component as they are now, of all lines.

    :param line: only of this one.
    :param number: as they were at this number; 0 is now.
    """
    place = [table.c[name] for name in _PLACE]
    last = sa.select(*place, sa.func.max(table.c.number).label("number")).group_by(*place)
    if line is not None:
        last = last.where(same_place(table, line))
    if number:
        last = last.where(table.c.number <= number)
    newest = last.subquery()
    joined = sa.and_(*(table.c[name] == newest.c[name] for name in (*_PLACE, "number")))
    found: dict[LineId, dict[str, sa.RowMapping]] = defaultdict(dict)
    for row in connection.execute(sa.select(table).join(newest, joined)).mappings():
        found[row["channel"], row["distro"]][row["component"]] = row
    return found
