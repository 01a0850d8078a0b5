"""Removing builds from the pool that nothing can ask for any more."""

from __future__ import annotations

import time
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from farm import pool as farm_pool
from repo_publish.disposal import dispose, empty
from repo_publish.errors import PublishError
from repo_publish.line import STATE
from repo_publish.live import Kept
from repo_publish.retention import reachable_builds

YOUNG_S = 24 * 3600
"""A build stays so long in any case: what asks for it may not be written down yet."""


@dataclass(frozen=True)
class PoolPlan:
    """What is to become of a pool, and of the signed copies of its packages."""

    pool: Path
    builds: tuple[str, ...]
    """Keys of the builds that go."""
    stay: int
    """So many builds stay."""
    copies: tuple[Path, ...]
    """Signed copies (rpm) of packages that go."""

    @property
    def paths(self) -> list[Path]:
        """Everything that goes."""
        return [*(farm_pool.directory(self.pool, key) for key in self.builds), *self.copies]


def plan_pool(
    pool: Path,
    archive: Path,
    remaining: Collection[Kept],
    needed: Collection[str],
    now: float | None = None,
) -> PoolPlan:
    """Decide which builds go: those that no snapshot or release has, and that nobody needs.

    Proves first that it knows what it is doing: with the wrong archive or pool everything would
    seem to be superfluous.

    :param remaining: every snapshot and release that stays.
    :param needed: build keys that the farm may ask for.
    :raises PublishError: the archive has nothing, or nothing of it is in the pool.
    :raises PoolError: a build's result file is damaged.
    """
    now = time.time() if now is None else now
    there = set(farm_pool.keys(pool))
    reachable = reachable_builds(one.manifest for one in remaining)
    if not reachable:
        raise PublishError(f"nothing is published in {archive}: is it the archive of this pool?")
    if there and not there & reachable:
        raise PublishError(f"no build of {archive} is in {pool}: is it the pool of this archive?")
    marked = reachable | set(needed)
    doomed = sorted(
        key
        for key in there - marked
        if now - farm_pool.directory(pool, key).stat().st_mtime >= YOUNG_S
    )
    copies = _superfluous_copies(pool, archive, remaining, there - set(doomed))
    return PoolPlan(pool, tuple(doomed), len(there) - len(doomed), tuple(copies))


def collect_pool(plan: PoolPlan, log: TextIO) -> None:
    """Remove what `plan` says; a killed run leaves whole builds and trash for the next one."""
    empty(plan.pool)
    for key in plan.builds:
        path = farm_pool.directory(plan.pool, key)
        if path.is_dir():
            dispose(path, plan.pool)
            print(f"build {key} is removed", file=log, flush=True)
    for copy in plan.copies:
        copy.unlink(missing_ok=True)


def _superfluous_copies(
    pool: Path, archive: Path, remaining: Iterable[Kept], builds: Iterable[str]
) -> Iterator[Path]:
    """Signed copies of packages that neither a snapshot nor a build that stays has."""
    copies = sorted((archive / STATE / "signed").glob("*/[0-9a-f][0-9a-f]/*.rpm"))
    if not copies:
        return
    wanted = {file.built_sha256 for one in remaining for file in one.manifest.files().values()}
    for key in builds:
        result = farm_pool.result(pool, key)
        if result is not None:
            wanted.update(file.sha256 for file in result.files)
    yield from (copy for copy in copies if copy.stem not in wanted)
