"""What the farm adds to a build: the demo stack on one distro, from push to published.

    python bench/overhead.py [--state DIR]

Beside it, in the same run on the same machine, the bare `./configure && make && make check && make
install` of the same commits. The farm's first pass (which also makes the root and its layers of
dependencies) is reported apart; what is compared is a push of all six components at once to a farm
that has built before. Needs root, like `make demo`, which installs what this uses.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from demo import hook, services, stack
from demo.paths import TOP, Paths
from demo.processes import stop
from demo.site import DEFAULT_PORTS, choose_ports, port_is_free
from farm import graph
from farm.model import Component, Stack
from farm.model.load import load_stack
from farm.pool import result
from farm.records.store import BuildRow, Records

DISTRO = "bookworm"
WORKERS = 2
TIMEOUT_S = 1800
PHASE_GROUPS = {
    "root set-up": ("root",),
    "dependency installation": ("dependencies",),
    "configure, make, check, install": ("configure", "build", "test", "install"),
    "packaging": ("unpack", "package", "source"),
}


def cpu_s() -> float:
    """CPU seconds of all children that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


@contextmanager
def measured(into: dict[str, float]) -> Iterator[None]:
    """Add wall and CPU seconds of a block to `into`."""
    wall, cpu = time.monotonic(), cpu_s()
    yield
    into["wall"] = into.get("wall", 0.0) + time.monotonic() - wall
    into["cpu"] = into.get("cpu", 0.0) + cpu_s() - cpu


def bare_build(component: Component, commit: str, prefix: Path, work: Path) -> dict[str, float]:
    """The standard interface by hand, in a fresh checkout; wall and CPU seconds."""
    tree = work / component.name
    shutil.rmtree(tree, ignore_errors=True)
    repository = component.git.removeprefix("file://")
    subprocess.run(["git", "clone", "-q", repository, tree], check=True)
    subprocess.run(["git", "-C", tree, "checkout", "-q", commit], check=True)
    # git keeps no times: without this automake trees run autotools again.
    for path in (p for p in tree.rglob("*") if not p.is_symlink()):
        os.utime(path, (1_700_000_000, 1_700_000_000))
    environment = {
        **os.environ,
        "PKG_CONFIG_PATH": f"{prefix}/lib/pkgconfig",
        "LD_LIBRARY_PATH": f"{prefix}/lib",
    }
    used: dict[str, float] = {}
    with measured(used), (work / f"{component.name}.log").open("w") as log:
        for command in (
            ["./configure", f"--prefix={prefix}", *component.configure_arguments],
            ["make"],
            ["make", "check"],
            ["make", "install"],
        ):
            subprocess.run(command, cwd=tree, env=environment, stdout=log, stderr=log, check=True)
    return used


class BenchFarm:
    """The demo's farm, for one distro, below a directory of its own."""

    def __init__(self, state: Path):
        self.paths = Paths(state)
        stack.prepare(self.paths, print)
        content = YAML().load(TOP / "examples" / "demo" / "components.yml")
        content["distros"] = {DISTRO: content["distros"][DISTRO]}
        components = state / "components.yml"
        YAML().dump(content, components)
        variables = {"demo": str(self.paths.demo)}
        ports = choose_ports({n: p + 100 for n, p in DEFAULT_PORTS.items()}, port_is_free)
        site = {
            "state": str(state),
            "components": str(components),
            "variables": variables,
            "hooks": ["base"],
            "poll_interval_s": 0,
            "workers": {"bench": {"builds": WORKERS}},
            **{name: {"port": port} for name, port in ports.items()},
        }
        YAML().dump(site, self.paths.site_file)
        hook.install(self.paths)
        self.stack: Stack = load_stack(components, variables)

    def records(self) -> Records:
        """What the farm has written down so far."""
        return Records(f"sqlite:///{self.paths.state / 'farm.sqlite'}")

    def line(self) -> dict[str, Any]:
        """The status of the one line."""
        try:
            status = json.loads(self.paths.status_file.read_text())
        except FileNotFoundError:
            return {}
        return dict(status["lines"][f"development/{DISTRO}"], updated=status["updated"])

    def wait(self, what: str, holds: Callable[[dict[str, Any]], bool]) -> float:
        """Wait for the line to become so; the time at which it was."""
        deadline = time.time() + TIMEOUT_S
        while time.time() < deadline:
            line = self.line()
            states = {one["state"] for one in line.get("components", {}).values()}
            if line and "failed" in states:
                raise SystemExit(f"a component failed: {line}")
            if line and holds(line):
                return time.time()
            time.sleep(0.02)
        raise SystemExit(f"not within {TIMEOUT_S} s: {what}")

    def push_all(self) -> float:
        """Push a commit to every component, dependencies first; the time of the first push."""
        began = 0.0
        for name in graph.build_order(graph.component_graph(self.stack)):
            work = self.paths.state / "push" / name
            shutil.rmtree(work, ignore_errors=True)
            bare = self.paths.repositories / f"{name}.git"
            git = ["git", "-c", "user.name=Bench", "-c", "user.email=bench@example.org"]
            subprocess.run([*git, "clone", "-q", "-b", "main", bare, work], check=True)
            (work / "BENCH").write_text(str(time.time()))
            subprocess.run([*git, "-C", work, "add", "BENCH"], check=True)
            subprocess.run([*git, "-C", work, "commit", "-q", "-m", "Bench"], check=True)
        for name in graph.build_order(graph.component_graph(self.stack)):
            began = began or time.time()
            work = self.paths.state / "push" / name
            subprocess.run(["git", "-C", work, "push", "-q"], check=True, capture_output=True)
        return began


