"""What the gate knows of a package: its name, what it offers, what it needs."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal

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


Need = tuple[Relation, ...]
"""Alternatives, one of which is needed."""


def said(need: Need) -> str:
    """A need as people read it."""
    return " | ".join(map(str, need))


@dataclass(frozen=True)
class Relations:
    """What a package offers and needs."""

    provides: tuple[tuple[str, str], ...]
    """Names, its own among them, each with its version or an empty string."""
    requires: tuple[Need, ...]
    """All of these. A source package's are its build dependencies."""


@dataclass(frozen=True)
class Package:
    """One package of a build; equal to another one of the same name and version."""

    kind: Literal["binary", "source"]
    name: str
    version: str
    read: Callable[[], Relations] = field(compare=False, repr=False)
    """Reads the relations, which takes time and is rarely needed."""
    record: Any = field(default=None, compare=False, repr=False)
    """What the family's tools are told of it."""

    @cached_property
    def relations(self) -> Relations:
        """What it offers and needs."""
        return self.read()

    def __str__(self) -> str:
        return self.name if self.kind == "binary" else f"source package {self.name}"


Build = Sequence[Package]
"""The packages of one component's build."""


@dataclass(frozen=True)
class Broken:
    """A package that cannot be installed, or a source package that cannot be built."""

    component: str
    package: Package
    why: str
    """``libogg0 needs libc6 >= 9``, for people."""
    need: Need = ()
    """What nothing offers, where that is the reason."""
    needed_by: tuple[str, Package] | None = None
    """Whose need that is, component and package; None when it is one of the distribution's."""
    involved: tuple[str, ...] = ()
    """Other components whose packages have a part in it."""

    @property
    def itself(self) -> tuple[str, Package]:
        """Component and package."""
        return self.component, self.package


def meets(relation: Relation, versions: Sequence[str], compare: Compare) -> bool:
    """Whether one of the versions on offer is what a relation asks for."""
    if not relation.operator:
        return bool(versions)
    holds = _OPERATORS[relation.operator]
    return any(version and holds(compare(version, relation.version)) for version in versions)


def offers(build: Build, need: Need, compare: Compare) -> bool:
    """Whether a binary package of a build meets a need."""
    return any(
        meets(relation, [v for n, v in package.relations.provides if n == relation.name], compare)
        for relation in need
        for package in build
        if package.kind == "binary"
    )
