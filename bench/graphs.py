"""Real component graphs for the benchmarks: loading them, and what all of them print."""

from __future__ import annotations

import json
import random
import resource
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from farm import graph

DATA = Path(__file__).parent / "data"
DEBIAN = DATA / "debian-dag-1k.json"
XCP = DATA / "xcp-2014.json"

DRAWN_MEDIAN_S = 60.0
DRAWN_SIGMA = 1.0
"""Of the log-normal durations given to graphs that come without any: a few builds take most of the
time, as in the distributions' own figures."""


@dataclass(frozen=True)
class BuildGraph:
    """Components in build order, what each is built with, and how long each takes."""

    name: str
    order: tuple[str, ...]
    depends: Mapping[str, tuple[str, ...]]
    seconds: Mapping[str, float]
    durations: str
    """Where `seconds` come from, for people."""

    @cached_property
    def dependents(self) -> dict[str, tuple[str, ...]]:
        """Component to what is built with it directly, in build order."""
        found: dict[str, list[str]] = {name: [] for name in self.order}
        for name in self.order:
            for needed in self.depends[name]:
                found[needed].append(name)
        return {name: tuple(names) for name, names in found.items()}

    @cached_property
    def all_dependents(self) -> dict[str, frozenset[str]]:
        """Component to everything that is built with it, directly or through others."""
        found: dict[str, frozenset[str]] = {}
        for name in reversed(self.order):
            direct = self.dependents[name]
            found[name] = frozenset(direct).union(*(found[one] for one in direct))
        return found

    @cached_property
    def layers(self) -> tuple[tuple[str, ...], ...]:
        """The components in layers; see `farm.graph.levels`."""
        return graph.levels(graph.graph_of(self.depends))

    @property
    def edges(self) -> int:
        """Direct dependencies in all."""
        return sum(len(needed) for needed in self.depends.values())

    @property
    def critical_path_s(self) -> float:
        """Seconds of the longest chain; no number of workers is quicker."""
        finish: dict[str, float] = {}
        for name in self.order:
            before = max((finish[needed] for needed in self.depends[name]), default=0.0)
            finish[name] = before + self.seconds[name]
        return max(finish.values(), default=0.0)

    def bound_s(self, workers: int) -> float:
        """Seconds that no schedule can beat: the longest chain, or the work shared out evenly."""
        return max(self.critical_path_s, sum(self.seconds.values()) / workers)

    def __str__(self) -> str:
        return (
            f"{self.name}: {len(self.order)} components, {self.edges} edges,"
            f" {len(self.layers)} layers; {self.durations}"
        )


def graph_from(
    name: str, depends: Mapping[str, tuple[str, ...]], seconds: Mapping[str, float], durations: str
) -> BuildGraph:
    """A graph from plain data; `depends` names only what is in it."""
    order = graph.build_order(graph.graph_of(depends))
    return BuildGraph(name, order, depends, seconds, durations)


def load(path: Path) -> BuildGraph:
    """Read a graph: Debian's form has `nodes` with seconds, a stack's has `components` without."""
    content = json.loads(path.read_text())
    if "nodes" in content:
        nodes = content["nodes"]
        names = [node["n"] for node in nodes]
        return graph_from(
            path.stem,
            {node["n"]: tuple(names[i] for i in node["d"]) for node in nodes},
            {node["n"]: float(node["sec"]) for node in nodes},
            "durations estimated from the size of each source",
        )
    depends = {one["name"]: tuple(one["deps"]) for one in content["components"]}
    return graph_from(
        path.stem,
        depends,
        drawn_seconds(depends),
        f"durations drawn reproducibly (log-normal, median {DRAWN_MEDIAN_S:.0f} s,"
        f" sigma {DRAWN_SIGMA:g})",
    )


def drawn_seconds(names: Mapping[str, object]) -> dict[str, float]:
    """Seconds for components without any: the same for a name in every run, whatever else there
    is."""
    return {
        name: round(DRAWN_MEDIAN_S * random.Random(name).lognormvariate(0.0, DRAWN_SIGMA), 1)  # noqa: S311
        for name in names
    }


def peak_mb() -> float:
    """The most memory that this process had so far, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def table(head: list[str], rows: list[list[str]]) -> str:
    """Columns for people: the first to the left, the others to the right."""
    width = [max(len(row[i]) for row in [head, *rows]) for i in range(len(head))]
    return "\n".join(
        "  ".join(
            cell.ljust(width[i]) if i == 0 else cell.rjust(width[i]) for i, cell in enumerate(row)
        ).rstrip()
        for row in [head, *rows]
    )


def print_json(figures: Mapping[str, Any]) -> None:
    """The last line of a benchmark, for programs."""
    print(json.dumps(_rounded(figures)))


def _rounded(value: Any) -> Any:
    if isinstance(value, float):
        return float(f"{value:.4g}")
    if isinstance(value, Mapping):
        return {key: _rounded(one) for key, one in value.items()}
    return value
