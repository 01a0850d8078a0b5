from __future__ import annotations

import io
import shutil
from pathlib import Path

import pytest

from farm.errors import BuildFailure, InfrastructureError
from farm.job.fetch import fetch, fetch_inputs
from farm.job.model import Job, JobInput
from farm.job.pool_client import PoolClient
from farm.job.workspace import Cache, Workspace, load_job
from farm.model import Component
from farm.pool import add, sha256_of
from tests.builds import KEY, write_build
from tests.jobs import TOKEN, job, package, served_pool
from tests.repositories import Repository

NOWHERE = PoolClient("http://127.0.0.1:1", TOKEN, sleep=lambda _: None)


class Worker:
    """A worker's directories and what its job says."""

    def __init__(self, tmp_path: Path):
        self.workspace = Workspace(tmp_path / "build")
        self.cache = Cache(tmp_path / "cache")
        self.said = io.StringIO()

    def fetch(self, task: Job, pool: PoolClient = NOWHERE) -> None:
        fetch(task, self.workspace, self.cache, pool, self.said)


def test_the_components_files_at_the_commit_are_checked_out(tmp_path: Path) -> None:
    repository = Repository(tmp_path / "repo")
    commit = repository.commit(lib__a="1", other="x")
    repository.commit(lib__a="2")
    worker = Worker(tmp_path)
    component = Component(name="liba", git=repository.url, directory="lib")

    worker.fetch(job(component, commit, timestamp=12345))

    assert {p.name: p.read_text() for p in worker.workspace.tree.iterdir()} == {"a": "1"}
    assert (worker.workspace.tree / "a").stat().st_mtime == 12345
    assert worker.said.getvalue() == (
        f"checked out {commit[:12]} of {repository.url} (lib)\n"
        "0 input packages: fetched 0 (0.0 MB)\n"
    )


def test_submodules_are_warned_about(tmp_path: Path) -> None:
    inner, repository = Repository(tmp_path / "inner"), Repository(tmp_path / "repo")
    inner.commit()
    repository.commit()
    repository.git("submodule", "--quiet", "add", inner.url, "sub")
    worker = Worker(tmp_path)
    worker.fetch(job(Component(name="it", git=repository.url), repository.commit(file="x")))
    assert "warning: submodules are not fetched: sub\n" in worker.said.getvalue()


def test_a_commit_or_directory_that_is_gone_is_a_verdict(tmp_path: Path) -> None:
    repository = Repository(tmp_path / "repo")
    commit = repository.commit()
    worker = Worker(tmp_path)
    with pytest.raises(BuildFailure, match=f"^fetch failed: .*{repository.url} has no commit 1111"):
        worker.fetch(job(Component(name="it", git=repository.url), "1" * 40))
    with pytest.raises(BuildFailure, match=r"^fetch failed: .* has no directory lib at"):
        worker.fetch(job(Component(name="it", git=repository.url, directory="lib"), commit))


def test_a_repository_that_is_gone_is_not_the_components_fault(tmp_path: Path) -> None:
    repository = Repository(tmp_path / "repo")
    commit = repository.commit()
    task = job(Component(name="it", git=repository.url), commit)
    shutil.rmtree(repository.path)
    with pytest.raises(InfrastructureError, match=f"{repository.url} cannot be read"):
        Worker(tmp_path).fetch(task)


def inputs_in(pool: Path, count: int = 6) -> tuple[JobInput, ...]:
    files = {f"lib{n}_1.0-1_amd64.deb": bytes([n]) * 100_000 for n in range(count)}
    result = write_build(pool / "incoming" / "x", files)
    add(pool, KEY, pool / "incoming" / "x")
    return tuple(
        package(f.filename.partition("_")[0], filename=f.filename, sha256=f.sha256, size=f.size)
        for f in result.files
    )


def test_inputs_come_from_the_pool_once_and_then_from_the_cache(tmp_path: Path) -> None:
    inputs = inputs_in(tmp_path / "pool")
    cache = Cache(tmp_path / "cache")
    said = io.StringIO()
    with served_pool(tmp_path / "pool") as url:
        fetch_inputs(inputs, cache, PoolClient(url, TOKEN), said)
    assert all(sha256_of(cache.package(p)) == p.sha256 for p in inputs)
    assert cache.package(inputs[0]).name == inputs[0].filename

    fetch_inputs(inputs, cache, NOWHERE, said)
    assert said.getvalue() == (
        "6 input packages: fetched 6 (0.6 MB)\n6 input packages: fetched 0 (0.0 MB)\n"
    )


def test_a_damaged_file_in_the_cache_is_fetched_again(tmp_path: Path) -> None:
    inputs = inputs_in(tmp_path / "pool", 1)
    cache = Cache(tmp_path / "cache")
    damaged = cache.package(inputs[0])
    damaged.parent.mkdir(parents=True)
    damaged.write_bytes(b"\0" * inputs[0].size)
    with served_pool(tmp_path / "pool") as url:
        fetch_inputs(inputs, cache, PoolClient(url, TOKEN), io.StringIO())
    assert sha256_of(damaged) == inputs[0].sha256


def test_an_input_with_other_bytes_than_expected_is_refused(tmp_path: Path) -> None:
    inputs = inputs_in(tmp_path / "pool", 2)
    wrong = inputs[0].model_copy(update={"sha256": "1" * 64})
    cache = Cache(tmp_path / "cache")
    with served_pool(tmp_path / "pool") as url:
        client = PoolClient(url, TOKEN, sleep=lambda _: None)
        with pytest.raises(
            InfrastructureError, match=r"lib0_1\.0-1_amd64\.deb: it has other bytes"
        ):
            fetch_inputs((wrong, inputs[1]), cache, client, io.StringIO())
    assert not list(cache.package(wrong).parent.iterdir())


def test_names_from_the_job_file_cannot_lead_elsewhere(tmp_path: Path) -> None:
    for evil in (package("x", filename="../x.deb"), package("x", sha256="../" * 10)):
        with pytest.raises(Exception, match=r"not a file name|is no SHA-256"):
            fetch_inputs((evil,), Cache(tmp_path), NOWHERE, io.StringIO())


def test_a_job_file_that_is_wrong_says_where(tmp_path: Path) -> None:
    path = tmp_path / "job.json"
    with pytest.raises(InfrastructureError, match=r"job\.json: No such file"):
        load_job(path)
    path.write_text('{"key": 1}')
    with pytest.raises(InfrastructureError, match=r"job\.json: key: Input should be"):
        load_job(path)
    task = job(Component(name="it", git="/srv/it"), "1" * 40)
    path.write_text(task.model_dump_json())
    assert load_job(path) == task
