"""`farm job`: the three parts of one build, as Buildbot runs them on a worker."""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from farm.job.model import Job
    from farm.job.workspace import Cache, Workspace

HELP = """Build one component for one distro, as a job file says.

The parts run one after the other in the same directory. Exit status 10 is the component's own
fault; 75 is anything else, and worth another try."""

JobFile = Annotated[Path, typer.Argument(metavar="JOB.json", help="The job file.")]
CacheDirectory = Annotated[
    Path,
    typer.Option(
        "--cache",
        envvar="FARM_CACHE",
        metavar="DIR",
        help="What all jobs on this machine share: git mirrors, packages, roots.",
    ),
]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    job = typer.Typer(name="job", help=HELP, no_args_is_help=True)
    job.command("fetch")(fetch)
    job.command("build")(build)
    job.command("store")(store)
    app.add_typer(job)


# The commands import what they need when they run: every second counts three times per build.


def fetch(job: JobFile, cache: CacheDirectory) -> None:
    """Check out the commit into ./tree and fetch the packages it is built with."""
    with _job(job, cache) as (task, workspace, shared):
        from farm.job.fetch import fetch as fetch_job
        from farm.job.pool_client import PoolClient

        pool = PoolClient.from_environment(task.pool_url)
        fetch_job(task, workspace, shared, pool, sys.stdout)


def build(job: JobFile, cache: CacheDirectory) -> None:
    """Build ./tree into ./out: packages, build.log and result.json."""
    with _job(job, cache) as (task, workspace, shared):
        from farm.job.build import build as build_job

        result = build_job(task, workspace, shared, sys.stdout.buffer)
        phases = ", ".join(f"{name} {spent:.1f} s" for name, spent in result.phases.items())
        tests = "tests passed" if result.tests == "passed" else "it has no tests"
        print(f"built {result.component} {result.version}: {tests}; {phases}")


def store(job: JobFile, cache: CacheDirectory) -> None:
    """Upload ./out to the pool."""
    with _job(job, cache) as (task, workspace, _):
        from farm.job.pool_client import PoolClient
        from farm.job.store import store as store_job

        store_job(task, workspace, PoolClient.from_environment(task.pool_url), sys.stdout)


@contextmanager
def _job(job: Path, cache: Path) -> Iterator[tuple[Job, Workspace, Cache]]:
    """The job and its places; every error inside is a verdict or the infrastructure's."""
    from farm.errors import BuildFailure, FarmError, InfrastructureError
    from farm.job.stopping import stoppable
    from farm.job.workspace import Cache, Workspace, load_job

    os.umask(0o022)
    try:
        with stoppable():
            yield load_job(job), Workspace(Path.cwd()), Cache(cache.resolve())
    except (BuildFailure, InfrastructureError, KeyboardInterrupt):
        raise
    except FarmError as error:
        raise InfrastructureError(str(error)) from error
    except OSError as error:
        raise InfrastructureError(f"{error.filename or 'the system'}: {error.strerror}") from error
    except Exception as error:
        place = traceback.extract_tb(error.__traceback__)[-1]
        what = f"{type(error).__name__}: {error} ({place.filename}:{place.lineno})"
        raise InfrastructureError(f"a fault of the farm: {what}") from error
