"""How records of older versions become those of this one; a class with a `url` fixture runs it."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from farm.records import tables
from farm.records.database import Database, RecordsUnreachable
from farm.records.rows import BUILT, FAILED, INTERRUPTED, RUNNING, Attempt, ForceRow, SnapshotRow
from farm.records.store import Records
from farm.records.upgrade import (
    BASELINE,
    REVISION,
    VERSION_TABLE,
    NoRecords,
    WrongRecords,
    migrate,
)
from tests.records_data import LINE, key_of, told
from tests.stacks import head

OLD_BUILD = {
    "component": "libogg",
    "distro": "bookworm",
    "channel": "development",
    "generation": 1,
    "outcome": BUILT,
    "source": "c+0",
    "rebuild": 0,
    "upstream_version": "1.0",
    "inputs": {"commit": "c", "dependencies": {}},
    "uses": {},
    "reasons": ["first build"],
    "attempts": 0,
    "output_digest": "d" * 64,
    "phase": "",
    "message": "",
    "started_at": 10.0,
    "finished_at": 70.0,
}
OLD_LINE = {"channel": "development", "distro": "bookworm"}


def write_first_version(url: str) -> None:
    """A database as the farm's first version left it, which wrote no revision down."""
    database = Database(url)
    database.write(lambda connection: migrate(connection, "", BASELINE))
    database.write(_fill)
    database.close()


def _fill(connection: sa.Connection) -> None:
    connection.execute(sa.text(f"DROP TABLE {VERSION_TABLE}"))
    found = sa.MetaData()
    found.reflect(connection)

    def insert(table: str, *rows: dict[str, Any]) -> None:
        connection.execute(sa.insert(found.tables[table]), list(rows))

    insert("heads", {"channel": "development", "component": "libogg", "head": vars(head("libogg"))})
    insert(
        "builds",
        {**OLD_BUILD, "key": key_of(1)},
        {**OLD_BUILD, "key": key_of(2), "outcome": FAILED, "attempts": 2, "message": "cc: error"},
        {**OLD_BUILD, "key": key_of(3), "outcome": RUNNING, "attempts": 1, "message": "lost"},
        {**OLD_BUILD, "key": key_of(4), "outcome": RUNNING, "finished_at": 0.0},
    )
    whole = {"forced": {}, "done": True, "started_at": 1.0, "finished_at": 2.0}
    for number, commits in enumerate([{"libogg": 1, "flac": 1}, {"libogg": 1}, {"libogg": 2}], 1):
        admitted = {name: vars(head(name, commit)) for name, commit in commits.items()}
        insert("generations", {**OLD_LINE, "number": number, "admitted": admitted, **whole})
        keys = {name: key_of(commit) for name, commit in commits.items()}
        more = {"held_back": {}, "generation": number, "published_at": 3.0}
        insert("snapshots", {**OLD_LINE, "number": number, "wanted": keys, "content": keys, **more})
    force = {"component": "libogg", "count": 2, "reason": "bad disk", "who": "ann"}
    insert("forces", {**OLD_LINE, **force})


def differences(url: str) -> list[Any]:
    """What alembic finds different between a database and the tables."""
    database = Database(url)
    options = {"version_table": VERSION_TABLE, "compare_type": True}

    def compare(connection: sa.Connection) -> list[Any]:
        context = MigrationContext.configure(connection, opts=options)
        return list(compare_metadata(context, tables.metadata))

    try:
        return database.read(compare)
    finally:
        database.close()


class UpgradeSuite:
    """A subclass has a fixture `url`: an empty database for each test."""

    def test_an_empty_database_gets_the_tables(self, url: str) -> None:
        Records(url).close()
        assert differences(url) == []

    def test_the_steps_lead_to_the_tables(self, url: str) -> None:
        database = Database(url)
        database.write(lambda connection: migrate(connection, ""))
        database.close()
        assert differences(url) == []

    def test_what_the_first_version_wrote_is_kept(self, url: str) -> None:
        write_first_version(url)
        records = Records(url)
        assert differences(url) == []
        assert records.heads == {("development", "libogg"): head("libogg")}
        assert records.generations[LINE].admitted == {"libogg": head("libogg", 2)}
        first = records.generation_at(LINE, 1)
        assert first is not None and set(first.admitted) == {"libogg", "flac"}
        keys = {"libogg": key_of(1)}
        assert records.snapshot_at(LINE, 2) == SnapshotRow(*LINE, 2, keys, keys, {}, 2, 3.0)
        assert records.forces_of(*LINE, "libogg") == [
            ForceRow(*LINE, "libogg", 2, "bad disk", "ann")
        ]
        records.close()

    def test_builds_of_the_first_version_run_from_when_they_were_asked_for(self, url: str) -> None:
        write_first_version(url)
        records = Records(url)
        built = records.builds[key_of(1)]
        assert (built.requested_at, built.started_at, built.duration_s) == (10.0, 0.0, 60.0)
        assert built.inputs == OLD_BUILD["inputs"]
        assert set(records.unfinished) == {key_of(3), key_of(4)}
        assert [(n, records.attempts_of(key_of(n))[0].outcome) for n in (1, 2, 3, 4)] == [
            (1, BUILT),
            (2, FAILED),
            (3, INTERRUPTED),
            (4, RUNNING),
        ]
        assert records.attempts_of(key_of(2)) == [
            Attempt(key_of(2), 3, 10.0, 0.0, 70.0, FAILED, "", "cc: error")
        ]
        assert records.start_build(records.builds[key_of(4)]).attempt == 2
        records.close()

    def test_an_upgrade_is_done_once(self, url: str) -> None:
        write_first_version(url)
        first = Records(url)
        second = Records(url)
        assert told(first) == told(second)
        first.close()
        second.close()

    def test_an_upgrade_that_fails_leaves_the_old_database(
        self, url: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        write_first_version(url)
        with monkeypatch.context() as patch:

            def broken(*arguments: object, **options: object) -> None:
                raise sa.exc.ProgrammingError("CREATE INDEX", None, Exception("no more room"))

            patch.setattr("alembic.op.create_index", broken)
            with pytest.raises(RecordsUnreachable, match="no more room"):
                Records(url)
        records = Records(url)
        assert len(records.builds) == 4
        records.close()

    def test_records_of_a_newer_version_are_refused(self, url: str) -> None:
        Records(url).close()
        database = Database(url)
        version = sa.table(VERSION_TABLE, sa.column("version_num"))
        newer = sa.update(version).values(version_num="9000")
        database.write(lambda connection: connection.execute(newer))
        database.close()
        for only_look in (False, True):
            with pytest.raises(WrongRecords, match=f"revision 9000, this one knows {REVISION}"):
                Records(url, only_look=only_look)

    def test_a_database_of_something_else_is_refused(self, url: str) -> None:
        database = Database(url)
        database.write(lambda c: c.execute(sa.text("CREATE TABLE buildrequests (id INTEGER)")))
        database.close()
        with pytest.raises(WrongRecords, match=r"something else \(buildrequests …\)"):
            Records(url)

    def test_who_looks_upgrades_nothing(self, url: str) -> None:
        with pytest.raises(NoRecords, match="this farm has not started yet"):
            Records(url, only_look=True)
        write_first_version(url)
        with pytest.raises(WrongRecords, match="starting the master upgrades them"):
            Records(url, only_look=True)
        Records(url).close()
        looker = Records(url, only_look=True)
        assert len(looker.builds) == 4
        looker.close()
