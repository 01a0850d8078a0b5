"""What the farm keeps in memory of one line while it runs: its plan, and what waits for it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from farm.plan.line_plan import LineGraph, LinePlan
from farm.plan.planner import may_join
from farm.records.store import LineId


@dataclass
class LineState:
    """A line's plan, always of the admitted commits, and what goes with it.

    All of it can be made again from the records.
    """

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
