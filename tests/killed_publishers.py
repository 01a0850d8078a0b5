"""Publishers that die, and what must be true after each death: the live archive is whole, the next
publication succeeds, nothing is left behind."""

from __future__ import annotations

import itertools
import json
import multiprocessing
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from farm.run import CLEAN_PATH
from repo_publish.verify import verify_snapshot
from tests.archive_clients import PROJECT, Farm, add_package

_fork = multiprocessing.get_context("fork")


class Survivor:
    """An archive with two components, one of which changes while publishers die."""

    def __init__(self, farm: Farm):
        self.farm = farm
        self.version = 0
        add_package(farm, "stays", "1.0")
        add_package(farm, "changes", "1.0")
        farm.publish()
        self._trusted = farm.directory / "trusted"
        self._trusted.mkdir()
        for name in ("farm.asc", "farm.gpg"):
            shutil.copy(farm.live / name, self._trusted)

    @property
    def live(self) -> int:
        """The number of the live snapshot."""
        return int(self.farm.live.readlink().name)

    def change(self) -> None:
        """Have a new version published the next time."""
        self.version += 1
        add_package(self.farm, "changes", f"1.{self.version}")

    def recover(self, before: int) -> None:
        """Check what a publisher left that died after snapshot `before`; publish again."""
        assert self.live in (before, before + 1)
        verify_snapshot(self.farm.live, keys=self._trusted)

        assert self.farm.publish().number == before + 1
        verify_snapshot(self.farm.live, keys=self._trusted)
        assert_nothing_left_behind(self.farm)


def kill_everywhere(farm: Farm, how: Callable[..., None], step: int) -> int:
    """Kill a publisher at one moment after the other until it survives; how often it died."""
    survivor = Survivor(farm)
    for kills, moment in enumerate(itertools.count(1, step)):
        survivor.change()
        before = survivor.live
        child = in_child(how, str(farm.directory), farm.family, farm.publication_json(), moment)
        output, _ = child.communicate()
        if child.returncode == 0:
            return kills
        assert child.returncode == -signal.SIGKILL, output
        survivor.recover(before)
    raise AssertionError("unreachable")


def kill_at_random(farm: Farm, times: int, seed: int) -> int:
    """Kill publishers at random moments until so many died; how many got through meanwhile."""
    survivor = Survivor(farm)
    chance = random.Random(seed)  # noqa: S311 (moments that can be had again)
    survivor.change()
    began = time.monotonic()
    farm.publish()
    usual = time.monotonic() - began
    killed = finished = 0
    while killed < times:
        survivor.change()
        before = survivor.live
        child = _fork.Process(target=farm.publish_json, args=(farm.publication_json(),))
        child.start()
        child.join(chance.uniform(0, usual))
        child.kill()
        child.join()
        killed += child.exitcode == -signal.SIGKILL
        finished += child.exitcode == 0
        assert child.exitcode in (0, -signal.SIGKILL)
        survivor.recover(before)
    return finished


def assert_nothing_left_behind(farm: Farm) -> None:
    number = farm.live.readlink().name
    state = farm.archive / ".state/development" / farm.distro
    kept = {"lock", f"db-{number}"} if farm.family == "deb" else {"lock"}
    assert {path.name for path in state.iterdir()} == kept
    assert [path.name for path in farm.live.parent.iterdir()] == [farm.distro]
    snapshots = farm.archive / "snapshots/development" / farm.distro
    expected = {"index.html", *map(str, range(1, int(number) + 1))}
    assert {path.name for path in snapshots.iterdir()} == expected
    tops = {".state", "development", "snapshots", "index.html"}
    assert {path.name for path in farm.archive.iterdir()} == tops


def in_child(
    function: Callable[..., None], *arguments: str | int, namespace: bool = False
) -> subprocess.Popen[str]:
    """Call a function of a module in a process of its own.

    With `namespace`, the process may mount, and its mounts vanish with it.
    """
    name = function.__name__
    call = f"{name}(*json.loads(sys.argv[1]))"
    code = f"import json, sys; from {function.__module__} import {name}; {call}"
    outer = ["unshare", "--map-root-user", "--mount"] if namespace else []
    return subprocess.Popen(
        [*outer, sys.executable, "-c", code, json.dumps(arguments)],
        env={"PATH": CLEAN_PATH, "PYTHONPATH": str(PROJECT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def die_at_rename(directory: str, family: str, publication: str, moment: int) -> None:
    """Publish, but die before the given rename (or making of a symbolic link)."""
    die_before(moment, "rename", "replace", "symlink")
    Farm(Path(directory), family).publish_json(publication)


def die_before(moment: int, *names: str) -> None:
    """Have this process killed before its so many-th call of one of these functions of `os`."""
    calls = itertools.count(1)

    def dying(function: Callable[..., None]) -> Callable[..., None]:
        def wrapper(*arguments: object, **options: object) -> None:
            if next(calls) == moment:
                os.kill(os.getpid(), signal.SIGKILL)
            function(*arguments, **options)

        return wrapper

    for name in names:
        setattr(os, name, dying(getattr(os, name)))


def die_with_a_tool_running(directory: str, family: str, publication: str, moment: int) -> None:
    """Publish, but die right after the start of the given program, which goes on alone."""
    calls = itertools.count(1)
    start = subprocess.Popen.__init__

    def starting(*arguments: object, **options: object) -> None:
        start(*arguments, **options)
        if next(calls) == moment:
            os.kill(os.getpid(), signal.SIGKILL)

    subprocess.Popen.__init__ = starting
    Farm(Path(directory), family).publish_json(publication)
