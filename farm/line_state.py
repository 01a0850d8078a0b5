"""What the farm keeps in memory of its lines while it runs: their plans, and what waits for them.

All of it can be made again from the records.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from farm.plan.line_plan import LineGraph, LinePlan
from farm.plan.planner import LineFacts, may_join
from farm.records.store import LineId
from farm.wishes import Wishes


@dataclass
class LineState:
    """A line's plan, always of the admitted commits, and what goes with it."""

    line: LineId
    plan: LinePlan
    begun: set[str] = field(default_factory=set)
    """Components whose builds have begun on a worker in the running generation."""
    late: set[str] = field(default_factory=set)
    """Components with news that wait for the next generation."""
    idle: bool = False
    """It is known that there is nothing to do."""

    @property
    def graph(self) -> LineGraph:
        """The fixed part of the line."""
        return self.plan.graph

    def may_join(self, name: str) -> bool:
        """Whether a component's news may join the running generation."""
        if not self.begun:
            return True
        return may_join(name, self.graph.all_dependents(name), frozenset(self.begun))

    def admit(self, name: str, own: str, source: str) -> None:
        """A component has another commit, or other inputs of its own."""
        self.plan.admit(name, own, source)
        self.idle = False

    def keys_changed(self, keys: Iterable[str]) -> None:
        """Builds were started, finished or given up."""
        for key in keys:
            self.plan.key_changed(key)
        self.idle = False


class LineStates:
    """The lines that were looked at since the start.

    :param running: build keys that are submitted and not finished; a live set.
    :param given_up: those that count as failed for now; a live set.
    """

    def __init__(self, wishes: Wishes, running: set[str], given_up: set[str]):
        self._wishes = wishes
        self._running = running
        self._given_up = given_up
        self._states: dict[LineId, LineState] = {}

    def line(self, line_id: LineId) -> LineState:
        """A line with its plan, which is up to date."""
        state = self._states.get(line_id)
        if state is None:
            state = self._states[line_id] = self._open(line_id)
        state.plan.refresh()
        return state

    def _open(self, line_id: LineId) -> LineState:
        wishes, records = self._wishes, self._wishes.records
        on = wishes.graph(line_id[1])
        generation = wishes.under_way(line_id)
        begun, late, admitted = set(), set(), {}
        for name in on.order:
            newest = wishes.newest(line_id, name)
            wish = wishes.admitted(generation, name) if generation else newest
            if wish is not None:
                admitted[name] = wish
            if wish != newest:
                late.add(name)
        if generation is not None:
            for name in records.generation_builds(line_id, generation.number):
                row = records.last_build(*line_id, name)
                if row is not None and row.started_at:
                    begun.add(name)
        snapshot = records.snapshots.get(line_id)
        facts = LineFacts(
            order=on.order,
            depends=on.depends,
            own={name: wishes.digest(line_id, name, wish) for name, wish in admitted.items()},
            sources={name: wish.source for name, wish in admitted.items()},
            builds=records.line_builds(line_id[1]),
            running=self._running,
            given_up=self._given_up,
            published=snapshot.content if snapshot else {},
            durations=records.durations(line_id[1]),
        )
        return LineState(line_id, LinePlan(on, facts), begun, late)

    def drop(self, line_id: LineId) -> None:
        """A line is no more."""
        self._states.pop(line_id, None)

    def tell(self, keys: Iterable[str]) -> None:
        """Builds were started, finished or given up."""
        for state in self._states.values():
            if wanted := state.plan.names_of(keys):
                state.keys_changed(state.plan.nodes[name].key for name in wanted)

    def began(self, key: str) -> None:
        """A worker has begun with a build."""
        for state in self._states.values():
            state.begun |= state.plan.names_of([key])

    def want(self, key: str) -> bool:
        """Whether some line wants a build."""
        return any(state.plan.names_of([key]) for state in self._states.values())
