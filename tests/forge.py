"""A forge for one test: repositories over git's own protocol, and GitHub's way to propose a change.

Of https://docs.github.com/rest/pulls/pulls#create-a-pull-request it speaks what a client needs.
"""

from __future__ import annotations

import json
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.http_server import Silent, serving

TOKEN = "newcomer"  # noqa: S105 - of a server that lives for one test


@dataclass
class Forge:
    """Where the forge is, and what was proposed to it."""

    directory: Path
    """Bare repositories: OWNER/NAME.git."""
    git: str = ""
    """``git://HOST:PORT``."""
    api: str = ""
    pulls: list[dict[str, str]] = field(default_factory=list)

    def url(self, owner: str, name: str) -> str:
        """The clone URL of a repository."""
        return f"{self.git}/{owner}/{name}.git"

    def create(self, owner: str, name: str, content: Path | str) -> None:
        """Make a repository as a copy of another one."""
        target = self.directory / owner / f"{name}.git"
        target.parent.mkdir(parents=True, exist_ok=True)
        subprocess.run(["git", "clone", "-q", "--bare", str(content), str(target)], check=True)

    def branches(self, owner: str, name: str) -> dict[str, str]:
        """The branches of a repository and their commits."""
        argv = ["git", "-C", str(self.directory / owner / f"{name}.git"), "for-each-ref"]
        said = subprocess.run(
            [*argv, "--format=%(refname:short) %(objectname)", "refs/heads"],
            check=True,
            capture_output=True,
            text=True,
        ).stdout
        return dict(line.split() for line in said.splitlines())

    def propose(self, owner: str, name: str, wish: dict[str, str]) -> tuple[int, dict[str, object]]:
        """Answer a wish for a pull request: status and body."""
        if not (self.directory / owner / f"{name}.git").is_dir():
            return 404, {"message": "Not Found"}
        fork, _, branch = wish.get("head", "").partition(":")
        known = self.branches(fork, name) if (self.directory / fork).is_dir() else {}
        if branch not in known or wish.get("base") not in self.branches(owner, name):
            return 422, {"message": "Validation Failed"}
        self.pulls.append({**wish, "sha": known[branch]})
        number = len(self.pulls)
        return 201, {"number": number, "state": "open", "head": {"sha": known[branch]}}


@contextmanager
def running_forge(directory: Path) -> Iterator[Forge]:
    """Serve the repositories below a directory, for reading and writing, on loopback."""
    forge = Forge(directory)
    directory.mkdir(parents=True, exist_ok=True)

    class Handler(Silent):
        def do_POST(self) -> None:
            body = self.content()
            if self.headers.get("Authorization") != f"Bearer {TOKEN}":
                return self.reply_json(401, {"message": "Requires authentication"})
            parts = self.path.strip("/").split("/")
            if len(parts) != 4 or parts[0] != "repos" or parts[3] != "pulls":
                return self.reply_json(404, {"message": "Not Found"})
            return self.reply_json(*forge.propose(parts[1], parts[2], json.loads(body)))

    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    forge.git = f"git://127.0.0.1:{port}"
    daemon = subprocess.Popen(
        [
            *("git", "daemon", "--export-all", "--enable=receive-pack", "--reuseaddr"),
            *("--listen=127.0.0.1", f"--port={port}", f"--base-path={directory}", str(directory)),
        ],
        stderr=subprocess.DEVNULL,
    )
    try:
        _wait_for(port)
        with serving(Handler) as forge.api:
            yield forge
    finally:
        daemon.terminate()
        daemon.wait(10)


def _wait_for(port: int) -> None:
    end = time.monotonic() + 10
    while time.monotonic() < end:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            time.sleep(0.02)
    raise AssertionError("git daemon does not listen")
