"""Replay a stack's real commits: this planner beside "every transitive dependent, once per commit".

    python bench/history.py [--commits N] [--workers N] [--hours N]... [--data FILE --events FILE]

The farm is the real one (generations, planner, records) in simulated time on simulated workers; the
other is first come first served. Both begin with everything built and published. The other comes in
two forms: all commits at once, each published as soon as it is built, whatever else is half built;
and one commit after the other, which, like the farm, never publishes what does not fit together.

What is assumed: the graph is that of the end of the history. Durations are drawn reproducibly, the
same for both. The history knows days only: a day's commits are spread over so many hours, drawn
reproducibly. Publishing takes PUBLISH_S. No build fails. A commit counts for the components that
the graph has; commits that concern none of them, or only remove, are left out. Each build changes
what dependents see, so no rebuild is saved; except, in the rows "deps keep output", where a commit
that changes nothing but a component's build requirements leaves its output as it was.
"""

from __future__ import annotations

import argparse
import datetime
import heapq
import json
import random
import statistics
import sys
from collections import deque
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from bench.farms import LineFarm
from bench.graphs import DATA, XCP, BuildGraph, load, print_json, table

EVENTS = DATA / "xcp-2014-history.json"
PUBLISH_S = 20.0
DAY_S = 86_400.0


@dataclass(frozen=True)
class Push:
    """One commit of the history: the components that it changes, and when."""

    at: float
    components: tuple[str, ...]
    quiet: frozenset[str]
    """Those of which only the build requirements change."""


@dataclass
class Outcome:
    """What a policy did with the pushes."""

    builds: int = 0
    published: int = 0
    """Times that the archive was flipped; for the planner, generations."""
    busy_s: float = 0.0
    latencies: list[float] = field(default_factory=list)
    """Seconds from each push until the archive has it, or something newer, everywhere."""


def read_pushes(path: Path, graph: BuildGraph, hours: float) -> list[Push]:
    """The history's commits that concern the graph, in order."""
    days: dict[str, list[tuple[tuple[str, ...], frozenset[str]]]] = {}
    for event in json.loads(path.read_text())["events"]:
        kinds = {
            change["component"]: change["kind"]
            for change in event["changes"]
            if change["component"] in graph.depends and change["kind"] != "removed"
        }
        if kinds:
            quiet = frozenset(name for name, kind in kinds.items() if kind == "deps")
            days.setdefault(event["date"], []).append((tuple(sorted(kinds)), quiet))
    pushes = []
    for day, commits in sorted(days.items()):
        chance = random.Random(day)  # noqa: S311
        begins = datetime.date.fromisoformat(day).toordinal() * DAY_S
        moments = sorted(begins + chance.uniform(0, hours * 3600) for _ in commits)
        pushes += [Push(at, *commit) for at, commit in zip(moments, commits, strict=True)]
    return pushes


@dataclass
class Workers:
    """Simulated workers and the moments at which something ends."""

    count: int
    ready: list[tuple[Any, int, Any]] = field(default_factory=list)
    events: list[tuple[float, int, str, Any]] = field(default_factory=list)
    busy: int = 0
    _number: int = 0

    def at(self, when: float, kind: str, what: Any) -> None:
        """Something happens at a moment; what is told first, happens first."""
        self._number += 1
        heapq.heappush(self.events, (when, self._number, kind, what))

    def queue(self, rank: Any, what: Any) -> None:
        """A build is ready; the lowest rank goes first, then the oldest."""
        self._number += 1
        heapq.heappush(self.ready, (rank, self._number, what))

    def take_back(self, what: Any) -> None:
        """A build that is ready and has not started is wanted no more."""
        self.ready = [one for one in self.ready if one[2] != what]
        heapq.heapify(self.ready)

    def start(self, now: float, seconds: Any, outcome: Outcome) -> list[Any]:
        """Give ready builds to free workers; return them.

        :param seconds: says how long one takes.
        """
        started = []
        while self.ready and self.busy < self.count:
            _, _, what = heapq.heappop(self.ready)
            self.busy += 1
            outcome.builds += 1
            outcome.busy_s += seconds(what)
            self.at(now + seconds(what), "built", what)
            started.append(what)
        return started


