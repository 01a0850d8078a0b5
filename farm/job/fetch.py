"""`farm job fetch`: the component's files and the packages it is built with, onto this machine."""

from __future__ import annotations

from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from contextlib import suppress
from pathlib import Path
from typing import TextIO

from farm.errors import BuildFailure
from farm.git import Mirror, MissingCommit, MissingDirectory, mirror_path, redacted
from farm.job.model import Job, JobInput
from farm.job.pool_client import PoolClient
from farm.job.workspace import Cache, Workspace
from farm.pool import sha256_of

PARALLEL_DOWNLOADS = 4


def fetch(job: Job, workspace: Workspace, cache: Cache, pool: PoolClient, say: TextIO) -> None:
    """Check out the job's commit into the workspace and have its inputs in the cache.

    :raises BuildFailure: the repository does not have the commit or the directory any more:
        trying again would not help this commit, and the next one is another build.
    :raises InfrastructureError: the repository or the pool cannot be read.
    """
    fetch_tree(job, workspace.tree, cache, say)
    fetch_inputs(job.inputs, cache, pool, say)


def fetch_tree(job: Job, tree: Path, cache: Cache, say: TextIO) -> None:
    """Check out the component's directory at the job's commit.

    :raises BuildFailure: the repository does not have the commit or the directory.
    :raises InfrastructureError: the repository cannot be read.
    """
    component = job.component
    mirror = Mirror(mirror_path(cache.mirrors, component.git), component.git)
    try:
        mirror.ensure_commit(job.commit)
        submodules = mirror.checkout(job.commit, component.directory, tree, job.timestamp)
    except (MissingCommit, MissingDirectory) as error:
        raise BuildFailure("fetch", str(error)) from error
    where = "" if component.directory == "." else f" ({component.directory})"
    say.write(f"checked out {job.commit[:12]} of {redacted(component.git)}{where}\n")
    if submodules:
        say.write(f"warning: submodules are not fetched: {', '.join(submodules)}\n")


def fetch_inputs(inputs: tuple[JobInput, ...], cache: Cache, pool: PoolClient, say: TextIO) -> None:
    """Have every input package in the cache, a few at a time.

    :raises InfrastructureError: one cannot be had.
    """
    missing = [package for package in inputs if not _is_cached(cache, package)]
    with_size = f"{sum(package.size for package in missing) / 1e6:.1f} MB"
    executor = ThreadPoolExecutor(PARALLEL_DOWNLOADS)
    try:
        downloads = [
            executor.submit(pool.download, p.key, p.filename, p.sha256, p.size, cache.package(p))
            for p in missing
        ]
        wait(downloads, return_when=FIRST_EXCEPTION)
        for download in downloads:
            if download.done():
                download.result()
    finally:
        # Also when a signal stops the job: nobody waits for what is under way.
        executor.shutdown(wait=False, cancel_futures=True)
    say.write(f"{len(inputs)} input packages: fetched {len(missing)} ({with_size})\n")


def _is_cached(cache: Cache, package: JobInput) -> bool:
    """Whether the cache has the package undamaged; its time then says when it was used last."""
    path = cache.package(package)
    with suppress(OSError):
        if path.stat().st_size == package.size and sha256_of(path) == package.sha256:
            path.touch()
            return True
    return False
