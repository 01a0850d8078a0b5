"""A busy worker that is killed again and again: Buildbot forgets no build of it.

Eight kills with eight builds under way each, so that some hit a build that is being claimed or
prepared. About two minutes.
"""

from __future__ import annotations

import subprocess
from contextlib import suppress
from pathlib import Path

import pytest

from bench.masters import DISTROS, WORKER, Farm
from bench.scale import moments
from tests.farms import BIN

pytestmark = pytest.mark.real

KILLS = 8
MORE = 12
"""Builds that end before the next kill."""


def test_builds_of_a_worker_that_is_killed_under_load_are_built(tmp_path: Path) -> None:
    farm = Farm(tmp_path, 100 * len(DISTROS))
    try:
        farm.start()
        for kill in range(KILLS):
            wanted = len(moments(farm.timeline, "end")) + MORE + kill
            start_worker(farm)
            farm.master.wait(lambda most=wanted: len(moments(farm.timeline, "end")) >= most)
            farm.farm.kill(farm.farm.state / "workers" / WORKER)
        start_worker(farm)
        farm.farm.wait("everything is published", farm.idle, 300)
        ends = [line.split()[1] for line in farm.timeline.read_text().splitlines()]
        assert set(ends) == set(farm.depends)
        log = (farm.farm.master / "twistd.log").read_text()
        assert "this is a serious error" not in log
        farm.stop_worker()
        subprocess.run([BIN / "buildbot", "stop", farm.farm.master], check=True)
    finally:
        farm.farm.stop()


def start_worker(farm: Farm) -> None:
    """It may be refused until the master knows that the one before is dead."""
    with suppress(AssertionError):
        farm.start_worker()
