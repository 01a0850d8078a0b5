"""What a decision of the planner costs, beside one bare walk over the same graph.

    python bench/planner.py [--data FILE] [--distros N] [--farm-distros N]

Two levels. The pure planner: a plan made anew, and one kept up to date while builds end. The farm
is what the scheduler really runs after each finished build: the result recorded, then
`Farm.advance` on every line, with records in an SQLite database, without Buildbot. The floor
is a walk over the same graph in build order that looks every dependency up in a dictionary.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from bench.farms import LineFarm
from bench.graphs import DEBIAN, BuildGraph, load, peak_mb, print_json, table
from bench.simulate import facts_of
from farm.generations import Farm
from farm.graph import graph_of
from farm.plan.key import build_key, view_digest
from farm.plan.line_plan import LinePlan, line_graph
from farm.plan.planner import BuildFact, LineFacts, plan_line
from farm.plan.standing import status_file

ENOUGH_S = 0.5
"""Time after which a measurement is not repeated for a better median."""
DECISIONS = 20
"""Builds that end, one after another, each followed by a decision of the farm."""
HISTORY = 10
"""Builds of each component and distro on record, for a farm that has run for a while."""


def seconds_of(call: Callable[[], object], most: int = 5) -> float:
    """CPU seconds of a call, the best of several: others may use the machine meanwhile."""
    times: list[float] = []
    while len(times) < most and sum(times) < ENOUGH_S:
        began = time.process_time()
        call()
        times.append(time.process_time() - began)
    return min(times)


def walk(graph: BuildGraph) -> int:
    """The floor: every component in order, every dependency looked up."""
    depth: dict[str, int] = {}
    for name in graph.order:
        deepest = 0
        for needed in graph.depends[name]:
            deepest = max(deepest, depth[needed])
        depth[name] = deepest + 1
    return len(depth)


def all_built(facts: LineFacts) -> LineFacts:
    """The line after everything was built. Another output for every key."""
    builds: dict[str, BuildFact] = {}
    views: dict[str, str] = {}
    for name in facts.order:
        seen = {needed: views[needed] for needed in facts.depends[name]}
        key = build_key(facts.own[name], seen)
        builds[key] = BuildFact(True, facts.sources[name], key)
        views[name] = view_digest(key, seen)
    return replace(facts, builds=builds)


@dataclass
class Replay:
    """A line's plan kept up to date while its builds end one after another."""

    graph: BuildGraph
    facts: LineFacts
    builds: dict[str, BuildFact]
    decisions: list[float] = field(default_factory=list)
    """CPU seconds of each decision after a build ended."""
    affected: int = 0
    """Components of which the plan said something else, over all decisions."""

    def __post_init__(self) -> None:
        self.running: set[str] = set()
        facts = replace(self.facts, builds=self.builds, running=self.running)
        fixed = line_graph(graph_of(self.graph.depends))
        began = time.process_time()
        self.plan = LinePlan(fixed, facts)
        self.made_s = time.process_time() - began

    def run(self) -> None:
        """Build everything, as if on as many workers as can be used, and decide after each."""
        waiting = deque(self._start())
        while waiting:
            key, name = waiting.popleft()
            self.running.discard(key)
            self.builds[key] = BuildFact(True, self.facts.sources[name], f"{key[:60]}")
            began = time.process_time()
            self.plan.key_changed(key)
            self.affected += len(self.plan.refresh())
            start = self._start()
            self.decisions.append(time.process_time() - began)
            waiting.extend(start)

    def _start(self) -> list[tuple[str, str]]:
        start = [(self.plan.nodes[name].key, name) for name in self.plan.start]
        for key, _ in start:
            self.running.add(key)
            self.plan.key_changed(key)
        self.plan.refresh()
        return start

    def change(self, name: str) -> None:
        """A commit to one component, then everything that follows from it."""
        began = time.process_time()
        self.plan.admit(name, "f" * 64, "commit+1")
        self.affected += len(self.plan.refresh())
        self.decisions.append(time.process_time() - began)
        self.run()


def plan_figures(graph: BuildGraph, distros: int) -> dict[str, float]:
    """The pure planner; seconds are of one line unless the name says `all`."""
    nothing = facts_of(graph, durations=graph.seconds)
    built = all_built(nothing)
    leaf = next(name for name in reversed(graph.order) if not graph.dependents[name])
    base = max(graph.order, key=lambda name: len(graph.all_dependents[name]))
    figures: dict[str, float] = {
        "floor_one_walk_s": seconds_of(lambda: walk(graph), 50),
        "anew_nothing_built_all_s": seconds_of(lambda: _on_each(nothing, distros)),
        "anew_all_built_all_s": seconds_of(lambda: _on_each(built, distros)),
        "base_dependents": len(graph.all_dependents[base]),
    }
    full = Replay(graph, nothing, {})
    full.run()
    figures |= _replayed("full_rebuild", full)
    for name, component in (("leaf_change", leaf), ("base_change", base)):
        replay = Replay(graph, built, dict(built.builds))
        replay.change(component)
        figures |= _replayed(name, replay)
    figures["no_op_all_s"] = seconds_of(lambda: [replay.plan.refresh() for _ in range(distros)], 50)
    return figures


def _replayed(name: str, replay: Replay) -> dict[str, float]:
    spent = sum(replay.decisions)
    return {
        f"{name}_s": spent,
        f"{name}_decisions": len(replay.decisions),
        f"{name}_affected": replay.affected,
        f"{name}_per_affected_us": spent / replay.affected * 1e6,
        f"{name}_decision_median_s": statistics.median(replay.decisions),
        f"{name}_decision_worst_s": max(replay.decisions),
    }


