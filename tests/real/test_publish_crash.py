"""Whatever happens to a publisher, the live archive is whole and the next publication works."""

from __future__ import annotations

import itertools
import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from farm.errors import InfrastructureError
from farm.run import CLEAN_PATH
from repo_publish.verify import verify_snapshot
from tests.archive_clients import PROJECT, Farm, add_package

pytestmark = pytest.mark.real

FAMILIES = pytest.mark.parametrize("family", ["deb", "rpm"])


@FAMILIES
def test_killed_before_any_rename(family: str, tmp_path: Path) -> None:
    kills = kill_everywhere(Farm(tmp_path, family), die_at_rename, step=1)
    assert kills >= 3


@FAMILIES
def test_killed_while_any_tool_runs(family: str, tmp_path: Path) -> None:
    kills = kill_everywhere(Farm(tmp_path, family), die_with_a_tool_running, step=3)
    assert kills >= 5


@FAMILIES
def test_a_full_disk_leaves_the_old_archive(family: str, tmp_path: Path) -> None:
    child = in_child(fill_the_disk, family, str(tmp_path), namespace=True)
    output, _ = child.communicate()
    assert child.returncode == 0, output
    failures = json.loads(output.splitlines()[-1])

    assert len(failures) >= 3
    for message in failures:
        assert message.startswith(f"development/{Farm(tmp_path, family).distro} is not published")
        assert "No space left on device" in message
        assert message.endswith("snapshot 1 stays live")
        assert "\n" not in message


@FAMILIES
def test_publishers_wait_for_each_other(family: str, tmp_path: Path) -> None:
    farm = Farm(tmp_path, family)
    for name in ("one", "two"):
        add_package(farm, name, "1.0")
    here = farm.publication_json()
    there = here.replace('"development"', '"stable-1.0"')

    children = [in_child(publish_json, str(tmp_path), family, p) for p in (here, there) * 3]
    outputs = [child.communicate()[0] for child in children]

    assert [child.returncode for child in children] == [0] * 6, outputs
    assert sorted(outputs) == ["1 False\n"] * 4 + ["1 True\n"] * 2
    for channel in ("development", "stable-1.0"):
        verify_snapshot(farm.archive / channel / farm.distro)
    package = next(farm.live.resolve().rglob(f"one*.{family}"))
    assert package.samefile(
        farm.archive / "stable-1.0" / farm.distro / package.relative_to(farm.live.resolve())
    )


def kill_everywhere(farm: Farm, how: Callable[..., None], step: int) -> int:
    """Kill a publisher at one moment after the other until it survives; how often it died.

    After every death the live archive must be whole, and publishing again must work and leave
    nothing behind.
    """
    add_package(farm, "stays", "1.0")
    add_package(farm, "changes", "1.0")
    farm.publish()
    trusted = farm.directory / "trusted"
    trusted.mkdir()
    for name in ("farm.asc", "farm.gpg"):
        shutil.copy(farm.live / name, trusted)
    for kills, moment in enumerate(itertools.count(1, step)):
        add_package(farm, "changes", f"1.{moment}")
        before = int(farm.live.readlink().name)
        child = in_child(how, str(farm.directory), farm.family, farm.publication_json(), moment)
        output, _ = child.communicate()
        if child.returncode == 0:
            return kills
        assert child.returncode == -signal.SIGKILL, output

        live = int(farm.live.readlink().name)
        assert live in (before, before + 1)
        verify_snapshot(farm.live, keys=trusted)

        assert farm.publish().number == before + 1
        verify_snapshot(farm.live, keys=trusted)
        assert_nothing_left_behind(farm)
    raise AssertionError("unreachable")


def assert_nothing_left_behind(farm: Farm) -> None:
    number = farm.live.readlink().name
    state = farm.archive / ".state/development" / farm.distro
    kept = {"lock", f"db-{number}"} if farm.family == "deb" else {"lock"}
    assert {path.name for path in state.iterdir()} == kept
    assert [path.name for path in farm.live.parent.iterdir()] == [farm.distro]
    snapshots = farm.archive / "snapshots/development" / farm.distro
    expected = {"index.html", *map(str, range(1, int(number) + 1))}
    assert {path.name for path in snapshots.iterdir()} == expected


def in_child(
    function: Callable[..., None], *arguments: str | int, namespace: bool = False
) -> subprocess.Popen[str]:
    """Call a function of this module in a process of its own.

    With `namespace`, the process may mount, and its mounts vanish with it.
    """
    call = f"{function.__name__}(*json.loads(sys.argv[1]))"
    code = f"import json, sys; from {__name__} import {function.__name__}; {call}"
    outer = ["unshare", "--map-root-user", "--mount"] if namespace else []
    return subprocess.Popen(
        [*outer, sys.executable, "-c", code, json.dumps(arguments)],
        env={"PATH": CLEAN_PATH, "PYTHONPATH": str(PROJECT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def publish_json(directory: str, family: str, publication: str) -> None:
    """Publish; print the number of the snapshot, and whether it is new."""
    snapshot = Farm(Path(directory), family).publish_json(publication)
    print(snapshot.number, snapshot.changed)


def die_at_rename(directory: str, family: str, publication: str, moment: int) -> None:
    """Publish, but die before the given rename (or making of a link)."""
    calls = itertools.count(1)

    def dying(function: Callable[..., None]) -> Callable[..., None]:
        def wrapper(*arguments: object, **options: object) -> None:
            if next(calls) == moment:
                os.kill(os.getpid(), signal.SIGKILL)
            function(*arguments, **options)

        return wrapper

    os.rename = dying(os.rename)
    os.symlink = dying(os.symlink)
    Farm(Path(directory), family).publish_json(publication)


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


def fill_the_disk(family: str, directory: str) -> None:
    """Publish on a small file system with more and more space until it works; print what failed."""
    farm = Farm(Path(directory), family)
    farm.archive.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", str(farm.archive)]
    subprocess.run(mount, check=True)
    add_package(farm, "stays", "1.0")
    add_package(farm, "changes", "1.0")
    farm.publish()
    add_package(farm, "changes", "1.1")
    filler = farm.archive / "filler"
    failures = []
    for kilobytes in itertools.count(0, 40):
        fill(filler, kilobytes)
        try:
            farm.publish()
        except InfrastructureError as error:
            failures.append(str(error))
        else:
            break
        verify_snapshot(farm.live, work=farm.directory)
    filler.unlink()
    assert farm.live.readlink().name == "2"
    print(json.dumps(failures))


def fill(filler: Path, kilobytes: int) -> None:
    """Fill the file system, but for so many kilobytes."""
    filler.unlink(missing_ok=True)
    status = os.statvfs(filler.parent)
    size = status.f_bavail * status.f_frsize - kilobytes * 1024
    with filler.open("wb") as stream:
        os.posix_fallocate(stream.fileno(), 0, size)
