"""Generations: what each line admits, starts and publishes, as the planner decides.

This is the farm without Buildbot: a scheduler asks `Farm.advance` what to do and tells it what
happened. Everything here can be asked again at any time, in particular after a restart.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property

from farm import graph
from farm.heads import Head
from farm.model import Channel, Component, Stack
from farm.plan.key import KeyInputs, differences, digest_of, own_inputs
from farm.plan.planner import LineFacts, Node, Plan, may_join, plan_line
from farm.records.store import RUNNING, BuildRow, Generation, LineId, Records, SnapshotRow

MAX_ATTEMPTS = 6
"""Failures of the machinery after which a build waits for `GIVEN_UP_S` instead of a back-off."""
FIRST_BACKOFF_S = 5.0
GIVEN_UP_S = 3600.0


@dataclass(frozen=True)
class Start:
    """A build that is to be started now."""

    build: BuildRow
    priority: int
    """Seconds of the longest path that waits for it."""


@dataclass(frozen=True)
class Publish:
    """A line whose archive is to be brought up to date."""

    line: LineId
    generation: int
    content: dict[str, str]
    """Component to build key."""


@dataclass(frozen=True)
class Step:
    """What to do for a line now."""

    starts: tuple[Start, ...] = ()
    publish: Publish | None = None


def branch_of(channel: Channel, component: Component) -> str | None:
    """The branch of a component that a channel follows; None is the repository's default."""
    return channel.branches.get(component.name) or channel.branch or component.branch


def backoff_s(attempts: int) -> float:
    """Seconds to wait after the machinery failed for the `attempts`-th time."""
    return GIVEN_UP_S if attempts >= MAX_ATTEMPTS else FIRST_BACKOFF_S * 2.0 ** (attempts - 1)


@dataclass(frozen=True)
class Line:
    """The fixed part of a line: its components in build order."""

    order: tuple[str, ...]
    depends: Mapping[str, tuple[str, ...]]
    dependents: Mapping[str, frozenset[str]]
    """Transitive."""


