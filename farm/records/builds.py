"""The builds on record, and what the planner asks of all of them after every build."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from sys import intern
from typing import Any, NamedTuple

import sqlalchemy as sa

from farm.plan.planner import BuildFact
from farm.records import tables
from farm.records.database import Database, same_place
from farm.records.lookup import Kept, KnownKeys, Lookup
from farm.records.rows import BUILT, FAILED, RUNNING, BuildRow, LineId, PlaceId
from farm.records.sharing import shared_inputs, shared_map, shared_names

ROWS_KEPT = 65_536
FACTS_KEPT = 32_768
"""Of each distro."""

_FINISHED = (BUILT, FAILED)
_SHARED = ("key", "component", "distro", "channel", "outcome", "source", "output_digest")
_table = tables.builds


class _Asked(NamedTuple):
    """What orders the builds of a component on a line."""

    requested_at: float
    generation: int
    key: str


class Builds(Lookup[BuildRow]):
    """Builds by key. Everything that is kept is renewed by `take_in`; nothing is ever deleted."""

    def __init__(self, database: Database):
        self._known_keys = KnownKeys(database, _table.c.key)
        super().__init__(
            database, sa.select(_table), _table.c.key, _build_row, ROWS_KEPT, self._known_keys
        )
        self.unfinished: dict[str, BuildRow] = {}
        """The rows whose outcome is `RUNNING`."""
        self._facts: dict[str, Lookup[BuildFact]] = {}
        self._durations: dict[str, _Durations] = {}
        self._newest: Kept[PlaceId, _Asked | None] = Kept(ROWS_KEPT, self._read_newest)
        self._started: dict[LineId, tuple[int, set[str]]] = {}

    def load(self, connection: sa.Connection) -> None:
        """Begin anew from what the database has."""
        self.forget()
        self._known_keys.clear()
        for facts in self._facts.values():
            facts.forget()
        self._newest.clear()
        self._started.clear()
        self.unfinished.clear()
        running = sa.select(_table).where(_table.c.outcome == RUNNING)
        for found in connection.execute(running).mappings():
            self.take_in(_build_row(found))
        for distro, durations in self._durations.items():
            durations.load(connection, distro)

    def take_in(self, row: BuildRow) -> None:
        """Renew what is held in memory after a row was written."""
        self.remember(row.key, row)
        self._known_keys.add(row.key)
        if row.outcome == RUNNING:
            self.unfinished[row.key] = row
        else:
            self.unfinished.pop(row.key, None)
        if row.distro in self._facts:
            finished = row.outcome in _FINISHED
            self._facts[row.distro].remember(row.key, row.fact if finished else None)
        if row.outcome == BUILT and row.distro in self._durations:
            self._durations[row.distro].take_in(row)
        asked = _Asked(row.requested_at, row.generation, row.key)
        if row.place in self._newest:
            newest = self._newest[row.place]
            if newest is None or newest.key == row.key or newest < asked:
                self._newest[row.place] = asked
        number, components = self._started.get(row.line, (0, None))
        if number == row.generation and components is not None:
            components.add(row.component)

    def give_up(self, row: BuildRow) -> None:
        """Forget what was derived from a row that is about to be another line's or generation's."""
        self._newest.drop(row.place)
        self._started.pop(row.line, None)

    def facts(self, distro: str, live: Iterable[str] = ()) -> Mapping[str, BuildFact]:
        """A distro's finished builds by key; always the same mapping.

        :param live: keys that will be asked for.
        """
        if distro not in self._facts:
            columns = ("key", "outcome", "source", "output_digest", "exposes")
            found = sa.select(*(_table.c[name] for name in columns)).where(
                _table.c.distro == distro, _table.c.outcome.in_(_FINISHED)
            )
            facts = Lookup(
                self._database, found, _table.c.key, _build_fact, FACTS_KEPT, self._known_keys
            )
            facts.warm(live)
            self._facts[distro] = facts
        return self._facts[distro]

    def durations(self, distro: str) -> Mapping[str, float]:
        """Seconds of each component's newest successful build; always the same mapping."""
        if distro not in self._durations:
            durations = _Durations()
            self._database.read(lambda connection: durations.load(connection, distro))
            self._durations[distro] = durations
        return self._durations[distro].seconds

    def newest(self, place: PlaceId) -> BuildRow | None:
        """The build that was asked for last of a component on a line."""
        newest = self._newest[place]
        return None if newest is None else self[newest.key]

    def _read_newest(self, place: PlaceId) -> _Asked | None:
        for row in self.of_place(place, most=1):
            return _Asked(row.requested_at, row.generation, row.key)
        return None

    def of_place(self, place: PlaceId, most: int | None = None) -> list[BuildRow]:
        """The builds of a component on a line, the one asked for last first."""
        asked = [_table.c[name] for name in _Asked._fields]
        query = (
            sa.select(_table)
            .where(same_place(_table, place))
            .order_by(*(column.desc() for column in asked))
            .limit(most)
        )
        return self.take(self._database.rows(query))

    def keys_like(self, start: str) -> list[str]:
        """The keys that begin with some digits."""
        query = sa.select(_table.c.key).where(_table.c.key.startswith(start, autoescape=True))
        return [row["key"] for row in self._database.rows(query)]

    def next_rebuild(self, build: BuildRow) -> int:
        """The rebuild number that no build of the same version on the same distro has."""
        query = sa.select(sa.func.max(_table.c.rebuild).label("last")).where(
            _table.c.component == build.component,
            _table.c.distro == build.distro,
            _table.c.upstream_version == build.upstream_version,
        )
        last = self._database.rows(query)[0]["last"]
        return 0 if last is None else last + 1

    def started_in(self, line: LineId, generation: int) -> frozenset[str]:
        """The components that were asked for in a generation; cheap for that asked for last."""
        number, components = self._started.get(line, (generation, None))
        if components is None or number != generation:
            query = (
                sa.select(_table.c.component)
                .distinct()
                .where(
                    _table.c.channel == line[0],
                    _table.c.distro == line[1],
                    _table.c.generation == generation,
                )
            )
            components = {row["component"] for row in self._database.rows(query)}
            self._started[line] = (generation, components)
        return frozenset(components)


