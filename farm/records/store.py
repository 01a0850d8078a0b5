"""The records, kept in a database and held in memory.

Every method is one transaction: a crash leaves all of it or nothing. Reads are served from memory,
since the planner asks for everything after every build.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import sqlalchemy as sa

from farm.heads import Head
from farm.plan.key import KeyInputs
from farm.plan.planner import BuildFact
from farm.records import tables

RUNNING, BUILT, FAILED = "running", "built", "failed"

LineId = tuple[str, str]
"""Channel and distro."""


@dataclass(frozen=True)
class BuildRow:
    """One build, by its key."""

    key: str
    component: str
    distro: str
    channel: str
    generation: int
    outcome: str
    source: str
    rebuild: int
    upstream_version: str
    inputs: KeyInputs
    uses: dict[str, str]
    reasons: list[str]
    attempts: int = 0
    output_digest: str = ""
    phase: str = ""
    message: str = ""
    started_at: float = 0.0
    finished_at: float = 0.0

    @property
    def fact(self) -> BuildFact:
        """The planner's view of a finished build."""
        return BuildFact(self.outcome == BUILT, self.source, self.output_digest)


@dataclass(frozen=True)
class Generation:
    """One pass over a line."""

    channel: str
    distro: str
    number: int
    admitted: dict[str, Head]
    forced: dict[str, int]
    done: bool
    started_at: float
    finished_at: float = 0.0


@dataclass(frozen=True)
class SnapshotRow:
    """What a line published."""

    channel: str
    distro: str
    number: int
    wanted: dict[str, str]
    """Component to build key, as the planner asked for."""
    content: dict[str, str]
    """Component to build key, as published."""
    held_back: dict[str, str]
    generation: int
    published_at: float


def _row(value: object) -> dict[str, Any]:
    row = dict(vars(value))
    if isinstance(value, Generation):
        row["admitted"] = {name: vars(head) for name, head in value.admitted.items()}
    return row


class Records:
    """Opens (and creates) the records at a SQLAlchemy URL."""

    def __init__(self, url: str, clock: Callable[[], float] = time.time):
        self._clock = clock
        self._engine = sa.create_engine(url)
        if self._engine.dialect.name == "sqlite":
            sa.event.listen(self._engine, "connect", _quick_sqlite)
        tables.metadata.create_all(self._engine)
        self.heads: dict[tuple[str, str], Head] = {}
        self.builds: dict[str, BuildRow] = {}
        self.generations: dict[LineId, Generation] = {}
        """The newest of each line."""
        self.snapshots: dict[LineId, SnapshotRow] = {}
        """The newest of each line."""
        self.forces: dict[tuple[str, str, str], int] = {}
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
                self.builds[row["key"]] = BuildRow(**row)
            for row in rows(tables.generations, tables.generations.c.number):
                row["admitted"] = {name: Head(**head) for name, head in row["admitted"].items()}
                self.generations[row["channel"], row["distro"]] = Generation(**row)
            for row in rows(tables.snapshots, tables.snapshots.c.number):
                self.snapshots[row["channel"], row["distro"]] = SnapshotRow(**row)
            for row in rows(tables.forces):
                self.forces[row["channel"], row["distro"], row["component"]] = row["count"]

    def _put(self, table: sa.Table, row: dict[str, Any]) -> None:
        keys = [column.name for column in table.primary_key.columns]
        where = sa.and_(*(table.c[key] == row[key] for key in keys))
        with self._engine.begin() as connection:
            connection.execute(sa.delete(table).where(where))
            connection.execute(sa.insert(table).values(**row))

    def put_head(self, channel: str, head: Head) -> None:
        """Record a component's newest commit on a channel."""
        row = {"channel": channel, "component": head.component, "head": vars(head)}
        self._put(tables.heads, row)
        self.heads[channel, head.component] = head

    def put_generation(self, generation: Generation) -> None:
        """Record a generation: a new one, what it admits now, or that it is done."""
        self._put(tables.generations, _row(generation))
        self.generations[generation.channel, generation.distro] = generation

    def put_snapshot(self, snapshot: SnapshotRow) -> None:
        """Record that a line's archive was flipped to a snapshot."""
        self._put(tables.snapshots, _row(snapshot))
        self.snapshots[snapshot.channel, snapshot.distro] = snapshot

    def start_build(self, build: BuildRow) -> BuildRow:
        """Record that a key is being built; the rebuild number is reserved here, so that no file
        name is used twice."""
        known = self.builds.get(build.key)
        rebuild = known.rebuild if known else self._next_rebuild(build)
        attempts = known.attempts if known else 0
        row = replace(
            build,
            outcome=RUNNING,
            rebuild=rebuild,
            attempts=attempts,
            started_at=self._clock(),
        )
        self._put(tables.builds, _row(row))
        self.builds[row.key] = row
        return row

    def _next_rebuild(self, build: BuildRow) -> int:
        same = [
            other.rebuild
            for other in self.builds.values()
            if (other.component, other.distro) == (build.component, build.distro)
            and other.upstream_version == build.upstream_version
        ]
        return max(same, default=-1) + 1

    def _finish(self, key: str, **values: Any) -> None:
        row = replace(self.builds[key], finished_at=self._clock(), **values)
        self._put(tables.builds, _row(row))
        self.builds[key] = row

    def build_succeeded(self, key: str, output_digest: str) -> None:
        """Record that the pool has a key."""
        self._finish(key, outcome=BUILT, output_digest=output_digest, phase="", message="")

    def build_failed(self, key: str, phase: str, message: str) -> None:
        """Record the verdict that a component does not build."""
        self._finish(key, outcome=FAILED, phase=phase, message=message)

    def build_interrupted(self, key: str, message: str) -> int:
        """Record that the machinery failed; return how often it now has for this key."""
        attempts = self.builds[key].attempts + 1
        self._finish(key, attempts=attempts, message=message)
        return attempts

    def force(self, channel: str, distro: str, component: str, reason: str, who: str) -> int:
        """Record that somebody wants a component built again; return how often that was so."""
        count = self.forces.get((channel, distro, component), 0) + 1
        row = {
            "channel": channel,
            "distro": distro,
            "component": component,
            "count": count,
            "reason": reason,
            "who": who,
        }
        self._put(tables.forces, row)
        self.forces[channel, distro, component] = count
        return count

    def line_builds(self, distro: str) -> dict[str, BuildFact]:
        """Finished builds on a distro, of any channel, by key."""
        return {
            key: row.fact
            for key, row in self.builds.items()
            if row.distro == distro and row.outcome != RUNNING
        }

    def last_build(self, channel: str, distro: str, component: str) -> BuildRow | None:
        """The newest build of a component on a line, running ones included."""
        rows = [
            row
            for row in self.builds.values()
            if (row.channel, row.distro, row.component) == (channel, distro, component)
        ]
        return max(rows, key=lambda row: row.started_at, default=None)

    def durations(self, distro: str) -> dict[str, float]:
        """Seconds that each component's newest successful build on a distro took."""
        newest: dict[str, BuildRow] = {}
        for row in self.builds.values():
            if row.distro == distro and row.outcome == BUILT:
                old = newest.get(row.component)
                if old is None or old.finished_at < row.finished_at:
                    newest[row.component] = row
        return {name: row.finished_at - row.started_at for name, row in newest.items()}


def _quick_sqlite(connection: Any, _record: object) -> None:
    # WAL with NORMAL loses nothing when the process is killed, and syncs far less.
    connection.execute("pragma journal_mode=WAL")
    connection.execute("pragma synchronous=NORMAL")
