"""A real farm on a recorded graph: the planner, generations and records, without Buildbot.

Time is what the benchmark says it is; workers are the benchmark's too. Records are in an SQLite
database in a temporary directory.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import sqlalchemy as sa

from bench.graphs import BuildGraph
from farm.decisions import Publish, Start, Step
from farm.generations import Farm
from farm.heads import Head
from farm.model import Channel, Component, Distro, Stack
from farm.plan.key import OwnKeys, Wish, build_key, digest_of, view_digest
from farm.records import tables
from farm.records.store import BUILT, BuildRow, LineId, Records
from farm.records.writing import columns

CHANNEL = "development"


def stack_of(graph: BuildGraph, distros: int) -> Stack:
    """A stack of a graph's components, for as many distros."""
    return Stack(
        channels={CHANNEL: Channel(name=CHANNEL)},
        distros={name: _distro(name) for name in (f"distro{i}" for i in range(distros))},
        components={
            name: Component(
                name=name,
                git=f"https://git.example.org/{name}.git",
                depends=graph.depends[name],
            )
            for name in graph.order
        },
    )


def _distro(name: str) -> Distro:
    return Distro.model_validate(
        {
            "name": name,
            "family": "deb",
            "release": name,
            "architecture": "amd64",
            "root": {"suite": name},
            "version_suffix": f"~{name}",
        }
    )


@dataclass
class LineFarm:
    """A farm whose every component was built and published at commit 0, `durations` on record."""

    graph: BuildGraph
    distros: int = 1
    now: float = 0.0
    running: dict[LineId, set[str]] = field(default_factory=dict)
    """Keys of builds that were started and not finished."""
    commits: dict[str, int] = field(default_factory=dict)
    begin_at_once: bool = True
    """There is a worker for every build; else who uses this says what begins when."""

    def __post_init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="builds-")
        self.url = f"sqlite:///{self._folder.name}/farm.sqlite"
        self.stack = stack_of(self.graph, self.distros)
        Records(self.url).close()
        self._write(tables.heads, [self._head_row(name) for name in self.graph.order])
        for distro in self.stack.distros:
            self._write(tables.builds, [columns(r, tables.builds) for r in self._rows(distro)])
        self.open()
        for line in self.lines:
            step = self.advance(line)
            assert step.publish is not None and not step.starts
            self.publish(step.publish)

    def open(self) -> None:
        """Read the records, as a master that starts does."""
        self.records = Records(self.url, clock=lambda: self.now)
        self.farm = Farm(self.stack, self.records, clock=lambda: self.now)
        self.lines: list[LineId] = list(self.farm.lines)
        self.running = {line: set() for line in self.lines}

    def _write(self, table: sa.Table, rows: list[dict[str, Any]]) -> None:
        engine = sa.create_engine(self.url)
        with engine.begin() as connection:
            connection.execute(sa.insert(table), rows)
        engine.dispose()

    def _head_row(self, name: str) -> dict[str, Any]:
        return {"channel": CHANNEL, "component": name, "head": vars(self._head(name))}

    def _head(self, name: str) -> Head:
        commit = self.commits.setdefault(name, 0)
        return Head(
            component=name,
            branch="main",
            commit=f"{commit:040x}",
            tree=f"{commit:040x}",
            upstream_version=f"1.{commit}",
            timestamp=1_700_000_000 + commit,
            subject=f"Change {commit}",
            author="A Developer <dev@example.org>",
        )

    def _rows(self, distro: str) -> Iterator[BuildRow]:
        """A finished build of everything on a distro."""
        own = OwnKeys(self.stack)
        views: dict[str, str] = {}
        keys: dict[str, str] = {}
        for name in self.graph.order:
            head = self._head(name)
            wish = Wish(head.commit, head.upstream_version)
            depends = self.graph.depends[name]
            seen = {needed: views[needed] for needed in depends}
            key = keys[name] = build_key(own.digest(name, distro, wish), seen)
            digest = self.output_of(name, key, head.commit, seen)
            views[name] = view_digest(digest, seen)
            yield BuildRow(
                key=key,
                component=name,
                distro=distro,
                channel=CHANNEL,
                generation=0,
                outcome=BUILT,
                source=wish.source,
                rebuild=0,
                upstream_version="1.0",
                inputs={**own.inputs(name, distro, wish), "dependencies": seen},
                uses={needed: keys[needed] for needed in depends},
                reasons=["first build"],
                output_digest=digest,
                requested_at=-self.graph.seconds[name],
                started_at=-self.graph.seconds[name],
            )

    def grow_history(self, builds: int) -> None:
        """Put older builds on record, until there are `builds` of each component and distro, and
        start the farm anew."""
        for number in range(1, builds):
            past = -1e6 - number
            times = {"requested_at": past, "started_at": past, "finished_at": past + 60}
            for distro in self.stack.distros:
                old = (
                    replace(row, key=digest_of([row.key, number]), **times)
                    for row in self._rows(distro)
                )
                self._write(tables.builds, [columns(row, tables.builds) for row in old])
        self.records.close()
        self.open()

    def output_of(self, name: str, key: str, commit: str, dependencies: dict[str, str]) -> str:
        """The output digest of a build: another one for every key.

        :param dependencies: view digests of what it was built with.
        """
        return digest_of([name, key])

    def push(self, *names: str) -> None:
        """New commits to components."""
        for name in names:
            self.commits[name] += 1
            self.farm.observe(CHANNEL, self._head(name))

    def advance(self, line: LineId) -> Step:
        """What the farm wants of a line now; what it starts counts as running."""
        step = self.farm.advance(line)
        for start in step.starts:
            self.running[line].add(start.build.key)
            if self.begin_at_once:
                self.farm.began(start.build.key)
        return step

    def advance_all(self) -> list[Start]:
        """Every line, as the scheduler does after each event."""
        return [start for line in self.lines for start in self.advance(line).starts]

    def finish(self, line: LineId, key: str) -> None:
        """A build is done."""
        self.running[line].discard(key)
        row = self.records.builds[key]
        commit, dependencies = row.inputs["commit"], row.inputs["dependencies"]
        output = self.output_of(row.component, key, commit, dependencies)
        self.farm.built(key, output)

    def publish(self, publish: Publish) -> None:
        """A line's archive was flipped to what was wanted."""
        last = self.records.snapshots.get(publish.line)
        number = last.number + 1 if last else 1
        self.farm.published(publish, number, publish.content, {})
