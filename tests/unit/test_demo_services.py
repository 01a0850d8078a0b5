"""Starting the master and its workers: what is decided before anything is started."""

import os

from demo import services
from demo.paths import Paths
from demo.processes import MARKER, Daemon


def worker_directory(paths, name):
    (paths.workers / name).mkdir(parents=True)
    (paths.workers / name / "buildbot.tac").touch()
    return paths.workers / name


def test_daemons_see_little_of_the_callers_environment(tmp_path):
    caller = {"TMPDIR": "/odd", "LC_ALL": "de_DE", "https_proxy": "http://p:1", "HOME": "/root"}
    environment = services.environment(Paths(tmp_path), caller)
    assert environment["https_proxy"] == "http://p:1"
    assert environment["FARM_SITE"] == str(tmp_path / "site.yml")
    assert environment[MARKER] == str(tmp_path)
    assert not {"TMPDIR", "LC_ALL"} & set(environment)


def test_the_master_is_stopped_before_its_workers(tmp_path):
    paths = Paths(tmp_path)
    worker_directory(paths, "w2")
    worker_directory(paths, "w1")
    assert [d.name for d in services.everything(paths)] == ["master", "worker w1", "worker w2"]


def test_workers_the_site_no_longer_has_are_forgotten(tmp_path):
    paths = Paths(tmp_path)
    kept = worker_directory(paths, "kept")
    worker_directory(paths, "old")
    services._drop_workers_but({str(kept)}, paths)
    assert [d.base for d in services.workers(paths)] == [kept]


def test_only_the_log_of_this_start_counts(tmp_path):
    log = tmp_path / "twistd.log"
    assert services._log_since(log, 0) == ""
    log.write_text("old\n")
    size = log.stat().st_size
    with log.open("a") as file:
        file.write("new\n")
    assert services._log_since(log, size) == "new\n"


def test_a_rotated_log_is_read_from_its_start(tmp_path):
    log = tmp_path / "twistd.log"
    log.write_text("new\n")
    assert services._log_since(log, 1000) == "new\n"


def test_settings_newer_than_the_masters_are_noticed(tmp_path, monkeypatch):
    paths = Paths(tmp_path)
    files = {name: tmp_path / name for name in ("MASTER_CONFIG", "COMPONENTS")}
    for name, path in files.items():
        path.touch()
        monkeypatch.setattr(services, name, path)
    paths.site_file.touch()
    marker = tmp_path / "configured"
    assert services._changed_since(paths, marker)
    marker.touch()
    later = marker.stat().st_mtime + 10
    os.utime(marker, (later, later))
    assert not services._changed_since(paths, marker)
    os.utime(files["COMPONENTS"], (later + 1, later + 1))
    assert services._changed_since(paths, marker)


def test_what_does_not_run_is_dead(tmp_path):
    daemon = Daemon("master", tmp_path)
    assert services.dead([daemon]) == [daemon]
    assert services.log_tail(daemon) == "  (no log)"
    daemon.log.write_text("one\ntwo\n")
    assert services.log_tail(daemon, 1) == "  two"
