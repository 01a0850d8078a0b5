"""The Debian packages to turn into RPMs: which ones, and what they are called then."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Set
from dataclasses import dataclass

from debian.deb822 import PkgRelation

from farm.errors import FarmError

QUERY_FORMAT = (
    "${db:Status-Status}\t${Package}\t${Architecture}\t${Version}\t"
    "${Pre-Depends}\t${Depends}\t${Provides}\n"
)
"""For ``dpkg-query --showformat``; `parse_installed` reads the result."""


@dataclass(frozen=True)
class Deb:
    """An installed Debian package."""

    name: str
    architecture: str
    version: str
    depends: tuple[tuple[str, ...], ...] = ()
    """Clauses of alternatives, names only."""
    provides: tuple[str, ...] = ()

    @property
    def rpm_version(self) -> tuple[str, str, str]:
        """Epoch, Version and Release for the RPM: ``1:5.0-5`` is ``("1", "5.0", "5")``."""
        epoch, _, rest = self.version.rpartition(":")
        upstream, _, revision = rest.rpartition("-")
        if not upstream:
            upstream, revision = rest, "1"
        legal = re.compile(r"[^A-Za-z0-9.+~^_]")
        return epoch or "0", legal.sub(".", upstream), legal.sub(".", revision)


def _names(field: str) -> tuple[tuple[str, ...], ...]:
    if not field.strip():
        return ()
    return tuple(tuple(a["name"] for a in clause) for clause in PkgRelation.parse_relations(field))


def parse_installed(listing: str, architecture: str) -> dict[str, Deb]:
    """The installed packages that `QUERY_FORMAT` lists, of one architecture or of all."""
    found = {}
    for line in listing.splitlines():
        status, name, arch, version, pre_depends, depends, provides = line.split("\t")
        if status == "installed" and arch in (architecture, "all"):
            found[name] = Deb(
                name,
                arch,
                version,
                _names(pre_depends) + _names(depends),
                tuple(alternatives[0] for alternatives in _names(provides)),
            )
    return found


def requirements(deb: Deb, installed: Mapping[str, Deb], unwanted: Set[str]) -> tuple[str, ...]:
    """Names of the installed packages that satisfy what `deb` depends on, without the unwanted."""
    return _requirements(deb, installed, _providers(installed), unwanted)


def closure(
    wanted: Iterable[str], installed: Mapping[str, Deb], unwanted: Set[str]
) -> dict[str, tuple[str, ...]]:
    """The wanted packages and all they require: name to the names it requires directly.

    :raises FarmError: wanted packages that are not installed, all of them.
    """
    providers = _providers(installed)
    names = [(name, name if name in installed else providers.get(name)) for name in wanted]
    missing = sorted(name for name, found in names if found is None)
    if missing:
        raise FarmError(
            "the demo's RPM distribution is made from packages that are not installed here: "
            f"run apt-get install {' '.join(missing)}"
        )
    todo = [found for _, found in names if found is not None]
    result: dict[str, tuple[str, ...]] = {}
    while todo:
        name = todo.pop()
        if name not in result:
            result[name] = _requirements(installed[name], installed, providers, unwanted)
            todo.extend(result[name])
    return dict(sorted(result.items()))


def _providers(installed: Mapping[str, Deb]) -> dict[str, str]:
    providers: dict[str, str] = {}
    for deb in installed.values():
        for name in deb.provides:
            providers.setdefault(name, deb.name)
    return providers


def _requirements(
    deb: Deb,
    installed: Mapping[str, Deb],
    providers: Mapping[str, str],
    unwanted: Set[str],
) -> tuple[str, ...]:
    chosen = set()
    for clause in deb.depends:
        found = (name if name in installed else providers.get(name) for name in clause)
        # An unwanted alternative does not make another one wanted.
        first = next((name for name in found if name is not None), None)
        if first is not None and first not in unwanted and clause[0] not in unwanted:
            chosen.add(first)
    return tuple(sorted(chosen - {deb.name}))
