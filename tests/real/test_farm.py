"""The whole farm: from a git push, through chroots and archives, to apt-get and dnf on a client."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
import requests

from demo.client import Client
from demo.rpm_distribution import build_distribution
from farm.build.bubblewrap import ROOT
from farm.build.deb.roots import root_for
from farm.build.rpm.roots import root_in_use
from farm.build.sandbox import Overlay
from farm.model.load import load_stack
from farm.pool import result
from farm.records.store import Records
from tests import projects
from tests.farms import TestFarm
from tests.real.cache import CACHE
from tests.stacks import debian

pytestmark = pytest.mark.real

DEB, RPM = "development/bookworm", "development/demo-rpm"
TIMEOUT_S = 600
APT = ("apt-get", "--quiet", "--assume-yes")


def stack(repositories: Path, distribution: Path) -> dict[str, Any]:
    def component(name: str, *depends: str) -> dict[str, Any]:
        return {
            "git": f"file://{repositories / name}",
            "depends": list(depends),
            "summary": f"The {name} of the tests",
            "licence": "MIT",
            "packages": {"deb": ["pkgconf"], "rpm": ["pkgconf-pkg-config"]},
        }

    return {
        "channels": {"development": {}},
        "distros": {
            "bookworm": debian(),
            "demo-rpm": {
                "family": "rpm",
                "release": "Demo RPM distribution",
                "architecture": "x86_64",
                "root": {"repositories": {"base": f"file://{distribution}"}},
                "version_suffix": ".demo1",
            },
        },
        "components": {
            "tinylib": component("tinylib"),
            "tinyapp": {**component("tinyapp", "tinylib"), "timeout_minutes": 1},
        },
    }


@pytest.fixture
def farm(tmp_path: Path) -> Iterator[TestFarm]:
    """A farm with a library and a program that uses it, neither built yet."""
    distribution = build_distribution(CACHE / "demo-rpm", log=io.StringIO())
    repositories = tmp_path / "git"
    projects.write_library(repositories / "tinylib", version="1.0")
    projects.write_program(repositories / "tinyapp")
    for name in ("tinylib", "tinyapp"):
        projects.commit(repositories / name, "First release", tag="v1.0")
    farm = TestFarm(tmp_path, stack(repositories, distribution), quick=False)
    (farm.state / "cache").symlink_to(CACHE)
    try:
        yield farm.start()
    finally:
        farm.stop()


class AptMachine:
    """A Debian machine of a user: a throw-away copy of a clean root."""

    def __init__(self, farm: TestFarm, overlay: Overlay):
        self.client = Client(overlay, io.StringIO())
        url = f"{farm.archive_url}{DEB}/farm.sources"
        overlay.put(
            "/etc/apt/sources.list.d",
            {"farm.sources": requests.get(url, timeout=20).text},
            user=ROOT,
        )

    def run(self, *command: str) -> str:
        return self.client.run(" ".join(command), [*APT, *command], network=True)


class DnfMachine:
    """The same with dnf, which works on the root from outside."""

    def __init__(self, farm: TestFarm, overlay: Overlay, dnf: Any):
        self.client, self.dnf, self.inside = (
            Client(overlay, io.StringIO()),
            dnf,
            overlay.mount_point,
        )
        url = f"{farm.archive_url}{RPM}/farm.repo"
        overlay.put(
            "/etc/yum.repos.d", {"farm.repo": requests.get(url, timeout=20).text}, user=ROOT
        )

    def run(self, *command: str) -> str:
        settings = (f"reposdir={self.inside}/etc/yum.repos.d", f"cachedir={self.inside}/var/dnf")
        options = [f"--setopt={setting}" for setting in settings]
        argv = self.dnf.argv(self.inside, *options, "--refresh", *command)
        return self.client.run_host(" ".join(command), argv, self.dnf.environment)


def wait_published(farm: TestFarm, snapshot: int) -> None:
    for line in (DEB, RPM):
        farm.wait(
            f"{line} has snapshot {snapshot}",
            lambda line=line: (
                farm.status()["lines"].get(line, {}).get("snapshot") == snapshot
                and set(farm.states(line).values()) == {"published"}
            ),
            TIMEOUT_S,
        )


def test_from_a_push_to_a_client_that_upgrades(farm: TestFarm, tmp_path: Path) -> None:
    wait_published(farm, 1)
    distros = load_stack(farm.base / "components.yml").distros
    with ExitStack() as machines:
        deb = root_for(distros["bookworm"], CACHE, io.StringIO())
        work = tmp_path / "clients"
        apt = AptMachine(farm, machines.enter_context(Overlay([deb.tree], work)))
        rpm = machines.enter_context(root_in_use(distros["demo-rpm"], CACHE, io.StringIO()))
        dnf = DnfMachine(farm, machines.enter_context(Overlay([rpm.path], work)), rpm.dnf)

        apt.run("update")
        apt.run("install", "tinyapp")
        dnf.run("install", "tinyapp")
        for machine in (apt, dnf):
            assert "1.0" in machine.client.run("run it", ["tinyapp"])

        library = tmp_path / "git" / "tinylib"
        projects.write_library(library, version="1.1")
        projects.commit(library, "Say more", tag="v1.1")
        assert farm.hook(f"file://{library}") == 200
        wait_published(farm, 2)

        apt.run("update")
        apt.run("upgrade")
        dnf.run("upgrade")
        for machine in (apt, dnf):
            assert "1.1" in machine.client.run("run it", ["tinyapp"])

        apt.run("source", "--download-only", "tinylib")
        dnf.run("--enableplugin=download", "download", "--source", f"--destdir={work}", "tinylib")
        assert list(work.glob("tinylib-1.1-1.demo1.src.rpm"))

    records = Records(f"sqlite:///{farm.state / 'farm.sqlite'}")
    for distro in distros:
        content = records.snapshots["development", distro].content
        built = result(farm.state / "pool", content["tinylib"])
        assert built is not None and built.tests == "passed"
    records.close()


def test_failing_and_hanging_tests_are_the_components_fault_and_named(
    farm: TestFarm, tmp_path: Path
) -> None:
    wait_published(farm, 1)
    library, program = tmp_path / "git" / "tinylib", tmp_path / "git" / "tinyapp"
    projects.write_library(library, version="1.1", check="exit 1")
    projects.commit(library, "Break the tests")
    projects.write_program(program, check="sleep 3600")
    projects.commit(program, "Hang")
    assert farm.hook(f"file://{library}") == 200
    for line in (DEB, RPM):
        farm.wait_states(line, TIMEOUT_S, tinylib="failed", tinyapp="blocked")
        reason = farm.status()["lines"][line]["components"]["tinylib"]["reason"]
        assert reason.startswith("test: "), reason
    projects.write_library(library, version="1.2")
    projects.commit(library, "Mend the tests")
    assert farm.hook(f"file://{library}") == 200
    assert farm.hook(f"file://{program}") == 200
    for line in (DEB, RPM):
        farm.wait_states(line, TIMEOUT_S, tinylib="published", tinyapp="failed")
        reason = farm.status()["lines"][line]["components"]["tinyapp"]["reason"]
        assert reason.startswith("test: ") and "1 minute" in reason, reason
