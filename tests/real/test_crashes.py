"""Whatever is killed at whatever moment: everything is built once, published, and on record."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.crashes import Crashes, contradictions, layered_farm, open_buildsets

pytestmark = pytest.mark.real

KILLS = 8


def test_a_farm_survives_kills_at_random_moments(tmp_path: Path) -> None:
    with layered_farm(tmp_path) as farm:
        crashes = Crashes(farm, seed=2013)
        for _ in range(KILLS):
            crashes.round()
        crashes.settle()
        farm.stop()
        assert contradictions(farm) == [], f"killed: {dict(crashes.killed)}"
        assert open_buildsets(farm) == 0
