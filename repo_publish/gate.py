"""The gate: what of a wanted content can be published so that everything stays installable.

It looks at relations between the farm's own packages: a component that failed keeps its last good
packages, and these may need what a dependency's new packages no longer provide. What a relation
asks of the distribution is left to the build, which had it installed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

Compare = Callable[[str, str], int]
"""Below 0 when the first version is older, above 0 when it is newer: the family's own order."""

_OPERATORS: Mapping[str, Callable[[int], bool]] = {
    "<<": lambda sign: sign < 0,
    "<": lambda sign: sign < 0,
    "<=": lambda sign: sign <= 0,
    "=": lambda sign: sign == 0,
    ">=": lambda sign: sign >= 0,
    ">": lambda sign: sign > 0,
    ">>": lambda sign: sign > 0,
}


@dataclass(frozen=True)
class Relation:
    """One thing a package asks for: a name, and where it says so a version."""

    name: str
    operator: str = ""
    version: str = ""

    def __str__(self) -> str:
        return f"{self.name} {self.operator} {self.version}".strip()


@dataclass(frozen=True)
class BinaryPackage:
    """What a binary package offers and needs."""

    name: str
    provides: tuple[tuple[str, str], ...]
    """Names, its own among them, each with its version or an empty string."""
    requires: tuple[tuple[Relation, ...], ...]
    """All of these; of each, one alternative."""


Build = Sequence[BinaryPackage]
"""The binary packages of one component's build."""


@dataclass(frozen=True)
class _Broken:
    component: str
    package: str
    needs: tuple[Relation, ...]


def hold_back(
    wanted: Mapping[str, Build], live: Mapping[str, Build], compare: Compare
) -> dict[str, str]:
    """Components of `wanted` that must not be published now, each with the reason.

    A component that is held back keeps its packages of `live`, or stays out when it has none there.
    Nothing is held back that could be published: each step only takes back what breaks something.

    :param wanted: component to its build, for the whole content.
    :param live: the same of the live snapshot; consistent in itself.
    :returns: empty when all of `wanted` can be published.
    """
    ours = {
        n for builds in (wanted, live) for b in builds.values() for p in b for n, _ in p.provides
    }
    reasons: dict[str, str] = {}
    while True:
        candidate = {
            name: live[name] if name in reasons else build
            for name, build in wanted.items()
            if name not in reasons or name in live
        }
        broken = _broken(candidate, ours, compare)
        step: dict[str, str] = {}
        for one in broken:
            what = f"{one.package} needs {' | '.join(map(str, one.needs))}"
            if one.component not in reasons and wanted[one.component] != live.get(one.component):
                step[one.component] = f"its {what}, which is held back or missing"
        if not step:
            # Only packages that are published already are broken: by what replaced their needs.
            for one in broken:
                what = f"{one.package} of {one.component} needs {' | '.join(map(str, one.needs))}"
                for name in _suppliers(one.needs, live, compare):
                    if name in wanted and name not in reasons and wanted[name] != live[name]:
                        step[name] = f"{what}, which its new packages do not provide"
        if not step:
            return reasons
        reasons.update(step)


def _broken(candidate: Mapping[str, Build], ours: set[str], compare: Compare) -> list[_Broken]:
    offers: dict[str, list[str]] = {}
    for build in candidate.values():
        for package in build:
            for name, version in package.provides:
                offers.setdefault(name, []).append(version)
    return [
        _Broken(component, package.name, needs)
        for component, build in sorted(candidate.items())
        for package in build
        for needs in package.requires
        if all(relation.name in ours for relation in needs)
        and not any(_met(relation, offers.get(relation.name, ()), compare) for relation in needs)
    ]


def _met(relation: Relation, versions: Sequence[str], compare: Compare) -> bool:
    if not relation.operator:
        return bool(versions)
    holds = _OPERATORS[relation.operator]
    return any(version and holds(compare(version, relation.version)) for version in versions)


def _suppliers(
    needs: Sequence[Relation], builds: Mapping[str, Build], compare: Compare
) -> list[str]:
    """Components whose packages meet one of the alternatives."""
    return [
        component
        for component, build in sorted(builds.items())
        if any(
            _met(relation, [v for n, v in package.provides if n == relation.name], compare)
            for relation in needs
            for package in build
        )
    ]
