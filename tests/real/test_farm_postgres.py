"""A whole farm with its records and Buildbot's tables in PostgreSQL."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from farm.records.store import Records
from tests.diamond import ALL_PUBLISHED, DEPENDS, LINE, diamond
from tests.farms import BIN, change
from tests.postgres import cluster
from tests.records_data import contradictions

pytestmark = pytest.mark.real

KILLS = 6


def test_a_farm_in_postgres_publishes_whenever_its_connections_are_killed(tmp_path: Path) -> None:
    with cluster() as postgres:
        urls = {"database": postgres.database(), "records": postgres.database()}
        with diamond(tmp_path, **urls) as farm:
            assert sorted(farm.started()) == sorted(DEPENDS)
            lost = sum(postgres.kill_connections(url) for url in urls.values())
            assert lost > 1
            change(tmp_path / "git" / "base", {"README": "another"})
            assert farm.hook(farm.stack["components"]["base"]["git"]) == 200
            for _ in range(KILLS):
                time.sleep(0.3)
                for url in urls.values():
                    postgres.kill_connections(url)
            farm.wait("a second generation is published", lambda: _snapshot(farm.status()) == 2)
            farm.wait_states(LINE, **ALL_PUBLISHED)
            said = farm.run(BIN / "farm", "status")
            assert f"{LINE}: generation 2, idle, snapshot 2" in said
        assert not list(tmp_path.glob("state/**/*.sqlite"))
        records = Records(urls["records"])
        assert list(contradictions(records)) == []
        records.close()


def _snapshot(status: dict) -> int | None:
    return status["lines"].get(LINE, {}).get("snapshot")
