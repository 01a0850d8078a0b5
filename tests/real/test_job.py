"""`farm job` from a git commit to the pool: real processes, roots and HTTP, for both families."""

from __future__ import annotations

import hashlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from demo.rpm_distribution import build_distribution
from farm.digest import is_debug_package
from farm.git import Mirror
from farm.heads import Head, read_head
from farm.job.model import BuildResult, JobInput
from farm.model import Component, Distro
from farm.pool import result
from tests.jobs import DEB, TOKEN, eventually, job, served_pool
from tests.projects import write_library, write_program
from tests.real.cache import CACHE
from tests.repositories import Repository

pytestmark = pytest.mark.real

TOP = Path(__file__).resolve().parents[2]
FARM = Path(sys.executable).with_name("farm")


def rpm_distro() -> Distro:
    repository = build_distribution(CACHE / "demo-rpm")
    return Distro.model_validate(
        {
            "name": "demo-rpm",
            "family": "rpm",
            "release": "Demo 1",
            "architecture": os.uname().machine,
            "version_suffix": ".demo1",
            "root": {"repositories": {"demo": repository.as_uri()}},
        }
    )


@dataclass
class Worker:
    """A worker of one distro, a pool, and two components: an app that is built with a library."""

    distro: Distro
    base: Path
    url: str
    heads: dict[str, Head] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.repositories = {n: Repository(self.base / n) for n in ("tinylib", "tinyapp")}
        write_library(self.repositories["tinylib"].path)
        write_program(self.repositories["tinyapp"].path)
        for repository in self.repositories.values():
            repository.commit("First", tag="v1.0", NEWS="first")

    @property
    def pool(self) -> Path:
        return self.base / "pool"

    def start(self, part: str, place: Path) -> subprocess.Popen[str]:
        environment = {
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(TOP),
            "FARM_CACHE": str(CACHE),
            "FARM_POOL_TOKEN": TOKEN,
        }
        return subprocess.Popen(
            [FARM, "job", part, "job.json"],
            cwd=place,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            errors="replace",
        )

    def run(self, part: str, place: Path) -> tuple[int, str, str]:
        process = self.start(part, place)
        said, complained = process.communicate(timeout=300)
        return process.returncode, said, complained

    def prepare(self, name: str, inputs: tuple[JobInput, ...] = ()) -> tuple[str, Path]:
        """Write the job of a component's newest commit; its key and working directory."""
        repository = self.repositories[name]
        component = Component(
            name=name,
            git=repository.url,
            summary=f"Tiny {name}",
            licence="MIT",
            packages={"rpm": ("gcc", "make", "pkgconf"), "deb": ("pkgconf",)},
        )
        mirror = Mirror(self.base / "mirrors" / name, repository.url)
        mirror.update()
        head = self.heads[name] = read_head(mirror, component, None, self.heads.get(name))
        key = hashlib.sha256(f"{head.commit} {inputs}".encode()).hexdigest()
        task = job(
            component,
            head.commit,
            distro=self.distro,
            key=key,
            upstream_version=head.upstream_version,
            timestamp=head.timestamp,
            changes=(head.subject,),
            inputs=inputs,
            pool_url=self.url,
        )
        place = self.base / "builds" / key[:12]
        place.mkdir(parents=True)
        (place / "job.json").write_text(task.model_dump_json(indent=1))
        return key, place

    def build(self, name: str, inputs: tuple[JobInput, ...] = ()) -> BuildResult:
        """Build a component's newest commit as Buildbot would; what the pool says of it."""
        key, place = self.prepare(name, inputs)
        for part in ("fetch", "build", "store"):
            status, said, complained = self.run(part, place)
            assert (status, complained) == (0, ""), said + complained
        built = result(self.pool, key)
        assert built is not None
        return built


def as_inputs(built: BuildResult) -> tuple[JobInput, ...]:
    return tuple(
        JobInput(
            component=built.component,
            package=file.package,
            version=file.version,
            filename=file.filename,
            key=built.key,
            sha256=file.sha256,
            size=file.size,
            direct=True,
        )
        for file in built.files
        if file.kind == "binary" and not is_debug_package(file.package)
    )