class QuietFarm(LineFarm):
    """A farm in which some commits leave a component's output as it was."""

    def __post_init__(self) -> None:
        self.quiet: set[tuple[str, str]] = set()
        """Component and commit."""
        self._last: dict[str, tuple[dict[str, str], str]] = {}
        """Component to the dependencies and the output of its last build."""
        super().__post_init__()

    def output_of(self, name: str, key: str, commit: str, dependencies: dict[str, str]) -> str:
        """As it was, where a quiet commit is all that is new."""
        before, output = self._last.get(name, ({}, ""))
        if not output or before != dependencies or (name, commit) not in self.quiet:
            output = super().output_of(name, key, commit, dependencies)
        self._last[name] = (dependencies, output)
        return output


def planned(graph: BuildGraph, pushes: list[Push], workers: int, cutoff: bool) -> Outcome:
    """The pushes on this farm."""
    farm = QuietFarm(graph, begin_at_once=False)
    line = farm.lines[0]

    def seconds(key: str) -> float:
        return graph.seconds[farm.records.builds[key].component]

    pool, outcome = Workers(workers), Outcome()
    wanted: list[tuple[float, dict[str, int]]] = []
    publishing = False
    for push in pushes:
        pool.at(push.at, "push", push)

    def has(head: dict[str, int]) -> bool:
        content = farm.records.snapshots[line].content
        return all(_commit(farm, content[name]) >= number for name, number in head.items())

    while pool.events:
        farm.now, _, kind, what = heapq.heappop(pool.events)
        if kind == "push":
            farm.push(*what.components)
            if cutoff:
                farm.quiet |= {(name, f"{farm.commits[name]:040x}") for name in what.quiet}
            wanted.append((farm.now, {name: farm.commits[name] for name in what.components}))
        elif kind == "built":
            pool.busy -= 1
            farm.finish(line, what)
        else:
            publishing = False
            farm.publish(what)
            outcome.published += 1
            still = [one for one in wanted if not has(one[1])]
            outcome.latencies += [farm.now - at for at, head in wanted if has(head)]
            wanted = still
        if pool.events and pool.events[0][0] == farm.now:
            continue
        step = farm.advance(line)
        for key in step.cancel:
            pool.take_back(key)
            farm.farm.cancelled(key)
        for start in step.starts:
            pool.queue(-start.priority, start.build.key)
        if step.publish is not None and not publishing:
            publishing = True
            pool.at(farm.now + PUBLISH_S, "publish", step.publish)
        for key in pool.start(farm.now, seconds, outcome):
            farm.farm.began(key)
    assert not wanted, f"never published: {wanted}"
    return outcome


def _commit(farm: LineFarm, key: str) -> int:
    return int(farm.records.builds[key].inputs["commit"], 16)


class _EveryDependent:
    """Each commit builds what it changes and every transitive dependent once, then publishes.

    :param apart: one commit's builds wait until the commit before is published. Without that a
        commit publishes while others are half built, so that the archive is not consistent.
    """

    def __init__(self, graph: BuildGraph, pushes: list[Push], workers: int, apart: bool):
        self._graph, self._pushes, self._apart = graph, pushes, apart
        self._pool, self._outcome = Workers(workers), Outcome()
        self._missing: dict[tuple[int, str], int] = {}
        self._left: dict[int, int] = {}
        self._waiting: deque[int] = deque()

    def run(self) -> Outcome:
        """Everything from the first push to the last publication."""
        pool = self._pool
        for number, push in enumerate(self._pushes):
            pool.at(push.at, "push", number)
        while pool.events:
            now, _, kind, what = heapq.heappop(pool.events)
            if kind == "push":
                self._waiting.append(what)
            elif kind == "built":
                pool.busy -= 1
                self._built(now, *what)
            else:
                del self._left[what]
                self._outcome.published += 1
                self._outcome.latencies.append(now - self._pushes[what].at)
            while self._waiting and not (self._apart and self._left):
                self._begin(self._waiting.popleft())
            pool.start(now, lambda build: self._graph.seconds[build[1]], self._outcome)
        return self._outcome

    def _begin(self, number: int) -> None:
        graph, changed = self._graph, self._pushes[number].components
        members = set(changed).union(*(graph.all_dependents[name] for name in changed))
        self._left[number] = len(members)
        for name in (name for name in graph.order if name in members):
            self._missing[number, name] = sum(one in members for one in graph.depends[name])
            if not self._missing[number, name]:
                self._pool.queue(0, (number, name))

    def _built(self, now: float, number: int, name: str) -> None:
        self._left[number] -= 1
        for dependent in self._graph.dependents[name]:
            self._missing[number, dependent] -= 1
            if not self._missing[number, dependent]:
                self._pool.queue(0, (number, dependent))
        if not self._left[number]:
            self._pool.at(now + PUBLISH_S, "publish", number)


