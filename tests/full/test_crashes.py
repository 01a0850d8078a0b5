"""Fifty kills of the master and its workers at random moments of running generations."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.crashes import Crashes, contradictions, layered_farm, open_buildsets

pytestmark = [pytest.mark.real, pytest.mark.timeout(3600)]

KILLS = 50


@pytest.mark.parametrize("seed", [1, 2])
def test_a_farm_survives_fifty_kills(tmp_path: Path, seed: int) -> None:
    with layered_farm(tmp_path) as farm:
        crashes = Crashes(farm, seed)
        for number in range(KILLS):
            crashes.round()
            if number % 10 == 9:
                crashes.settle()
        crashes.settle()
        farm.stop()
        assert contradictions(farm) == [], f"killed: {dict(crashes.killed)}"
        assert open_buildsets(farm) == 0