def critical_path(farm: BenchFarm, seconds: dict[str, float]) -> float:
    """Wall seconds of the longest chain of dependencies."""
    built = graph.component_graph(farm.stack)
    return sum(seconds[name] for name in graph.critical_path(built, seconds))


def started_at(farm: BenchFarm, row: BuildRow) -> float:
    """When the worker began a build: the time of its job file."""
    name = f"{row.component}-{DISTRO}"
    return (farm.paths.workers / "bench" / name / "build" / "job.json").stat().st_mtime


def main() -> None:
    """Run the benchmark and print its figures."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--state", type=Path, default=TOP / "build" / "bench-overhead")
    state = parser.parse_args().state.resolve()
    shutil.rmtree(state / "pool", ignore_errors=True)
    for old in ("farm.sqlite", "status.json", "archive", "jobs", "publications", "master"):
        path = state / old
        shutil.rmtree(path, ignore_errors=True) if path.is_dir() else path.unlink(missing_ok=True)
    state.mkdir(parents=True, exist_ok=True)
    farm = BenchFarm(state)
    try:
        figures = measure(farm)
    finally:
        stop(services.everything(farm.paths), farm.paths.state)
    for name, value in figures.items():
        print(f"{name:45} {value if not isinstance(value, float) else round(value, 2)}")
    print(json.dumps({n: round(v, 3) if isinstance(v, float) else v for n, v in figures.items()}))


def measure(farm: BenchFarm) -> dict[str, Any]:
    """All figures of one run."""
    began = time.time()
    services.start(farm.paths, print)
    first = farm.wait("first generation", lambda line: line["state"] == "idle") - began
    snapshot = farm.line()["snapshot"]
    pushed = farm.push_all()
    published = farm.wait(
        "published", lambda line: line["state"] == "idle" and line["snapshot"] > snapshot
    )
    records = farm.records()
    content = records.snapshots["development", DISTRO].content
    rows = {name: records.builds[key] for name, key in content.items()}
    starts = {name: started_at(farm, row) for name, row in rows.items()}
    built = graph.component_graph(farm.stack)
    waits = [
        starts[name] - max(rows[d].finished_at for d in graph.dependencies(built, name))
        for name in rows
        if graph.dependencies(built, name)
        # With both slots busy a build waits for a worker, which is not the farm's delay.
        and sum(s < starts[name] < rows[n].finished_at for n, s in starts.items()) < WORKERS - 1
    ]
    before = farm.line()["updated"]
    idle = time.time()
    hook.tell(farm.paths, (farm.paths.repositories / "libogg.git").as_uri(), [_nothing_new(farm)])
    no_change = farm.wait("no-change pass", lambda line: line["updated"] > before) - idle
    results = {name: result(farm.paths.state / "pool", key) for name, key in content.items()}
    work = farm.paths.state / "bare"
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir()
    bare = {
        name: bare_build(
            farm.stack.components[name], rows[name].inputs["commit"], work / "prefix", work
        )
        for name in graph.build_order(built)
    }
    path = critical_path(farm, {name: used["wall"] for name, used in bare.items()})
    spent = {
        group: sum(r.phases.get(phase, 0.0) for r in results.values() if r for phase in phases)
        for group, phases in PHASE_GROUPS.items()
    }
    inside = sum(spent.values())
    total = sum(rows[name].finished_at - starts[name] for name in rows)
    return {
        "push_to_published_s": published - pushed,
        "bare_critical_path_s": path,
        "bare_all_s": sum(used["wall"] for used in bare.values()),
        "ratio": (published - pushed) / path,
        "first_generation_s": first,
        "commit_to_first_build_s": min(starts.values()) - pushed,
        "dependency_to_dependent_s": max(waits, default=0.0),
        "no_change_pass_s": no_change,
        **{f"builds: {group}": seconds for group, seconds in spent.items()},
        "builds: Buildbot, fetch, digest, store": total - inside,
        "publishing_s": published - max(row.finished_at for row in rows.values()),
    }


def _nothing_new(farm: BenchFarm) -> str:
    bare = farm.paths.repositories / "libogg.git"
    head = subprocess.run(
        ["git", "-C", bare, "rev-parse", "main"], check=True, capture_output=True, text=True
    ).stdout.strip()
    return f"{head} {head} refs/heads/main"


if __name__ == "__main__":
    main()
