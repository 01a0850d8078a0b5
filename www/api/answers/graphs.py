"""What is built with what, around one component."""

from __future__ import annotations

from collections.abc import Mapping

from farm.plan.line_plan import LineGraph
from farm.records.store import LineId
from www.api.answers.known import Known
from www.api.answers.lines import standings
from www.api.model.history import GraphEdge, GraphNode, GraphPage
from www.api.problem import not_found

MOST_NODES = 80
"""More cannot be told apart in a picture."""


def graph(known: Known, name: str, place: LineId, depth: int) -> GraphPage:
    """A component's neighbourhood on a line.

    :param depth: steps to go in each direction.
    :raises Problem: the line does not build it.
    """
    on = known.farm.graph(place[1])
    if name not in on.position:
        raise not_found(f"{name} is not built for {place[1]}")
    everything = {**around(on.depends, name, -1, depth), **around(on.dependents, name, 1, depth)}
    everything[name] = 0
    nearest = sorted(everything, key=lambda one: (abs(everything[one]), on.position[one]))
    shown = {one: everything[one] for one in nearest[:MOST_NODES]}
    standing = {one.component: one for one in standings(known, place, list(shown))}
    return GraphPage(
        component=name,
        channel=place[0],
        distro=place[1],
        nodes=[
            GraphNode(
                component=one,
                state=standing[one].state,
                held_back=bool(standing[one].held_back),
                version=standing[one].version,
                depth=shown[one],
                more=_more(on, one, shown),
            )
            for one in sorted(shown, key=lambda one: on.position[one])
        ],
        edges=[
            GraphEdge(dependency=other, dependent=one)
            for one in shown
            for other in on.depends[one]
            if other in shown
        ],
        left_out=len(everything) - len(shown),
    )


def around(
    neighbours: Mapping[str, tuple[str, ...]], name: str, sign: int, depth: int
) -> dict[str, int]:
    """What can be reached from a component in one direction: name to steps with that sign.

    A component that is reached on several ways counts by the longest within the depth, so that
    every edge of the picture goes forward.
    """
    found: dict[str, int] = {}
    layer = [name]
    for step in range(1, depth + 1):
        layer = sorted({other for one in layer for other in neighbours[one]})
        if not layer:
            break
        found.update(dict.fromkeys(layer, sign * step))
    return found


def _more(on: LineGraph, name: str, shown: Mapping[str, int]) -> int:
    at = shown[name]
    near = (*(on.depends[name] if at <= 0 else ()), *(on.dependents[name] if at >= 0 else ()))
    return sum(other not in shown for other in near)
