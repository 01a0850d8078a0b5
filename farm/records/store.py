"""The records, kept in a database; what is asked for often is held in memory.

Every method is one transaction: a crash leaves all of it or nothing. What is in memory is what the
database has: it is changed after the database was.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import fields, replace
from typing import Any

import sqlalchemy as sa

from farm.heads import Head
from farm.plan.key import View
from farm.plan.planner import BuildFact
from farm.records import tables
from farm.records.changing import changed
from farm.records.database import insert_new, same_place, upsert
from farm.records.failing import FailureRecords
from farm.records.finished import Ended, ended_since
from farm.records.lookup import Lookup
from farm.records.published import PublishedChange, published_changes
from farm.records.reading import State, generation_at, read_state, snapshot_at
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
)
from farm.records.since import failing_since
from farm.records.writing import changes, columns, plain

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
]

VIEWS_KEPT = 65_536


class Records(FailureRecords):
    """Everything that the farm remembers; opened, created or upgraded as for a `Store`."""

    def __init__(
        self, url: str, clock: Callable[[], float] = time.time, *, only_look: bool = False
    ):
        super().__init__(url, clock, only_look=only_look)
        self._state = State()
        self.heads: Mapping[tuple[str, str], Head] = self._state.heads
        """By channel and component."""
        self.generations: Mapping[LineId, Generation] = self._state.generations
        """The newest of each line."""
        self.snapshots: Mapping[LineId, SnapshotRow] = self._state.snapshots
        """The newest of each line."""
        self.forces: Mapping[PlaceId, int] = self._state.forces
        """How often each was forced."""
        self.forced_heads: Mapping[PlaceId, Head] = self._state.forced_heads
        """What stands for the channel's head on a line, because somebody asked for it."""
        self.topics: Mapping[str, Topic] = self._state.topics
        """Those that live, by channel."""
        views = tables.views
        self.views: Lookup[View] = Lookup(
            self._database, sa.select(views), views.c.digest, lambda row: View(**row), VIEWS_KEPT
        )
        """By digest."""
        self._database.read(self._load)

    def _load(self, connection: sa.Connection) -> None:
        super()._load(connection)
        read_state(connection, self._state)
        self.views.forget()

    @changes
    def put_head(self, channel: str, head: Head) -> None:
        """Record a component's newest commit on a channel."""
        row = _head_row(channel, head)
        self._write(lambda connection: upsert(connection, tables.heads, row))
        self._state.heads[channel, head.component] = head

    @changes
    def put_forced_head(self, channel: str, distro: str, head: Head) -> None:
        """Record that a line is to build a component at a head that is not the channel's."""
        place = (channel, distro, head.component)
        row = {**_place(place), "head": vars(head)}
        self._write(lambda connection: upsert(connection, tables.forced_heads, row))
        self._state.forced_heads[place] = head

    @changes
    def drop_forced_head(self, channel: str, distro: str, component: str) -> None:
        """Record that a line follows the channel's head of a component again."""
        place, table = (channel, distro, component), tables.forced_heads
        dropped = sa.delete(table).where(same_place(table, place))
        self._run(dropped)
        self._state.forced_heads.pop(place, None)

    @changes
    def put_generation(self, generation: Generation) -> None:
        """Record a generation: a new one, what it admits now, or that it is done."""
        line = (generation.channel, generation.distro)
        last = self.generations.get(line)
        heads = [
            {**_at(line, name, generation.number), "head": vars(head) if head else None}
            for name, head in changed(last.admitted if last else {}, generation.admitted)
        ]

        def write(connection: sa.Connection) -> None:
            upsert(connection, tables.generations, columns(generation, tables.generations))
            upsert(connection, tables.generation_heads, *heads)

        self._write(write)
        self._state.generations[line] = generation

    def generation_at(self, line: LineId, number: int) -> Generation | None:
        """A generation of a line as it was, whether or not it is the newest."""
        return self._database.read(lambda connection: generation_at(connection, line, number))

    @changes
    def put_snapshot(self, snapshot: SnapshotRow) -> None:
        """Record that a line's archive was flipped to a snapshot."""
        line = (snapshot.channel, snapshot.distro)
        last = self.snapshots.get(line)
        builds = [
            {**_at(line, name, snapshot.number), "wanted": keys[0], "content": keys[1]}
            for name, found in changed(_both(last), _both(snapshot))
            for keys in [found or (None, None)]
        ]

        def write(connection: sa.Connection) -> None:
            upsert(connection, tables.snapshots, columns(snapshot, tables.snapshots))
            upsert(connection, tables.snapshot_builds, *builds)

        self._write(write)
        self._state.snapshots[line] = snapshot

    def snapshot_at(self, line: LineId, number: int) -> SnapshotRow | None:
        """A snapshot of a line, whether or not it is the newest."""
        return self._database.read(lambda connection: snapshot_at(connection, line, number))

    def published_changes(
        self, line: LineId, component: str = "", since: int = 0
    ) -> list[PublishedChange]:
        """As `farm.records.published.published_changes`."""
        return self._database.read(
            lambda connection: published_changes(connection, line, component, since)
        )

    def ended_since(self, distros: Iterable[str], moment: float) -> list[Ended]:
        """As `farm.records.finished.ended_since`."""
        return self._database.read(lambda connection: ended_since(connection, distros, moment))

    def failing_since(self, line: LineId, components: Iterable[str]) -> dict[str, float]:
        """As `farm.records.since.failing_since`."""
        return self._database.read(lambda connection: failing_since(connection, line, components))

    def line_builds(self, distro: str) -> Mapping[str, BuildFact]:
        """Finished builds on a distro, of any channel, by key: a live view, always the same."""
        here = (snapshot for line, snapshot in self.snapshots.items() if line[1] == distro)
        return self.builds.facts(distro, (key for one in here for key in one.content.values()))

    @changes
    def put_views(self, views: Iterable[View]) -> None:
        """Record the views that are not known yet."""
        new = {view.digest: view for view in views if view.digest not in self.views}
        if new:
            rows = [columns(view, tables.views) for view in new.values()]
            self._write(lambda connection: insert_new(connection, tables.views, *rows))
            for digest, view in new.items():
                self.views.remember(digest, view)

    @changes
    def put_topic(self, topic: Topic, heads: Iterable[Head] | None = None) -> None:
        """Record a topic or a pull request: a new one, or what changed of it.

        :param heads: those of its channel from now on; None leaves them as they are.
        """
        row = columns(topic, tables.topics)
        row["heads"] = {name: vars(head) for name, head in topic.heads.items()}
        new = None if heads is None else {(topic.name, head.component): head for head in heads}

        def write(connection: sa.Connection) -> None:
            upsert(connection, tables.topics, row)
            if new is not None:
                old = sa.delete(tables.heads).where(tables.heads.c.channel == topic.name)
                connection.execute(old)
                upsert(connection, tables.heads, *(_head_row(topic.name, h) for h in new.values()))

        self._write(write)
        if new is not None:
            for place in [place for place in self.heads if place[0] == topic.name]:
                del self._state.heads[place]
            self._state.heads.update(new)
        if topic.deleted_at:
            self._state.topics.pop(topic.name, None)
        else:
            self._state.topics[topic.name] = topic

    def delete_topic(self, name: str, at: float) -> None:
        """Record that a topic ended; its generations and snapshots stay on record."""
        self.put_topic(replace(self.topics[name], deleted_at=at))

    @changes
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
        wish = ForceRow(*place, count, plain(reason), plain(who), branch, commit, self._clock())

        def write(connection: sa.Connection) -> None:
            upsert(connection, tables.forces, {**_place(place), "count": count})
            insert_new(connection, tables.force_log, columns(wish, tables.force_log))

        self._write(write)
        self._state.forces[place] = count
        return count

    def forces_of(self, channel: str, distro: str, component: str) -> list[ForceRow]:
        """Every time that a component was forced on a line, newest first."""
        table = tables.force_log
        found = [table.c[field.name] for field in fields(ForceRow)]
        place = same_place(table, (channel, distro, component))
        query = sa.select(*found).where(place).order_by(table.c.count.desc())
        return [ForceRow(**row) for row in self._database.rows(query)]


def _head_row(channel: str, head: Head) -> dict[str, Any]:
    return {"channel": channel, "component": head.component, "head": vars(head)}


def _place(place: PlaceId) -> dict[str, str]:
    return dict(zip(("channel", "distro", "component"), place, strict=True))


def _at(line: LineId, component: str, number: int) -> dict[str, Any]:
    return {**_place((*line, component)), "number": number}


def _both(snapshot: SnapshotRow | None) -> dict[str, tuple[str | None, str | None]]:
    if snapshot is None:
        return {}
    wanted, content = snapshot.wanted, snapshot.content
    return {name: (wanted.get(name), content.get(name)) for name in wanted.keys() | content.keys()}
