"""Which packages a build needs, and who has them: the root, the farm's own inputs, the distro.

Pure functions on relation fields (Debian Policy 7.1).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from debian.deb822 import PkgRelation
from debian.debian_support import version_compare

Offers = Mapping[str, Sequence[str]]
"""Name to the versions it is there in; an empty version is a Provides without one."""

_HOLDS = {
    "<<": lambda order: order < 0,
    "<=": lambda order: order <= 0,
    "=": lambda order: order == 0,
    ">=": lambda order: order >= 0,
    ">>": lambda order: order > 0,
}


@dataclass(frozen=True)
class Alternative:
    """One package of a relation."""

    name: str
    operator: str = ""
    version: str = ""

    def holds(self, offers: Offers) -> bool:
        """Whether one of the versions on offer fits."""
        for version in offers.get(self.name, ()):
            if not self.operator:
                return True
            if version and _HOLDS[self.operator](version_compare(version, self.version)):
                return True
        return False


@dataclass(frozen=True)
class Relation:
    """Alternatives, one of which is needed, and the text they came from."""

    text: str
    alternatives: tuple[Alternative, ...]

    def holds(self, offers: Offers) -> bool:
        """Whether one of the alternatives is on offer."""
        return any(alternative.holds(offers) for alternative in self.alternatives)


@dataclass(frozen=True)
class Package:
    """What a package offers and needs."""

    name: str
    version: str
    depends: tuple[Relation, ...] = ()
    """Depends and Pre-Depends."""
    provides: tuple[Alternative, ...] = ()
    path: str = ""
    """The .deb file, of a package that is not installed."""


def parse_relations(text: str) -> tuple[Relation, ...]:
    """Read a field such as Build-Depends."""
    relations = []
    text = text.strip().rstrip(",")
    # python-debian warns about an empty field.
    for group in PkgRelation.parse_relations(text) if text else ():
        alternatives = [
            Alternative(one["name"], *(one.get("version") or ())) for one in group if one["name"]
        ]
        if alternatives:
            relations.append(Relation(PkgRelation.str([group]), tuple(alternatives)))
    return tuple(relations)


def package_of(fields: Mapping[str, str], path: str = "") -> Package:
    """A package from its control fields."""
    needed = (fields.get(field, "") for field in ("Pre-Depends", "Depends"))
    provided = parse_relations(fields.get("Provides", ""))
    return Package(
        fields["Package"],
        fields["Version"],
        depends=tuple(relation for text in needed for relation in parse_relations(text)),
        provides=tuple(relation.alternatives[0] for relation in provided),
        path=path,
    )


def offers_of(packages: Iterable[Package]) -> dict[str, list[str]]:
    """Everything that packages and their Provides offer."""
    offers: dict[str, list[str]] = {}
    for package in packages:
        offers.setdefault(package.name, []).append(package.version)
        for provided in package.provides:
            offers.setdefault(provided.name, []).append(provided.version)
    return offers


@dataclass(frozen=True)
class Needs:
    """What is to be installed for a build on top of the root."""

    inputs: tuple[Package, ...]
    """The farm's own packages, sorted by name."""
    distro: tuple[str, ...]
    """Relations that only the distro's archive can fulfil, sorted."""


def needs_of(
    build_depends: Iterable[Relation], inputs: Iterable[Package], root: Iterable[Package]
) -> Needs:
    """Sort out who fulfils the relations of a build, and those of the inputs it needs in turn.

    A name that an input offers comes from the inputs, whatever the distro has under that name:
    apt and dpkg-checkbuilddeps see to the versions.
    """
    by_name: dict[str, list[Package]] = {}
    for package in inputs:
        for name in {package.name, *(p.name for p in package.provides)}:
            by_name.setdefault(name, []).append(package)
    installed = offers_of(root)
    wanted: dict[str, Package] = {}
    distro: set[str] = set()
    todo = list(build_depends)
    while todo:
        relation = todo.pop()
        found = [p for one in relation.alternatives for p in by_name.get(one.name, ())]
        if not found and not relation.holds(installed):
            distro.add(relation.text)
        for package in found:
            if package.name not in wanted:
                wanted[package.name] = package
                todo += package.depends
    return Needs(tuple(wanted[name] for name in sorted(wanted)), tuple(sorted(distro)))
