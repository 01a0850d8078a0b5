"""Early cutoff with the demo's stack: every kind of commit to libogg, libraries and programs on it.

tests/real/test_cutoff.py is the short version, with a small program.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from bench.commit_kinds import Kind
from bench.edits import COMMITS, HEADER, SONAME
from demo.client import ENCODE
from tests.cutoffs import LINES, OGGCHECK, CutoffFarm

pytestmark = [pytest.mark.real, pytest.mark.timeout(7200)]

DEPENDENTS = ("libvorbis", "vorbis-tools")
QUIET = [c for c in COMMITS if c.component == "libogg" and c.kind <= Kind.COMMENT]


@pytest.fixture
def farm(tmp_path: Path) -> Iterator[CutoffFarm]:
    """A farm that has built and published libogg, what is built with it, and so on."""
    farm = CutoffFarm(tmp_path, ["libogg", *DEPENDENTS])
    try:
        farm.farm.start()
        farm.settled(DEPENDENTS[-1], 1)
        yield farm
    finally:
        farm.farm.stop()


def use(farm: CutoffFarm) -> None:
    """Install everything that the archives offer on new machines, and run the programs."""
    with farm.machines() as machines:
        for run in machines.values():
            assert "has a buffer" in run(OGGCHECK)
            assert "Vorbis" in run("sh", "-e", "-c", ENCODE)


def test_whatever_is_committed_what_is_published_fits_and_is_not_stale(farm: CutoffFarm) -> None:
    first = {distro: farm.published(distro) for distro in LINES}
    for number, commit in enumerate(QUIET, start=2):
        farm.push(commit)
        farm.settled("libogg", number)
        for distro, before in first.items():
            after = farm.published(distro)
            assert after["libogg"].commit != before["libogg"].commit
            assert after["libogg"].output_digest == before["libogg"].output_digest, commit.what
            assert all(after[name].key == before[name].key for name in (*DEPENDENTS, OGGCHECK))
    use(farm)

    # Built again with the newest libogg, the dependents come out as they are published.
    for name in DEPENDENTS:
        for distro in LINES:
            farm.farm.force(f"{name}-{distro}").raise_for_status()
        farm.settled(name, 2)
    for distro in LINES:
        for name in DEPENDENTS:
            assert len({build.output_digest for build in farm.builds(name, distro)}) == 1

    # They are built for another header, and make nothing new: the forced builds stay.
    forced = {distro: farm.published(distro) for distro in LINES}
    farm.push(HEADER)
    farm.settled(DEPENDENTS[-1], 3)
    for distro, before in forced.items():
        after = farm.published(distro)
        assert after["libogg"].output_digest != before["libogg"].output_digest
        assert all(after[name].key == before[name].key for name in DEPENDENTS)

    # A new SONAME is in what uses it, and the old library is gone.
    farm.push(SONAME)
    farm.settled(DEPENDENTS[-1], 4)
    for distro, before in forced.items():
        after = farm.published(distro)
        assert all(after[n].output_digest != before[n].output_digest for n in DEPENDENTS)
    use(farm)
