from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import typer

from farm.cli.job import register
from farm.errors import BuildFailure, FarmError, InfrastructureError
from farm.job import fetch as fetching
from farm.job import stopping
from farm.model import Component
from tests.jobs import TOKEN, job
from tests.repositories import Repository


def farm(*arguments: object) -> None:
    app = typer.Typer()
    app.callback()(lambda: None)
    register(app)
    app([str(a) for a in arguments], standalone_mode=False)


@pytest.fixture(autouse=True)
def worker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("FARM_POOL_TOKEN", TOKEN)
    monkeypatch.setenv("FARM_CACHE", str(tmp_path / "cache"))
    # The job is this process here, and what else runs below it is other tests'.
    monkeypatch.setattr(stopping, "kill_descendants", lambda: None)
    monkeypatch.setattr(stopping, "_adopt_orphans", lambda: None)


def write_job(repository: Repository, commit: str) -> Path:
    task = job(Component(name="it", git=repository.url), commit)
    path = Path("job.json")
    path.write_text(task.model_dump_json())
    return path


def test_fetch_works_in_the_current_directory(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    repository = Repository(tmp_path / "repo")
    commit = repository.commit(file="text")
    farm("job", "fetch", write_job(repository, commit))
    assert Path("tree/file").read_text() == "text"
    assert list(Path("cache/git").glob("repo-*.git"))
    assert capsys.readouterr().out.startswith("checked out ")


def test_what_the_component_is_to_blame_for_is_a_verdict(tmp_path: Path) -> None:
    repository = Repository(tmp_path / "repo")
    repository.commit()
    with pytest.raises(BuildFailure):
        farm("job", "fetch", write_job(repository, "1" * 40))


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (FarmError("git is not installed"), "^git is not installed$"),
        (OSError(28, "No space left on device", "/cache/x"), "^/cache/x: No space left on device$"),
        (ValueError("oops"), r"^a fault of the farm: ValueError: oops \(.*\.py:[0-9]+\)$"),
    ],
)
def test_everything_else_is_the_infrastructures_fault(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: Exception, message: str
) -> None:
    def fail(*_arguments: object) -> None:
        raise error

    repository = Repository(tmp_path / "repo")
    monkeypatch.setattr(fetching, "fetch", fail)
    with pytest.raises(InfrastructureError, match=message):
        farm("job", "fetch", write_job(repository, repository.commit()))


def test_store_needs_a_finished_build(tmp_path: Path) -> None:
    repository = Repository(tmp_path / "repo")
    with pytest.raises(InfrastructureError, match=r"result\.json: No such file"):
        farm("job", "store", write_job(repository, repository.commit()))


def test_a_job_needs_its_token(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("FARM_POOL_TOKEN")
    repository = Repository(tmp_path / "repo")
    with pytest.raises(InfrastructureError, match="FARM_POOL_TOKEN is not set"):
        farm("job", "fetch", write_job(repository, repository.commit()))


def test_registering_the_commands_loads_nothing_heavy() -> None:
    code = "import sys, farm.cli.job as m; print(*(n for n in sys.modules if '.' not in n))"
    argv = [sys.executable, "-c", code]
    loaded = subprocess.run(argv, capture_output=True, text=True, check=True).stdout.split()
    assert not {"pydantic", "requests", "elftools", "debian", "twisted"} & set(loaded)
