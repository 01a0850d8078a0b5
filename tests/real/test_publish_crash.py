"""Whatever happens to a publisher, the live archive is whole and the next publication works."""

from __future__ import annotations

import itertools
import json
import os
import subprocess
from pathlib import Path

import pytest

from farm.errors import InfrastructureError
from repo_publish.verify import verify_snapshot
from tests.archive_clients import Farm, add_package
from tests.killed_publishers import (
    die_at_rename,
    die_with_a_tool_running,
    in_child,
    kill_at_random,
    kill_everywhere,
)

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
def test_killed_at_random_moments(family: str, tmp_path: Path) -> None:
    """A few of what `tests/full` does a hundred times."""
    kill_at_random(Farm(tmp_path, family), times=4, seed=1)


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


def publish_json(directory: str, family: str, publication: str) -> None:
    """Publish; print the number of the snapshot, and whether it is new."""
    snapshot = Farm(Path(directory), family).publish_json(publication)
    print(snapshot.number, snapshot.changed)


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
