"""Generations: what each line admits, starts and publishes, as the planner decides.

This is the farm without Buildbot: a scheduler asks `Farm.advance` what to do and tells it what
happened. Everything here can be asked again at any time, in particular after a restart.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace

from farm.decisions import Publish, Start, Step
from farm.heads import Head
from farm.line_state import LineState, LineStates
from farm.model import Stack
from farm.plan.key import KeyInputs
from farm.plan.line_plan import LineGraph
from farm.records.rows import Topic
from farm.records.store import Generation, LineId, Records, SnapshotRow
from farm.starting import new_views, prepared
from farm.wishes import Wishes

MAX_ATTEMPTS = 6
"""Failures of the machinery after which a build waits for `GIVEN_UP_S` instead of a back-off."""
FIRST_BACKOFF_S = 5.0
GIVEN_UP_S = 3600.0


def backoff_s(attempts: int) -> float:
    """Seconds to wait after the machinery failed for the `attempts`-th time."""
    return GIVEN_UP_S if attempts >= MAX_ATTEMPTS else FIRST_BACKOFF_S * 2.0 ** (attempts - 1)


class Farm:
    """The farm's mind: a stack, its records, and the planner between them."""

    def __init__(self, stack: Stack, records: Records, clock: Callable[[], float] = time.time):
        self.records = records
        self._clock = clock
        self.problems: dict[str, str] = {}
        """Component to what is wrong with its repository."""
        self.running: set[str] = set()
        """Build keys that are submitted and not finished."""
        self._given_up: set[str] = set()
        self.change_stack(stack)

    def change_stack(self, stack: Stack) -> None:
        """Go on with another components.yml."""
        self.stack = stack
        self.wishes = Wishes(stack, self.records)
        self._states = LineStates(self.wishes, self.running, self._given_up)

    @property
    def lines(self) -> tuple[LineId, ...]:
        """Every channel on each of its distros."""
        return self.wishes.lines

    def graph(self, distro: str) -> LineGraph:
        """The components of a distro, in build order."""
        return self.wishes.graph(distro)

    def inputs(self, line_id: LineId, name: str) -> KeyInputs | None:
        """What is in a component's current key, without its dependencies; None without a commit."""
        generation = self.wishes.under_way(line_id)
        newest = self.wishes.newest(line_id, name)
        wish = self.wishes.admitted(generation, name) if generation else newest
        return self.wishes.inputs(line_id, name, wish) if wish else None

    def line(self, line_id: LineId) -> LineState:
        """A line with its plan, which is up to date."""
        return self._states.line(line_id)

    def observe(self, channel: str, head: Head) -> None:
        """Take in a component's newest commit; it joins running generations where it may."""
        if self.records.heads.get((channel, head.component)) == head:
            return
        self.records.put_head(channel, head)
        for line_id in self.lines:
            if line_id[0] == channel and head.component in self.graph(line_id[1]).position:
                if (*line_id, head.component) in self.records.forced_heads:
                    self.records.drop_forced_head(*line_id, head.component)
                self._news(line_id, [head.component])

    def _news(self, line_id: LineId, names: Iterable[str]) -> None:
        """Components have another newest commit, or were forced."""
        state = self.line(line_id)
        generation = self.wishes.under_way(line_id)
        admitted: dict[str, Head] = {}
        forced: dict[str, int] = {}
        for name in names:
            head = self.wishes.newest_head(line_id, name)
            if head is None:
                continue
            if generation is not None and not state.may_join(name):
                state.late.add(name)
                continue
            admitted[name] = head
            forced[name] = self.records.forces.get((*line_id, name), 0)
            wish = self.wishes.wish(line_id, head, forced[name])
            state.admit(name, self.wishes.digest(line_id, name, wish), wish.source)
        if generation is not None and admitted:
            self.records.put_generation(
                replace(
                    generation,
                    admitted={**generation.admitted, **admitted},
                    forced={**generation.forced, **{n: c for n, c in forced.items() if c}},
                )
            )

    def advance(self, line_id: LineId) -> Step:
        """Say what to start or publish on a line now; begin or end generations as that needs."""
        self._renew_given_up()
        state = self.line(line_id)
        if state.idle:
            return Step()
        generation = self.wishes.under_way(line_id) or self._begin(state)
        if generation is None:
            state.idle = True
            return Step()
        cancel = tuple(self._superseded(state.plan.take_dropped()))
        if not state.plan.settled:
            starts = [self._start(state, generation, name) for name in self._startable(state)]
            return Step(tuple(starts), cancel)
        wanted = state.plan.content()
        if self.wishes.is_pull(line_id) or wanted == self._wanted(line_id):
            self._end(state, generation)
            return self.advance(line_id)
        return Step((), cancel, Publish(line_id, generation.number, wanted))

    def _renew_given_up(self) -> None:
        now = self._clock()
        given_up = {
            key
            for key, row in self.records.unfinished.items()
            if row.attempts >= MAX_ATTEMPTS and now - row.finished_at < GIVEN_UP_S
        }
        changed = given_up ^ self._given_up
        self._given_up -= self._given_up - given_up
        self._given_up |= given_up
        self._states.tell(changed)

    def _startable(self, state: LineState) -> Iterator[str]:
        now = self._clock()
        for name in state.plan.start:
            known = self.records.unfinished.get(state.plan.nodes[name].key)
            if (
                known is None
                or not known.attempts
                or now >= known.finished_at + backoff_s(known.attempts)
            ):
                yield name

    def _superseded(self, keys: Iterable[str]) -> Iterator[str]:
        """Of keys that some line has dropped: those to be taken back. What is not even under way,
        and waited to be tried again, is forgotten."""
        for key in keys:
            row = self.records.unfinished.get(key)
            if row is None or self._states.want(key):
                continue
            if key not in self.running:
                self.records.build_cancelled(key)
            elif not row.started_at:
                yield key

    def _wanted(self, line_id: LineId) -> dict[str, str]:
        snapshot = self.records.snapshots.get(line_id)
        return snapshot.wanted if snapshot else {}

    def _begin(self, state: LineState) -> Generation | None:
        """A new generation, if there is anything for it to do."""
        last = self.records.generations.get(state.line)
        if state.plan.settled:
            # A pull request is never published: one pass over it is enough.
            done = last is not None if self.wishes.is_pull(state.line) else False
            if done or state.plan.content() == self._wanted(state.line):
                return None
        heads = {n: h for n in state.graph.order if (h := self.wishes.newest_head(state.line, n))}
        counts = {n: self.records.forces.get((*state.line, n), 0) for n in heads}
        generation = Generation(
            *state.line,
            number=(last.number if last else 0) + 1,
            admitted=heads,
            forced={name: count for name, count in counts.items() if count},
            done=False,
            started_at=self._clock(),
        )
        self.records.put_generation(generation)
        state.begun.clear()
        return generation

    def _end(self, state: LineState, generation: Generation) -> None:
        self.records.put_generation(replace(generation, done=True, finished_at=self._clock()))
        state.begun.clear()
        late, state.late = state.late, set()
        self._news(state.line, late)
        state.idle = False

    def _start(self, state: LineState, generation: Generation, name: str) -> Start:
        self.records.put_views(new_views(self.records, state, name))
        build, start = prepared(self.wishes, state, generation, name)
        build = self.records.start_build(build)
        self.running.add(build.key)
        self._states.tell([build.key])
        return replace(start, build=build)

    def began(self, key: str, worker: str = "") -> None:
        """A worker has begun with a build."""
        self.records.build_began(key, worker)
        self._states.began(key)

    def built(self, key: str, output_digest: str, exposes: tuple[str, ...] | None = None) -> None:
        """The pool has a build."""
        self.records.build_succeeded(key, output_digest, exposes)
        self.ended(key)

    def failed(self, key: str, phase: str, message: str) -> None:
        """A component does not build."""
        self.records.build_failed(key, phase, message)
        self.ended(key)

    def interrupted(self, key: str, message: str) -> int:
        """The machinery failed; return how often it now has for this build."""
        attempts = self.records.build_interrupted(key, message)
        self.ended(key)
        return attempts

    def cancelled(self, key: str) -> None:
        """A build that was wanted no more was taken back before it began."""
        self.records.build_cancelled(key)
        self.ended(key)

    def ended(self, key: str) -> None:
        """A build is under way no more."""
        self.running.discard(key)
        self._states.tell([key])

    def resume(self, keys: Iterable[str]) -> None:
        """Say which builds are under way, after a restart."""
        self.running.update(keys)
        self._states.tell(self.running)

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
        state = self.line(publish.line)
        state.plan.set_published(content)
        state.idle = False
        generation = self.wishes.under_way(publish.line)
        if generation is not None and generation.number == publish.generation:
            self._end(state, generation)

    def put_topic(self, topic: Topic, heads: Iterable[Head]) -> None:
        """Make a topic or pull request, or take one up again on another base.

        :param heads: of the components that have its branch.
        """
        self.records.put_topic(topic, heads)
        self.wishes.forget(topic.name)
        for line_id in self.lines:
            if line_id[0] == topic.name:
                self._news(line_id, self.graph(line_id[1]).order)

    def delete_topic(self, name: str) -> tuple[LineId, ...]:
        """End a topic or pull request; return the lines that it had."""
        lines = tuple(line for line in self.lines if line[0] == name)
        self.records.delete_topic(name, self._clock())
        for line in lines:
            self._states.drop(line)
            generation = self.wishes.under_way(line)
            if generation is not None:
                done = replace(generation, done=True, finished_at=self._clock())
                self.records.put_generation(done)
        return lines

    def unwanted(self) -> list[str]:
        """Keys of builds that were asked for, have not begun, and that no line wants: after a topic
        has ended, or components.yml has changed."""
        for line in self.lines:
            self.line(line)
        return list(self._superseded(list(self.records.unfinished)))

    def force(
        self,
        components: Iterable[str],
        distro: str,
        channel: str,
        reason: str,
        who: str,
        heads: Mapping[str, Head] | None = None,
    ) -> None:
        """Have components built again on a line, whatever the pool holds.

        :param heads: commits at which some of them are to be built, until the channel moves on.
        """
        names = list(components)
        for name in names:
            at = (heads or {}).get(name)
            branch, commit = (at.branch, at.commit) if at else (None, None)
            if at is not None:
                self.records.put_forced_head(channel, distro, at)
            self.records.force(channel, distro, name, reason, who, branch=branch, commit=commit)
        self._news((channel, distro), names)
