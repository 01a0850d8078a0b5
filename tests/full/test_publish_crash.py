"""Publishers that are killed, a hundred times at random moments and at every one that counts."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.archive_clients import Farm
from tests.killed_publishers import (
    die_at_rename,
    die_with_a_tool_running,
    kill_at_random,
    kill_everywhere,
)

pytestmark = [pytest.mark.real, pytest.mark.timeout(3600)]

FAMILIES = pytest.mark.parametrize("family", ["deb", "rpm"])


@FAMILIES
def test_killed_a_hundred_times_at_random_moments(family: str, tmp_path: Path) -> None:
    kill_at_random(Farm(tmp_path, family), times=100, seed=4)


@FAMILIES
def test_killed_before_every_rename(family: str, tmp_path: Path) -> None:
    assert kill_everywhere(Farm(tmp_path, family), die_at_rename, step=1) >= 5


@FAMILIES
def test_killed_while_each_tool_runs(family: str, tmp_path: Path) -> None:
    assert kill_everywhere(Farm(tmp_path, family), die_with_a_tool_running, step=1) >= 15
