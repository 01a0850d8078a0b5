"""Two masters with builders by the thousand, for benchmarks: this farm's, and a bare Buildbot's.

The farm: a layered graph on six distros, each component in a repository of its own, one worker that
builds for all of them. Bare: Buildbot with as many builders, one force scheduler, no tags, the
farm's database settings, its way to choose the next build, and the same worker. Builds do nothing
(bench/trivial/farm: three commands of a few milliseconds).
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import requests

from bench.contenders import TRIVIAL, LatencyFarm, layered_graph
from farm.growing.home import PROGRAM, program
from tests.farms import BIN, TOP, change, free_port, git

BARE = TOP / "bench" / "stock" / "bare.cfg"
DISTROS = [f"d{number}" for number in range(6)]
AT_ONCE = 8
"""Builds that the worker does at a time."""
LIMIT_S = 3600
WORKER = "all"


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
        deadline = time.monotonic() + LIMIT_S
        while time.monotonic() < deadline:
            try:
                if ready():
                    return
            except (requests.RequestException, ValueError, KeyError):
                pass
            time.sleep(0.05)
        raise SystemExit(f"{self.directory} is not ready after {LIMIT_S} s")

    def settle(self) -> None:
        """Until it has nothing to do for two seconds."""
        while True:
            before = self.cpu_s()
            time.sleep(2)
            if self.cpu_s() - before < 0.1:
                return


class Farm:
    """This farm's master, at first without its worker."""

    name = "this farm"

    def __init__(self, base: Path, builders: int):
        self.git = base / "git"
        self.depends = layered_graph(builders // len(DISTROS), 5)
        for name in (*self.depends, "new"):
            (self.git / name).mkdir(parents=True)
            git(self.git / name, "init", "-q", "-b", "main")
            change(self.git / name, {"file": name}, "First")
        workers = {WORKER: {"distros": DISTROS, "builds": AT_ONCE}}
        farm = LatencyFarm(base, self._stack(), site={"workers": workers})
        create = ("create-master", "-q", f"--config={TOP / 'master.cfg'}", farm.master)
        farm.run(BIN / "buildbot", *create)
        self.farm = farm
        self.master = Master(farm.master, farm.url)
        self.timeline = base / "timeline"
        self.count = builders // len(DISTROS) * len(DISTROS)

    def _stack(self) -> dict[str, Any]:
        distro = {"family": "deb", "release": "Debian 12", "architecture": "amd64"}
        return {
            "channels": {"development": {}},
            "distros": {
                name: {**distro, "root": {"suite": "bookworm"}, "version_suffix": f"~{name}"}
                for name in DISTROS
            },
            "components": {n: self._component(n, needed) for n, needed in self.depends.items()},
        }

    def _component(self, name: str, depends: tuple[str, ...]) -> dict[str, Any]:
        entry = {"git": f"file://{self.git / name}", "depends": list(depends)}
        return {**entry, "summary": name, "licence": "MIT"}

    def start(self) -> None:
        """Until every line is planned."""
        self.run("start", f"--start_timeout={LIMIT_S}")

        def planned() -> bool:
            answer = requests.get(f"{self.master.url}api/farm/v1/lines", timeout=60).json()
            return len(answer["lines"]) == len(DISTROS)

        self.master.wait(planned)

    def add(self) -> None:
        """One more component."""
        self.farm.stack["components"]["new"] = self._component("new", ())
        self.farm.write_stack()
        self.count += len(DISTROS)
        self.run("reconfig")

    def start_worker(self) -> None:
        """Everything waits for it."""
        for directory in self.farm.run(sys.executable, "-m", "workers.setup").split():
            self.farm.start_worker(Path(directory).name)

    def build_all(self) -> None:
        """Nothing to do: what the worker finds is everything."""

    def idle(self) -> bool:
        """Everything is built and published."""
        lines = self.farm.status()["lines"].values()
        return bool(lines) and all(one["state"] == "idle" and one["snapshot"] for one in lines)

    def trigger(self) -> None:
        """Push to a component that nothing depends on."""
        repository = self.git / [*self.depends][-1]
        change(repository, {"file": str(time.time())})
        self.farm.hook(f"file://{repository}")

    def run(self, *command: str) -> None:
        """A command of Buildbot's for this master."""
        self.farm.run(BIN / "buildbot", *command, self.master.directory)

    def stop_worker(self) -> None:
        """The master goes on."""
        for directory in (self.farm.state / "workers").glob("*"):
            self.farm.kill(directory)


class Bare:
    """Buildbot with as many builders."""

    name = "bare Buildbot"

    def __init__(self, base: Path, builders: int):
        base.mkdir(parents=True)
        port = free_port()
        self.master = Master(base / "master", f"http://127.0.0.1:{port}/")
        self.timeline = base / "timeline"
        self.worker = base / WORKER
        self.count = builders // len(DISTROS) * len(DISTROS)
        self.settings = {
            "www": port,
            "pb": free_port(),
            "builders": self.count,
            "worker": WORKER,
            "at_once": AT_ONCE,
        }
        self._run("create-master", "-q", f"--config={BARE}")
        self._write()

    def _write(self) -> None:
        text = json.dumps(self.settings)
        (self.master.directory / "settings.json").write_text(text)

    def start(self) -> None:
        """Until all builders are known."""
        self.run("start", f"--start_timeout={LIMIT_S}")
        url = f"{self.master.url}api/v2/builders?limit=1&field=name"
        self.master.wait(lambda: bool(requests.get(url, timeout=60).json()["builders"]))

    def add(self) -> None:
        """As many builders more as a component has distros."""
        self.settings["builders"] += len(DISTROS)
        self.count += len(DISTROS)
        self._write()
        self.run("reconfig")

    def start_worker(self) -> None:
        """The same program as the farm's."""
        self.worker.mkdir()
        password = self.worker / "password"
        password.write_text("secret")
        endpoint = {"kind": "tcp", "host": "127.0.0.1", "port": str(self.settings["pb"])}
        text = program(WORKER, self.worker, password, endpoint, {})
        (self.worker / PROGRAM).write_text(text)
        self._run("start", program="buildbot-worker", directory=self.worker)

    def build_all(self) -> None:
        """One force of everything."""
        self._force([f"builder-{number}" for number in range(self.count)])

    def idle(self) -> bool:
        """No request is left."""
        url = f"{self.master.url}api/v2/buildrequests?complete=false&limit=1"
        return not requests.get(url, timeout=60).json()["buildrequests"]

    def trigger(self) -> None:
        """Force one builder."""
        self._force(["builder-0"])

    def _force(self, names: list[str]) -> None:
        call = {"jsonrpc": "2.0", "id": 1, "method": "force", "params": {"builderNames": names}}
        url = f"{self.master.url}api/v2/forceschedulers/force"
        requests.post(url, json=call, timeout=LIMIT_S).raise_for_status()

    def run(self, *command: str) -> None:
        """A command of Buildbot's for this master."""
        self._run(*command)

    def _run(self, *command: str, program: str = "buildbot", directory: Path | None = None) -> None:
        path = f"{TRIVIAL}:{BIN}:/usr/sbin:/usr/bin:/sbin:/bin"
        environment = {**os.environ, "PATH": path, "TIMELINE": str(self.timeline)}
        environment.pop("FARM_CACHE", None)
        argv = [BIN / program, *command, directory or self.master.directory]
        done = subprocess.run(argv, env=environment, capture_output=True, text=True)
        if done.returncode:
            raise SystemExit(done.stdout + done.stderr)

    def stop_worker(self) -> None:
        """The master goes on."""
        pid = self.worker / "twistd.pid"
        if pid.exists():
            os.kill(int(pid.read_text()), signal.SIGKILL)
