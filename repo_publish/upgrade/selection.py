"""Which packages an upgrade is tried with: those that change, and what depends on them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from farm.digest import is_debug_package
from repo_publish.gate.packages import Build, Package

MAX_PACKAGES = 100
"""So many are installed at most: first those that change, then what is nearest to them."""

Names = Callable[[Package], Iterable[str]]


@dataclass(frozen=True)
class Selection:
    """What is installed from the live archive, and what it is upgraded to."""

    packages: tuple[Package, ...]
    """Of the live archive; what changes comes first."""
    left_out: int
    """So many dependents were too many."""
    newer: Mapping[str, str]
    """Package to the version that it has to have afterwards."""
    dropped: frozenset[str]
    """Packages that the changed components have no more: they may be removed."""


def select(
    live: Mapping[str, Build],
    following: Mapping[str, Build],
    needs: Names,
    offers: Names,
    without: Iterable[Package] = (),
) -> Selection:
    """Choose what to install.

    :param following: what is to be published, component to build.
    :param needs: names that a package asks for.
    :param offers: names that a package has or provides.
    :param without: packages that cannot be installed; what depends on them is left out, too.
    """
    changed = [name for name in sorted(live) if live[name] != following.get(name)]
    packages = [p for name in changed for p in live[name] if _is_installed(p)]
    everything = (p for name in sorted(live) for p in live[name] if _is_installed(p))
    needed = {package: frozenset(needs(package)) for package in everything}
    after = {p.name: p.version for build in following.values() for p in build if _is_installed(p)}
    bad = set(_with_dependents(without, needed, offers))
    packages = [package for package in packages if package not in bad]
    chosen = _with_dependents(packages, needed, offers)
    found = [package for package in chosen if package not in bad]
    first = max(MAX_PACKAGES, len(packages))
    return Selection(
        packages=tuple(found[:first]),
        left_out=len(found[first:]),
        newer={
            p.name: after[p.name] for p in packages if after.get(p.name, p.version) != p.version
        },
        dropped=frozenset(p.name for p in packages if p.name not in after),
    )


def _with_dependents(
    packages: Iterable[Package], needed: Mapping[Package, frozenset[str]], offers: Names
) -> list[Package]:
    """Packages and all that depend on them, the nearest first.

    :param needed: every package that may depend on them, and the names that it asks for.
    """
    chosen = dict.fromkeys(packages)
    reached = list(chosen)
    while reached:
        names = {name for package in reached for name in offers(package)}
        reached = [p for p, asks in needed.items() if p not in chosen and asks & names]
        chosen.update(dict.fromkeys(reached))
    return list(chosen)


def _is_installed(package: Package) -> bool:
    """Whether users install it: sources and debugging symbols are for others."""
    return package.kind == "binary" and not is_debug_package(package.name)
