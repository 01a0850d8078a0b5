"""Whether a master runs, before its directory is touched."""

from __future__ import annotations

from pathlib import Path

import pytest
import sqlalchemy as sa

from farm.errors import FarmError
from farm.site import load_site
from services.prepare import ALIVE_S, bury, prepare, runs
from tests.farm_worlds import site_file


def a_process(folder: Path, pid: int, *argv: str) -> None:
    (folder / str(pid)).mkdir(parents=True)
    (folder / str(pid) / "cmdline").write_bytes("\0".join(argv).encode())


def test_a_pid_file_counts_only_while_it_names_a_buildbot(tmp_path: Path) -> None:
    master, processes = tmp_path / "master", tmp_path / "proc"
    master.mkdir()
    assert not runs(master, processes)
    (master / "twistd.pid").write_text("12\n")
    assert not runs(master, processes), "no such process"
    a_process(processes, 12, "/usr/bin/sleep", "9")
    assert not runs(master, processes), "the number is another one's by now"
    (master / "twistd.pid").write_text("13\n")
    a_process(processes, 13, "python3", "/opt/farm/.venv/bin/buildbot", "start", "master")
    assert runs(master, processes)
    (master / "twistd.pid").write_text("?")
    assert not runs(master, processes)


def test_a_running_master_is_left_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    site = load_site(site_file(tmp_path, ""))
    (site.state / "master").mkdir(parents=True)
    monkeypatch.setattr("services.prepare.runs", lambda directory: True)
    with pytest.raises(FarmError, match="runs: stop it first"):
        prepare(site)


def masters(path: Path, *rows: tuple[str, int, int]) -> str:
    """Buildbot's table of masters: name, whether active, last sign of life."""
    url = f"sqlite:///{path / 'state.sqlite'}"
    engine = sa.create_engine(url)
    with engine.begin() as connection:
        connection.execute(sa.text("CREATE TABLE masters (name, active, last_active)"))
        for row in rows:
            values = dict(zip("nal", row, strict=True))
            connection.execute(sa.text("INSERT INTO masters VALUES (:n, :a, :l)"), values)
    engine.dispose()
    return url


def last_active(url: str) -> dict[str, int]:
    engine = sa.create_engine(url)
    with engine.connect() as connection:
        found = connection.execute(sa.text("SELECT name, last_active FROM masters")).all()
    engine.dispose()
    return dict(found)


def test_a_master_on_another_host_is_taken_for_dead_when_it_is_silent(tmp_path: Path) -> None:
    url = masters(tmp_path, ("old:/m", 1, 1000), ("here:/m", 1, 1000), ("gone:/m", 0, 500))
    bury(url, "here:/m", 1000 + ALIVE_S)
    assert last_active(url) == {"old:/m": 0, "here:/m": 1000, "gone:/m": 500}


def test_two_masters_of_a_farm_never_live_at_a_time(tmp_path: Path) -> None:
    url = masters(tmp_path, ("old:/m", 1, 1000))
    with pytest.raises(FarmError, match=r"old:/m was alive 30 s ago: stop it; .* again in 120 s"):
        bury(url, "here:/m", 1030)
    assert last_active(url) == {"old:/m": 1000}
