"""Building packages of a checkout in a clean root: the farm's own job, without farm around it."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, cast

from pydantic import ValidationError

from farm.errors import FarmError
from farm.job.build import build as build_job
from farm.job.model import BuildResult, Job, JobInput
from farm.job.workspace import Cache, Workspace
from farm.local.source import Source, take_source
from farm.model import Component, Distro
from farm.packaging.lint import Lint, is_linted, lint
from farm.plan.timeout import FIRST_MINUTES
from farm.pool import RESULT

LOG = "build.log"
_MARK = b"==> "

Say = Callable[[str], None]


@dataclass(frozen=True)
class LocalBuild:
    """A finished build of a checkout."""

    result: BuildResult
    source: Source
    directory: Path
    """Where its files are."""
    files: tuple[str, ...]
    lint: Lint | None
    """None where the linter is not installed."""


def require_root() -> None:
    """Say at once what building in a clean root needs.

    :raises FarmError: this process does not have it.
    """
    if os.geteuid():
        raise FarmError(
            "a clean root is made by root alone (it mounts and changes users): run the command "
            "with sudo, or push a topic and let the farm build it"
        )


def default_cache() -> Path:
    """Where roots are kept between builds: of the system for root, else of the user."""
    if os.geteuid() == 0:
        return Path("/var/cache/farm")
    base = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(base, "farm")


def build_checkout(
    directory: Path,
    component: Component,
    distro: Distro,
    maintainer: str,
    inputs: tuple[JobInput, ...],
    cache: Cache,
    out: Path,
    say: Say,
    *,
    source_only: bool = False,
    show_log: bool = False,
) -> LocalBuild:
    """Build the packages of a checkout as it is now, uncommitted changes included.

    :param out: where the results go; what an earlier build left there is replaced.
    :param source_only: keep the source package alone.
    :param show_log: pass the whole log on to the terminal, instead of a line for each phase.
    :raises BuildFailure: the component does not build; the log is in `out`.
    :raises InfrastructureError: anything else went wrong.
    """
    cache.root.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="farm-build-", dir=cache.root) as scratch:
        workspace = Workspace(Path(scratch))
        source = take_source(directory, component, workspace.tree)
        job = _job(component, distro, maintainer, inputs, source)
        result, kept = run_job(
            job, workspace, cache, out, say, source_only=source_only, show_log=show_log
        )
    packages = [
        out / f.filename for f in result.files if f.filename in kept and is_linted(f.filename)
    ]
    found = lint(distro.family, packages)
    return LocalBuild(result, source, out, tuple(sorted(kept)), found)


def run_job(
    job: Job,
    workspace: Workspace,
    cache: Cache,
    out: Path,
    say: Say,
    *,
    source_only: bool = False,
    show_log: bool = False,
) -> tuple[BuildResult, list[str]]:
    """Do a job whose tree is in the workspace; its files, log and result go to `out`.

    :return: the result, and the files that are kept.
    :raises BuildFailure: the component does not build; the log is in `out`.
    :raises InfrastructureError: anything else went wrong.
    """
    say(f"building {job.component.name} {job.upstream_version} for {job.distro.name}")
    out.mkdir(parents=True, exist_ok=True)
    _clear(out)
    terminal = _Phases(say, show_log=show_log)
    try:
        result = build_job(job, workspace, cache, cast(BinaryIO, terminal))
    finally:
        if workspace.log.exists():
            shutil.copy(workspace.log, out / LOG)
    kept = [f.filename for f in result.files if f.kind == "source" or not source_only]
    for name in (*kept, RESULT):
        shutil.move(workspace.out / name, out / name)
    return result, kept


def _clear(out: Path) -> None:
    """Remove what an earlier build left, and nothing else."""
    record = out / RESULT
    if record.is_file():
        with suppress(ValidationError):
            for file in BuildResult.model_validate_json(record.read_bytes()).files:
                (out / file.filename).unlink(missing_ok=True)
        record.unlink()


def _job(
    component: Component,
    distro: Distro,
    maintainer: str,
    inputs: tuple[JobInput, ...],
    source: Source,
) -> Job:
    return Job(
        key=source.digest,
        component=component,
        distro=distro,
        channel="local",
        maintainer=maintainer,
        commit=source.commit,
        upstream_version=source.upstream_version,
        rebuild=0,
        timestamp=source.timestamp,
        changes=source.changes,
        inputs=inputs,
        timeout_minutes=component.timeout_minutes or FIRST_MINUTES,
        pool_url="",
    )


class _Phases:
    """A terminal for a build's log: says the phases, or passes everything on."""

    def __init__(self, say: Say, *, show_log: bool):
        self._say = say
        self._show_log = show_log
        self._rest = b""

    def write(self, data: bytes) -> int:
        """Take a part of the log."""
        *lines, self._rest = (self._rest + data).split(b"\n")
        for line in lines:
            if self._show_log:
                self._say(line.decode(errors="replace"))
            elif line.startswith(_MARK):
                self._say(f"  {line.removeprefix(_MARK).decode(errors='replace')}")
        return len(data)

    def flush(self) -> None:
        """Nothing is held back."""
