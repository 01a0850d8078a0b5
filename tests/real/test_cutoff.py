"""Early cutoff with a real library: what is rebuilt, what is published, and that it fits.

tests/full/test_cutoff_stack.py does the same with more of the stack and with every kind of commit.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from bench.edits import CHANGELOG, COMMENT, HEADER, README
from tests.cutoffs import LINES, OGGCHECK, CutoffFarm

pytestmark = pytest.mark.real


@pytest.fixture
def farm(tmp_path: Path) -> Iterator[CutoffFarm]:
    """A farm that has built and published libogg and a program that uses it."""
    farm = CutoffFarm(tmp_path, ["libogg"])
    try:
        farm.farm.start()
        farm.settled(OGGCHECK, 1)
        yield farm
    finally:
        farm.farm.stop()


def test_a_cutoff_leaves_nothing_stale_and_nothing_uninstallable(farm: CutoffFarm) -> None:
    first = {distro: farm.published(distro) for distro in LINES}

    # Nobody can see it: the library's new packages are published, its dependents stay.
    farm.push(COMMENT, README, CHANGELOG)
    farm.settled("libogg", 2)
    for distro, before in first.items():
        after = farm.published(distro)
        assert after["libogg"].commit != before["libogg"].commit
        assert after["libogg"].output_digest == before["libogg"].output_digest
        assert after[OGGCHECK].key == before[OGGCHECK].key
        assert len(farm.builds(OGGCHECK, distro)) == 1
    with farm.machines() as machines:
        for run in machines.values():
            assert "has a buffer" in run(OGGCHECK)

    # Another header: the dependent is built again. It comes out as before, which shows that it was
    # not stale; so its old packages stay, and nobody downloads anything.
    farm.push(HEADER)
    farm.settled(OGGCHECK, 2)
    for distro, before in first.items():
        after = farm.published(distro)
        assert after["libogg"].output_digest != before["libogg"].output_digest
        assert after[OGGCHECK].key == before[OGGCHECK].key
        assert len({build.output_digest for build in farm.builds(OGGCHECK, distro)}) == 1
    with farm.machines() as machines:
        for run in machines.values():
            assert "has a buffer" in run(OGGCHECK)
