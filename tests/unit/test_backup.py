"""What a backup is called, what it says of itself, and which are kept."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from farm.errors import FarmError
from repo_publish.backup.contents import DESCRIPTION, Backup, backups, name_at, newest, read
from repo_publish.backup.databases import copy_sqlite, is_sqlite
from repo_publish.backup.taking import thin_out
from repo_publish.errors import PublishError


def a_backup(place: Path, moment: float) -> Path:
    backup = place / name_at(moment)
    backup.mkdir(parents=True)
    said = Backup(taken_at=backup.name, state="/srv/farm", databases={}, secrets=True)
    (backup / DESCRIPTION).write_text(said.model_dump_json())
    return backup


def test_names_sort_by_time() -> None:
    assert name_at(0) == "19700101T000000Z"
    assert name_at(9e8) < name_at(1e9)


def test_the_newest_complete_backup_is_chosen(tmp_path: Path) -> None:
    a_backup(tmp_path, 1e9)
    last = a_backup(tmp_path, 2e9)
    (tmp_path / name_at(3e9)).mkdir()
    (tmp_path / f".incomplete-{name_at(3e9)}").mkdir()
    assert newest(tmp_path) == last
    assert newest(last) == last
    assert [one.name for one in backups(tmp_path)] == [name_at(1e9), name_at(2e9)]


def test_where_there_is_no_backup_it_says_so(tmp_path: Path) -> None:
    for place in (tmp_path, tmp_path / "nowhere"):
        with pytest.raises(FarmError, match="no backup there"):
            newest(place)


def test_a_backup_of_a_newer_farm_is_refused(tmp_path: Path) -> None:
    one = a_backup(tmp_path, 1e9)
    (one / DESCRIPTION).write_text((one / DESCRIPTION).read_text().replace(":1,", ":2,"))
    with pytest.raises(FarmError, match="newer version"):
        read(one)
    (one / DESCRIPTION).write_text("{")
    with pytest.raises(FarmError, match="not the description of a backup"):
        read(one)


@pytest.mark.parametrize(("keep", "left"), [(0, 3), (1, 1), (2, 2), (5, 3)])
def test_the_newest_are_kept(tmp_path: Path, keep: int, left: int) -> None:
    made = [a_backup(tmp_path, moment) for moment in (1e9, 2e9, 3e9)]
    removed = thin_out(tmp_path, keep)
    assert backups(tmp_path) == made[3 - left :]
    assert removed == made[: 3 - left]
    assert not any(one.exists() for one in removed)


def test_a_database_is_copied_while_it_is_written(tmp_path: Path) -> None:
    source = tmp_path / "farm.sqlite"
    with sqlite3.connect(source) as writer:
        writer.execute("pragma journal_mode=WAL")
        writer.execute("create table t (n)")
        writer.execute("insert into t values (1)")
        writer.commit()
        writer.execute("insert into t values (2)")
        copy_sqlite(source, tmp_path / "copy" / "farm.sqlite")
    with sqlite3.connect(tmp_path / "copy" / "farm.sqlite") as copy:
        assert copy.execute("select n from t").fetchall() == [(1,)]
    assert [path.name for path in (tmp_path / "copy").iterdir()] == ["farm.sqlite"]


def test_a_damaged_database_is_no_backup(tmp_path: Path) -> None:
    (tmp_path / "farm.sqlite").write_bytes(b"SQLite format 3\0" + b"x" * 5000)
    with pytest.raises(PublishError, match=r"farm\.sqlite"):
        copy_sqlite(tmp_path / "farm.sqlite", tmp_path / "copy.sqlite")


def test_databases_in_files_are_told_from_those_on_a_server() -> None:
    assert is_sqlite("sqlite:////srv/farm/state/farm.sqlite")
    assert not is_sqlite("postgresql+psycopg2://farm@/farm")
