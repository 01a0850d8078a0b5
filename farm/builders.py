"""The table of builders that a stack needs: data for the build master, and for people."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from farm.model import Stack


class BuilderKind(StrEnum):
    """What a builder does."""

    BUILD = "build"
    """Builds one component on one distro."""
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


def publish_builder_name(distro: str) -> str:
    """The builder that publishes a distro's archives."""
    return f"publish-{distro}"


def builder_table(stack: Stack) -> tuple[BuilderRow, ...]:
    """Every builder of the stack: component by component, then the publishers."""
    return tuple(_rows(stack))


def _rows(stack: Stack) -> Iterator[BuilderRow]:
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
    for distro in stack.distros:
        yield BuilderRow(
            name=publish_builder_name(distro),
            component=None,
            distro=distro,
            kind=BuilderKind.PUBLISH,
            tags=("publish", distro),
        )


def name_clashes(rows: tuple[BuilderRow, ...]) -> tuple[tuple[BuilderRow, BuilderRow], ...]:
    """Pairs of rows with one name: ``a`` on ``b-c`` and ``a-b`` on ``c`` are both ``a-b-c``."""
    first: dict[str, BuilderRow] = {}
    return tuple(
        (first[row.name], row) for row in rows if first.setdefault(row.name, row) is not row
    )