def everything(graph: BuildGraph, pushes: list[Push], workers: int, apart: bool = False) -> Outcome:
    """The pushes where each builds every transitive dependent; see `_EveryDependent`."""
    return _EveryDependent(graph, pushes, workers, apart).run()


def figures_of(outcome: Outcome, other: Outcome) -> dict[str, float]:
    """An outcome in figures, and beside the other one."""
    ordered = sorted(outcome.latencies)
    median, other_median = statistics.median(ordered), statistics.median(other.latencies)
    return {
        "builds_ratio": outcome.builds / other.builds,
        "work_ratio": outcome.busy_s / other.busy_s,
        "median_latency_ratio": median / other_median,
        "mean_latency_ratio": statistics.mean(ordered) / statistics.mean(other.latencies),
        "builds": outcome.builds,
        "published": outcome.published,
        "median_latency_s": median,
        "mean_latency_s": statistics.mean(ordered),
        "p90_latency_s": ordered[int(0.9 * (len(ordered) - 1))],
        "worst_latency_s": ordered[-1],
    }


def main() -> None:
    """Run the benchmark and print its figures."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--data", type=Path, default=XCP, metavar="FILE", help="the graph")
    parser.add_argument("--events", type=Path, default=EVENTS, metavar="FILE", help="its history")
    parser.add_argument("--commits", type=int, default=60, help="the first N; 0: all")
    parser.add_argument("--workers", type=int, default=8)
    parser.add_argument("--hours", type=float, action="append", help="a day's commits come within")
    arguments = parser.parse_args()
    graph = load(arguments.data)
    rows, figures = [], {}
    for hours in arguments.hours or (8.0, 0.5):
        pushes = read_pushes(arguments.events, graph, hours)
        pushes = pushes[: arguments.commits or len(pushes)]
        other = everything(graph, pushes, arguments.workers)
        outcomes = {
            "all at once": other,
            "one after the other": everything(graph, pushes, arguments.workers, apart=True),
            "this planner": planned(graph, pushes, arguments.workers, cutoff=False),
            "deps keep output": planned(graph, pushes, arguments.workers, cutoff=True),
        }
        for name, outcome in outcomes.items():
            one = figures[f"{name}, {hours:g} h"] = figures_of(outcome, other)
            rows.append([f"{name}, {hours:g} h", *shown(one)])
    print(graph)
    print(f"{len(pushes)} commits, {arguments.workers} workers, publishing {PUBLISH_S:.0f} s")
    print(table(["a day's commits within …", *SHOWN], rows))
    print_json({"commits": len(pushes), "workers": arguments.workers, **figures})


SHOWN = {
    "builds ÷": "builds_ratio",
    "median ÷": "median_latency_ratio",
    "mean ÷": "mean_latency_ratio",
    "builds": "builds",
    "published": "published",
    "median s": "median_latency_s",
    "p90 s": "p90_latency_s",
    "worst s": "worst_latency_s",
}
"""Column to figure; ÷ is beside "all at once" in the same hours."""


def shown(figures: dict[str, float]) -> list[str]:
    """The cells of a row."""
    return [
        f"{figures[key]:.2f}" if key.endswith("ratio") else f"{figures[key]:.0f}"
        for key in SHOWN.values()
    ]


if __name__ == "__main__":
    main()
