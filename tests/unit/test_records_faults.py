"""Memory and database of the records agree, wherever the connection breaks."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import settings

from farm.plan.key import View
from farm.records import database
from farm.records.database import RETRY_AFTER_S, Database, RecordsUnreachable
from farm.records.store import Records
from tests.records_data import LINE, Clock, build, generation, key_of, snapshot, told, topic
from tests.records_faults import (
    AFTER_COMMIT,
    BEFORE_COMMIT,
    FAULTY,
    STATEMENT,
    Fault,
    Faults,
    FaultySqlite,
)
from tests.stacks import head


class TestFaultySqlite(FaultySqlite.TestCase):
    settings = settings(FAULTY, max_examples=8, stateful_step_count=25)


@pytest.fixture
def url(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setattr(database, "RETRY_AFTER_S", (0.0,) * len(RETRY_AFTER_S))
    return f"sqlite:///{tmp_path / 'farm.sqlite'}"


def something_of_everything(url: str) -> Records:
    records = Records(url, Clock())
    records.put_head("development", head("libogg", 1))
    records.put_forced_head(*LINE, head("libogg", 2))
    records.put_generation(generation(1, head("libogg", 1)))
    records.put_snapshot(snapshot(1, {"libogg": 9}))
    records.put_views([View("a" * 64, "libogg", "b" * 64, {})])
    records.put_topic(topic(), [head("libogg", 1)])
    records.force(*LINE, "libogg", "bad disk", "ann")
    records.start_build(build(1))
    return records


CHANGES: dict[str, Callable[[Records], object]] = {
    "put_head": lambda r: r.put_head("development", head("libogg", 3)),
    "put_forced_head": lambda r: r.put_forced_head(*LINE, head("libogg", 3)),
    "drop_forced_head": lambda r: r.drop_forced_head(*LINE, "libogg"),
    "put_generation": lambda r: r.put_generation(generation(2, head("libogg", 3))),
    "put_snapshot": lambda r: r.put_snapshot(snapshot(2, {"libogg": 8, "speex": 9})),
    "put_views": lambda r: r.put_views([View("c" * 64, "speex", "d" * 64, {})]),
    "put_topic": lambda r: r.put_topic(topic(verdict="good"), [head("speex", 3)]),
    "delete_topic": lambda r: r.delete_topic("topic-migrate", 9.0),
    "force": lambda r: r.force(*LINE, "libogg", "worse disk", "bob"),
    "start_build": lambda r: r.start_build(build(2)),
    "start_build again": lambda r: r.start_build(build(1, channel="stable")),
    "build_began": lambda r: r.build_began(key_of(1), "worker"),
    "build_succeeded": lambda r: r.build_succeeded(key_of(1), "d" * 64),
    "build_failed": lambda r: r.build_failed(key_of(1), "build", "cc: error"),
    "build_interrupted": lambda r: r.build_interrupted(key_of(1), "lost"),
    "build_cancelled": lambda r: r.build_cancelled(key_of(1)),
}


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("moment", [STATEMENT, AFTER_COMMIT])
def test_a_change_that_cannot_be_written_is_not_in_memory(
    url: str, change: str, moment: str
) -> None:
    records = something_of_everything(url)
    before = told(records)
    Faults(records, left=(faults := [Fault(moment)] * 9))
    with pytest.raises(RecordsUnreachable):
        CHANGES[change](records)
    faults.clear()
    records.settle()
    assert told(records) == told(Records(url))
    assert (told(records) == before) == (moment != AFTER_COMMIT)


@pytest.mark.parametrize("moment", [STATEMENT, BEFORE_COMMIT, AFTER_COMMIT])
def test_a_transaction_that_broke_off_is_done_again(url: str, moment: str) -> None:
    records = Records(url)
    Faults(records).left.append(Fault(moment))
    assert records.force(*LINE, "libogg", "bad disk", "ann") == 1
    fresh = Records(url)
    assert fresh.forces == records.forces == {(*LINE, "libogg"): 1}
    assert len(fresh.forces_of(*LINE, "libogg")) == 1


@pytest.mark.parametrize("moment", [STATEMENT, BEFORE_COMMIT])
def test_what_breaks_off_again_and_again_is_not_done_at_all(url: str, moment: str) -> None:
    records = Records(url)
    records.put_generation(generation(1, head("libogg", 1)))
    faults = Faults(records)
    faults.left += [Fault(moment)] * 9
    with pytest.raises(RecordsUnreachable, match="cannot use the farm's records at sqlite:///"):
        records.put_generation(generation(1, head("libogg", 2), done=True))
    faults.left.clear()
    assert (
        records.generations == Records(url).generations == {LINE: generation(1, head("libogg", 1))}
    )


def test_after_a_commit_in_doubt_the_next_change_starts_from_the_database(url: str) -> None:
    records = Records(url, Clock())
    faults = Faults(records)
    faults.left += [Fault(AFTER_COMMIT)] * 9
    with pytest.raises(RecordsUnreachable):
        records.force(*LINE, "libogg", "bad disk", "ann")
    faults.left.clear()
    assert records.force(*LINE, "libogg", "bad disk", "ann") == 2


def test_a_reader_is_not_held_up_by_a_writer_nor_sees_half_of_it(url: str) -> None:
    writer = Records(url)
    writer.put_head("development", head("libogg", 1))

    def look(connection: object) -> None:
        reader = Records(url, only_look=True)
        assert reader.heads["development", "libogg"] == head("libogg", 1)
        reader.close()

    writer._database.write(look)


def test_a_writer_waits_for_another(url: str) -> None:
    records, other = Records(url), Database(url)
    writing = threading.Event()

    def slowly(connection: object) -> None:
        writing.set()
        time.sleep(0.2)

    thread = threading.Thread(target=other.write, args=(slowly,))
    thread.start()
    writing.wait()
    records.put_head("development", head("libogg", 1))
    thread.join()
    assert Records(url).heads == {("development", "libogg"): head("libogg", 1)}


def test_who_looks_cannot_write(url: str) -> None:
    Records(url).start_build(build())
    looker = Records(url, only_look=True)
    assert looker.builds[key_of(1)].component == "libogg"
    with pytest.raises(RecordsUnreachable, match="readonly"):
        looker.put_head("development", head("libogg", 1))
