"""`farm deb`, `farm rpm`, `farm srpm` and `--adopt`, on checkouts, in clean roots."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from demo.rpm_distribution import build_distribution
from farm.digest import header
from tests.projects import commit, write_library, write_program
from tests.real.cache import CACHE

pytestmark = pytest.mark.real

FARM = Path(sys.executable).with_name("farm")
DISTROS = """\
channels: {{development: }}
distros:
  bookworm:
    {{family: deb, release: Debian 12, architecture: amd64, root: {{suite: bookworm}},
     version_suffix: ~deb12}}
  demo-rpm:
    {{family: rpm, release: Demo 1, architecture: x86_64,
     root: {{repositories: {{demo: "{rpm}"}}}}, version_suffix: .demo1}}
components:
"""
COMPONENTS = """\
  tinylib: {{git: "{here}/tinylib", summary: Tiny library, licence: MIT}}
  tinyapp:
    git: "{here}/tinyapp"
    summary: Tiny program
    licence: MIT
    depends: [tinylib]
    packages: {{deb: [pkgconf], rpm: [pkgconf-pkg-config]}}
"""


@pytest.fixture
def stack(tmp_path: Path) -> Path:
    """A library and a program, checked out beside their components.yml."""
    for tree in (write_library(tmp_path / "tinylib"), write_program(tmp_path / "tinyapp")):
        commit(tree, "First", tag="v1.0")
    rpm = build_distribution(CACHE / "demo-rpm").as_uri()
    (tmp_path / "components.yml").write_text((DISTROS + COMPONENTS).format(here=tmp_path, rpm=rpm))
    return tmp_path


def farm(stack: Path, *arguments: str) -> str:
    """What the command prints; its messages when it fails."""
    options = () if "validate" in arguments else ("--components", "components.yml")
    environment = {**os.environ, "FARM_CACHE": str(CACHE)}
    done = subprocess.run(
        [FARM, *arguments, *options],
        cwd=stack,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def built(stack: Path, *arguments: str) -> dict[str, Path]:
    """The binary packages of a build, by name."""
    answer = json.loads(farm(stack, *arguments, "--json"))
    paths = [stack / answer["directory"] / name for name in answer["files"]]
    packages = [p for p in paths if p.name.endswith((".deb", ".rpm")) and ".src." not in p.name]
    return {header(path).name: path for path in packages}


def test_uncommitted_changes_become_debian_packages_with_a_local_version(stack: Path) -> None:
    built(stack, "deb", "tinylib")
    (stack / "tinyapp/tinyapp.1").write_text(".TH TINYAPP 1\n.SH NAME\ntinyapp \\- changed\n")
    program = built(stack, "deb", "tinyapp")["tinyapp"]
    assert header(program).version.startswith("1.0+local20")
    log = (program.parent / "build.log").read_text()
    assert "with libtinylib-dev 1.0-1~deb12" in log


def test_rpms_and_source_rpms_are_built_too(stack: Path) -> None:
    assert {"tinylib", "tinylib-devel"} <= set(built(stack, "rpm", "tinylib"))
    printed = farm(stack, "srpm", "tinyapp").splitlines()
    assert printed == ["packages/demo-rpm/tinyapp/tinyapp-1.0-1.demo1.src.rpm"]


@pytest.mark.parametrize(("skeleton", "build"), [("debian", "deb"), ("spec", "rpm")])
def test_adopted_packaging_is_used_and_gives_the_same_packages(
    stack: Path, skeleton: str, build: str
) -> None:
    generated = {name: contents(path) for name, path in built(stack, build, "tinylib").items()}

    farm(stack, skeleton, "tinylib", "--adopt")
    commit(stack / "tinylib", "Own the packaging")
    adopted = {name: contents(path) for name, path in built(stack, build, "tinylib").items()}

    assert adopted == generated
    # The packager's word counts from now on.
    own = next((stack / "tinylib").glob({"deb": "debian/control", "rpm": "*.spec"}[build]))
    own.write_text(own.read_text().replace("Tiny library", "Library of the packager"))
    library = built(stack, build, "tinylib")[{"deb": "libtinylib1", "rpm": "tinylib"}[build]]
    assert "Library of the packager" in summary(library)


def contents(package: Path) -> set[str]:
    """Paths of the files in a package; what carries the version in its name is left out."""
    if package.suffix == ".deb":
        printed = run("dpkg-deb", "--contents", str(package))
        paths = {line.split(maxsplit=5)[5].split(" -> ")[0] for line in printed.splitlines()}
    else:
        paths = set(run("rpm", "-qlp", "--nosignature", str(package)).splitlines())
    return {path for path in paths if "/.build-id/" not in path and "1.0" not in path}


def summary(package: Path) -> str:
    if package.suffix == ".deb":
        return run("dpkg-deb", "--field", str(package), "Description")
    return run("rpm", "-qp", "--nosignature", "--queryformat", "%{SUMMARY}", str(package))


def run(*argv: str) -> str:
    return subprocess.run(argv, check=True, capture_output=True, text=True).stdout
