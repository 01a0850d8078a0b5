"""Stopping the demo ends its own processes and nobody else's."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from demo import processes
from demo.processes import (
    Daemon,
    Process,
    ancestors,
    belonging,
    end,
    family,
    is_daemon,
    is_key_agent_of,
    parse_stat,
    read_process,
    running,
    stop,
)

STATE = Path("/srv/farm")
MASTER = Daemon("master", STATE / "master")


def process(pid, parent=1, *, session=None, command=("sh",), directory="/", **more):
    return Process(pid, parent, pid, session or pid, 7, tuple(command), directory, **more)


def table(*rows):
    return {row.pid: row for row in rows}


def pids(found):
    return [one.pid for one in found]


def test_stat_is_read_past_any_name():
    text = "42 (a) b (c)) S 1 40 39 " + " ".join(str(n) for n in range(7, 50))
    assert parse_stat(text) == (1, 40, 39, 22)


def test_a_family_is_all_descendants():
    known = table(process(10), process(11, 10), process(12, 11), process(20), process(21, 20))
    assert family({10}, known) == {10, 11, 12}


def test_jobs_that_lost_their_parent_belong_by_their_session():
    known = table(process(10, session=9), process(11, 1, session=9), process(20, 1, session=20))
    assert pids(belonging([10], STATE, known, spare=())) == [10, 11]


def test_the_callers_own_session_is_never_taken():
    """A master that was started in the foreground shares the terminal with its user."""
    known = table(process(5, session=5), process(10, 5, session=5), process(6, 5, session=5))
    assert pids(belonging([10], STATE, known, spare={6, 5})) == [10]


def test_what_has_the_demos_mark_belongs_to_it():
    known = table(
        process(10, marker="/srv/farm"), process(11, 10), process(12, marker="/srv/farm2")
    )
    assert pids(belonging([], STATE, known, spare=())) == [10, 11]


def test_the_caller_and_its_ancestors_are_spared():
    known = table(process(10, marker="/srv/farm"), process(11, 10), process(12, 11))
    assert pids(belonging([], STATE, known, spare=ancestors(11, known))) == [12]


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        (("gpg-agent", "--homedir", "/srv/farm/keys", "--daemon"), True),
        (("/usr/bin/gpg-agent", "--homedir=/srv/farm/keys"), True),
        (("gpg-agent", "--homedir", "/srv/farmer/keys"), False),
        (("gpg-agent", "--homedir", "/root/.gnupg"), False),
        (("gpg-agent", "--daemon"), False),
        (("vi", "--homedir", "/srv/farm/keys"), False),
        ((), False),
    ],
)
def test_key_agents_are_told_by_their_home(command, expected):
    assert is_key_agent_of(process(9, command=command), STATE) is expected


def test_a_key_agent_may_have_its_home_from_the_environment():
    agent = process(9, command=("gpg-agent", "--daemon"), gnupg_home="/srv/farm/keys")
    assert is_key_agent_of(agent, STATE)
    assert not is_key_agent_of(agent, Path("/srv/other"))


def test_a_daemon_is_known_by_program_and_directory():
    command = ("python", "-c", "run()", "--python=buildbot.tac")
    assert is_daemon(process(9, command=command, directory="/srv/farm/master"), MASTER)
    assert not is_daemon(process(9, command=command, directory="/srv/other/master"), MASTER)
    assert not is_daemon(process(9, command=("vi",), directory="/srv/farm/master"), MASTER)


@pytest.fixture
def spawn():
    started = []

    def call(code, base, **environment):
        """A process that looks like a daemon of `base`: its words and its directory say so."""
        base.mkdir(parents=True, exist_ok=True)
        child = subprocess.Popen(
            [sys.executable, "-c", f"{code}\n# buildbot", "--python=buildbot.tac"],
            cwd=base,
            env={**os.environ, **environment},
            stdout=subprocess.PIPE,
            start_new_session=True,
        )
        started.append(child)
        assert child.stdout.readline() == b"up\n"
        (base / "twistd.pid").write_text(f"{child.pid}\n")
        return child

    yield call
    for child in started:
        child.kill()
        child.wait()
        child.stdout.close()


SLEEP = "import time; print('up', flush=True); time.sleep(60)"
STUBBORN = f"import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); {SLEEP}"
WITH_JOB = f"import subprocess; subprocess.Popen(['sleep', '60'], start_new_session=True); {SLEEP}"


def test_a_pid_file_of_somebody_else_names_no_daemon(tmp_path, spawn):
    child = spawn(SLEEP, tmp_path / "master")
    other = Daemon("master", tmp_path / "other")
    other.base.mkdir()
    (other.base / "twistd.pid").write_text(str(child.pid))
    assert running(other) is None
    assert running(Daemon("master", tmp_path / "master")).pid == child.pid


def test_stop_ends_the_daemon_and_says_which(tmp_path, spawn):
    child = spawn(SLEEP, tmp_path / "master")
    daemons = [Daemon("master", tmp_path / "master"), Daemon("worker w", tmp_path / "w")]
    assert stop(daemons, tmp_path) == ["master"]
    assert child.wait(5) == -signal.SIGTERM
    assert stop(daemons, tmp_path) == []


def test_stop_ends_the_jobs_of_a_daemon_too(tmp_path, spawn):
    child = spawn(WITH_JOB, tmp_path / "w", **{processes.MARKER: str(tmp_path)})
    (job,) = [p for p in processes.all_processes().values() if p.parent == child.pid]
    stop([Daemon("worker w", tmp_path / "w")], tmp_path)
    assert read_process(job.pid) is None


def test_stop_leaves_other_processes_alone(tmp_path, spawn):
    bystander = spawn(SLEEP, tmp_path / "elsewhere")
    stop([Daemon("master", tmp_path / "master")], tmp_path / "state")
    assert bystander.poll() is None


def test_whoever_ignores_sigterm_is_killed(tmp_path, spawn):
    child = spawn(STUBBORN, tmp_path / "master")
    end([read_process(child.pid)], term_timeout_s=0.2)
    assert child.wait(5) == -signal.SIGKILL


def test_a_number_that_went_to_another_process_is_left_alone(tmp_path, spawn):
    child = spawn(SLEEP, tmp_path / "master")
    seen = read_process(child.pid)
    earlier = Process(**{**seen.__dict__, "started": seen.started - 1})
    end([earlier], term_timeout_s=0.2)
    assert child.poll() is None