def _on_each(facts: LineFacts, distros: int) -> None:
    for _ in range(distros):
        plan_line(facts)


def farm_figures(graph: BuildGraph, distros: int) -> dict[str, float]:
    """The farm's own passes over all lines, with everything built and published before."""
    farm = LineFarm(graph, distros)
    line = farm.lines[0]
    by_dependents = sorted(graph.order, key=lambda name: (len(graph.all_dependents[name]), name))
    median = by_dependents[len(by_dependents) // 2]
    figures = {
        "farm_mb": peak_mb(),
        "farm_no_op_s": seconds_of(farm.advance_all, 20),
        "farm_restart_s": seconds_of(lambda: Farm(farm.farm.stack, farm.records).line(line), 3)
        * distros,
        "farm_median_dependents": len(graph.all_dependents[median]),
        "farm_take_in_push_s": seconds_of(lambda: farm.push(graph.order[-1]), 5),
    }
    farm.advance_all()
    farm.push(median)
    farm.advance_all()
    decisions = []
    for _ in range(DECISIONS):
        if not farm.running[line]:
            break
        key = min(farm.running[line], key=lambda key: farm.records.builds[key].component)
        began = time.process_time()
        farm.finish(line, key)
        farm.advance_all()
        decisions.append(time.process_time() - began)
    figures["farm_decision_s"] = statistics.median(decisions)
    figures["farm_decision_worst_s"] = max(decisions)
    figures["farm_status_s"] = seconds_of(lambda: status_file(farm.farm, farm.now), 3)
    farm.grow_history(HISTORY)
    figures["farm_start_long_history_s"] = seconds_of(farm.open, 1)
    figures["farm_first_pass_s"] = seconds_of(farm.advance_all, 1)
    figures["farm_long_history_mb"] = peak_mb()
    return figures


def show(graph: BuildGraph, figures: dict[str, float], distros: int, farm_distros: int) -> None:
    """Print the figures for people."""
    floor = figures["floor_one_walk_s"]
    rows = [
        (f"planned anew, nothing built, {distros} lines", "anew_nothing_built_all_s", distros),
        (f"planned anew, all built, {distros} lines", "anew_all_built_all_s", distros),
        (f"nothing happened, {distros} lines", "no_op_all_s", distros),
        ("a build of a full rebuild ended: median", "full_rebuild_decision_median_s", 1),
        ("a build of a full rebuild ended: worst", "full_rebuild_decision_worst_s", 1),
        ("all decisions of a full rebuild", "full_rebuild_s", 1),
        ("all decisions of a leaf change", "leaf_change_s", 1),
        ("all decisions of a base change", "base_change_s", 1),
        (f"farm, nothing happened, {farm_distros} lines", "farm_no_op_s", farm_distros),
        (f"farm, restarted, {farm_distros} lines", "farm_restart_s", farm_distros),
        (f"farm, a build ended, {farm_distros} lines: median", "farm_decision_s", 1),
        (f"farm, a build ended, {farm_distros} lines: worst", "farm_decision_worst_s", 1),
        ("farm, a push taken in", "farm_take_in_push_s", 1),
        (f"farm, the status file of {farm_distros} lines", "farm_status_s", farm_distros),
        (
            f"farm, the first pass after a start, {HISTORY} builds of each on record",
            "farm_first_pass_s",
            farm_distros,
        ),
        (
            f"records read, {HISTORY} builds of each on record",
            "farm_start_long_history_s",
            farm_distros,
        ),
    ]
    print(graph)
    shown = [
        [label, f"{figures[key] / (floor * lines):.2f}", f"{figures[key] * 1000:.2f}"]
        for label, key, lines in rows
        if key in figures
    ]
    print(table(["", "÷ floor", "ms"], [["floor: one walk", "1.0", f"{floor * 1e3:.2f}"], *shown]))
    for name in ("full_rebuild", "leaf_change", "base_change"):
        print(
            f"{name.replace('_', ' ')}: {figures[f'{name}_decisions']} decisions,"
            f" {figures[f'{name}_affected']} times a component was affected,"
            f" {figures[f'{name}_per_affected_us']:.0f} µs each"
        )
    print(
        f"peak memory: {figures['start_mb']:.0f} MB with the graph, {figures['plan_peak_mb']:.0f}"
        f" MB with the plans, {figures['peak_mb']:.0f} MB in the end"
    )


def main() -> None:
    """Run the benchmark and print its figures."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--data", type=Path, default=DEBIAN, metavar="FILE")
    parser.add_argument("--distros", type=int, default=6)
    parser.add_argument("--farm-distros", type=int, help="default: as --distros; 0: none")
    arguments = parser.parse_args()
    distros = arguments.distros
    farm_distros = distros if arguments.farm_distros is None else arguments.farm_distros
    graph = load(arguments.data)
    figures = {"start_mb": peak_mb(), **plan_figures(graph, distros)}
    figures["plan_peak_mb"] = peak_mb()
    if farm_distros:
        figures |= farm_figures(graph, farm_distros)
    figures["peak_mb"] = peak_mb()
    show(graph, figures, distros, farm_distros)
    ratios = {
        f"{name.removesuffix('_s')}_ratio": figures[name] / figures["floor_one_walk_s"] / lines
        for name, lines in (("no_op_all_s", distros), ("full_rebuild_decision_median_s", 1))
    }
    sizes = {"components": len(graph.order), "distros": distros, "farm_distros": farm_distros}
    print_json({"data": graph.name, **sizes, **ratios, **figures})


if __name__ == "__main__":
    main()