@pytest.fixture(scope="module", params=["deb", "rpm"])
def worker(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Worker]:
    distro = DEB if request.param == "deb" else rpm_distro()
    base = tmp_path_factory.mktemp(request.param)
    (base / "pool").mkdir()
    with served_pool(base / "pool") as url:
        yield Worker(distro, base, url)


@pytest.fixture(scope="module")
def library(worker: Worker) -> BuildResult:
    return worker.build("tinylib")


def test_a_library_is_built_and_kept_in_the_pool(worker: Worker, library: BuildResult) -> None:
    assert (library.upstream_version, library.tests) == ("1.0", "passed")
    kinds = {file.kind for file in library.files}
    assert kinds == {"source", "binary", "other", "log"}
    suffix = "-dev" if worker.distro.family == "deb" else "-devel"
    assert any(file.package.endswith(suffix) for file in library.files)
    packages = [file for file in library.files if file.kind == "binary"]
    assert {file.version for file in packages} == {library.version}


def test_a_program_is_built_with_the_library_from_the_pool(
    worker: Worker, library: BuildResult
) -> None:
    program = worker.build("tinyapp", as_inputs(library))
    assert program.tests == "passed"
    assert (library.exposes, program.exposes) == ((), ("tinylib",))
    log = (worker.pool / program.key[:2] / program.key / "build.log").read_text()
    assert "tinyapp 1.0 for" in log


def test_dependents_do_not_notice_a_comment_and_notice_code(
    worker: Worker, library: BuildResult
) -> None:
    repository = worker.repositories["tinylib"]
    source = (repository.path / "tinylib.c").read_text()
    manual = (repository.path / "tinylib-info.1").read_text()
    repository.commit(
        "Explain",
        **{"tinylib.c": f"/* Says it. */\n\n{source}", "tinylib-info.1": f"{manual}More.\n"},
    )
    explained = worker.build("tinylib")
    assert explained.version != library.version
    assert explained.output_digest == library.output_digest

    repository.commit("Change", **{"tinylib.c": source + "int more(void) { return 1; }\n"})
    assert worker.build("tinylib").output_digest != library.output_digest


def test_failing_tests_are_a_verdict(worker: Worker) -> None:
    write_library(worker.repositories["tinylib"].path, check="echo it is broken; false")
    worker.repositories["tinylib"].commit("Break", NEWS="broken")
    _, place = worker.prepare("tinylib")
    worker.run("fetch", place)
    status, said, complained = worker.run("build", place)
    assert status == 10
    assert complained.startswith("farm: test failed: ")
    assert "it is broken" in said
    assert (place / "out/build.log").read_text() in said
    assert worker.run("store", place)[0] == 75


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_a_stopped_build_ends_at_once_with_all_it_started(
    worker: Worker, number: signal.Signals
) -> None:
    marker = f"80123.{os.getpid()}{number:d}"
    write_library(worker.repositories["tinylib"].path, check=f"echo hanging; sleep {marker}")
    worker.repositories["tinylib"].commit("Hang", NEWS="hanging")
    _, place = worker.prepare("tinylib")
    worker.run("fetch", place)
    process = worker.start("build", place)
    assert process.stdout is not None
    try:
        for line in process.stdout:
            if line.strip() == "hanging":
                break
        hanging = eventually(lambda: running(marker))
    finally:
        begin = time.monotonic()
        os.kill(process.pid, number)
        _, complained = process.communicate(timeout=30)

    polite = (75, "farm: stopped by SIGTERM\n")
    assert (process.returncode, complained) == (polite if number == signal.SIGTERM else (-9, ""))
    assert hanging and eventually(lambda: not running(marker))
    assert time.monotonic() - begin < 10
    assert str(CACHE) not in Path("/proc/self/mounts").read_text()


def running(argument: str) -> bool:
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if argument.encode() in path.read_bytes().split(b"\0"):
                return True
        except OSError:
            continue
    return False
