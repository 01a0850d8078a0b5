"""Farms that build nothing as fast as they can: this one, and Buildbot's stock schedulers."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import requests

from bench.graphs import graph_from
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

    @property
    def url(self) -> str:
        """Of the master's pages."""
        return self._farm.url

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
