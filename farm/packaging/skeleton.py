"""Packaging for a person to start from: facts from a checked-out directory, files beside it."""

from __future__ import annotations

import os
import re
import shutil
import tempfile
import time
from collections.abc import Iterable, Mapping
from pathlib import Path

from farm.buildsystem import Kind, recognise
from farm.errors import CommandError, FarmError
from farm.git import Mirror
from farm.git_process import run_git
from farm.heads import changes_since, describe
from farm.model import Component, Distro, Family
from farm.packaging.build_tools import SHARED_LIBRARIES
from farm.packaging.debian import debian_files
from farm.packaging.details import tree_details
from farm.packaging.info import PackagingInfo
from farm.packaging.manifest import Manifest, scan
from farm.packaging.owners import asked_names, parse_owners, search_pattern
from farm.packaging.spec import spec_text
from farm.packaging.split import split_deb, split_rpm
from farm.packaging.tree import tree_facts
from farm.run import run
from farm.version import SourceVersion

GIT_TIMEOUT_S = 30
UNVERSIONED = "0"
DIST_TAG = "%{?dist}"
"""Ends the Release of a spec that is written for a person and no distro."""


def bare_component(directory: Path, name: str | None = None) -> Component:
    """A component that no components.yml describes: named as its directory.

    :raises FarmError: the directory's name cannot name a package.
    """
    found = name or re.sub(r"[^a-z0-9+.-]", "-", directory.resolve().name.lower())
    if not re.fullmatch(r"[a-z0-9][a-z0-9+.-]+", found):
        raise FarmError(f"'{found}' cannot name a package; say --component NAME")
    git = _origin(directory) or str(directory.resolve())
    return Component.model_validate({"name": found, "git": git})


def skeleton_info(
    directory: Path, component: Component, family: Family, maintainer: str, distro: Distro | None
) -> PackagingInfo:
    """Collect what packaging needs to know of a component's checked-out directory.

    Dependencies on other components are given the names that this generator would give to their
    development packages.
    """
    version, commit, timestamp, changes = history(directory, component)
    has_configure, test_target = tree_facts(directory, component.commands)
    own = component.packages_for(distro) if distro else component.packages.get(family.value, ())
    suffix = distro.version_suffix if distro else DIST_TAG if family is Family.RPM else ""
    return PackagingInfo(
        name=component.name,
        version=SourceVersion(version),
        version_suffix=suffix,
        summary=component.summary,
        description=component.description,
        licence=component.licence,
        homepage=component.homepage or "",
        vcs=component.git,
        commit=commit,
        maintainer=maintainer,
        timestamp=timestamp,
        changes=changes,
        build_depends=(*own, *(_development_name(d, family) for d in component.depends)),
        commands=component.commands,
        configure_arguments=component.configure_arguments,
        has_configure=has_configure,
        test_target=test_target,
        details=tree_details(directory),
    )


def write_skeleton(
    info: PackagingInfo, manifest: Manifest, family: Family, output: Path, *, replace: bool
) -> tuple[Path, ...]:
    """Write ``debian/`` or ``<name>.spec`` into a directory and return the files.

    :raises FarmError: there is packaging already and `replace` is not given.
    """
    placed = _in_distribution_directories(manifest, family)
    if family is Family.DEB:
        target = output / "debian"
        owners = owners_here(asked_names(placed))
        packages = split_deb(info.name, placed, owners=owners, distribution=distribution_packages())
        texts = {target / path: text for path, text in debian_files(info, packages).items()}
    else:
        target = output / f"{info.name}.spec"
        texts = {target: spec_text(info, split_rpm(info.name, placed))}
    if target.exists() and not replace:
        raise FarmError(f"{target} exists already; use --force to replace it, or --output DIR")
    for path, text in texts.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        path.chmod(0o755 if path.name == "rules" else 0o644)
    return tuple(sorted(texts))


def stage(directory: Path, info: PackagingInfo) -> Manifest:
    """Build a copy of a directory as its commands say and read what it installs.

    :raises CommandError: a step fails; its output is in the message.
    """
    system = recognise(directory, info.configure_arguments).with_commands(info.commands)
    steps = {"configure": system.configure, "build": system.build, "install": system.install}
    if system.kind is Kind.CMAKE and info.commands.configure is None:
        steps["configure"] = f"{system.configure} {SHARED_LIBRARIES}"
    jobs = str(os.cpu_count() or 1)
    speed = {"MAKEFLAGS": f"-j{jobs}", "JOBS": jobs, "PREFIX": "/usr"}
    with tempfile.TemporaryDirectory(prefix="farm-packaging-") as scratch:
        tree, staging = Path(scratch, "source"), Path(scratch, "staging")
        shutil.copytree(directory, tree, symlinks=True, ignore=shutil.ignore_patterns(".git"))
        staging.mkdir()
        environment = {**os.environ, **speed, "DESTDIR": str(staging)}
        for step, command in steps.items():
            if command:
                run(f"{step} {info.name}", ["sh", "-ec", command], cwd=tree, env=environment)
        return scan(staging)


def _in_distribution_directories(manifest: Manifest, family: Family) -> Manifest:
    if all(f.path.startswith("/usr/local/") for f in manifest.files):
        raise FarmError("staged below /usr/local: configure with --prefix=/usr and stage again")
    native = f"/usr/lib/{os.uname().machine}-linux-gnu"
    return manifest.with_library_directory(native if family is Family.DEB else "/usr/lib64")


def history(directory: Path, component: Component) -> tuple[str, str, int, tuple[str, ...]]:
    """Version, commit, time and changes; a directory without git has an initial version now."""
    try:
        where = ["-C", str(directory.resolve()), "rev-parse", "--absolute-git-dir", "HEAD"]
        git_directory, commit = run_git(where, GIT_TIMEOUT_S).splitlines()
        mirror = Mirror(Path(git_directory), component.git)
        described = describe(mirror, component, commit, commit)
        when = int(mirror.query("show", "--no-patch", "--format=%ct", commit))
        return (
            described.upstream_version,
            commit,
            when,
            changes_since(mirror, component, None, commit),
        )
    except CommandError:
        now = int(os.environ.get("SOURCE_DATE_EPOCH") or time.time())
        return component.version or UNVERSIONED, "", now, ("Initial packaging.",)


def _origin(directory: Path) -> str:
    try:
        arguments = ["-C", str(directory.resolve()), "remote", "get-url", "origin"]
        return run_git(arguments, GIT_TIMEOUT_S).strip()
    except CommandError:
        return ""


def _development_name(component: str, family: Family) -> str:
    if family is Family.RPM:
        return f"{component}-devel"
    return f"{component if component.startswith('lib') else f'lib{component}'}-dev"


def owners_here(names: Iterable[str]) -> Mapping[str, str]:
    """Which packages of this machine have what names mean (`farm.packaging.owners`), if any."""
    return dict(_owners(names))


def distribution_packages() -> frozenset[str]:
    """Names of the packages that this machine's distribution has, where that is a Debian."""
    try:
        return frozenset(run("list the packages", ["apt-cache", "pkgnames"]).split())
    except FarmError:
        return frozenset()


def _owners(names: Iterable[str]) -> Iterable[tuple[str, str]]:
    for name in names:
        try:
            found = run("find a package", ["dpkg-query", "--search", search_pattern(name)])
        except FarmError:  # not installed, or no dpkg here
            continue
        if name in (owners := parse_owners(found)):
            yield name, owners[name]
