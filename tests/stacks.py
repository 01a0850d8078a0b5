"""Builders of stacks and heads for tests: plain data, nothing hidden."""

from __future__ import annotations

from typing import Any

from farm.heads import Head
from farm.model import Channel, Component, Distro, Stack


def debian(suite: str = "bookworm", number: int = 12) -> dict[str, Any]:
    """What components.yml says of a Debian."""
    return {
        "family": "deb",
        "release": f"Debian {number}",
        "architecture": "amd64",
        "root": {"suite": suite},
        "version_suffix": f"~deb{number}",
    }


BOOKWORM = Distro.model_validate({"name": "bookworm", **debian()})
EL9 = Distro.model_validate(
    {
        "name": "el9",
        "family": "rpm",
        "release": "EL 9",
        "architecture": "x86_64",
        "root": {"mock": "rocky-9-x86_64"},
        "version_suffix": ".el9",
    }
)


def component(name: str, depends: tuple[str, ...] = (), **fields: object) -> Component:
    """A component in a repository of its own."""
    return Component.model_validate(
        {"name": name, "git": f"https://git.example.org/{name}.git", "depends": depends, **fields}
    )


def stack(depends: dict[str, tuple[str, ...]], *distros: Distro, **components: Component) -> Stack:
    """A stack with one channel, `development`; `components` replace those made from `depends`."""
    made = {name: component(name, needed) for name, needed in depends.items()}
    return Stack(
        channels={"development": Channel(name="development")},
        distros={distro.name: distro for distro in distros or (BOOKWORM,)},
        components={**made, **components},
    )


def head(component: str, commit: int = 1, version: str = "") -> Head:
    """The head of a component; commits are numbered."""
    return Head(
        component=component,
        branch="main",
        commit=f"{commit:040x}",
        tree=f"{commit:040x}",
        upstream_version=version or f"1.0+git{commit}.g{commit:07x}",
        timestamp=1_700_000_000 + commit,
        subject=f"Change {commit}",
        author="A Developer <dev@example.org>",
    )
