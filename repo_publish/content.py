"""The packages of a publication, as files on this disk: from the live snapshot or from the pool."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from farm import pool as farm_pool
from farm.job.model import BuildResult, PoolFile
from farm.model import Family
from farm.pool import PoolError, sha256_of
from repo_publish import debs, rpms
from repo_publish.errors import ComponentsRefused, PublishError
from repo_publish.live import Kept
from repo_publish.manifest import Extra, ManifestComponent, ManifestFile
from repo_publish.model import Publication, Published

_PACKAGE_KINDS = ("source", "binary")
LOGS = "logs"
"""Directory of a snapshot for the logs of its builds."""
KEY_DIGITS = 16
"""Of a build key in a file name: enough that a name is one of a kind."""


@dataclass(frozen=True)
class Placed:
    """A package file, where it is now and where it goes in the snapshot."""

    file: ManifestFile
    origin: Path


@dataclass(frozen=True)
class PlacedExtra:
    """A file beside the packages, where it is now and where it goes in the snapshot."""

    extra: Extra
    origin: Path


@dataclass(frozen=True)
class Content:
    """One component's packages."""

    published: Published
    version: str
    files: tuple[Placed, ...]
    new: bool
    """They are not in the live snapshot."""
    checked: bool = False
    """They were published before, here or on another line: checked then, and for rpm signed."""
    before: ManifestComponent | None = None
    """What the snapshot says of the build that has it."""
    result: BuildResult | None = None
    """What the pool says of the build that comes from there."""
    extras: tuple[PlacedExtra, ...] = ()
    """The build's log, and for a build that was published before its provenance."""

    @property
    def log(self) -> PlacedExtra | None:
        """The build's log."""
        return next((one for one in self.extras if one.extra.path.startswith(f"{LOGS}/")), None)


def collect(
    publication: Publication, *, pool: Path | None, live: Kept | None, others: Sequence[Kept] = ()
) -> list[Content]:
    """Find every package of `publication`, in the order of the components' names.

    A build key that the live snapshot or one of the `others` has is taken from there (verified
    when it was published); what comes from the pool is read and checked: its digests, and that
    the packages are what their names and result.json say.

    :raises ComponentsRefused: with everything that is wrong.
    """
    problems: dict[str, Sequence[str]] = {}
    contents: list[Content] = []
    known: dict[tuple[str, str], tuple[ManifestComponent, Kept]] = {}
    for snapshot in (*([live] if live else []), *others):
        for there in snapshot.manifest.components:
            known.setdefault((there.component, there.key), (there, snapshot))
    for published in sorted(publication.packages, key=lambda p: p.component):
        found = known.get((published.component, published.key))
        if found is not None:
            there, snapshot = found
            files = tuple(Placed(file, snapshot.tree / file.path) for file in there.files)
            contents.append(
                Content(
                    published,
                    there.version,
                    files,
                    new=snapshot is not live,
                    checked=True,
                    before=there,
                    extras=tuple(
                        PlacedExtra(extra, snapshot.tree / extra.path) for extra in there.extras
                    ),
                )
            )
            continue
        try:
            contents.append(_from_pool(published, publication, pool))
        except PublishError as error:
            problems[published.component] = error.problems or [str(error)]
        except PoolError as error:
            problems[published.component] = [str(error)]
    if problems:
        line = f"{publication.channel}/{publication.distro}"
        raise ComponentsRefused(f"{line} is not published", problems)
    return contents


def _from_pool(published: Published, publication: Publication, pool: Path | None) -> Content:
    if pool is None:
        raise PublishError(f"its build {published.key} is in none of the snapshots at hand")
    result = farm_pool.result(pool, published.key)
    if result is None:
        raise PublishError(f"its build {published.key} is not in the pool")
    if (result.key, result.component, result.distro) != (
        published.key,
        published.component,
        publication.distro,
    ):
        raise PublishError(
            f"the pool's {published.key} is a build of {result.component} on {result.distro}"
        )
    directory = farm_pool.directory(pool, published.key)
    files = [file for file in result.files if file.kind in _PACKAGE_KINDS]
    logs = [file for file in result.files if file.kind == "log"][:1]
    problems = [problem for file in (*files, *logs) for problem in _damage(directory, file)]
    if problems:
        raise PublishError("damaged in the pool", problems)
    paths = {
        kind: [directory / file.filename for file in files if file.kind == kind]
        for kind in _PACKAGE_KINDS
    }
    digests = {file.filename: (file.sha256, file.size) for file in files}
    read = debs.read_packages if publication.family is Family.DEB else rpms.read_packages
    described = read(paths["source"], paths["binary"], digests, publication.architecture)
    placed = tuple(Placed(file, directory / file.filename) for file in described)
    extras = tuple(PlacedExtra(_log(result, log), directory / log.filename) for log in logs)
    return Content(published, result.version, placed, new=True, result=result, extras=extras)


def _log(result: BuildResult, file: PoolFile) -> Extra:
    name = f"{result.component}_{result.key[:KEY_DIGITS]}.log"
    return Extra(path=f"{LOGS}/{name}", sha256=file.sha256, size=file.size)


def _damage(directory: Path, file: PoolFile) -> list[str]:
    path = directory / farm_pool.checked_filename(file.filename)
    if path.is_symlink() or not path.is_file():
        return [f"{path} is missing"]
    if path.stat().st_size != file.size or sha256_of(path) != file.sha256:
        return [f"{path} is not the file that was built: its size or SHA256 differs"]
    return []
