"""The records of builds: what was asked for, by whom it was begun, and how it ended."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import sqlalchemy as sa

from farm.records import tables
from farm.records.builds import Builds
from farm.records.database import same, upsert
from farm.records.rows import (
    BUILT,
    CANCELLED,
    FAILED,
    INTERRUPTED,
    RUNNING,
    Attempt,
    BuildRow,
    LineId,
)
from farm.records.sharing import shared_inputs, shared_map
from farm.records.writing import Store, changes, columns, plain


class BuildRecords(Store):
    """Every build by its key, and every attempt at it."""

    def __init__(
        self, url: str, clock: Callable[[], float] = time.time, *, only_look: bool = False
    ):
        super().__init__(url, clock, only_look=only_look)
        self.builds = Builds(self._database)
        """By key."""
        self.unfinished: Mapping[str, BuildRow] = self.builds.unfinished
        """The builds without an outcome, by key."""

    def _load(self, connection: sa.Connection) -> None:
        super()._load(connection)
        self.builds.load(connection)

    @changes
    def start_build(self, build: BuildRow) -> BuildRow:
        """Record that a key is asked for; the rebuild number is reserved here, so that no file
        name is used twice."""
        known = self.builds.get(build.key)
        now = self._clock()
        row = replace(
            build,
            inputs=shared_inputs(build.inputs),
            uses=shared_map(build.uses),
            outcome=RUNNING,
            rebuild=known.rebuild if known else self.builds.next_rebuild(build),
            attempt=(known.attempt if known else 0) + 1,
            attempts=known.attempts if known else 0,
            requested_at=now,
            started_at=0.0,
            finished_at=0.0,
        )
        attempt = Attempt(row.key, row.attempt, now)
        left = sa.update(tables.attempts).where(
            tables.attempts.c.key == row.key, tables.attempts.c.outcome == RUNNING
        )

        def write(connection: sa.Connection) -> None:
            if known:
                ended = {"outcome": INTERRUPTED, "finished_at": now, "message": "asked for again"}
                connection.execute(left.values(**ended))
            upsert(connection, tables.builds, columns(row, tables.builds))
            upsert(connection, tables.attempts, columns(attempt, tables.attempts))

        self._write(write)
        if known:
            self.builds.give_up(known)
            self._doubtful = known.outcome == BUILT  # the time it took is on record no more
        self.builds.take_in(row)
        return row

    def _change(self, row: BuildRow, **attempt: Any) -> None:
        values = columns(row, tables.builds)
        for name in ("inputs", "uses", "reasons"):  # never others than at first, and big
            del values[name]
        build = sa.update(tables.builds).where(same(tables.builds, values)).values(**values)
        key = {"key": row.key, "number": row.attempt}
        newest = sa.update(tables.attempts).where(same(tables.attempts, key)).values(**attempt)
        self._run(build, newest)
        self.builds.take_in(row)

    @changes
    def build_began(self, key: str, worker: str = "") -> None:
        """Record that a worker begins with the newest attempt at a build.

        Buildbot gives a build to another worker when one vanishes: the last that began counts,
        so that the lost time is not taken for the build's. What has an outcome keeps it.
        """
        row = replace(self.builds[key], started_at=self._clock())
        if row.outcome != RUNNING:
            return
        self._change(row, began_at=row.started_at, worker=worker)

    def _finish(self, key: str, how: str, **values: Any) -> None:
        row = replace(self.builds[key], finished_at=self._clock(), **values)
        self._change(row, finished_at=row.finished_at, outcome=how, message=row.message)

    @changes
    def build_succeeded(
        self, key: str, output_digest: str, exposes: tuple[str, ...] | None = None
    ) -> None:
        """Record that the pool has a key.

        :param exposes: components whose packages those of the build need when installed.
        """
        found = {"output_digest": output_digest, "exposes": exposes}
        self._finish(key, BUILT, outcome=BUILT, phase="", message="", **found)

    @changes
    def build_failed(self, key: str, phase: str, message: str) -> None:
        """Record the verdict that a component does not build."""
        self._finish(key, FAILED, outcome=FAILED, phase=phase, message=plain(message))

    @changes
    def build_interrupted(self, key: str, message: str) -> int:
        """Record that the machinery failed; return how often it now has for this key."""
        attempts = self.builds[key].attempts + 1
        self._finish(key, INTERRUPTED, attempts=attempts, message=plain(message))
        return attempts

    @changes
    def build_cancelled(self, key: str) -> None:
        """Record that a build is wanted no more, before a worker began with it."""
        message = "wanted no more before it began"
        self._finish(key, CANCELLED, outcome=CANCELLED, message=message)

    def attempts_of(self, key: str) -> list[Attempt]:
        """Every attempt at a build, in order."""
        table = tables.attempts
        found = sa.select(table).where(table.c.key == key).order_by(table.c.number)
        return [Attempt(**row) for row in self._database.rows(found)]

    def builds_of(self, channel: str, distro: str, component: str) -> list[BuildRow]:
        """Every build of a component on a line, the one asked for last first."""
        return self.builds.of_place((channel, distro, component))

    def keys_like(self, start: str) -> list[str]:
        """The build keys that begin with these digits."""
        return self.builds.keys_like(start)

    def durations(self, distro: str) -> Mapping[str, float]:
        """Seconds that each component's newest successful build on a distro took: a live view."""
        return self.builds.durations(distro)

    def last_build(self, channel: str, distro: str, component: str) -> BuildRow | None:
        """The build of a component on a line that was asked for last, running ones included."""
        return self.builds.newest((channel, distro, component))

    def generation_builds(self, line: LineId, number: int) -> frozenset[str]:
        """The components asked for in a generation; cheap for the newest of a line."""
        return self.builds.started_in(line, number)
