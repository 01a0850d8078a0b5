"""How soon a dependent starts: this farm beside Buildbot's stock schedulers, with real masters.

    python bench/latency.py [--components N] [--layers N] [--workers N]

One after the other, on the same layered graph and with as many worker processes: the farm; stock
`Dependent` schedulers, one per layer, each of which starts when the layer before is done; and stock
`Triggerable` schedulers, where every finished build triggers what depends on it. Builds do nothing
(bench/trivial/farm: three commands of a few milliseconds, the same for all). Measured is a push to
the lowest layer, which rebuilds everything, with all workers attached. The farm has built it all
once before, as it does when it starts. The stock masters have its settings of the database.

Times are taken on the workers: a dependency has finished when its last command has; its dependent
has started when its first command does. "With a worker free" leaves out builds that had to wait
because all workers were busy, which no scheduler can help.
"""

from __future__ import annotations

import argparse
import shutil
import statistics
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from bench.contenders import Depends, StockMaster, ThisFarm, layered_graph
from bench.graphs import print_json, table


@dataclass(frozen=True)
class Run:
    """One build on its worker."""

    component: str
    began: float
    ended: float


def read_timeline(path: Path) -> list[Run]:
    """The finished builds that the workers wrote down, by their beginning."""
    begun: dict[str, list[float]] = {}
    runs = []
    lines = path.read_text().splitlines() if path.exists() else []
    for line in lines:
        event, component, moment = line.split()
        if event == "begin":
            begun.setdefault(component, []).append(float(moment))
        elif begun.get(component):
            runs.append(Run(component, begun[component].pop(0), float(moment)))
    return sorted(runs, key=lambda run: run.began)


@dataclass
class Figures:
    """What one wave of builds was like."""

    builds: int = 0
    early: int = 0
    """Builds that began before a dependency's last build had ended."""
    seconds: float = 0.0
    waits: list[float] = field(default_factory=list)
    """From the end of the last dependency that had ended, to the beginning."""
    free_waits: list[float] = field(default_factory=list)
    """The same, where a worker was free all the time."""


def figures_of(runs: list[Run], depends: Depends, workers: int) -> Figures:
    """Judge the builds of a wave, in the order of their beginning."""
    last = {run.component: run.ended for run in runs}
    figures = Figures(len(runs), seconds=max(last.values()) - runs[0].began)
    waiting: list[tuple[float, float]] = []
    for run in runs:
        needed = depends[run.component]
        ended = [o.ended for o in runs if o.component in needed and o.ended <= run.began]
        figures.early += any(last[name] > run.began for name in needed)
        if ended:
            waiting.append((max(ended), run.began))
    for ready, began in waiting:
        figures.waits.append(began - ready)
        moments = [ready, *(run.began for run in runs if ready < run.began < began)]
        if all(sum(run.began <= t < run.ended for run in runs) < workers for t in moments):
            figures.free_waits.append(began - ready)
    return figures


Contender = ThisFarm | StockMaster


@contextmanager
def running(contender: Contender) -> Iterator[Contender]:
    """Started, with all workers attached; stopped in the end."""
    try:
        contender.start()
        yield contender
    finally:
        contender.stop()


def measure(contender: Contender, depends: Depends, workers: int) -> Figures:
    """One wave."""
    with running(contender):
        contender.timeline.unlink(missing_ok=True)
        contender.wave()
        runs = read_timeline(contender.timeline)
    assert {run.component for run in runs} == set(depends)
    return figures_of(runs, depends, workers)


def summary(figures: Figures, components: int) -> dict[str, Any]:
    """The figures of one contender, for programs."""

    def spread(waits: list[float]) -> dict[str, float]:
        if len(waits) < 2:
            return {"median_s": 0.0, "p95_s": 0.0}
        return {
            "median_s": statistics.median(waits),
            "p95_s": statistics.quantiles(waits, n=20, method="inclusive")[-1],
        }

    return {
        "builds": figures.builds,
        "early": figures.early,
        "seconds": figures.seconds,
        "components_per_minute": components / figures.seconds * 60,
        "wait": spread(figures.waits),
        "wait_with_a_worker_free": {
            **spread(figures.free_waits),
            "builds": len(figures.free_waits),
        },
    }


def main() -> None:
    """Run all three and print their figures."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--components", type=int, default=100)
    parser.add_argument("--layers", type=int, default=5)
    parser.add_argument("--workers", type=int, default=6)
    options = parser.parse_args()
    depends = layered_graph(options.components, options.layers)
    found: dict[str, dict[str, Any]] = {}
    base = Path(tempfile.mkdtemp(prefix="latency-"))
    try:
        for name, contender in (
            ("this farm", lambda place: ThisFarm(place, depends, options.workers)),
            ("stock Dependent", lambda p: StockMaster(p, depends, options.workers, "layers")),
            ("stock Triggerable", lambda p: StockMaster(p, depends, options.workers, "trigger")),
        ):
            made = contender(base / name.replace(" ", "-"))
            figures = measure(made, depends, options.workers)
            found[name] = summary(figures, len(depends))
            print(f"{name}: {figures.builds} builds in {figures.seconds:.1f} s", flush=True)
    finally:
        shutil.rmtree(base, ignore_errors=True)
    rows = [
        [
            name,
            str(one["builds"]),
            str(one["early"]),
            *(
                f"{one[which][part]:.3f}"
                for which in ("wait", "wait_with_a_worker_free")
                for part in ("median_s", "p95_s")
            ),
            f"{one['components_per_minute']:.0f}",
        ]
        for name, one in found.items()
    ]
    head = ["", "builds", "too early", "wait", "p95", "worker free", "p95", "components/min"]
    print(table(head, rows))
    print_json(found)


if __name__ == "__main__":
    main()
