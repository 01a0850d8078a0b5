"""A push to a demo repository is reported to the farm, and succeeds in any case."""

import subprocess
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from urllib.parse import parse_qs

import pytest

from demo import hook
from demo.paths import Paths

OLD, NEW, NONE = "a" * 40, "b" * 40, "0" * 40
REPOSITORY = "file:///srv/farm/demo/git/libogg.git"


class Master(HTTPServer):
    """Stands for Buildbot's change hook: keeps what it is told."""

    def __init__(self, status=200):
        self.status = status
        self.told = []
        super().__init__(("127.0.0.1", 0), Handler)


class Handler(BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        form = {name: values[0] for name, values in parse_qs(body).items()}
        self.server.told.append((self.path, self.headers["Authorization"], form))
        self.send_response(self.server.status)
        self.end_headers()

    def log_message(self, *_):
        pass


@pytest.fixture
def master():
    server = Master()
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


def state_with(tmp_path, port):
    (tmp_path / "secrets").mkdir(exist_ok=True)
    (tmp_path / "secrets" / "hook-password").write_text("secret\n")
    (tmp_path / "site.yml").write_text(f"www: {{port: {port}}}\n")
    return Paths(tmp_path)


def test_a_commit_on_a_branch_is_a_change():
    found = hook.change(REPOSITORY, f"{OLD} {NEW} refs/heads/topic/a b")
    assert (found["branch"], found["revision"]) == ("topic/a b", NEW)
    assert found["repository"] == REPOSITORY


@pytest.mark.parametrize("update", [f"{OLD} {NEW} refs/tags/v1", f"{OLD} {NONE} refs/heads/main"])
def test_tags_and_deleted_branches_are_none(update):
    assert hook.change(REPOSITORY, update) is None


def test_the_farm_is_told_with_its_password(tmp_path, master):
    paths = state_with(tmp_path, master.server_port)
    said = hook.tell(paths, REPOSITORY, [f"{OLD} {NEW} refs/heads/main"])
    assert said == [f"the farm knows of main {NEW[:12]}"]
    ((path, authorization, form),) = master.told
    assert path == "/change_hook/base"
    assert authorization.startswith("Basic ")
    assert form["revision"] == NEW


def test_a_farm_that_refuses_is_said(tmp_path, master):
    master.status = 401
    paths = state_with(tmp_path, master.server_port)
    (said,) = hook.tell(paths, REPOSITORY, [f"{OLD} {NEW} refs/heads/main"])
    assert "was not told" in said


def test_a_push_succeeds_without_a_farm(tmp_path):
    """The real thing: git runs the installed hook, and nobody listens."""
    paths = Paths(tmp_path)
    repository = paths.repositories / "tiny.git"
    subprocess.run(["git", "init", "-q", "--bare", "-b", "main", repository], check=True)
    hook.install(paths)
    done = subprocess.run(
        ["git", "-C", repository, "push", ".", f"{commit(repository)}:refs/heads/main"],
        check=True,
        capture_output=True,
        text=True,
    )
    assert "remote: the farm was not told" in done.stderr


def commit(repository: Path) -> str:
    """An empty commit in a bare repository."""
    identity = ["-c", "user.name=T", "-c", "user.email=t@example.invalid"]
    git = ["git", "-C", str(repository), *identity]
    tree = subprocess.run([*git, "mktree"], input="", check=True, capture_output=True, text=True)
    made = subprocess.run(
        [*git, "commit-tree", "-m", "c", tree.stdout.strip()],
        check=True,
        capture_output=True,
        text=True,
    )
    return made.stdout.strip()
