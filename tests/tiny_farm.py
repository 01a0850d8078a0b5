"""A real farm of the two smallest components, a library and a program, on Debian."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import requests

from demo.client import Client
from farm.build.bubblewrap import ROOT
from farm.build.deb.roots import root_for
from farm.build.sandbox import Overlay
from farm.model.load import load_stack
from tests import projects
from tests.farms import TestFarm
from tests.real.cache import CACHE
from tests.stacks import debian

TIMEOUT_S = 600
LINE = "development/bookworm"
PUBLISHED = {"tinylib": "published", "tinyapp": "published"}


def stack(repositories: Path) -> dict[str, object]:
    """What components.yml says."""
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
    return {
        "channels": {"development": {}},
        "distros": {"bookworm": debian()},
        "components": components,
    }


@contextmanager
def tiny_farm(base: Path) -> Iterator[TestFarm]:
    """The farm, running, with everything published; its repositories are below ``git/``."""
    repositories = base / "git"
    projects.write_library(repositories / "tinylib", version="1.0")
    projects.write_program(repositories / "tinyapp")
    for name in PUBLISHED:
        projects.commit(repositories / name, "First release", tag="v1.0")
    farm = TestFarm(base, stack(repositories), quick=False)
    (farm.state / "cache").symlink_to(CACHE)
    try:
        farm.start()
        farm.wait_states(LINE, TIMEOUT_S, **PUBLISHED)
        yield farm
    finally:
        farm.stop()


class Machine:
    """A clean Debian whose apt follows a line of the farm."""

    def __init__(self, farm: TestFarm, overlay: Overlay):
        self._farm, self._overlay = farm, overlay
        self._client = Client(overlay, io.StringIO())

    def follow(self, line: str) -> None:
        """Take packages from another line's archive."""
        url = f"{self._farm.archive_url}{line}/farm.sources"
        sources = requests.get(url, timeout=20).text
        self._overlay.put("/etc/apt/sources.list.d", {"farm.sources": sources}, user=ROOT)

    def installed(self, package: str) -> str:
        """Install the newest version of the program, run it, and return what it prints."""
        self._client.run("update", ["apt-get", "-qq", "update"], network=True)
        self._client.run("install", ["apt-get", "-qqy", "install", package], network=True)
        return self._client.run("run it", ["tinyapp"])


@contextmanager
def machine(farm: TestFarm) -> Iterator[Machine]:
    """A machine that follows the development line."""
    distro = load_stack(farm.base / "components.yml").distros["bookworm"]
    root = root_for(distro, CACHE, io.StringIO())
    with ExitStack() as running:
        overlay = running.enter_context(Overlay([root.tree], farm.base / "clients"))
        one = Machine(farm, overlay)
        one.follow(LINE)
        yield one
