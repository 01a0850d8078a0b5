"""The component graph: what is built before what.

An edge leads from a component to one that is built with it. All functions are pure, and give the
same order for the same stack.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import networkx as nx

from farm.model import Stack

Graph = nx.DiGraph


def component_graph(stack: Stack, distro: str | None = None) -> Graph[str]:
    """The graph of all components, or of those that are built on one distro.

    Dependencies on components outside it are left out.
    """
    components = [c for c in stack.components.values() if distro is None or c.builds_on(distro)]
    return graph_of({c.name: c.depends for c in components})


def graph_of(depends: Mapping[str, Iterable[str]]) -> Graph[str]:
    """The graph of a mapping from each component to what it depends on."""
    graph: Graph[str] = nx.DiGraph()
    graph.add_nodes_from(sorted(depends))
    for name in sorted(depends):
        graph.add_edges_from((needed, name) for needed in sorted(depends[name]) if needed in graph)
    return graph


def build_order(graph: Graph[str]) -> tuple[str, ...]:
    """Every component after all it depends on; alphabetical where that leaves a choice.

    :raises networkx.NetworkXUnfeasible: the graph has a cycle (a loaded Stack has none).
    """
    return tuple(nx.lexicographical_topological_sort(graph))


def levels(graph: Graph[str]) -> tuple[tuple[str, ...], ...]:
    """The components in layers: each depends on something in the layer just before its own."""
    return tuple(tuple(sorted(layer)) for layer in nx.topological_generations(graph))


def dependencies(graph: Graph[str], name: str, *, transitive: bool = False) -> frozenset[str]:
    """What the component is built with, directly or through others.

    :raises KeyError: the graph has no such component.
    """
    _require(graph, name)
    return frozenset(nx.ancestors(graph, name) if transitive else graph.predecessors(name))


def dependents(graph: Graph[str], name: str, *, transitive: bool = False) -> frozenset[str]:
    """What is built with the component, directly or through others.

    :raises KeyError: the graph has no such component.
    """
    _require(graph, name)
    return frozenset(nx.descendants(graph, name) if transitive else graph.successors(name))


def _require(graph: Graph[str], name: str) -> None:
    if name not in graph:
        raise KeyError(name)


def cycles(graph: Graph[str]) -> tuple[tuple[str, ...], ...]:
    """One shortest cycle for every knot of components that depend on each other.

    Each is in the order in which people read it, a component before what it needs, and starts with
    its alphabetically first member: ``("a", "c", "b")`` means a needs c, c needs b, b needs a.
    """
    found: list[tuple[str, ...]] = []
    for knot in nx.strongly_connected_components(graph):
        first = min(knot)
        if graph.has_edge(first, first):
            found.append((first,))
        elif len(knot) > 1:
            inside = graph.subgraph(knot)
            ways = (
                nx.shortest_path(inside, first, needed) for needed in inside.predecessors(first)
            )
            path = min(ways, key=lambda way: (len(way), way))
            found.append((first, *reversed(path[1:])))
    return tuple(sorted(found))


def remaining(graph: Graph[str], durations: Mapping[str, float]) -> dict[str, float]:
    """The longest path that still lies before each component when it starts, itself included.

    `durations` are seconds; a component without one counts as the mean of the others, or as 1
    when none is known.
    """
    known = [durations[name] for name in graph if name in durations]
    default = sum(known) / len(known) if known else 1.0
    result: dict[str, float] = {}
    for name in reversed(build_order(graph)):
        after = max((result[dependent] for dependent in graph.successors(name)), default=0.0)
        result[name] = durations.get(name, default) + after
    return result


def critical_path(graph: Graph[str], durations: Mapping[str, float]) -> tuple[str, ...]:
    """The chain of components that takes longest, first to last; no number of workers beats it."""
    left = remaining(graph, durations)
    path: list[str] = []
    candidates = list(graph)
    while candidates:
        path.append(min(candidates, key=lambda name: (-left[name], name)))
        candidates = list(graph.successors(path[-1]))
    return tuple(path)