class Farm:
    """The farm's mind: a stack, its records, and the planner between them."""

    def __init__(self, stack: Stack, records: Records, clock: Callable[[], float] = time.time):
        self.stack = stack
        self.records = records
        self._clock = clock
        self.problems: dict[str, str] = {}
        """Component to what is wrong with its repository."""

    def change_stack(self, stack: Stack) -> None:
        """Go on with another components.yml."""
        self.stack = stack
        self.__dict__.pop("lines", None)

    @cached_property
    def lines(self) -> dict[LineId, Line]:
        """Every line of the stack."""
        lines = {}
        for channel in self.stack.channels.values():
            for distro in self.stack.distros:
                if channel.distros is None or distro in channel.distros:
                    lines[channel.name, distro] = self._line(distro)
        return lines

    def _line(self, distro: str) -> Line:
        built = graph.component_graph(self.stack, distro)
        order = graph.build_order(built)
        return Line(
            order,
            {name: tuple(sorted(graph.dependencies(built, name))) for name in order},
            {name: graph.dependents(built, name, transitive=True) for name in order},
        )

    def observe(self, channel: str, head: Head) -> None:
        """Take in a component's newest commit; it joins running generations where it may."""
        if self.records.heads.get((channel, head.component)) == head:
            return
        self.records.put_head(channel, head)
        for line_id, generation in list(self.records.generations.items()):
            if generation.done or line_id[0] != channel or line_id not in self.lines:
                continue
            dependents = self.lines[line_id].dependents.get(head.component)
            if dependents is None:
                continue
            if may_join(head.component, dependents, self._started(generation)):
                admitted = {**generation.admitted, head.component: head}
                self.records.put_generation(replace(generation, admitted=admitted))

    def _started(self, generation: Generation) -> frozenset[str]:
        line = (generation.channel, generation.distro, generation.number)
        return frozenset(
            row.component
            for row in self.records.builds.values()
            if (row.channel, row.distro, row.generation) == line
        )

    def _own(
        self, line_id: LineId, admitted: Mapping[str, Head], forced: Mapping[str, int]
    ) -> dict[str, KeyInputs]:
        distro = self.stack.distros[line_id[1]]
        return {
            name: own_inputs(
                self.stack.components[name],
                distro,
                commit=admitted[name].commit,
                upstream_version=admitted[name].upstream_version,
                maintainer=self.stack.maintainer,
                forced=forced.get(name, 0),
            )
            for name in self.lines[line_id].order
            if name in admitted
        }

    def plan(
        self,
        line_id: LineId,
        admitted: Mapping[str, Head],
        forced: Mapping[str, int],
        running: frozenset[str] = frozenset(),
    ) -> tuple[Plan, dict[str, KeyInputs]]:
        """The planner's answer for a line, and every component's own key inputs."""
        line = self.lines[line_id]
        own = self._own(line_id, admitted, forced)
        snapshot = self.records.snapshots.get(line_id)
        facts = LineFacts(
            order=line.order,
            depends=line.depends,
            own={name: digest_of(inputs) for name, inputs in own.items()},
            sources={name: _source(inputs) for name, inputs in own.items()},
            builds=self.records.line_builds(line_id[1]),
            running=running,
            given_up=self._given_up(),
            published=snapshot.content if snapshot else {},
            durations=self.records.durations(line_id[1]),
        )
        return plan_line(facts), own

    def _given_up(self) -> frozenset[str]:
        now = self._clock()
        return frozenset(
            row.key
            for row in self.records.builds.values()
            if row.outcome == RUNNING
            and row.attempts >= MAX_ATTEMPTS
            and now - row.finished_at < GIVEN_UP_S
        )

    def current(self, line_id: LineId) -> tuple[Mapping[str, Head], Mapping[str, int]]:
        """What a line would admit now: the newest heads, and how often each was forced."""
        channel, distro = line_id
        heads = {name: h for (c, name), h in self.records.heads.items() if c == channel}
        forced = {
            name: count
            for (c, d, name), count in self.records.forces.items()
            if (c, d) == (channel, distro)
        }
        return heads, forced

    def advance(self, line_id: LineId, running: frozenset[str]) -> Step:
        """Say what to start or publish on a line now; begin or end generations as that needs.

        :param running: build keys that are submitted and not finished.
        """
        generation = self.records.generations.get(line_id)
        if generation is None or generation.done:
            generation = self._begin(line_id, generation)
            if generation is None:
                return Step()
        plan, own = self.plan(line_id, generation.admitted, generation.forced, running)
        if not plan.settled:
            now = self._clock()
            starts = []
            for name in plan.start:
                known = self.records.builds.get(plan.nodes[name].key)
                if known and known.attempts and now < known.finished_at + backoff_s(known.attempts):
                    continue
                starts.append(self._start(generation, name, plan, own))
            return Step(tuple(starts))
        wanted = plan.content(self._published(line_id))
        if wanted == self._wanted(line_id):
            self._end(generation)
            return self.advance(line_id, running)
        return Step(publish=Publish(line_id, generation.number, wanted))

    def _published(self, line_id: LineId) -> dict[str, str]:
        snapshot = self.records.snapshots.get(line_id)
        return {**snapshot.content} if snapshot else {}

    def _wanted(self, line_id: LineId) -> dict[str, str]:
        snapshot = self.records.snapshots.get(line_id)
        return snapshot.wanted if snapshot else {}

    def _begin(self, line_id: LineId, last: Generation | None) -> Generation | None:
        """A new generation, if there is anything for it to do."""
        heads, forced = self.current(line_id)
        plan, _ = self.plan(line_id, heads, forced)
        if plan.settled and plan.content(self._published(line_id)) == self._wanted(line_id):
            return None
        number = (last.number if last else 0) + 1
        channel, distro = line_id
        generation = Generation(
            channel, distro, number, dict(heads), dict(forced), False, self._clock()
        )
        self.records.put_generation(generation)
        return generation

    def _end(self, generation: Generation) -> None:
        done = replace(generation, done=True, finished_at=self._clock())
        self.records.put_generation(done)

    def _start(
        self, generation: Generation, name: str, plan: Plan, own: Mapping[str, KeyInputs]
    ) -> Start:
        node: Node = plan.nodes[name]
        inputs = {**own[name], "dependencies": dict(node.dependencies)}
        channel, distro = generation.channel, generation.distro
        last = self.records.last_build(channel, distro, name)
        if last is not None and last.key == node.key:
            reasons = list(last.reasons)
        else:
            reasons = list(differences(last.inputs if last else None, inputs))
        row = BuildRow(
            key=node.key,
            component=name,
            distro=distro,
            channel=channel,
            generation=generation.number,
            outcome=RUNNING,
            source=_source(own[name]),
            rebuild=0,
            upstream_version=own[name]["upstream_version"],
            inputs=inputs,
            uses={d: plan.nodes[d].uses for d in node.dependencies},
            reasons=reasons,
        )
        return Start(self.records.start_build(row), round(plan.remaining_s[name]))

    def published(
        self, publish: Publish, number: int, content: dict[str, str], held_back: dict[str, str]
    ) -> None:
        """Take in that a line's archive was flipped to snapshot `number` with this content.

        :param held_back: component to the reason why `content` has not what `publish` wanted.
        """
        channel, distro = publish.line
        snapshot = SnapshotRow(
            channel=channel,
            distro=distro,
            number=number,
            wanted=publish.content,
            content=content,
            held_back=held_back,
            generation=publish.generation,
            published_at=self._clock(),
        )
        self.records.put_snapshot(snapshot)
        generation = self.records.generations[publish.line]
        if generation.number == publish.generation:
            self._end(generation)

    def force(
        self, components: Iterable[str], distro: str, channel: str, reason: str, who: str
    ) -> None:
        """Have components built again on a line, whatever the pool holds."""
        line_id = (channel, distro)
        generation = self.records.generations.get(line_id)
        for name in components:
            count = self.records.force(channel, distro, name, reason, who)
            if generation is None or generation.done:
                continue
            if may_join(name, self.lines[line_id].dependents[name], self._started(generation)):
                generation = replace(generation, forced={**generation.forced, name: count})
                self.records.put_generation(generation)


def _source(inputs: KeyInputs) -> str:
    return f"{inputs['commit']}+{inputs['forced']}"