@dataclass
class _Durations:
    """The newest successful builds of one distro."""

    seconds: dict[str, float] = field(default_factory=dict)
    _ended: dict[str, tuple[float, str]] = field(default_factory=dict)

    def load(self, connection: sa.Connection, distro: str) -> None:
        self.seconds.clear()
        self._ended.clear()
        built = sa.and_(_table.c.distro == distro, _table.c.outcome == BUILT)
        newest = (
            sa.select(_table.c.component, sa.func.max(_table.c.finished_at).label("last"))
            .where(built)
            .group_by(_table.c.component)
            .subquery()
        )
        timed = ("key", "component", "requested_at", "started_at", "finished_at")
        query = (
            sa.select(*(_table.c[name] for name in timed))
            .join(newest, _table.c.component == newest.c.component)
            .where(built, _table.c.finished_at == newest.c.last)
        )
        for row in connection.execute(query):
            self.take_in(row)

    def take_in(self, row: Any) -> None:
        ended = (row.finished_at, row.key)
        if row.component not in self._ended or self._ended[row.component] <= ended:
            self._ended[row.component] = ended
            self.seconds[row.component] = row.finished_at - (row.started_at or row.requested_at)


def _build_row(found: sa.RowMapping) -> BuildRow:
    row = dict(found)
    for name in _SHARED:
        row[name] = intern(row[name])
    row["inputs"] = shared_inputs(row["inputs"])
    row["uses"] = shared_map(row["uses"])
    row["exposes"] = shared_names(row["exposes"])
    return BuildRow(**row)


def _build_fact(found: sa.RowMapping) -> BuildFact:
    return BuildFact(
        found["outcome"] == BUILT,
        intern(found["source"]),
        intern(found["output_digest"]),
        shared_names(found["exposes"]),
    )
