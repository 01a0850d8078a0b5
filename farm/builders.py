"""The table of builders that a stack needs: data for the build master, and for people."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from farm.model import Stack


class BuilderKind(StrEnum):
    """What a builder does."""

    BUILD = "build"
    """Builds one component on one distro."""
    PULL = "pull"
    """Builds one component on one distro for pull requests."""
    PUBLISH = "publish"
    """Publishes a distro's archives."""


@dataclass(frozen=True)
class BuilderRow:
    """One builder."""

    name: str
    component: str | None
    """None for a publisher."""
    distro: str
    kind: BuilderKind
    tags: tuple[str, ...]


def build_builder_name(component: str, distro: str) -> str:
    """The builder of a component on a distro."""
    return f"{component}-{distro}"


def pull_builder_name(component: str, distro: str) -> str:
    """The builder of a component on a distro for pull requests; no component's name has a _."""
    return f"pull_{component}-{distro}"


def publish_builder_name(distro: str) -> str:
    """The builder that publishes a distro's archives."""
    return f"publish-{distro}"


def builder_table(stack: Stack, *, pulls: Collection[str] = ()) -> tuple[BuilderRow, ...]:
    """Every builder of the stack: component by component, then the publishers.

    :param pulls: distros that have workers for pull requests.
    """
    return tuple(_rows(stack, pulls))


def _rows(stack: Stack, pulls: Collection[str]) -> Iterator[BuilderRow]:
    for component in stack.components.values():
        for distro in stack.distros:
            if component.builds_on(distro):
                yield BuilderRow(
                    name=build_builder_name(component.name, distro),
                    component=component.name,
                    distro=distro,
                    kind=BuilderKind.BUILD,
                    tags=(component.name, distro),
                )
                if distro in pulls:
                    yield BuilderRow(
                        name=pull_builder_name(component.name, distro),
                        component=component.name,
                        distro=distro,
                        kind=BuilderKind.PULL,
                        tags=(component.name, distro, "pull-requests"),
                    )
    for distro in stack.distros:
        yield BuilderRow(
            name=publish_builder_name(distro),
            component=None,
            distro=distro,
            kind=BuilderKind.PUBLISH,
            tags=("publish", distro),
        )


def built_by(rows: Iterable[BuilderRow], names: Collection[str]) -> dict[str, list[str]]:
    """Distro to the components that the builders of these names build; a publisher's has none."""
    found: dict[str, list[str]] = {}
    for row in rows:
        if row.name in names:
            components = found.setdefault(row.distro, [])
            if row.component:
                components.append(row.component)
    return found


def name_clashes(rows: tuple[BuilderRow, ...]) -> tuple[tuple[BuilderRow, BuilderRow], ...]:
    """Pairs of rows with one name: ``a`` on ``b-c`` and ``a-b`` on ``c`` are both ``a-b-c``."""
    first: dict[str, BuilderRow] = {}
    return tuple(
        (first[row.name], row) for row in rows if first.setdefault(row.name, row) is not row
    )
