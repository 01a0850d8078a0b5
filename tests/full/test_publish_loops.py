"""Two hundred times update and install while snapshots follow each other: nothing ever fails."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.archive_clients import Farm, served
from tests.archive_loops import failed_loops

pytestmark = [pytest.mark.real, pytest.mark.timeout(7200)]

LOOPS = 200


@pytest.mark.parametrize("family", ["deb", "rpm"])
def test_no_client_ever_fails(family: str, tmp_path: Path) -> None:
    farm = Farm(tmp_path, family)
    with served(farm.archive) as farm.url:
        failures, snapshots = failed_loops(farm, LOOPS)

    assert failures == []
    assert snapshots > LOOPS / 10
