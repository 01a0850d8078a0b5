"""Records whose connection breaks, for long."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import settings

from tests.postgres import cluster
from tests.records_faults import FAULTY, FaultyPostgres, FaultySqlite

pytestmark = [pytest.mark.real, pytest.mark.timeout(3600)]


@pytest.fixture(scope="module")
def postgres() -> Iterator[None]:
    with cluster() as FaultyPostgres.postgres:
        yield


class TestFaultySqliteForLong(FaultySqlite.TestCase):
    settings = settings(FAULTY, max_examples=400, stateful_step_count=50)


@pytest.mark.usefixtures("postgres")
class TestFaultyPostgresForLong(FaultyPostgres.TestCase):
    settings = settings(FAULTY, max_examples=100, stateful_step_count=50)
