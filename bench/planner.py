"""What a decision of the planner costs, beside one bare walk over the same graph.

    python bench/planner.py [--data FILE] [--distros N] [--farm-distros N]

Two levels. `plan_line` is the pure function. The farm is what the scheduler really runs after each
finished build: `Farm.advance` on every line, with records in a database in memory and without
Buildbot. The floor is a walk over the same graph in build order that looks every dependency up in a
dictionary.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from bench.farms import LineFarm
from bench.graphs import DEBIAN, BuildGraph, load, peak_mb, print_json, table
from bench.simulate import facts_of
from farm.plan.key import build_key
from farm.plan.planner import BuildFact, LineFacts, Plan, plan_line
from farm.plan.standing import status_file

ENOUGH_S = 0.5
"""Time after which a measurement is not repeated for a better median."""
DECISIONS = 4
"""Builds that end, one after another, for each kind of decision of the farm."""
HISTORY = 10
"""Builds of each component and distro on record, for a farm that has run for a while."""
SAMPLES = 8
"""Moments of a full rebuild at which one decision is measured."""


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
    closures: dict[str, dict[str, str]] = {}
    for name in facts.order:
        seen: dict[str, str] = {}
        for needed in facts.depends[name]:
            seen |= closures[needed]
        key = build_key(facts.own[name], seen)
        builds[key] = BuildFact(True, facts.sources[name], key)
        closures[name] = {**seen, name: key}
    return replace(facts, builds=builds)


def changed(facts: LineFacts, name: str) -> LineFacts:
    """The line after a commit to one component."""
    return replace(
        facts,
        own={**facts.own, name: f"{'f' * 63}{len(name) % 10}"},
        sources={**facts.sources, name: "commit+1"},
    )


def a_build_ends(facts: LineFacts, done: int) -> tuple[LineFacts, LineFacts]:
    """A line with its first `done` components built, before and after one more of them."""
    builds: dict[str, BuildFact] = {}
    full = plan_line(facts)
    for name in facts.order[: done + 1]:
        node = full.nodes[name]
        builds[node.key] = facts.builds[node.key]
    last = full.nodes[facts.order[done]].key
    before = {key: fact for key, fact in builds.items() if key != last}
    return replace(facts, builds=before), replace(facts, builds=builds)


def affected(before: Plan, after: Plan) -> int:
    """Components of which the planner says something else now."""
    return sum(before.nodes[name] != node for name, node in after.nodes.items())


def plan_figures(graph: BuildGraph, distros: int) -> dict[str, float]:
    """`plan_line` in every situation; seconds are of all distros together unless they say `one`."""
    nothing = facts_of(graph, durations=graph.seconds)
    built = all_built(nothing)
    leaf = next(name for name in reversed(graph.order) if not graph.dependents[name])
    base = max(graph.order, key=lambda name: len(graph.all_dependents[name]))
    figures: dict[str, float] = {"floor_one_walk_s": seconds_of(lambda: walk(graph), 50)}
    for name, facts in {
        "from_nothing": nothing,
        "leaf_change": changed(built, leaf),
        "base_change": changed(built, base),
        "no_op": built,
    }.items():
        figures[f"{name}_s"] = seconds_of(lambda f=facts: _on_each(f, distros))
    figures["base_dependents"] = len(graph.all_dependents[base])
    samples = [round((i + 0.5) * (len(graph.order) - 1) / SAMPLES) for i in range(SAMPLES)]
    decisions, touched = [], []
    for done in samples:
        before, after = a_build_ends(built, done)
        decisions.append(seconds_of(lambda f=after: plan_line(f), 3))
        touched.append(affected(plan_line(before), plan_line(after)))
    figures["decision_one_line_mean_s"] = statistics.mean(decisions)
    figures["decision_one_line_worst_s"] = max(decisions)
    figures["affected_components_mean"] = statistics.mean(touched)
    figures["decided_per_affected"] = len(graph.order) / statistics.mean(touched)
    nodes = plan_line(built).nodes
    figures["keys_share_of_no_op"] = (
        seconds_of(lambda: [build_key(built.own[n], nodes[n].dependencies) for n in nodes])
        * distros
        / figures["no_op_s"]
    )
    figures["closure_entries"] = sum(len(n.dependencies) for n in nodes.values())
    # One pass after each build of each line, as the scheduler does when builds end apart.
    figures["full_rebuild_planning_s"] = (
        figures["decision_one_line_mean_s"] * len(graph.order) * distros
    )
    return figures


def _on_each(facts: LineFacts, distros: int) -> None:
    for _ in range(distros):
        plan_line(facts)


def farm_figures(graph: BuildGraph, distros: int) -> dict[str, float]:
    """The farm's own passes, with everything built and published before."""
    farm = LineFarm(graph, distros)
    line = farm.lines[0]
    by_dependents = sorted(graph.order, key=lambda name: (len(graph.all_dependents[name]), name))
    median = by_dependents[len(by_dependents) // 2]
    figures = {
        "farm_no_op_s": seconds_of(farm.advance_all, 3),
    }
    figures["farm_median_dependents"] = len(graph.all_dependents[median])
    farm.push(median)
    farm.advance_all()
    decisions: dict[str, list[float]] = {"all_lines": [], "one_line": []}
    starts = []
    for number in range(2 * DECISIONS):
        key = min(farm.running[line], key=lambda key: farm.records.builds[key].component)
        farm.finish(line, key)
        kind = "one_line" if number % 2 else "all_lines"
        before = sum(map(len, farm.running.values()))
        began = time.process_time()
        farm.advance(line) if number % 2 else farm.advance_all()
        decisions[kind].append(time.process_time() - began)
        starts.append(sum(map(len, farm.running.values())) - before)
        if not farm.running[line]:
            break
    for kind, times in decisions.items():
        figures[f"farm_decision_{kind}_s"] = statistics.median(times)
    figures["farm_scheduler_pass_s"] = figures["farm_decision_all_lines_s"] + seconds_of(
        lambda: status_file(farm.farm, frozenset().union(*farm.running.values()), farm.now), 3
    )
    figures["farm_decision_starts_mean"] = statistics.mean(starts)
    figures["farm_take_in_push_s"] = seconds_of(lambda: farm.push(graph.order[-1]), 5)
    farm.grow_history(HISTORY)
    figures["farm_no_op_long_history_s"] = seconds_of(farm.advance_all, 3)
    return figures


def show(graph: BuildGraph, figures: dict[str, float], distros: int, farm_distros: int) -> None:
    """Print the figures for people."""
    floor = figures["floor_one_walk_s"]
    rows = [
        (f"plan_line, from nothing, {distros} distros", "from_nothing_s", distros),
        (f"plan_line, leaf change, {distros} distros", "leaf_change_s", distros),
        (f"plan_line, base change, {distros} distros", "base_change_s", distros),
        (f"plan_line, no-op, {distros} distros", "no_op_s", distros),
        ("plan_line, one build ended, its line: mean", "decision_one_line_mean_s", 1),
        ("plan_line, one build ended, its line: worst", "decision_one_line_worst_s", 1),
        (f"farm, no-op, {farm_distros} distros", "farm_no_op_s", farm_distros),
        ("farm, one build ended, its line", "farm_decision_one_line_s", 1),
        (
            f"farm, one build ended, {farm_distros} distros",
            "farm_decision_all_lines_s",
            farm_distros,
        ),
        (
            "  the same, with the status that is written after it",
            "farm_scheduler_pass_s",
            farm_distros,
        ),
        (
            f"farm, a pass of {farm_distros} distros, {HISTORY} builds of each on record",
            "farm_no_op_long_history_s",
            farm_distros,
        ),
        ("farm, a push taken in", "farm_take_in_push_s", 1),
    ]
    print(graph)
    shown = [
        [label, f"{figures[key] / (floor * lines):.1f}", f"{figures[key] * 1000:.1f}"]
        for label, key, lines in rows
        if key in figures
    ]
    print(table(["", "÷ floor", "ms"], [["floor: one walk", "1.0", f"{floor * 1e3:.2f}"], *shown]))
    print(
        f"one build ended: {len(graph.order)} components decided anew,"
        f" {figures['affected_components_mean']:.1f} changed"
        f" (ratio {figures['decided_per_affected']:.0f})"
    )
    print(
        f"digests hashed and kept per pass and line: {figures['closure_entries']:.0f}"
        f" (edges: {graph.edges})"
    )
    print(f"share of build keys in a no-op pass: {figures['keys_share_of_no_op']:.0%}")
    print(
        f"planning in a full rebuild of {distros} distros, a pass of its line per build:"
        f" {figures['full_rebuild_planning_s']:.0f} s"
    )
    print(f"peak memory: {figures['peak_mb']:.0f} MB, {figures['start_mb']:.0f} MB with the graph")


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
        for name, lines in (("no_op_s", distros), ("decision_one_line_mean_s", 1))
    }
    sizes = {"components": len(graph.order), "distros": distros, "farm_distros": farm_distros}
    print_json({"data": graph.name, **sizes, **ratios, **figures})


if __name__ == "__main__":
    main()
