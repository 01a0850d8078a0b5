"""What builders by the thousand cost the master, beside a bare Buildbot with as many.

    python bench/scale.py [--builders 60 900 3000 6000] [--no-builds]

Both masters (bench/masters.py) are started once to fill their databases; what counts is the second
start, to the first answer of the web server, for the farm with every line planned. CPU seconds and
memory are those of the master's process. Answers are asked for as the pages ask: with gzip, the
median of five; the first of them is said apart. Then one worker is attached to all builders and
builds them all, the farm in the order of its graph (bare: up to 1,000, which says as much). When
nothing is left to do, a push (bare: a forced build) is timed until its build's first command runs.
"""

from __future__ import annotations

import argparse
import shutil
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import requests

from bench.graphs import print_json, table
from bench.masters import Bare, Farm

PUSHES = 5
BARE_MOST = 1100
PAGES = {
    "matrix": "api/farm/v1/matrix/development",
    "lines": "api/farm/v1/lines",
    "troubles": "api/farm/v1/troubles",
}


def measure(one: Farm | Bare, builds: bool) -> dict[str, float]:
    """All figures of one master; those of pages where it has them."""
    one.start()
    one.master.settle()
    one.run("stop")
    began = time.monotonic()
    one.start()
    found = {"start_s": time.monotonic() - began, "start_cpu_s": one.master.cpu_s()}
    try:
        one.master.settle()
        found["settled_cpu_s"] = one.master.cpu_s()
        found["memory_mb"] = one.master.memory_mb()
        if isinstance(one, Farm):
            found |= pages(one.master.url)
        cpu, began = one.master.cpu_s(), time.monotonic()
        one.add()
        found["reconfig_s"] = time.monotonic() - began
        one.master.settle()
        found["reconfig_cpu_s"] = one.master.cpu_s() - cpu
        if builds and (one.count < BARE_MOST or isinstance(one, Farm)):
            found |= building(one)
    finally:
        one.stop_worker()
        one.run("stop")
    return found


def pages(url: str) -> dict[str, float]:
    """Milliseconds for what each page asks first."""
    found = {}
    for name, path in PAGES.items():
        times = []
        for _ in range(6):
            began = time.monotonic()
            requests.get(f"{url}{path}", timeout=60).raise_for_status()
            times.append((time.monotonic() - began) * 1000)
        found[f"{name}_first_ms"] = times[0]
        found[f"{name}_ms"] = statistics.median(times[1:])
    return found


def building(one: Farm | Bare) -> dict[str, float]:
    """Everything is built; then one thing alone, a few times."""
    cpu, began = one.master.cpu_s(), time.monotonic()
    one.start_worker()
    one.build_all()
    one.master.wait(lambda: len(moments(one.timeline, "begin")) > 0)
    found = {"attach_s": time.monotonic() - began}
    one.master.wait(lambda: len(moments(one.timeline, "end")) >= one.count)
    ends = moments(one.timeline, "end")
    first = len(ends) // 10
    found["builds_per_minute"] = 60 * (len(ends) - 1 - first) / (ends[-1] - ends[first])
    found["cpu_ms_per_build"] = 1000 * (one.master.cpu_s() - cpu) / one.count
    one.master.wait(one.idle)
    found["built_memory_mb"] = one.master.memory_mb()
    waits = []
    for _ in range(PUSHES):
        one.master.settle()
        before = len(moments(one.timeline, "begin"))
        pressed = time.time()
        one.trigger()
        one.master.wait(lambda known=before: len(moments(one.timeline, "begin")) > known)
        waits.append(moments(one.timeline, "begin")[before] - pressed)
        one.master.wait(one.idle)
    found["push_to_build_s"] = statistics.median(waits)
    return found


def moments(timeline: Path, event: str) -> list[float]:
    """When builds began or ended, in order."""
    lines = timeline.read_text().splitlines() if timeline.exists() else []
    return sorted(float(line.split()[2]) for line in lines if line.startswith(event))


def main() -> None:
    """Measure both at each size, and print the figures."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--builders", type=int, nargs="+", default=[60, 900, 3000, 6000])
    parser.add_argument("--builds", action=argparse.BooleanOptionalAction, default=True)
    options = parser.parse_args()
    figures: dict[str, Any] = {}
    base = Path(tempfile.mkdtemp(prefix="scale-"))
    try:
        for builders in options.builders:
            for kind in (Bare, Farm):
                one = kind(base / f"{kind.__name__}-{builders}", builders)
                figures[f"{builders} {one.name}"] = found = measure(one, options.builds)
                said = ", ".join(f"{name} {_shown(value)}" for name, value in found.items())
                print(f"{builders} {one.name}: {said}", file=sys.stderr, flush=True)
    finally:
        shutil.rmtree(base, ignore_errors=True)
    names = [*figures[f"{options.builders[0]} {Farm.name}"]]
    rows = []
    for builders in options.builders:
        ours, bare = (figures[f"{builders} {kind.name}"] for kind in (Farm, Bare))
        ours["start_ratio"] = ours["start_s"] / bare["start_s"]
        for name, row in ((Bare.name, bare), (Farm.name, ours)):
            rows.append([f"{builders} {name}", *(_shown(row.get(field)) for field in names)])
    print(table(["", *names], rows))
    print_json(figures)


def _shown(value: float | None) -> str:
    return "" if value is None else f"{value:.2f}" if value < 10 else f"{value:.0f}"


if __name__ == "__main__":
    main()
