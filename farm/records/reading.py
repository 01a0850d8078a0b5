"""Reads what the records hold in memory all the time: how things stand now."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa

from farm.heads import Head
from farm.records import tables
from farm.records.changing import read_changing
from farm.records.database import same_place
from farm.records.rows import Generation, LineId, PlaceId, SnapshotRow, Topic
from farm.records.sharing import shared_map

_LINE = ("channel", "distro")

_Rows = Mapping[str, sa.RowMapping]
"""Component to its row of a table of what changes."""


@dataclass
class State:
    """How things stand; see `farm.records.store.Records`."""

    heads: dict[tuple[str, str], Head] = field(default_factory=dict)
    generations: dict[LineId, Generation] = field(default_factory=dict)
    snapshots: dict[LineId, SnapshotRow] = field(default_factory=dict)
    forces: dict[PlaceId, int] = field(default_factory=dict)
    forced_heads: dict[PlaceId, Head] = field(default_factory=dict)
    topics: dict[str, Topic] = field(default_factory=dict)


def read_state(connection: sa.Connection, state: State) -> None:
    """Read how things stand into `state`, in place of what it held."""
    for held in vars(state).values():
        held.clear()
    heads = _Heads()
    for row in _rows(connection, sa.select(tables.heads)):
        state.heads[row["channel"], row["component"]] = heads[row["head"]]
    for row in _rows(connection, sa.select(tables.forces)):
        state.forces[_place(row)] = row["count"]
    for row in _rows(connection, sa.select(tables.forced_heads)):
        state.forced_heads[_place(row)] = heads[row["head"]]
    for row in _rows(connection, sa.select(tables.topics).where(tables.topics.c.deleted_at == 0.0)):
        based = {component: heads[head] for component, head in row["heads"].items()}
        state.topics[row["name"]] = Topic(**{**row, "heads": based})
    admitted = read_changing(connection, tables.generation_heads)
    for line, row in _newest(connection, tables.generations):
        state.generations[line] = _generation(row, admitted.get(line, {}), heads)
    published = read_changing(connection, tables.snapshot_builds)
    for line, row in _newest(connection, tables.snapshots):
        state.snapshots[line] = _snapshot(row, published.get(line, {}))


def generation_at(connection: sa.Connection, line: LineId, number: int) -> Generation | None:
    """A generation of a line, None if there is none of that number."""
    row = _numbered(connection, tables.generations, line, number)
    admitted = read_changing(connection, tables.generation_heads, line, number)
    return _generation(row, admitted.get(line, {}), _Heads()) if row else None


def snapshot_at(connection: sa.Connection, line: LineId, number: int) -> SnapshotRow | None:
    """A snapshot of a line, None if there is none of that number."""
    row = _numbered(connection, tables.snapshots, line, number)
    published = read_changing(connection, tables.snapshot_builds, line, number)
    return _snapshot(row, published.get(line, {})) if row else None


class _Heads:
    """Heads from JSON: one object for all that are equal, since every line admits the same."""

    def __init__(self) -> None:
        self._known: dict[Head, Head] = {}

    def __getitem__(self, row: Mapping[str, Any]) -> Head:
        head = Head(**row)
        return self._known.setdefault(head, head)


def _generation(row: sa.RowMapping, admitted: _Rows, heads: _Heads) -> Generation:
    found = {name: heads[one["head"]] for name, one in admitted.items() if one["head"]}
    return Generation(**row, admitted=found)


def _snapshot(row: sa.RowMapping, builds: _Rows) -> SnapshotRow:
    wanted = shared_map({name: one["wanted"] for name, one in builds.items() if one["wanted"]})
    content = shared_map({name: one["content"] for name, one in builds.items() if one["content"]})
    return SnapshotRow(**row, wanted=wanted, content=content)


def _place(row: sa.RowMapping) -> PlaceId:
    return row["channel"], row["distro"], row["component"]


def _rows(connection: sa.Connection, query: sa.Select[Any]) -> list[sa.RowMapping]:
    return list(connection.execute(query).mappings())


def _newest(connection: sa.Connection, table: sa.Table) -> list[tuple[LineId, sa.RowMapping]]:
    """The row of the highest number of each line."""
    line = [table.c[name] for name in _LINE]
    last = sa.select(*line, sa.func.max(table.c.number).label("number")).group_by(*line).subquery()
    joined = sa.and_(*(table.c[name] == last.c[name] for name in (*_LINE, "number")))
    rows = _rows(connection, sa.select(table).join(last, joined))
    return [((row["channel"], row["distro"]), row) for row in rows]


def _numbered(
    connection: sa.Connection, table: sa.Table, line: LineId, number: int
) -> sa.RowMapping | None:
    query = sa.select(table).where(same_place(table, line), table.c.number == number)
    return connection.execute(query).mappings().first()
