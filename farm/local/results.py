"""Where locally built packages are, and which of them another build is given."""

from __future__ import annotations

import shutil
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path

from farm.digest import header, is_debug_package
from farm.errors import FarmError
from farm.graph import component_graph, dependencies
from farm.job.model import JobInput
from farm.job.workspace import Cache
from farm.model import Distro, Family, Stack
from farm.pool import sha256_of

ENDINGS = {Family.DEB: ".deb", Family.RPM: ".rpm"}


def result_directory(output: Path, distro: Distro, component: str) -> Path:
    """Where the packages of one component for one distro go."""
    return output / distro.name / component


def dependencies_of(stack: Stack, component: str) -> dict[str, bool]:
    """The components that one is built with, and whether directly."""
    if component not in stack.components:
        return {}
    direct = set(stack.components[component].depends)
    needed = dependencies(component_graph(stack), component, transitive=True)
    return {name: name in direct for name in sorted(needed)}


def found_inputs(
    output: Path,
    distro: Distro,
    needed: dict[str, bool],
    given: Iterable[Path],
    cache: Cache,
) -> tuple[JobInput, ...]:
    """The packages that a build is given: results of its dependencies, and what a person names.

    :param needed: components, and whether the built one depends on them directly.
    :param given: packages, or directories of packages; they count as direct dependencies.
    :raises FarmError: one is no package of the distro's family.
    """
    ending = ENDINGS[distro.family]
    found: dict[str, JobInput] = {}
    for name, direct in needed.items():
        for path in _packages(result_directory(output, distro, name), ending):
            _add(found, path, name, cache, direct=direct)
    for place in given:
        paths = list(_packages(place, ending)) if place.is_dir() else [place]
        if not paths:
            raise FarmError(f"{place}: no {ending} packages are there")
        for path in paths:
            _add(found, path, "given", cache, direct=True)
    return tuple(found[name] for name in sorted(found))


def missing_dependencies(needed: Collection[str], inputs: Iterable[JobInput]) -> list[str]:
    """The dependencies of which there is no package."""
    have = {package.component for package in inputs}
    return [] if "given" in have else [name for name in needed if name not in have]


def _packages(directory: Path, ending: str) -> Iterator[Path]:
    for path in sorted(directory.glob(f"*{ending}")):
        if not path.name.endswith(".src.rpm"):
            yield path


def _add(
    found: dict[str, JobInput], path: Path, component: str, cache: Cache, *, direct: bool
) -> None:
    head = header(path)
    if is_debug_package(head.name):
        return
    package = JobInput(
        component=component,
        package=head.name,
        version=head.version,
        filename=path.name,
        key="0" * 64,
        sha256=sha256_of(path),
        size=path.stat().st_size,
        direct=direct,
    )
    kept = cache.package(package)
    if not kept.exists():
        kept.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, kept)
    found[head.name] = package
