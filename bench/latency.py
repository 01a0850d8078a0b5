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
import json
import os
import random
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import requests

from bench.graphs import graph_from, print_json, table
from tests.farms import BIN, QUICK, TOP, TestFarm, change, free_port, git

TRIVIAL = TOP / "bench" / "trivial"
STOCK = TOP / "bench" / "stock" / "master.cfg"
DISTRO = "bookworm"
WAVE_TIMEOUT_S = 1800.0
POLL_S = 0.5
QUIET_S = 3.0
"""A stock master is done when no build has begun or ended for so long."""

Depends = Mapping[str, tuple[str, ...]]


def layered_graph(components: int, layers: int) -> dict[str, tuple[str, ...]]:
    """Layers of one size; everything needs two components of the layer below."""
    chance = random.Random(components)  # noqa: S311
    names = [f"c{number:03}" for number in range(components)]
    size = components // layers
    below: list[str] = []
    depends: dict[str, tuple[str, ...]] = {}
    for start in range(0, components, size):
        layer = names[start : start + size]
        for name in layer:
            depends[name] = tuple(sorted(chance.sample(below, min(2, len(below)))))
        below = layer
    return depends


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


class LatencyFarm(TestFarm):
    """A farm whose workers run bench/trivial/farm."""

    @property
    def environment(self) -> dict[str, str]:
        """As of a test's farm, with another stand-in."""
        environment = super().environment
        path = environment["PATH"].removeprefix(f"{QUICK}:")
        return {
            **environment,
            "PATH": f"{TRIVIAL}:{path}",
            "QUICK_FARM": str(QUICK / "farm"),
            "TIMELINE": str(self.base / "timeline"),
        }


class ThisFarm:
    """This farm, with all components in one repository."""

    def __init__(self, base: Path, depends: Depends, workers: int):
        self._repository = base / "git"
        self._repository.mkdir(parents=True)
        git(self._repository, "init", "-q", "-b", "main")
        for name in depends:
            (self._repository / name).mkdir()
            (self._repository / name / "file").touch()
        change(self._repository, {}, "First")
        url = f"file://{self._repository}"
        self._farm = LatencyFarm(base, _stack(url, depends), site={"workers": _workers(workers)})
        self._url, self._depends = url, depends
        self.timeline = base / "timeline"

    def start(self) -> None:
        """Start everything; the first generation builds all."""
        self._farm.start()
        self._wait(1)

    def wave(self) -> None:
        """Push to the lowest layer, and wait until everything is built and published."""
        roots = [name for name, needed in self._depends.items() if not needed]
        change(self._repository, {f"{name}/file": str(time.time()) for name in roots})
        snapshot = self._farm.status()["lines"][f"development/{DISTRO}"]["snapshot"]
        self._farm.hook(self._url)
        self._wait(snapshot + 1)

    def _wait(self, snapshot: int) -> None:
        def done() -> bool:
            line = self._farm.status()["lines"].get(f"development/{DISTRO}", {})
            return line.get("state") == "idle" and (line.get("snapshot") or 0) >= snapshot

        self._farm.wait(f"snapshot {snapshot}", done, WAVE_TIMEOUT_S)

    def stop(self) -> None:
        """Stop all processes."""
        self._farm.stop()


def _workers(number: int) -> dict[str, Any]:
    return {f"w{i}": {"distros": [DISTRO], "builds": 1} for i in range(number)}


def _stack(url: str, depends: Depends) -> dict[str, Any]:
    distro = {"family": "deb", "release": "Debian 12", "architecture": "amd64"}
    return {
        "channels": {"development": {}},
        "distros": {DISTRO: {**distro, "root": {"suite": DISTRO}, "version_suffix": "~deb12"}},
        "components": {
            name: {
                "git": url,
                "directory": name,
                "depends": list(needed),
                "summary": name,
                "licence": "MIT",
            }
            for name, needed in depends.items()
        },
    }


class StockMaster:
    """A master of bench/stock, with workers of its own."""

    def __init__(self, base: Path, depends: Depends, workers: int, schedulers: str):
        self.base = base
        self.timeline = base / "timeline"
        self._master = base / "master"
        self._www, pb = free_port(), free_port()
        names = [f"w{i}" for i in range(workers)]
        base.mkdir(parents=True)
        self._run("buildbot", "create-master", "-q", f"--config={STOCK}", self._master)
        layers = graph_from("", depends, dict.fromkeys(depends, 1.0), "").layers
        settings = {
            "depends": {name: list(needed) for name, needed in depends.items()},
            "layers": [sorted(layer) for layer in layers],
            "schedulers": schedulers,
            "distro": DISTRO,
            "workers": names,
            "www": self._www,
            "pb": pb,
        }
        (self._master / "settings.json").write_text(json.dumps(settings))
        self._workers = [base / name for name in names]
        for worker in self._workers:
            self._run(
                "buildbot-worker", "create-worker", "--maxdelay=1", worker,
                f"127.0.0.1:{pb}", worker.name, "secret",
            )  # fmt: skip

    def _run(self, program: str, *arguments: str | Path) -> None:
        path = f"{TRIVIAL}:{BIN}:/usr/sbin:/usr/bin:/sbin:/bin"
        environment = {**os.environ, "PATH": path, "TIMELINE": str(self.timeline)}
        environment.pop("FARM_CACHE", None)
        argv = [BIN / program, *arguments]
        done = subprocess.run(argv, env=environment, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr

    def start(self) -> None:
        """Start everything, and wait for the workers."""
        self._run("buildbot", "start", self._master)
        for worker in self._workers:
            self._run("buildbot-worker", "start", worker)
        while not all(worker["connected_to"] for worker in self._get("workers")["workers"]):
            time.sleep(POLL_S)
        time.sleep(QUIET_S)

    def wave(self) -> None:
        """Push, and wait until nothing happens any more."""
        requests.post(
            f"http://127.0.0.1:{self._www}/change_hook/base",
            data={"repository": "", "branch": "main", "author": "dev", "comments": "push"},
            timeout=20,
        ).raise_for_status()
        deadline = time.monotonic() + WAVE_TIMEOUT_S
        while time.monotonic() < deadline:
            time.sleep(POLL_S)
            quiet = self.timeline.exists() and time.time() - self.timeline.stat().st_mtime
            pending = "buildrequests?complete=false&limit=1"
            if quiet > QUIET_S and not self._get(pending)["buildrequests"]:
                return
        raise SystemExit(f"the stock master was not done within {WAVE_TIMEOUT_S:.0f} s")

    def _get(self, path: str) -> Any:
        return requests.get(f"http://127.0.0.1:{self._www}/api/v2/{path}", timeout=60).json()

    def stop(self) -> None:
        """Stop all processes."""
        for directory in (self._master, *self._workers):
            pid = directory / "twistd.pid"
            if pid.exists():
                os.kill(int(pid.read_text()), signal.SIGTERM)


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
