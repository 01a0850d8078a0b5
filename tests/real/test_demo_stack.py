"""The demo's sources from the host's own mirror, and a real master and worker."""

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest
import requests

from demo import processes, services, stack
from demo.errors import DemoError
from demo.paths import TOP, Paths
from demo.setup import host_packages, install
from demo.site import choose_ports, port_is_free

pytestmark = pytest.mark.real

MASTER = """\
from buildbot.plugins import schedulers, steps, util, worker
c = BuildmasterConfig = {{
    "workers": [worker.Worker("w", "secret")],
    "protocols": {{"pb": {{"port": "tcp:{pb}:interface=127.0.0.1"}}}},
    "builders": [util.BuilderConfig(name="b", workernames=["w"], factory=util.BuildFactory(
        [steps.ShellCommand(command=["setsid", "sleep", "600"])]))],
    "schedulers": [schedulers.ForceScheduler(name="force", builderNames=["b"])],
    "www": {{"port": "tcp:{www}:interface=127.0.0.1"}},
    "buildbotNetUsageData": None,
}}
"""


def test_nothing_is_left_to_install_on_a_machine_that_runs_tests():
    said = []
    assert install(host_packages(), said.append) == []
    assert said == []


@pytest.fixture
def one_component(monkeypatch):
    """libogg alone, of the release that main stops at."""
    definition = stack.load_definition()
    small = definition.model_copy(
        update={
            "suites": (definition.main,),
            "components": {"libogg": definition.components["libogg"]},
        }
    )
    monkeypatch.setattr(stack, "load_definition", lambda: small)


def test_upstream_releases_become_repositories(tmp_path, one_component, monkeypatch):
    paths = Paths(tmp_path)
    said = []
    assert stack.prepare(paths, said.append) == ["libogg"]
    repository = paths.repositories / "libogg.git"
    files = subprocess.run(
        ["git", "-C", repository, "ls-tree", "--name-only", "main"],
        check=True,
        capture_output=True,
        text=True,
    ).stdout.split()
    assert {"configure", "Makefile.in", "src"} <= set(files)
    assert not list((paths.cache / "apt").iterdir()), "apt's private state was thrown away"

    start = time.monotonic()
    assert stack.prepare(paths, said.append) == []
    assert time.monotonic() - start < 1

    # From the cache, without a mirror, it becomes the same commits.
    shutil.move(repository, tmp_path / "first.git")
    monkeypatch.setattr(stack, "find_mirror", pytest.fail)
    stack.prepare(paths, said.append)
    heads = [
        subprocess.run(["git", "-C", git, "rev-parse", "main"], check=True, capture_output=True)
        for git in (repository, tmp_path / "first.git")
    ]
    assert heads[0].stdout == heads[1].stdout


@pytest.fixture
def farm(tmp_path, monkeypatch):
    """A small master of the test's own, started and stopped by the demo's code."""
    paths = Paths(tmp_path / "state")
    ports = choose_ports({"www": 18010, "pb": 19989}, port_is_free)
    config = tmp_path / "master.cfg"
    config.write_text(MASTER.format(**ports))
    paths.demo.mkdir(parents=True)
    paths.site_file.touch()
    monkeypatch.setattr(services, "MASTER_CONFIG", config)
    run = services._run

    def with_own_workers(paths, what, argv):
        if "workers.setup" not in argv:
            return run(paths, what, argv)
        base = paths.workers / "w"
        if not base.exists():
            paths.workers.mkdir()
            program = Path(sys.executable).with_name("buildbot-worker")
            where = ["--maxdelay=1", base, f"127.0.0.1:{ports['pb']}", "w", "secret"]
            run(paths, "make a worker", [program, "create-worker", "--quiet", *where])
        return f"{base}\n"

    monkeypatch.setattr(services, "_run", with_own_workers)
    yield paths, f"http://127.0.0.1:{ports['www']}", config
    processes.stop(services.everything(paths), paths.state)


def job_of(paths):
    """The process of the running build, in a session of its own."""
    for _ in range(100):
        found = processes.farm_processes(services.everything(paths), paths.state)
        for process in found:
            if process.command[0] == "sleep":
                return process
        time.sleep(0.1)
    raise AssertionError("the build did not start")


def test_everything_that_was_started_is_stopped_and_nothing_else(farm):
    paths, url, _ = farm
    bystander = subprocess.Popen(["sleep", "600"], cwd=TOP, env={**os.environ, "FARM_SITE": "x"})
    try:
        said = []
        assert services.start(paths, said.append)
        assert said == ["master started", "worker w started"]
        assert not services.start(paths, said.append)
        assert said[2:] == ["master runs already", "worker w runs already"]
        force = {"jsonrpc": "2.0", "method": "force", "id": 1, "params": {"builderid": "1"}}
        answer = requests.post(f"{url}/api/v2/forceschedulers/force", json=force, timeout=10)
        answer.raise_for_status()
        job = job_of(paths)

        assert processes.stop(services.everything(paths), paths.state) == ["master", "worker w"]
        assert processes.read_process(job.pid) is None
        assert processes.farm_processes(services.everything(paths), paths.state) == []
        assert bystander.poll() is None
    finally:
        bystander.kill()
        bystander.wait()


def test_a_master_that_cannot_start_says_why(farm):
    paths, _, config = farm
    config.write_text(config.read_text() + "c['workers'] = 'none'\n")
    with pytest.raises(DemoError, match="the master cannot start") as caught:
        services.start(paths, print)
    assert "'workers'" in str(caught.value)
    assert "twistd.log" in caught.value.advice
