"""Five minutes of a newcomer: from an installed package to a proposed fix (docs/newcomer.md)."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from demo.rpm_distribution import build_distribution
from farm.build.deb.roots import root_for
from farm.build.sandbox import Overlay
from tests.deb_builds import deb_distro
from tests.forge import TOKEN, Forge, running_forge
from tests.projects import commit, write_library
from tests.real.cache import CACHE
from tests.real.test_check import IGNORED, README
from tests.real.test_local_packages import DISTROS
from tests.unit.test_licences import MIT

pytestmark = pytest.mark.real

FARM = Path(sys.executable).with_name("farm")
COMPONENTS = """\
  tinylib: {{git: "{git}", summary: Tiny library, licence: MIT, homepage: "https://example.org/"}}
"""
IDENTITY = {
    f"GIT_{role}_{what}": value
    for role in ("AUTHOR", "COMMITTER")
    for what, value in (("NAME", "Nora Newcomer"), ("EMAIL", "nora@example.org"))
}


@pytest.fixture
def forge(tmp_path: Path) -> Iterator[Forge]:
    """A forge with the maintainers' repository of tinylib, and a newcomer's fork of it."""
    tree = write_library(tmp_path / "upstream")
    (tree / "README").unlink()
    documents = {"README.md": README, "LICENSE": MIT, "NEWS": "1.0: first\n"}
    for name, text in {**documents, ".gitignore": IGNORED}.items():
        (tree / name).write_text(text)
    commit(tree, "First", tag="v1.0")
    with running_forge(tmp_path / "forge") as forge:
        forge.create("maintainers", "tinylib", tree)
        forge.create("nora", "tinylib", tree)
        yield forge


def run(*argv: str | Path, cwd: Path | None = None) -> str:
    environment = {**os.environ, **IDENTITY, "FARM_CACHE": str(CACHE)}
    done = subprocess.run(argv, cwd=cwd, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, f"{argv}\n{done.stdout}{done.stderr}"
    return done.stdout


def build_packages(forge: Forge, place: Path) -> None:
    """What the farm publishes: packages of both families below place/packages."""
    rpm = build_distribution(CACHE / "demo-rpm").as_uri()
    stack = (DISTROS + COMPONENTS).format(git=forge.url("maintainers", "tinylib"), rpm=rpm)
    (place / "components.yml").write_text(stack)
    run("git", "clone", "-q", forge.url("maintainers", "tinylib"), "tinylib", cwd=place)
    for command in ("deb", "rpm"):
        run(FARM, command, "tinylib", "--components", "components.yml", cwd=place)


def repository_of_installed_deb(archive: Path) -> str:
    """Install the package with apt in a clean root, and ask apt where its source lives."""
    for index, tool in (("Packages", "dpkg-scanpackages"), ("Sources", "dpkg-scansources")):
        (archive / index).write_text(run(tool, ".", cwd=archive))
    sources = "deb [trusted=yes] file:/mnt ./\ndeb-src [trusted=yes] file:/mnt ./\n"
    root = root_for(deb_distro(), CACHE, io.StringIO())
    with Overlay([root.tree], CACHE / "mnt") as overlay:
        (overlay.path / "etc/apt/sources.list").write_text(sources)
        bind = {archive: "/mnt"}
        overlay.run("update", ["apt-get", "-q", "update"], bind=bind)
        overlay.run("install", ["apt-get", "-q", "-y", "install", "tinylib"], bind=bind)
        assert "tinylib 1.0" in overlay.run("use it", ["tinylib-info"])
        shown = overlay.run("ask", ["apt-cache", "showsrc", "tinylib"], bind=bind)
    fields = dict(line.split(": ", 1) for line in shown.splitlines() if ": " in line)
    return fields["Vcs-Git"]


def repository_of_installed_rpm(packages: Path, root: Path) -> str:
    package = next(packages.glob("tinylib-tools-1*.x86_64.rpm"))
    rpm = ("rpm", "--root", root, "--dbpath", "/var/lib/rpm")
    run(*rpm, "--install", "--nodeps", "--noscripts", "--nosignature", package)
    assert (
        run(*rpm, "--query", "--queryformat", "%{URL}", "tinylib-tools") == "https://example.org/"
    )
    return run(*rpm, "--query", "--queryformat", "%{VCS}", "tinylib-tools").removeprefix("git:")


def test_five_minutes_from_an_installed_package_to_a_pull_request(
    forge: Forge, tmp_path: Path
) -> None:
    published, home = tmp_path / "published", tmp_path / "home"
    published.mkdir()
    home.mkdir()
    build_packages(forge, published)

    # She has the package, and finds the repository.
    url = repository_of_installed_deb(published / "packages/bookworm/tinylib")
    assert url == forge.url("maintainers", "tinylib")
    assert url == repository_of_installed_rpm(published / "packages/demo-rpm/tinylib", home / "rpm")

    # She repairs it on a branch.
    run("git", "clone", "-q", url, home / "tinylib")
    tree = home / "tinylib"
    run("git", "switch", "-q", "-c", "say-hello", cwd=tree)
    program = tree / "tinylib-info.c"
    program.write_text(program.read_text().replace('"tinylib %s', '"hello from tinylib %s'))
    makefile = tree / "Makefile.in"
    makefile.write_text(
        makefile.read_text().replace('= "tinylib 1.0"', '= "hello from tinylib 1.0"')
    )

    # The README told her how to build and test it.
    prefix = home / "prefix"
    run("./configure", f"--prefix={prefix}", cwd=tree)
    for target in ("all", "check", "install"):
        run("make", target, cwd=tree)
    said = run("env", f"LD_LIBRARY_PATH={prefix}/lib", prefix / "bin/tinylib-info")
    assert said == "hello from tinylib 1.0\n"
    run("git", "commit", "-qam", "Greet whoever asks", cwd=tree)
    assert run("git", "status", "--porcelain", cwd=tree) == ""
    run(FARM, "check", cwd=tree)

    # She proposes it.
    run("git", "push", "-q", forge.url("nora", "tinylib"), "say-hello", cwd=tree)
    wish = {"title": "Greet whoever asks", "head": "nora:say-hello", "base": "main", "body": "Hi."}
    answer = requests.post(
        f"{forge.api}/repos/maintainers/tinylib/pulls",
        json=wish,
        headers={"Authorization": f"Bearer {TOKEN}"},
        timeout=10,
    )
    assert answer.status_code == requests.codes.created
    (pull,) = forge.pulls
    assert pull["sha"] == run("git", "rev-parse", "HEAD", cwd=tree).strip()
    changed = run("git", "diff", "--stat", f"origin/main..{pull['sha']}", cwd=tree)
    assert "2 files changed" in changed
