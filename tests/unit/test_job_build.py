from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import TextIO

import pytest

from farm.build.interface import BuildOutcome, BuildRequest
from farm.digest import output_digest
from farm.errors import BuildFailure, InfrastructureError
from farm.job import build as module
from farm.job.build import build, build_request, dependency_packages
from farm.job.model import BuildResult, Job
from farm.job.workspace import Cache, Workspace
from farm.model import Component
from farm.pool import sha256_of, verify
from tests.builds import KEY
from tests.jobs import job, package
from tests.packages import build_deb

VERSION = "1.0+git2.gabc1234-1~deb12"


class FakeBackend:
    """Makes one package, or does what it is told to do instead."""

    def __init__(self, instead: Callable[[], object] | None = None):
        self.instead = instead
        self.requests: list[BuildRequest] = []

    def build(self, request: BuildRequest, log: TextIO) -> BuildOutcome:
        self.requests.append(request)
        log.write("==> build\n")
        if self.instead:
            self.instead()
        made = [path.name for path in build_deb(request.out, "tiny", VERSION)]
        return BuildOutcome(
            version=VERSION,
            source=tuple(name for name in made if not name.endswith(".deb")),
            binaries=tuple(name for name in made if name.endswith(".deb")),
            other=(),
            tests="passed",
            root_identity="root",
            phases={"build": 1.5},
        )


class Worker:
    """A workspace in which everything is fetched, and a backend."""

    def __init__(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
        self.workspace = Workspace(tmp_path / "build")
        self.cache = Cache(tmp_path / "cache")
        self.terminal = io.BytesIO()
        self.workspace.tree.mkdir(parents=True)
        (self.workspace.tree / "configure").touch()
        (self.workspace.tree / "Makefile.in").write_text("check:\n\ttrue\n")
        self.backend = FakeBackend()
        monkeypatch.setattr(module, "backend_for", lambda _distro: self.backend)

    def build(self, task: Job) -> BuildResult:
        return build(task, self.workspace, self.cache, self.terminal)


@pytest.fixture
def worker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Worker:
    return Worker(tmp_path, monkeypatch)


def tiny(**fields: object) -> Component:
    return Component(name="tiny", git="https://joe:secret@host/tiny.git", **fields)


def test_the_result_describes_every_file(worker: Worker) -> None:
    result = worker.build(job(tiny(), "1" * 40, upstream_version="1.0+git2.gabc1234", rebuild=3))
    out = worker.workspace.out
    assert verify(out, KEY) == result
    made = {path.name for path in out.iterdir()} - {"result.json"}
    assert {file.filename for file in result.files} == made
    kinds = [file.kind for file in result.files]
    assert (kinds.count("source"), kinds.count("binary"), kinds.count("log")) == (3, 1, 1)
    (deb,) = (file for file in result.files if file.kind == "binary")
    assert (deb.package, deb.version, deb.architecture) == ("tiny", VERSION, "all")
    assert deb.sha256 == sha256_of(out / deb.filename)
    assert result.output_digest == output_digest([out / deb.filename])
    said = (result.component, result.distro, result.version, result.tests, result.rebuild)
    assert said == ("tiny", "bookworm", VERSION, "passed", 3)
    assert result.phases == {"build": 1.5}


def test_the_log_goes_to_the_terminal_and_into_the_pool(worker: Worker) -> None:
    worker.build(job(tiny(), "1" * 40))
    assert worker.terminal.getvalue() == b"tiny 1.0 for bookworm\n==> build\n"
    assert worker.workspace.log.read_bytes() == worker.terminal.getvalue()


def test_the_request_says_all_that_packaging_needs(worker: Worker) -> None:
    component = tiny(
        summary="Does it",
        homepage="https://tiny.example.org",
        packages={"deb": ("zlib1g-dev",), "bookworm": ("libssl-dev",)},
        configure_arguments=("--disable-docs",),
    )
    version = "1.0+git2.gabc1234"
    worker.build(job(component, "1" * 40, upstream_version=version, timeout_minutes=5))
    (request,) = worker.backend.requests
    info = request.info
    assert info.version.deb(info.version_suffix) == VERSION
    assert info.build_depends == ("libssl-dev",)
    assert info.vcs == "https://host/tiny.git"
    assert (info.has_configure, info.test_target) == (True, "check")
    assert (info.summary, info.homepage) == ("Does it", "https://tiny.example.org")
    assert info.configure_arguments == ("--disable-docs",)
    assert (request.timeout_s, request.own_packaging) == (300, False)
    assert (request.tree, request.out) == (worker.workspace.tree, worker.workspace.made)


def test_own_packaging_is_used_where_the_tree_has_some(worker: Worker) -> None:
    (worker.workspace.tree / "debian").mkdir()
    (worker.workspace.tree / "debian/control").touch()
    worker.build(job(tiny(), "1" * 40))
    assert worker.backend.requests[0].own_packaging


def test_missing_packaging_is_the_components_fault(worker: Worker) -> None:
    with pytest.raises(BuildFailure, match=r"^package failed: .*no debian/control"):
        worker.build(job(tiny(packaging="repository"), "1" * 40))


def test_development_packages_of_direct_dependencies_are_build_dependencies() -> None:
    inputs = [
        package("libogg0", "libogg"),
        package("libogg-dev", "libogg"),
        package("libogg-dbgsym", "libogg"),
        package("speex-devel", "speex"),
        package("codegen", "codegen"),
        package("codegen-data", "codegen"),
        package("codegen-debuginfo", "codegen"),
        package("libdeep-dev", "libdeep", direct=False),
    ]
    assert dependency_packages(inputs) == ("codegen", "codegen-data", "libogg-dev", "speex-devel")


def test_inputs_are_files_of_the_cache(worker: Worker) -> None:
    needed = package("libogg-dev", "libogg", direct=False)
    task = job(tiny(), "1" * 40, inputs=(needed,))
    with pytest.raises(InfrastructureError, match=r"libogg-dev_.* is missing; farm job fetch"):
        build_request(task, worker.workspace, worker.cache)
    path = worker.cache.package(needed)
    path.parent.mkdir(parents=True)
    path.touch()
    (given,) = build_request(task, worker.workspace, worker.cache).inputs
    assert (given.path, given.package, given.component) == (path, "libogg-dev", "libogg")
    assert (given.version, given.direct) == ("1.0-1", False)


def test_without_a_tree_nothing_is_built(worker: Worker) -> None:
    worker.workspace.tree.joinpath("configure").unlink()
    worker.workspace.tree.joinpath("Makefile.in").unlink()
    worker.workspace.tree.rmdir()
    with pytest.raises(InfrastructureError, match="tree is missing; farm job fetch makes it"):
        worker.build(job(tiny(), "1" * 40))


def fail() -> None:
    raise BuildFailure("test", "make check exited with 2")


def test_a_failure_is_in_the_log_and_leaves_no_result(worker: Worker) -> None:
    worker.build(job(tiny(), "1" * 40))
    worker.backend.instead = fail
    with pytest.raises(BuildFailure, match=r"^test failed: make check exited with 2$"):
        worker.build(job(tiny(), "1" * 40))
    assert worker.workspace.log.read_text().endswith("test failed: make check exited with 2\n")
    assert [path.name for path in worker.workspace.out.iterdir()] == ["build.log"]


def test_a_failure_with_submodules_hints_at_them(worker: Worker) -> None:
    (worker.workspace.tree / ".gitmodules").touch()
    worker.backend.instead = fail
    with pytest.raises(BuildFailure, match=r"^test failed: make .*\nThe repository has submodules"):
        worker.build(job(tiny(), "1" * 40))
