"""Whether a master runs, before its directory is touched."""

from __future__ import annotations

from pathlib import Path

import pytest

from farm.errors import FarmError
from farm.site import load_site
from services.prepare import prepare, runs
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
