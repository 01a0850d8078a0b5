"""The records in PostgreSQL: all that they do in SQLite, and connections that are really killed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import settings

from farm.records.database import RecordsUnreachable
from farm.records.store import Records
from tests.postgres import Cluster, cluster
from tests.records_data import LINE, build, contradictions, key_of, told
from tests.records_faults import (
    AFTER_COMMIT,
    BEFORE_COMMIT,
    FAULTY,
    STATEMENT,
    Fault,
    Faults,
    FaultyPostgres,
)
from tests.records_suite import RecordsSuite
from tests.records_upgrade_suite import UpgradeSuite
from tests.stacks import head

pytestmark = pytest.mark.real


@pytest.fixture(scope="module")
def postgres() -> Iterator[Cluster]:
    with cluster() as one:
        FaultyPostgres.postgres = one
        yield one


@pytest.fixture
def url(postgres: Cluster) -> Iterator[str]:
    url = postgres.database()
    yield url
    postgres.drop(url)


class TestRecordsInPostgres(RecordsSuite):
    pass


class TestUpgradeInPostgres(UpgradeSuite):
    pass


@pytest.mark.usefixtures("postgres")
class TestFaultyPostgres(FaultyPostgres.TestCase):
    settings = settings(FAULTY, max_examples=5, stateful_step_count=30)


def test_connections_lost_between_two_calls_are_not_noticed(postgres: Cluster, url: str) -> None:
    records = Records(url)
    records.start_build(build())
    for action in (
        lambda: records.build_began(key_of(1), "worker"),
        lambda: records.build_succeeded(key_of(1), "d" * 64),
        lambda: records.attempts_of(key_of(1)),
    ):
        assert postgres.kill_connections(url) > 0
        action()
    assert told(records) == told(Records(url))


@pytest.mark.parametrize("moment", [STATEMENT, BEFORE_COMMIT, AFTER_COMMIT])
@pytest.mark.parametrize("after", [0, 1, 2])
def test_a_connection_killed_within_a_transaction_costs_nothing(
    postgres: Cluster, url: str, moment: str, after: int
) -> None:
    records = Records(url)
    records.start_build(build())

    def kill(connection: Any) -> None:
        assert postgres.kill_connections(url, connection.get_backend_pid()) == 1

    faults = Faults(records, kill, [Fault(moment, after)])
    records.build_interrupted(key_of(1), "lost")
    records.start_build(build())
    records.build_succeeded(key_of(1), "d" * 64)
    records.force(*LINE, "libogg", "bad disk", "ann")
    assert not faults.left
    fresh = Records(url)
    assert told(records) == told(fresh)
    assert list(contradictions(fresh)) == []


def test_a_server_that_is_away_is_one_message_and_then_forgotten(
    postgres: Cluster, url: str
) -> None:
    records = Records(url)
    records.put_head("development", head("libogg", 1))
    postgres.stop()
    try:
        with pytest.raises(RecordsUnreachable, match="cannot use the farm's records at postgresql"):
            records.put_head("development", head("libogg", 2))
    finally:
        postgres.start()
    assert records.heads["development", "libogg"] == head("libogg", 1)
    records.put_head("development", head("libogg", 3))
    assert Records(url).heads["development", "libogg"] == head("libogg", 3)
