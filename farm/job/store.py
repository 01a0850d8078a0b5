"""`farm job store`: hand what was built in to the pool."""

from __future__ import annotations

from typing import TextIO

import requests
from pydantic import ValidationError

from farm.errors import InfrastructureError
from farm.job.model import BuildResult, Job
from farm.job.pool_client import PoolClient, PoolRefusal
from farm.job.workspace import Workspace
from farm.pool import RESULT


def store(job: Job, workspace: Workspace, pool: PoolClient, say: TextIO) -> None:
    """Upload the build in `workspace.out`, its result last, and have the pool take it in.

    Nothing is sent when the pool has the build already.

    :raises InfrastructureError: there is no finished build, or the pool cannot take it.
    """
    result = finished_build(job, workspace)
    what = f"{result.component} {result.version} for {result.distro}"
    if pool.has(job.key):
        say.write(f"{what} is in the pool already\n")
        return
    try:
        _hand_in(result, workspace, pool)
    except PoolRefusal as refusal:
        if refusal.status != requests.codes.conflict:
            raise
        # Another worker, thought dead, handed in the same build at the same time.
        _hand_in(result, workspace, pool)
    packages = sum(file.kind == "binary" for file in result.files)
    size = sum(file.size for file in result.files) / 1e6
    say.write(f"stored {what}: {packages} packages, {len(result.files)} files, {size:.1f} MB\n")


def finished_build(job: Job, workspace: Workspace) -> BuildResult:
    """The result that `build` has written.

    :raises InfrastructureError: there is none, or it is of another job.
    """
    path = workspace.out / RESULT
    try:
        result = BuildResult.model_validate_json(path.read_bytes())
    except OSError as error:
        raise InfrastructureError(f"{path}: {error.strerror}; farm job build makes it") from error
    except ValidationError as error:
        raise InfrastructureError(f"{path}: {error.errors()[0]['msg']}") from error
    if result.key != job.key:
        raise InfrastructureError(f"{path} is of another build; farm job build makes it anew")
    return result


def _hand_in(result: BuildResult, workspace: Workspace, pool: PoolClient) -> None:
    for file in result.files:
        pool.upload(result.key, workspace.out / file.filename)
    pool.upload(result.key, workspace.out / RESULT)
    pool.commit(result.key)
