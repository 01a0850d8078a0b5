"""How long a full rebuild takes, beside what no schedule can beat.

    python bench/makespan.py [--data FILE]... [--workers N,N,...]

Simulated: real graphs and durations, workers that cost nothing to talk to. Each figure is the
makespan ÷ max(critical path, total work ÷ workers).
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from bench.graphs import DEBIAN, XCP, BuildGraph, load, print_json, table
from bench.simulate import FirstCome, Layers, Planned, Policy, Triggered, paths, simulate

MOST_TRIGGERED = 300_000
"""Builds beyond which triggering is not simulated: its bound is printed."""


def policies(graph: BuildGraph) -> dict[str, Policy]:
    """Every way to order the builds of one pass that builds each component once."""
    return {
        "this planner": Planned(graph, dict(graph.seconds)),
        "this planner, first pass": Planned(graph, {}),
        "first come first served": FirstCome(graph),
        "layer by layer": Layers(graph),
    }


def triggered(graph: BuildGraph, workers: int) -> tuple[float, bool]:
    """Makespan of one build per path, and whether it was simulated. Else it is a lower bound: the
    work of all paths, shared out evenly."""
    times = paths(graph)
    if sum(times.values()) <= MOST_TRIGGERED:
        return simulate(graph, workers, Triggered(graph)).makespan, True
    work = sum(times[name] * graph.seconds[name] for name in graph.order)
    return max(graph.critical_path_s, work / workers), False


def measure(graph: BuildGraph, workers: list[int]) -> dict[str, Any]:
    """Print a graph's table; return its figures."""
    began = time.perf_counter()
    rows: dict[str, dict[str, float]] = {}
    for count in workers:
        bound = graph.bound_s(count)
        for name, policy in policies(graph).items():
            ratio = simulate(graph, count, policy).makespan / bound
            rows.setdefault(name, {})[str(count)] = ratio
        makespan, simulated = triggered(graph, count)
        name = "one build per path" if simulated else "one build per path, at least"
        rows.setdefault(name, {})[str(count)] = makespan / bound
    builds = sum(paths(graph).values())
    print(f"\n{graph}")
    print(
        f"critical path {graph.critical_path_s:.0f} s, all work {sum(graph.seconds.values()):.0f} s"
    )
    print(
        table(
            ["makespan ÷ bound", *(f"{count} workers" for count in workers)],
            [[name, *(shown(ratio) for ratio in ratios.values())] for name, ratios in rows.items()],
        )
    )
    note = f"one build per path: {shown(builds)} builds instead of {len(graph.order)}"
    if builds > MOST_TRIGGERED:
        note += "; not simulated, the figure is its work ÷ workers"
    print(note)
    return {
        "ratio": rows,
        "builds_per_path": float(builds),
        "components": len(graph.order),
        "simulated_in_s": time.perf_counter() - began,
    }


def shown(value: float) -> str:
    """A ratio or count of any size."""
    if value < 1000:
        return str(value) if isinstance(value, int) else f"{value:.3f}"
    return f"{value:.2g}" if value >= 1e6 else f"{value:,.0f}"


def main() -> None:
    """Run the benchmark and print its figures."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--data", type=Path, action="append", metavar="FILE")
    parser.add_argument("--workers", default="4,16,64,256", metavar="N,N,...")
    arguments = parser.parse_args()
    workers = [int(count) for count in arguments.workers.split(",")]
    graphs = [load(path) for path in arguments.data or (DEBIAN, XCP)]
    print_json({graph.name: measure(graph, workers) for graph in graphs})


if __name__ == "__main__":
    main()
