"""The records, kept in a database and held in memory.

Every method is one transaction: a crash leaves all of it or nothing. Reads are served from memory,
since the planner asks for everything after every build.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any

import sqlalchemy as sa

from farm.heads import Head
from farm.plan.planner import BuildFact
from farm.records import tables
from farm.records.index import Builds
from farm.records.rows import (
    BUILT,
    CANCELLED,
    FAILED,
    INTERRUPTED,
    RUNNING,
    Attempt,
    BuildRow,
    ForceRow,
    Generation,
    LineId,
    PlaceId,
    SnapshotRow,
    Topic,
    View,
    as_columns,
)

__all__ = [
    "BUILT",
    "CANCELLED",
    "FAILED",
    "INTERRUPTED",
    "RUNNING",
    "Attempt",
    "BuildRow",
    "ForceRow",
    "Generation",
    "LineId",
    "PlaceId",
    "Records",
    "SnapshotRow",
    "Topic",
    "View",
]

_Write = tuple[sa.Table, dict[str, Any]]


class Records:
    """Opens (and creates) the records at a SQLAlchemy URL."""

    def __init__(self, url: str, clock: Callable[[], float] = time.time):
        self._clock = clock
        self._engine = sa.create_engine(url)
        if self._engine.dialect.name == "sqlite":
            sa.event.listen(self._engine, "connect", _quick_sqlite)
        tables.metadata.create_all(self._engine)
        self.heads: dict[tuple[str, str], Head] = {}
        """By channel and component."""
        self.builds = Builds()
        self.unfinished: Mapping[str, BuildRow] = self.builds.unfinished
        """The builds without an outcome, by key."""
        self.generations: dict[LineId, Generation] = {}
        """The newest of each line."""
        self.snapshots: dict[LineId, SnapshotRow] = {}
        """The newest of each line."""
        self.forces: dict[PlaceId, int] = {}
        """How often each was forced."""
        self.forced_heads: dict[PlaceId, Head] = {}
        """What stands for the channel's head on a line, because somebody asked for it."""
        self.views: dict[str, View] = {}
        """By digest."""
        self.topics: dict[str, Topic] = {}
        """Those that live, by channel."""
        self._load()

    def close(self) -> None:
        """Let go of the database."""
        self._engine.dispose()

    def _load(self) -> None:
        with self._engine.connect() as connection:

            def rows(table: sa.Table, *order: Any) -> list[dict[str, Any]]:
                found = connection.execute(sa.select(table).order_by(*order)).mappings()
                return [dict(row) for row in found]

            for row in rows(tables.heads):
                self.heads[row["channel"], row["component"]] = Head(**row["head"])
            for row in rows(tables.builds):
                if row["exposes"] is not None:
                    row["exposes"] = tuple(row["exposes"])
                self.builds[row["key"]] = BuildRow(**row)
            for row in rows(tables.generations, tables.generations.c.number):
                row["admitted"] = _heads(row["admitted"])
                self.generations[row["channel"], row["distro"]] = Generation(**row)
            for row in rows(tables.snapshots, tables.snapshots.c.number):
                self.snapshots[row["channel"], row["distro"]] = SnapshotRow(**row)
            for row in rows(tables.forces):
                self.forces[row["channel"], row["distro"], row["component"]] = row["count"]
            for row in rows(tables.forced_heads):
                place = (row["channel"], row["distro"], row["component"])
                self.forced_heads[place] = Head(**row["head"])
            for row in rows(tables.views):
                self.views[row["digest"]] = View(**row)
            for row in rows(tables.topics):
                if not row["deleted_at"]:
                    row["heads"] = _heads(row["heads"])
                    self.topics[row["name"]] = Topic(**row)

    def _put(self, *writes: _Write) -> None:
        with self._engine.begin() as connection:
            for table, row in writes:
                connection.execute(sa.delete(table).where(_same(table, row)))
                connection.execute(sa.insert(table).values(**row))

    def put_head(self, channel: str, head: Head) -> None:
        """Record a component's newest commit on a channel."""
        row = {"channel": channel, "component": head.component, "head": vars(head)}
        self._put((tables.heads, row))
        self.heads[channel, head.component] = head

    def put_forced_head(self, channel: str, distro: str, head: Head) -> None:
        """Record that a line is to build a component at a head that is not the channel's."""
        place = (channel, distro, head.component)
        self._put((tables.forced_heads, {**_place(place), "head": vars(head)}))
        self.forced_heads[place] = head

    def drop_forced_head(self, channel: str, distro: str, component: str) -> None:
        """Record that a line follows the channel's head of a component again."""
        place = (channel, distro, component)
        with self._engine.begin() as connection:
            table = tables.forced_heads
            connection.execute(sa.delete(table).where(_same(table, _place(place))))
        self.forced_heads.pop(place, None)

    def put_generation(self, generation: Generation) -> None:
        """Record a generation: a new one, what it admits now, or that it is done."""
        self._put((tables.generations, as_columns(generation)))
        self.generations[generation.channel, generation.distro] = generation

    def put_snapshot(self, snapshot: SnapshotRow) -> None:
        """Record that a line's archive was flipped to a snapshot."""
        self._put((tables.snapshots, as_columns(snapshot)))
        self.snapshots[snapshot.channel, snapshot.distro] = snapshot

    def put_views(self, views: Iterable[View]) -> None:
        """Record the views that are not known yet."""
        new = {view.digest: view for view in views if view.digest not in self.views}
        if new:
            with self._engine.begin() as connection:
                connection.execute(sa.insert(tables.views), [vars(view) for view in new.values()])
            self.views.update(new)

    def put_topic(self, topic: Topic) -> None:
        """Record a topic or a pull request: a new one, or what changed of it."""
        self._put((tables.topics, as_columns(topic)))
        self.topics[topic.name] = topic

    def delete_topic(self, name: str, at: float) -> None:
        """Record that a topic ended; its generations and snapshots stay on record."""
        topic = replace(self.topics[name], deleted_at=at)
        self._put((tables.topics, as_columns(topic)))
        del self.topics[name]

    def start_build(self, build: BuildRow) -> BuildRow:
        """Record that a key is asked for; the rebuild number is reserved here, so that no file
        name is used twice."""
        known = self.builds.get(build.key)
        row = replace(
            build,
            outcome=RUNNING,
            rebuild=known.rebuild if known else self.builds.next_rebuild(build),
            attempt=(known.attempt if known else 0) + 1,
            attempts=known.attempts if known else 0,
            requested_at=self._clock(),
            started_at=0.0,
            finished_at=0.0,
        )
        attempt = Attempt(row.key, row.attempt, row.requested_at)
        self._put((tables.builds, vars(row)), (tables.attempts, vars(attempt)))
        self.builds[row.key] = row
        return row

    def build_began(self, key: str, worker: str = "") -> None:
        """Record that a worker begins with the newest attempt at a build.

        Buildbot gives a build to another worker when one vanishes: the last that began counts,
        so that the lost time is not taken for the build's.
        """
        row = replace(self.builds[key], started_at=self._clock())
        self._change(row, began_at=row.started_at, worker=worker)

    def _change(self, row: BuildRow, **attempt: Any) -> None:
        table = tables.attempts
        newest = sa.and_(table.c.key == row.key, table.c.number == row.attempt)
        with self._engine.begin() as connection:
            same = _same(tables.builds, vars(row))
            connection.execute(sa.update(tables.builds).where(same).values(**vars(row)))
            connection.execute(sa.update(table).where(newest).values(**attempt))
        self.builds[row.key] = row

    def _finish(self, key: str, how: str, **values: Any) -> None:
        row = replace(self.builds[key], finished_at=self._clock(), **values)
        self._change(row, finished_at=row.finished_at, outcome=how, message=row.message)

    def build_succeeded(
        self, key: str, output_digest: str, exposes: tuple[str, ...] | None = None
    ) -> None:
        """Record that the pool has a key.

        :param exposes: components whose packages those of the build need when installed.
        """
        self._finish(
            key,
            BUILT,
            outcome=BUILT,
            output_digest=output_digest,
            exposes=exposes,
            phase="",
            message="",
        )

    def build_failed(self, key: str, phase: str, message: str) -> None:
        """Record the verdict that a component does not build."""
        self._finish(key, FAILED, outcome=FAILED, phase=phase, message=message)

    def build_interrupted(self, key: str, message: str) -> int:
        """Record that the machinery failed; return how often it now has for this key."""
        attempts = self.builds[key].attempts + 1
        self._finish(key, INTERRUPTED, attempts=attempts, message=message)
        return attempts

    def build_cancelled(self, key: str) -> None:
        """Record that a build is wanted no more, before a worker began with it."""
        message = "wanted no more before it began"
        self._finish(key, CANCELLED, outcome=CANCELLED, message=message)

    def attempts_of(self, key: str) -> list[Attempt]:
        """Every attempt at a build, in order."""
        table = tables.attempts
        found = sa.select(table).where(table.c.key == key).order_by(table.c.number)
        with self._engine.connect() as connection:
            return [Attempt(**row) for row in connection.execute(found).mappings()]

    def force(
        self,
        channel: str,
        distro: str,
        component: str,
        reason: str,
        who: str,
        *,
        commit: str | None = None,
        branch: str | None = None,
    ) -> int:
        """Record that somebody wants a component built again; return how often that was so."""
        place = (channel, distro, component)
        count = self.forces.get(place, 0) + 1
        with self._engine.begin() as connection:
            table = tables.forces
            connection.execute(sa.delete(table).where(_same(table, _place(place))))
            connection.execute(sa.insert(table).values(**_place(place), count=count))
            wish = ForceRow(*place, count, reason, who, branch, commit, self._clock())
            connection.execute(sa.insert(tables.force_log).values(**vars(wish)))
        self.forces[place] = count
        return count

    def forces_of(self, channel: str, distro: str, component: str) -> list[ForceRow]:
        """Every time that a component was forced on a line, newest first."""
        table = tables.force_log
        same = (
            table.c[name] == value for name, value in _place((channel, distro, component)).items()
        )
        columns = [column for column in table.c if column.name != "id"]
        found = sa.select(*columns).where(*same).order_by(table.c.count.desc())
        with self._engine.connect() as connection:
            return [ForceRow(**row) for row in connection.execute(found).mappings()]

    def line_builds(self, distro: str) -> Mapping[str, BuildFact]:
        """Finished builds on a distro, of any channel, by key: a live view, always the same."""
        return self.builds.facts[distro]

    def durations(self, distro: str) -> Mapping[str, float]:
        """Seconds that each component's newest successful build on a distro took: a live view."""
        return self.builds.durations[distro]

    def last_build(self, channel: str, distro: str, component: str) -> BuildRow | None:
        """The build of a component on a line that was asked for last, running ones included."""
        return self.builds.newest.get((channel, distro, component))

    def generation_builds(self, line: LineId, number: int) -> frozenset[str]:
        """The components started in a generation; cheap for the newest of a line."""
        return self.builds.started_in(line, number)


def _heads(value: Mapping[str, Mapping[str, Any]]) -> dict[str, Head]:
    return {component: Head(**head) for component, head in value.items()}


def _place(place: PlaceId) -> dict[str, str]:
    return dict(zip(("channel", "distro", "component"), place, strict=True))


def _same(table: sa.Table, row: Mapping[str, Any]) -> sa.ColumnElement[bool]:
    return sa.and_(*(table.c[one.name] == row[one.name] for one in table.primary_key.columns))


def _quick_sqlite(connection: Any, _record: object) -> None:
    # WAL with NORMAL loses nothing when the process is killed, and syncs far less.
    connection.execute("pragma journal_mode=WAL")
    connection.execute("pragma synchronous=NORMAL")
