"""Pruning and releasing, killed at every single step."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.archive_clients import Farm, add_package
from tests.removals import kill_prunes, kill_releases

pytestmark = [pytest.mark.real, pytest.mark.timeout(3600)]

FAMILIES = pytest.mark.parametrize("family", ["deb", "rpm"])


@FAMILIES
def test_killed_at_every_removal(family: str, tmp_path: Path) -> None:
    farm = a_farm(family, tmp_path, snapshots=7)

    assert kill_prunes(farm, step=1) >= 12
    assert farm.line.numbers() == [3, 4, 5, 6, 7]


@FAMILIES
def test_a_release_killed_at_every_rename(family: str, tmp_path: Path) -> None:
    assert kill_releases(a_farm(family, tmp_path, snapshots=2)) >= 2


def a_farm(family: str, directory: Path, snapshots: int) -> Farm:
    """An archive in which every snapshot changes one of two components."""
    farm = Farm(directory, family)
    add_package(farm, "stays", "1.0")
    for minor in range(snapshots):
        add_package(farm, "changes", f"1.{minor}")
        farm.publish()
    return farm
