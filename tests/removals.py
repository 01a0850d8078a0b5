"""Pruning archives and making releases for tests, also by processes that are killed meanwhile."""

from __future__ import annotations

import itertools
import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

from repo_publish.disposal import freed_bytes
from repo_publish.pool_collection import collect_pool, plan_pool
from repo_publish.prune import plan_lines, prune_line, read_archive
from repo_publish.releases import release
from repo_publish.retention import CLIENT_WINDOW_S, Rules
from repo_publish.verify import verify_snapshot
from tests.archive_clients import Farm
from tests.killed_publishers import die_before, in_child

MUCH_LATER_S = 10 * CLIENT_WINDOW_S


def prune(farm: Farm) -> int:
    """Keep as little as possible, when clients have forgotten everything; bytes freed."""
    now = time.time() + MUCH_LATER_S
    archive = read_archive(farm.archive)
    plans = plan_lines(archive, Rules(0, 0), {}, now)
    gone = {snapshot.tree for plan in plans for snapshot in plan.go}
    remaining = [one for one in archive.everything if one.tree not in gone]
    builds = plan_pool(farm.pool, farm.archive, remaining, (), now)
    freed = freed_bytes([*gone, *builds.paths])
    with Path(os.devnull).open("w") as log:
        for plan in plans:
            prune_line(plan, log)
        collect_pool(builds, log)
    return freed


def make_release(farm: Farm, name: str = "1.0", snapshot: int = 2) -> None:
    """Release a snapshot of the farm's line."""
    with Path(os.devnull).open("w") as log:
        wanted = {farm.distro: snapshot}
        release(farm.archive, name, "development", wanted, farm.stores, log)


def kill_prunes(farm: Farm, step: int) -> int:
    """Prune, killed at one removal after the other, until one run survives; how often it died.

    After every death each snapshot that is there is whole.
    """
    for kills, moment in enumerate(itertools.count(1, step)):
        if not _dies(prune_and_die, farm, moment):
            return kills
        for number in farm.line.numbers():
            verify_snapshot(farm.line.snapshot(number))
    raise AssertionError("unreachable")


def kill_releases(farm: Farm) -> int:
    """Make a release, killed before one rename after the other; how often it died.

    After every death there is all of it or nothing.
    """
    for kills, moment in enumerate(itertools.count(1)):
        died = _dies(release_and_die, farm, moment)
        tree = farm.archive / "releases/1.0" / farm.distro
        assert tree.exists() or died
        if tree.exists():
            verify_snapshot(tree)
            return kills + died
    raise AssertionError("unreachable")


def prune_and_die(directory: str, family: str, moment: int) -> None:
    """Prune, and be killed before the removal or rename of that number."""
    die_before(moment, "unlink", "rmdir", "rename")
    prune(Farm(Path(directory), family))


def release_and_die(directory: str, family: str, moment: int) -> None:
    """Release, and be killed before the rename of that number."""
    die_before(moment, "rename")
    make_release(Farm(Path(directory), family))


def _dies(function: Callable[..., None], farm: Farm, moment: int) -> bool:
    child = in_child(function, str(farm.directory), farm.family, moment)
    output, _ = child.communicate()
    assert child.returncode in (0, -signal.SIGKILL), output
    return child.returncode != 0
