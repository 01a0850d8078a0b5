"""Builders of packages as the gate sees them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

from repo_publish.gate.packages import Broken, Build, Package, Relation, Relations
from repo_publish.gate.search import Check


def compare(one: str, other: str) -> int:
    """Versions of these tests are plain numbers."""
    return (int(one) > int(other)) - (int(one) < int(other))


def a_package(
    name: str,
    version: int,
    *needs: str,
    provides: Sequence[str] = (),
    kind: Literal["binary", "source"] = "binary",
) -> Package:
    """`needs` are ``name`` or ``name >= version``; alternatives are separated by ``|``."""
    relations = Relations(
        ((name, str(version)), *((other, "") for other in provides)),
        tuple(
            tuple(Relation(*alternative.split()) for alternative in need.split(" | "))
            for need in needs
        ),
    )
    return Package(kind, name, str(version), lambda: relations)


def candidate(
    wanted: Mapping[str, Build], live: Mapping[str, Build], held: frozenset[str]
) -> dict[str, Build]:
    """What is published when these components are held back."""
    found = {}
    for name in wanted.keys() | live.keys():
        side = live if name in held else wanted
        if name in side:
            found[name] = side[name]
    return found


def without_reasons(check: Check) -> Check:
    """A check that says no more than which packages are broken."""
    return lambda content: [Broken(b.component, b.package, "it is broken") for b in check(content)]
