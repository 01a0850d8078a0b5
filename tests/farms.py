"""A real farm for tests: a master and workers in processes of their own, below one directory."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import requests
from ruamel.yaml import YAML

from demo.processes import read_process

TOP = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent
QUICK = TOP / "tests" / "quick"
POLL_S = 0.1


def free_port() -> int:
    """A port nobody listens on now."""
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        return int(server.getsockname()[1])


def free_ports(*names: str) -> dict[str, int]:
    """As many ports, all of them different."""
    with ExitStack() as open_at_once:
        servers = {name: open_at_once.enter_context(socket.socket()) for name in names}
        for server in servers.values():
            server.bind(("127.0.0.1", 0))
        return {name: int(server.getsockname()[1]) for name, server in servers.items()}


def git(repository: Path, *arguments: str) -> str:
    """Run git in a repository, as nobody in particular."""
    identity = ["-c", "user.name=Dev", "-c", "user.email=dev@example.org"]
    return subprocess.run(
        ["git", "-C", str(repository), *identity, *arguments],
        check=True,
        capture_output=True,
        text=True,
    ).stdout.strip()


@dataclass
class TestFarm:
    """A farm below `base`; `stack` is the content of its components.yml."""

    __test__ = False

    base: Path
    stack: dict[str, Any]
    quick: bool = True
    """Workers that build nothing (tests/quick/farm)."""
    site: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.state = self.base / "state"
        self.state.mkdir(parents=True, exist_ok=True)
        ports = free_ports("www", "archive", "pool", "workers_listen")
        content = {
            "state": str(self.state),
            "components": str(self.base / "components.yml"),
            "hooks": ["base"],
            "poll_interval_s": 0,
            **self.site,
            **{name: {"port": port, **self.site.get(name, {})} for name, port in ports.items()},
        }
        YAML().dump(content, self.base / "site.yml")
        self.write_stack()
        self.url = f"http://127.0.0.1:{ports['www']}/"
        self.archive_url = f"http://127.0.0.1:{ports['archive']}/"
        self.pool_url = f"http://127.0.0.1:{ports['pool']}/"

    def write_stack(self) -> None:
        """Write components.yml anew."""
        YAML().dump(self.stack, self.base / "components.yml")

    @property
    def environment(self) -> dict[str, str]:
        """Of the master, the workers, and commands that look at the farm."""
        path = f"{QUICK}:{BIN}" if self.quick else str(BIN)
        return {
            **os.environ,
            "PATH": f"{path}:/usr/sbin:/usr/bin:/sbin:/bin",
            "PYTHONPATH": str(TOP),
            "FARM_SITE": str(self.base / "site.yml"),
        }

    def run(self, *argv: str | Path) -> str:
        """Run a command that has to succeed."""
        done = subprocess.run(
            [str(a) for a in argv], env=self.environment, cwd=TOP, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    @property
    def master(self) -> Path:
        return self.state / "master"

    def worker(self, name: str) -> Path:
        return self.state / "workers" / name

    def start(self) -> TestFarm:
        """Start the master and every worker that does not run."""
        if not self.master.exists():
            config = f"--config={TOP / 'master.cfg'}"
            database = [f"--db={url}"] if (url := self.site.get("database")) else []
            self.run(BIN / "buildbot", "create-master", "-q", config, *database, self.master)
        self.start_master()
        workers = self.run(sys.executable, "-m", "workers.setup").split()
        for directory in workers:
            self.start_worker(Path(directory).name)
        return self

    def start_master(self) -> None:
        (self.master / "twistd.pid").unlink(missing_ok=True)
        self.run(BIN / "buildbot", "start", "--start_timeout=90", self.master)

    def start_worker(self, name: str) -> None:
        (self.worker(name) / "twistd.pid").unlink(missing_ok=True)
        self.run(BIN / "buildbot-worker", "start", self.worker(name))

    def kill(self, directory: Path, number: signal.Signals = signal.SIGKILL) -> None:
        """Kill the master or a worker, and wait for its end."""
        file = directory / "twistd.pid"
        if not file.exists():
            return
        pid = int(file.read_text())
        try:
            os.kill(pid, number)
            while read_process(pid):  # a zombie counts as gone
                time.sleep(POLL_S / 2)
        except ProcessLookupError:
            pass
        file.unlink(missing_ok=True)

    def stop(self) -> None:
        """Stop everything."""
        for directory in [self.master, *(self.state / "workers").glob("*")]:
            self.kill(directory)

    def status(self) -> dict[str, Any]:
        """The status file, empty before the first plan."""
        try:
            return dict(json.loads((self.state / "status.json").read_text()))
        except FileNotFoundError:
            return {"lines": {}}

    def states(self, line: str) -> dict[str, str]:
        """Component to its state on a line."""
        components = self.status()["lines"].get(line, {}).get("components", {})
        return {name: one["state"] for name, one in components.items()}

    def wait(self, what: str, holds: Callable[[], Any], timeout_s: float = 60) -> Any:
        """Wait until something holds; say what did not, and what the logs end with."""
        deadline = time.monotonic() + timeout_s
        while time.monotonic() < deadline:
            if value := holds():
                return value
            time.sleep(POLL_S)
        log = (self.master / "twistd.log").read_text()[-3000:]
        raise AssertionError(f"not within {timeout_s} s: {what}\n{self.status()}\n{log}")

    def wait_states(self, line: str, timeout_s: float = 60, **states: str) -> None:
        """Wait until a line is idle with these states (`_` in a name stands for `-`)."""
        wanted = {name.replace("_", "-"): state for name, state in states.items()}

        def reached() -> bool:
            one = self.status()["lines"].get(line, {})
            return one.get("state") == "idle" and self.states(line) == wanted

        self.wait(f"{line} becomes {wanted}", reached, timeout_s)

    def started(self) -> list[str]:
        """Components whose (quick) builds were started, in order."""
        log = self.state / "started"
        return [line.split()[0] for line in log.read_text().splitlines()] if log.exists() else []

    def get(self, path: str) -> Any:
        """Ask Buildbot's REST interface."""
        answer = requests.get(f"{self.url}api/v2/{path}", timeout=20)
        answer.raise_for_status()
        return answer.json()

    def log_in(self, user: str, password: str) -> requests.Session:
        """A session of a user of the web UI."""
        session = requests.Session()
        session.get(
            f"{self.url}auth/login", auth=(user, password), allow_redirects=False, timeout=20
        )
        return session

    def force(
        self, builder: str, session: requests.Session | None = None, **parameters: Any
    ) -> requests.Response:
        """Press the Force button."""
        call = {
            "jsonrpc": "2.0",
            "id": 1,
            "method": "force",
            "params": {"builderNames": [builder], "reason": "a test", **parameters},
        }
        post = (session or requests).post
        return post(f"{self.url}api/v2/forceschedulers/force", json=call, timeout=20)

    def hook(self, repository: str, branch: str = "main") -> int:
        """Tell the farm of a push, as a forge would; returns the HTTP status."""
        fields = {"repository": repository, "branch": branch, "author": "dev", "comments": "push"}
        return self.post_hook("base", data=fields).status_code

    def post_hook(self, dialect: str, **request: Any) -> requests.Response:
        """Post to a change hook with the farm's password."""
        password = (self.state / "secrets" / "hook-password").read_text().strip()
        url = f"{self.url}change_hook/{dialect}"
        return requests.post(url, auth=("hook", password), timeout=20, **request)


def quick_repository(base: Path, name: str, files: Mapping[str, str] = {}) -> str:
    """A repository for quick builds; returns its URL."""
    repository = base / "git" / name
    repository.mkdir(parents=True)
    git(repository, "init", "-q", "-b", "main")
    (repository / "README").write_text(name)
    change(repository, files, "First")
    git(repository, "tag", "v1.0")
    return f"file://{repository}"


def change(repository: Path, files: Mapping[str, str], message: str = "Change") -> str:
    """Commit files; returns the commit."""
    for name, text in files.items():
        (repository / name).write_text(text)
    git(repository, "add", "-A")
    git(repository, "commit", "-q", "--allow-empty", "-m", message)
    return git(repository, "rev-parse", "HEAD")
