"""What a push to a component would rebuild at most, and how long that takes."""

from __future__ import annotations

import heapq
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from farm import graph
from farm.graph import Graph
from farm.model import Stack
from farm.plan.planner import DEFAULT_DURATION_S

CLOSE_ENOUGH = 1.05
"""Elapsed time by critical path at which more workers are not worth naming."""


@dataclass(frozen=True)
class Slots:
    """A worker: the distros it builds for (None: all), and how many builds at a time."""

    distros: frozenset[str] | None
    builds: int


@dataclass(frozen=True)
class DistroImpact:
    """What would be rebuilt on one distro."""

    distro: str
    rebuilds: tuple[str, ...]
    """The component and its dependents, in build order."""
    work_s: float
    critical_path: tuple[str, ...]
    critical_s: float
    unmeasured: tuple[str, ...]
    """Never built on the distro: counted as the mean of the others."""


@dataclass(frozen=True)
class Impact:
    """What a push to a component would rebuild at most."""

    component: str
    distros: tuple[DistroImpact, ...]
    builds: int
    work_s: float
    """Of all builds one after the other."""
    critical_s: float
    """However many workers there are."""
    workers: int
    """Builds that the farm's workers do at the same time, for these distros."""
    elapsed_s: float | None
    """With those workers and nothing else to do; None when a distro has no worker."""
    enough_workers: int
    """With as many, each for all distros, it takes about as long as the critical path."""


@dataclass(frozen=True)
class Work:
    """The builds of one distro: which before which, and how long each takes."""

    graph: Graph[str]
    durations: Mapping[str, float]


def impact_of(
    stack: Stack,
    component: str,
    durations: Mapping[str, Mapping[str, float]],
    workers: Sequence[Slots],
    distros: Iterable[str],
) -> Impact:
    """What a push to `component` would rebuild on those of `distros` that it is built for.

    :param durations: distro to component to the seconds of its last build.
    """
    works: dict[str, Work] = {}
    found = []
    for distro in distros:
        if not stack.components[component].builds_on(distro):
            continue
        whole = graph.component_graph(stack, distro)
        names = {component, *graph.dependents(whole, component, transitive=True)}
        part = whole.subgraph(names)
        seconds, unmeasured = _completed(part, durations.get(distro, {}))
        path = graph.critical_path(part, seconds)
        works[distro] = Work(part, seconds)
        found.append(
            DistroImpact(
                distro=distro,
                rebuilds=graph.build_order(part),
                work_s=sum(seconds.values()),
                critical_path=path,
                critical_s=sum(seconds[name] for name in path),
                unmeasured=unmeasured,
            )
        )
    useful = [w for w in workers if w.distros is None or w.distros & works.keys()]
    critical_s = max((one.critical_s for one in found), default=0.0)
    return Impact(
        component=component,
        distros=tuple(found),
        builds=sum(len(one.rebuilds) for one in found),
        work_s=sum(one.work_s for one in found),
        critical_s=critical_s,
        workers=sum(worker.builds for worker in useful),
        elapsed_s=elapsed(works, useful),
        enough_workers=_enough(works, critical_s),
    )


def _completed(
    part: Graph[str], durations: Mapping[str, float]
) -> tuple[dict[str, float], tuple[str, ...]]:
    known = [durations[name] for name in part if name in durations]
    default = sum(known) / len(known) if known else DEFAULT_DURATION_S
    seconds = {name: durations.get(name, default) for name in part}
    return seconds, tuple(sorted(name for name in part if name not in durations))


def elapsed(works: Mapping[str, Work], workers: Sequence[Slots]) -> float | None:
    """Seconds until all work is done, when each free worker takes the longest remaining path.

    :param works: by distro.
    :returns: None when nobody does some of it.
    """
    left = {distro: graph.remaining(work.graph, work.durations) for distro, work in works.items()}
    missing = {d: dict(work.graph.in_degree()) for d, work in works.items()}
    ready: dict[str, list[tuple[float, str]]] = {
        d: sorted((-left[d][name], name) for name, count in missing[d].items() if not count)
        for d in works
    }
    # Workers for few distros choose first: the others can take what these cannot.
    order = sorted(workers, key=lambda w: len(works) if w.distros is None else len(w.distros))
    free = [worker.builds for worker in order]
    running: list[tuple[float, str, str, int]] = []
    now, undone = 0.0, sum(len(work.graph) for work in works.values())
    while undone:
        for index, worker in enumerate(order):
            mine = [d for d in works if worker.distros is None or d in worker.distros]
            while free[index] and (offered := [d for d in mine if ready[d]]):
                distro = min(offered, key=lambda d: (ready[d][0], d))
                _, name = heapq.heappop(ready[distro])
                end = now + works[distro].durations[name]
                heapq.heappush(running, (end, distro, name, index))
                free[index] -= 1
        if not running:
            return None
        now, distro, name, index = heapq.heappop(running)
        free[index] += 1
        undone -= 1
        for dependent in works[distro].graph.successors(name):
            missing[distro][dependent] -= 1
            if not missing[distro][dependent]:
                heapq.heappush(ready[distro], (-left[distro][dependent], dependent))
    return now


def _enough(works: Mapping[str, Work], critical_s: float) -> int:
    """The fewest workers that come close to the critical path."""
    total = sum(sum(work.durations.values()) for work in works.values())
    if not critical_s:
        return 1

    def suffice(count: int) -> bool:
        spent = elapsed(works, [Slots(None, count)])
        return spent is not None and spent <= critical_s * CLOSE_ENOUGH

    low = high = max(1, math.ceil(total / (critical_s * CLOSE_ENOUGH)))
    while not suffice(high):
        low, high = high + 1, high * 2
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if suffice(middle) else (middle + 1, high)
    return high
