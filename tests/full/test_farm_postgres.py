"""A farm in PostgreSQL whose master, workers and connections are killed at random, for long."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.crashes import Crashes, contradictions, layered_farm
from tests.postgres import cluster

pytestmark = [pytest.mark.real, pytest.mark.timeout(3600)]

KILLS = 50


def test_a_farm_in_postgres_survives_fifty_kills(tmp_path: Path) -> None:
    with cluster() as postgres:
        urls = {"database": postgres.database(), "records": postgres.database()}

        def lose_database() -> None:
            for url in urls.values():
                postgres.kill_connections(url)

        with layered_farm(tmp_path, **urls) as farm:
            crashes = Crashes(farm, 2014, lose_database)
            for number in range(KILLS):
                crashes.round()
                if number % 10 == 9:
                    crashes.settle()
            farm.stop()
            assert contradictions(farm) == [], f"killed: {dict(crashes.killed)}"
