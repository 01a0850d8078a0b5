"""The one command of an invitation, as it is printed: from nothing to a worker that builds.

It installs the farm's package and its pinned requirements into a virtual environment, so it needs
the package index that pip is set up with. Takes a minute or two.
"""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from farm.run import clean_environment
from tests import projects
from tests.farms import BIN, TestFarm, free_port
from tests.real.cache import CACHE
from tests.stacks import debian

pytestmark = pytest.mark.real

LINE = "development/bookworm"
TIMEOUT_S = 600


@pytest.fixture
def farm(tmp_path: Path) -> Iterator[TestFarm]:
    """A farm whose only component nobody on this machine builds."""
    repository = tmp_path / "git" / "tinylib"
    projects.write_library(repository, version="1.0")
    projects.commit(repository, "First release", tag="v1.0")
    stack = {
        "channels": {"development": {}},
        "distros": {"bookworm": debian()},
        "components": {
            "tinylib": {
                "git": f"file://{repository}",
                "summary": "The library of the tests",
                "licence": "MIT",
            }
        },
    }
    ports = {"workers_port": free_port(), "files_port": free_port()}
    site = {
        "remote": {"host": "127.0.0.1", "interface": "127.0.0.1", **ports},
        "workers": {"apart": {"untrusted": True, "remote": True}},
        "upgrade_test": "never",
    }
    farm = TestFarm(tmp_path, stack, quick=False, site=site)
    try:
        yield farm.start()
    finally:
        farm.stop()


def test_the_command_of_an_invitation_makes_a_machine_a_worker(
    farm: TestFarm, tmp_path: Path
) -> None:
    told = json.loads(farm.run(BIN / "farm", "worker", "invite", "far", "--json"))
    home, programs = tmp_path / "far", tmp_path / "programs"
    environment = clean_environment(HOME=os.environ["HOME"], FARM_WORKER_HOME=str(programs))
    done = subprocess.run(
        ["sh", "-c", f"{told['command']} --no-start --directory {home}"],
        env=environment,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout == f"far is ready in {home}\n"
    (home / "cache").symlink_to(CACHE)

    farm.run(programs / "bin" / "buildbot-worker", "start", home)
    try:
        farm.wait_states(LINE, timeout_s=TIMEOUT_S, tinylib="published")
        checked = subprocess.run(
            [programs / "bin" / "farm", "worker", "doctor", "--smoke", "--directory", home],
            env=environment,
            capture_output=True,
            text=True,
        )
        assert checked.returncode == 0, checked.stdout
        assert "farm-smoke_1.0-1~deb12_all.deb" in checked.stdout
    finally:
        farm.kill(home)
