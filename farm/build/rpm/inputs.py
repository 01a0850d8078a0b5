"""The packages of other components that a build may install, as dnf sees them."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import createrepo_c

from farm.errors import InfrastructureError
from farm.run import run

CREATEREPO = Path(sys.executable).with_name("createrepo_c")
"""The command of the createrepo-c wheel, beside the interpreter of the virtual environment."""


@dataclass(frozen=True, order=True)
class Relation:
    """One thing that a package requires or provides; `flags` is empty without a version."""

    name: str
    flags: str = ""
    version: str = ""

    def __str__(self) -> str:
        return f"{self.name} {self.flags} {self.version}" if self.flags else self.name


@dataclass(frozen=True)
class RpmFile:
    """What an .rpm file says about itself."""

    path: Path
    name: str
    requires: tuple[Relation, ...]
    provides: tuple[Relation, ...]
    conflicts: tuple[Relation, ...]
    obsoletes: tuple[Relation, ...]


def read_rpm(path: Path) -> RpmFile:
    """Read a package's header.

    :raises InfrastructureError: the file is not a readable package.
    """
    try:
        package = createrepo_c.package_from_rpm(str(path))
    except Exception as error:  # the bindings raise nothing narrower
        raise InfrastructureError(f"{path.name} is not a readable RPM: {error}") from error
    return RpmFile(
        path,
        package.name,
        _relations(package.requires),
        _relations(package.provides),
        _relations(package.conflicts),
        _relations(package.obsoletes),
    )


def _relations(entries: Iterable[tuple[str | None, ...]]) -> tuple[Relation, ...]:
    relations = []
    for name, flags, epoch, version, release, *_ in entries:
        full = f"{epoch or 0}:{version or ''}" + (f"-{release}" if release else "")
        relations.append(Relation(name or "", flags or "", full if flags else ""))
    return tuple(sorted(relations))


def relations_digest(packages: Iterable[RpmFile]) -> str:
    """Digest of everything that decides which packages come along when some of these do.

    The versions of the packages themselves are left out, so that a rebuilt dependency with the
    same relations finds the same answer; rpm checks it when it installs them.
    """
    files = list(packages)
    own = {relation.name for rpm in files for relation in rpm.provides}
    lines = []
    for rpm in files:
        lines.append(f"package {rpm.name}")
        for kind in ("requires", "conflicts", "obsoletes"):
            relations: tuple[Relation, ...] = getattr(rpm, kind)
            lines += [f"{rpm.name} {kind} {r.name if r.name in own else r}" for r in relations]
        lines += [f"{rpm.name} provides {one.name}" for one in rpm.provides]
    return hashlib.sha256("\n".join(sorted(lines)).encode()).hexdigest()


def make_repository(packages: Iterable[RpmFile], directory: Path) -> None:
    """Make `directory` a yum repository of links to the packages.

    :raises CommandError: createrepo_c fails.
    """
    directory.mkdir(parents=True)
    for rpm in packages:
        (directory / rpm.path.name).symlink_to(rpm.path.resolve())
    run("index the dependencies' packages", [CREATEREPO, "--quiet", directory])
