"""One directory that a machine without network builds from: git mirrors, and the distro's packages.

The packages are all that the builds need on a system that has nothing, as apt resolves it, so any
machine of the same distro release can use them. They lie beside the mirrors, with an index that
apt reads; whoever can write the directory is trusted, as with the mirrors.
"""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Collection, Iterable
from pathlib import Path

from farm.buildsystem import recognise
from farm.errors import FarmError
from farm.git import Mirror, mirror_path
from farm.workspace.entries import components_file
from farm.workspace.errors import WorkspaceError
from farm.workspace.packages import packages_of_tools
from farm.workspace.workspace import Workspace

PACKAGES = "packages"
ALWAYS = ("binutils", "g++", "gcc", "git", "libc6-dev", "make", "pkgconf")
"""What nearly every build needs and no component names."""


def bundle_packages(directory: Path) -> Path | None:
    """Where a bundle's packages are; None for a directory with mirrors alone."""
    place = directory / PACKAGES
    return place if (place / "Packages").is_file() else None


def make_bundle(workspace: Workspace, directory: Path) -> list[str]:
    """Add to a directory of mirrors what else a machine without network needs; incremental.

    :return: the packages that builds ask for; with them come all that they depend on.
    :raises WorkspaceError: the packages cannot be had.
    """
    if workspace.settings.family != "deb":
        raise WorkspaceError("packages can be bundled for deb distros only")
    wanted = needed_packages(workspace, directory)
    place = directory / PACKAGES
    (place / "partial").mkdir(parents=True, exist_ok=True)
    nothing = place / ".nothing-installed"
    nothing.touch()
    _apt(
        "fetch the packages that builds need",
        [
            *("-o", f"Dir::State::status={nothing}", "-o", f"Dir::Cache::archives={place}"),
            *("-o", "Debug::NoLocking=1", "-o", "APT::Sandbox::User="),
            *("--yes", "--no-install-recommends", "--download-only", "install", "--"),
            *wanted,
        ],
    )
    _index(place)
    source = components_file(workspace.layout, workspace.settings)
    shutil.copyfile(source, directory / "components.yml")
    return wanted


def needed_packages(workspace: Workspace, directory: Path) -> list[str]:
    """What the components name, and what their build systems' programs are in.

    :param directory: where every repository is mirrored.
    """
    named = {package for entry in workspace.entries.values() for package in entry.packages}
    tools: set[str] = set()
    scratch = workspace.layout.scratch / "recognised"
    for entry in workspace.entries.values():
        mirror = Mirror(mirror_path(directory, entry.git), entry.git)
        try:
            _branch, commit = mirror.head(entry.branch or None)
            mirror.checkout(commit, entry.directory, scratch, 0)
        except FarmError as error:
            raise WorkspaceError(f"{entry.name}: {error}") from error
        tools.update(recognise(scratch).tools)
    shutil.rmtree(scratch, ignore_errors=True)
    return sorted({*named, *ALWAYS, *packages_of_tools("deb", tools)})


def bundle_options(workspace: Workspace, packages: Path) -> list[str]:
    """apt options with which only a bundle's packages are installed; its index is read here.

    :raises WorkspaceError: apt cannot read it.
    """
    state = workspace.layout.state / "bundle"
    (state / "lists" / "partial").mkdir(parents=True, exist_ok=True)
    source = state / "sources.list"
    source.write_text(f"deb [trusted=yes] file://{packages} ./\n", "utf-8")
    options = [
        *("-o", f"Dir::Etc::sourcelist={source}", "-o", "Dir::Etc::sourceparts=/nonexistent"),
        *("-o", f"Dir::State::lists={state / 'lists'}", "-o", "APT::Sandbox::User="),
    ]
    _apt("read the bundle's packages", [*options, "-q", "--error-on=any", "update"])
    return options


def _index(place: Path) -> None:
    """Write the index that apt reads, in one step."""
    printed = _run("index packages", ["dpkg-scanpackages", "--multiversion", "."], place)
    new = place / "Packages.new"
    new.write_text(printed, "utf-8")
    new.replace(place / "Packages")


def _apt(what: str, arguments: Iterable[str]) -> str:
    return _run(what, ["apt-get", *arguments], None)


def _run(what: str, argv: Collection[str], cwd: Path | None) -> str:
    program = next(iter(argv))
    try:
        done = subprocess.run(
            list(argv), cwd=cwd, capture_output=True, text=True, errors="replace", check=False
        )
    except FileNotFoundError as error:
        package = " (package dpkg-dev)" if program == "dpkg-scanpackages" else ""
        raise WorkspaceError(f"cannot {what}: {program} is not installed{package}") from error
    if done.returncode:
        tail = "\n".join(f"  {line}" for line in done.stderr.splitlines()[-10:])
        raise WorkspaceError(f"cannot {what}:\n{tail}")
    return done.stdout
