"""What builders by the thousand cost the master, beside a bare Buildbot with as many.

    python bench/scale.py [--builders 60 900 3000 6000]

The farm: a layered graph on six distros, every component in one repository, planned and waiting for
workers. Bare: Buildbot with as many builders that do nothing, one force scheduler, no tags, the
farm's database settings and its way to choose the next build. Both are started once to fill their
databases; what counts is the second start, to the first answer of the web server. CPU seconds and
memory are those of the master's process. Answers are asked for as the pages ask: with gzip, the
median of five; the first of them is said apart.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import requests

from bench.graphs import print_json, table
from bench.latency import layered_graph
from tests.farms import BIN, TOP, TestFarm, change, free_port, git

BARE = TOP / "bench" / "stock" / "bare.cfg"
DISTROS = 6
START_S = 600
PAGES = {
    "matrix": "api/farm/v1/matrix/development",
    "lines": "api/farm/v1/lines",
    "troubles": "api/farm/v1/troubles",
}


class Master:
    """The process of a running master."""

    def __init__(self, directory: Path, url: str):
        self.directory, self.url = directory, url

    @property
    def pid(self) -> int:
        """Of the process that runs now."""
        return int((self.directory / "twistd.pid").read_text())

    def cpu_s(self) -> float:
        """User and system time so far."""
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def memory_mb(self) -> float:
        """Resident now."""
        status = Path(f"/proc/{self.pid}/status").read_text()
        return int(status.split("VmRSS:")[1].split()[0]) / 1024

    def wait(self, ready: Callable[[], bool]) -> None:
        """Until it answers as it should."""
        deadline = time.monotonic() + START_S
        while time.monotonic() < deadline:
            try:
                if ready():
                    return
            except (requests.RequestException, ValueError, KeyError):
                pass
            time.sleep(0.05)
        raise SystemExit(f"{self.directory} is not ready after {START_S} s")

    def settle(self) -> None:
        """Until it has nothing to do for two seconds."""
        while True:
            before = self.cpu_s()
            time.sleep(2)
            if self.cpu_s() - before < 0.1:
                return


class Farm:
    """This farm's master, without workers."""

    name = "this farm"

    def __init__(self, base: Path, builders: int):
        repository = base / "git"
        repository.mkdir(parents=True)
        git(repository, "init", "-q", "-b", "main")
        self.depends = layered_graph(builders // DISTROS, 5)
        for name in (*self.depends, "new"):
            (repository / name).mkdir()
            (repository / name / "file").touch()
        change(repository, {}, "First")
        self.url = f"file://{repository}"
        farm = TestFarm(base, self._stack())
        create = ("create-master", "-q", f"--config={TOP / 'master.cfg'}", farm.master)
        farm.run(BIN / "buildbot", *create)
        self.farm = farm
        self.master = Master(farm.master, farm.url)
        self.count = builders // DISTROS * DISTROS

    def _stack(self) -> dict[str, Any]:
        distro = {"family": "deb", "release": "Debian 12", "architecture": "amd64"}
        names = [f"d{number}" for number in range(DISTROS)]
        return {
            "channels": {"development": {}},
            "distros": {
                name: {**distro, "root": {"suite": "bookworm"}, "version_suffix": f"~{name}"}
                for name in names
            },
            "components": {n: self._component(n, needed) for n, needed in self.depends.items()},
        }

    def _component(self, name: str, depends: tuple[str, ...]) -> dict[str, Any]:
        entry = {"git": self.url, "directory": name, "depends": list(depends)}
        return {**entry, "summary": name, "licence": "MIT"}

    def start(self) -> None:
        """Until every line is planned."""
        self.run("start", f"--start_timeout={START_S}")

        def planned() -> bool:
            answer = requests.get(f"{self.master.url}api/farm/v1/lines", timeout=60).json()
            return len(answer["lines"]) == DISTROS

        self.master.wait(planned)

    def add(self) -> None:
        """One more component."""
        self.farm.stack["components"]["new"] = self._component("new", ())
        self.farm.write_stack()
        self.run("reconfig")

    def run(self, *command: str) -> None:
        """A command of Buildbot's for this master."""
        self.farm.run(BIN / "buildbot", *command, self.master.directory)


class Bare:
    """Buildbot with as many builders."""

    name = "bare Buildbot"

    def __init__(self, base: Path, builders: int):
        base.mkdir(parents=True)
        port = free_port()
        self.master = Master(base / "master", f"http://127.0.0.1:{port}/")
        self.count = builders // DISTROS * DISTROS
        self.settings = {"www": port, "pb": free_port(), "builders": self.count}
        done = [BIN / "buildbot", "create-master", "-q", f"--config={BARE}", self.master.directory]
        subprocess.run(done, check=True, capture_output=True)
        self._write()

    def _write(self) -> None:
        text = json.dumps(self.settings)
        (self.master.directory / "settings.json").write_text(text)

    def start(self) -> None:
        """Until all builders are known."""
        self.run("start", f"--start_timeout={START_S}")
        url = f"{self.master.url}api/v2/builders?limit=1&field=name"
        self.master.wait(lambda: bool(requests.get(url, timeout=60).json()["builders"]))

    def add(self) -> None:
        """As many builders more as a component has distros."""
        self.settings["builders"] += DISTROS
        self._write()
        self.run("reconfig")

    def run(self, *command: str) -> None:
        """A command of Buildbot's for this master."""
        argv = [BIN / "buildbot", *command, self.master.directory]
        done = subprocess.run(argv, capture_output=True, text=True)
        if done.returncode:
            raise SystemExit(done.stdout + done.stderr)


def measure(one: Farm | Bare) -> dict[str, float]:
    """Start, memory and reconfiguration of one master; times of the pages where it has them."""
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
    finally:
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


def main() -> None:
    """Measure both at each size, and print the figures."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--builders", type=int, nargs="+", default=[60, 900, 3000, 6000])
    options = parser.parse_args()
    figures: dict[str, Any] = {}
    base = Path(tempfile.mkdtemp(prefix="scale-"))
    try:
        for builders in options.builders:
            for kind in (Bare, Farm):
                one = kind(base / f"{kind.__name__}-{builders}", builders)
                figures[f"{builders} {one.name}"] = measure(one)
                print(f"{builders} {one.name}: done", file=sys.stderr, flush=True)
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
