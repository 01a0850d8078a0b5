"""Bare mirrors of every repository of the stack, in one directory."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from farm.errors import FarmError
from farm.git import Mirror, mirror_path
from farm.workspace.cloning import PARALLEL_CLONES
from farm.workspace.processes import Processes, in_parallel


@dataclass(frozen=True)
class Mirrored:
    """The result for one repository."""

    url: str
    path: Path
    new: bool
    changed: bool = False
    error: str = ""


def mirror_all(directory: Path, urls: Iterable[str], processes: Processes) -> Iterator[Mirrored]:
    """Bring the mirror of every repository up to date; new ones are made.

    A directory may be updated by several machines or commands at once, and stopped at any moment.
    """

    def update(url: str) -> Mirrored:
        path = mirror_path(directory, url)
        new = not path.exists()
        try:
            changed = Mirror(path, url).update()
        except FarmError as error:
            return Mirrored(url, path, new, error=str(error))
        return Mirrored(url, path, new, changed)

    wanted = list(dict.fromkeys(urls))
    for _url, result in in_parallel(processes, PARALLEL_CLONES, wanted, update):
        yield result


def unused_mirrors(directory: Path, urls: Iterable[str]) -> list[str]:
    """Names of mirrors in the directory that no repository of the stack has."""
    used = {mirror_path(directory, url).name for url in urls}
    found = {path.parent.name for path in directory.glob("*.git/farm-ready")}
    return sorted(found - used)
