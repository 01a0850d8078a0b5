from __future__ import annotations

import io
from pathlib import Path

import pytest

from farm import pool
from farm.errors import InfrastructureError
from farm.job.pool_client import PoolClient, PoolRefusal
from farm.job.store import store
from farm.job.workspace import Workspace
from farm.model import Component
from tests.builds import KEY, write_build
from tests.jobs import TOKEN, job, served_pool

JOB = job(Component(name="tiny", git="/srv/tiny"), "1" * 40)


def test_a_finished_build_ends_up_in_the_pool(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path / "build")
    said = write_build(workspace.out)
    summary = io.StringIO()
    with served_pool(tmp_path / "pool") as url:
        client = PoolClient(url, TOKEN)
        store(JOB, workspace, client, summary)
        store(JOB, workspace, client, summary)
    assert pool.result(tmp_path / "pool", KEY) == said
    assert summary.getvalue() == (
        "stored tiny 1.0-1 for bookworm: 1 packages, 2 files, 0.0 MB\n"
        "tiny 1.0-1 for bookworm is in the pool already\n"
    )


class Interrupted(PoolClient):
    """A pool to which another worker hands in the same build in between, `times` times."""

    def __init__(self, times: int):
        super().__init__("http://pool", TOKEN)
        self.times = times
        self.calls: list[str] = []

    def has(self, key: str) -> bool:
        return False

    def upload(self, key: str, path: Path) -> None:
        self.calls.append(path.name)

    def commit(self, key: str) -> str:
        self.calls.append("commit")
        self.times -= 1
        if self.times >= 0:
            raise PoolRefusal("commit", 409, "build.log is not the file")
        return "done"


def test_files_come_first_the_result_then_the_commit(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path)
    write_build(workspace.out)
    client = Interrupted(0)
    store(JOB, workspace, client, io.StringIO())
    assert client.calls == ["tiny_1.0-1_amd64.deb", "build.log", "result.json", "commit"]


def test_a_mixed_up_upload_is_repeated_once(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path)
    write_build(workspace.out)
    client = Interrupted(1)
    store(JOB, workspace, client, io.StringIO())
    assert client.calls.count("commit") == 2
    with pytest.raises(PoolRefusal):
        store(JOB, workspace, Interrupted(2), io.StringIO())


def test_only_this_jobs_finished_build_is_stored(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path)
    with pytest.raises(InfrastructureError, match=r"result\.json: No such file.*farm job build"):
        store(JOB, workspace, Interrupted(0), io.StringIO())
    write_build(workspace.out, key="0" * 64)
    with pytest.raises(InfrastructureError, match="is of another build"):
        store(JOB, workspace, Interrupted(0), io.StringIO())
