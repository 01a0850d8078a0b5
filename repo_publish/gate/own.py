"""Whether the farm's own packages fit together, when nothing is known of the distribution."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from repo_publish.gate.packages import Broken, Build, Compare, meets, said
from repo_publish.gate.search import Check


def own_relations(names: Iterable[str], compare: Compare) -> Check:
    """A check of the relations on `names` alone: the farm's, whatever offered them when.

    What a relation asks of the distribution is left to the build, which had it installed. Conflicts
    are not looked at.
    """
    ours = frozenset(names)

    def check(candidate: Mapping[str, Build]) -> list[Broken]:
        offered: dict[str, list[str]] = {}
        for build in candidate.values():
            for package in build:
                if package.kind == "binary":
                    for name, version in package.relations.provides:
                        offered.setdefault(name, []).append(version)
        return [
            Broken(component, package, f"{package} needs {said(need)}", need, (component, package))
            for component, build in sorted(candidate.items())
            for package in build
            for need in package.relations.requires
            if all(relation.name in ours for relation in need)
            and not any(meets(r, offered.get(r.name, ()), compare) for r in need)
        ]

    return check


def names_of(*contents: Mapping[str, Build]) -> set[str]:
    """Everything that the packages of some contents offer."""
    return {
        name
        for content in contents
        for build in content.values()
        for package in build
        if package.kind == "binary"
        for name, _ in package.relations.provides
    }
