"""A topic's archive as its users have it: real packages, signed, installed by apt, withdrawn."""

from __future__ import annotations

import io
from contextlib import ExitStack
from pathlib import Path

import pytest
import requests

from demo.client import Client
from farm.build.bubblewrap import ROOT
from farm.build.deb.roots import root_for
from farm.build.sandbox import Overlay
from farm.model.load import load_stack
from tests import projects
from tests.farms import TestFarm, git
from tests.real.cache import CACHE
from tests.stacks import debian
from tests.topics import command, told, wait_settled

pytestmark = pytest.mark.real

TIMEOUT_S = 600


def stack(repositories: Path) -> dict[str, object]:
    """A library and a program on Debian."""
    components = {
        name: {
            "git": f"file://{repositories / name}",
            "depends": depends,
            "summary": f"The {name} of the tests",
            "licence": "MIT",
            "packages": {"deb": ["pkgconf"]},
        }
        for name, depends in (("tinylib", []), ("tinyapp", ["tinylib"]))
    }
    bookworm = debian()
    return {
        "channels": {"development": {}},
        "distros": {"bookworm": bookworm},
        "components": components,
    }


def installed(machine: Client, packages: str) -> str:
    machine.run("update", ["apt-get", "-qq", "update"], network=True)
    machine.run("install", ["apt-get", "-qqy", "install", packages], network=True)
    return machine.run("run it", ["tinyapp"])


def test_a_topics_packages_are_installed_upgraded_from_development_and_withdrawn(
    tmp_path: Path,
) -> None:
    repositories = tmp_path / "git"
    library = repositories / "tinylib"
    projects.write_library(library, version="1.0")
    projects.write_program(repositories / "tinyapp")
    for name in ("tinylib", "tinyapp"):
        projects.commit(repositories / name, "First release", tag="v1.0")
    farm = TestFarm(tmp_path, stack(repositories), quick=False)
    (farm.state / "cache").symlink_to(CACHE)
    with ExitStack() as running:
        running.callback(farm.stop)
        farm.start()
        published = {"tinylib": "published", "tinyapp": "published"}
        farm.wait_states("development/bookworm", TIMEOUT_S, **published)
        git(library, "switch", "-q", "-c", "migrate")
        projects.write_library(library, version="1.1")
        projects.commit(library, "Migrate")
        command(farm, "topic", "create", "migrate", "--reason", "Try it")
        wait_settled(farm, "migrate", timeout_s=TIMEOUT_S)
        archive = told(farm, "topics/migrate")["lines"][0]["archive"]
        assert archive == f"{farm.archive_url}topic-migrate/bookworm/"

        distro = load_stack(farm.base / "components.yml").distros["bookworm"]
        root = root_for(distro, CACHE, io.StringIO())
        overlay = running.enter_context(Overlay([root.tree], tmp_path / "clients"))
        machine = Client(overlay, io.StringIO())

        def follow(line: str) -> None:
            sources = requests.get(f"{farm.archive_url}{line}/farm.sources", timeout=20).text
            overlay.put("/etc/apt/sources.list.d", {"farm.sources": sources}, user=ROOT)

        follow("development/bookworm")
        assert "1.0" in installed(machine, "tinyapp")
        follow("topic-migrate/bookworm")
        assert "1.1" in installed(machine, "tinyapp")

        command(farm, "topic", "delete", "migrate")
        farm.wait("it is withdrawn", lambda: not requests.get(archive, timeout=20).ok)
        assert requests.get(f"{farm.archive_url}development/bookworm/", timeout=20).ok
