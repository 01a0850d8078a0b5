"""Mistakes that only the whole stack shows: references, cycles, duplicates, clashes."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass

from farm.builders import BuilderRow, builder_table, name_clashes
from farm.graph import cycles, graph_of
from farm.model.finding import Finding, Place, did_you_mean, listed
from farm.model.stack import Channel, Component, Family, Stack

_ARCHITECTURES = {
    Family.DEB: {"x86_64": "amd64", "aarch64": "arm64", "i686": "i386", "ppc64le": "ppc64el"},
    Family.RPM: {"amd64": "x86_64", "arm64": "aarch64", "i386": "i686", "ppc64el": "ppc64le"},
}
"""What the other family calls a machine, and what this one does."""

_DEB_PACKAGE = re.compile(r"[a-z0-9][a-z0-9+.-]+(?::[a-z0-9-]+)?")


def check(
    stack: Stack,
    *,
    components: Collection[str] | None = None,
    distros: Collection[str] | None = None,
) -> list[Finding]:
    """Everything that is wrong with how the parts of a stack refer to each other.

    `components` and `distros` are the names that may be referred to; the default is what the stack
    has. They are more than that while some entries are themselves wrong and left out of it.
    """
    checker = _Checker(
        stack,
        tuple(stack.components if components is None else components),
        tuple(stack.distros if distros is None else distros),
    )
    return list(checker.findings())


@dataclass(frozen=True)
class _Checker:
    stack: Stack
    components: tuple[str, ...]
    distros: tuple[str, ...]

    def findings(self) -> Iterator[Finding]:
        for component in self.stack.components.values():
            place = ("components", component.name)
            yield from self._dependencies(place, component)
            yield from self._distro_names((*place, "distros"), component.distros or ())
            yield from self._distro_names((*place, "exclude"), component.exclude)
            yield from self._packages(place, component)
        for channel in self.stack.channels.values():
            yield from self._channel(("channels", channel.name), channel)
        yield from self._distros()
        yield from self._cycles()
        yield from self._twins()
        yield from self._clashes()

    def _dependencies(self, place: Place, component: Component) -> Iterator[Finding]:
        yield from _repeated((*place, "depends"), component.depends)
        for i, name in enumerate(component.depends):
            here = (*place, "depends", i)
            if name == component.name:
                yield Finding(here, "depends on itself")
            elif name not in self.components:
                hint = did_you_mean(name, self.components)
                yield Finding(here, f"unknown component '{name}'{hint}")
            elif needed := self.stack.components.get(name):
                missing = [
                    distro
                    for distro in self.distros
                    if component.builds_on(distro) and not needed.builds_on(distro)
                ]
                if missing:
                    where = listed(missing, last="and")
                    yield Finding(
                        here,
                        f"{name} is not built on {where}, but {component.name} is: "
                        f"exclude it there too, or build {name} there",
                    )

    def _distro_names(self, place: Place, names: tuple[str, ...]) -> Iterator[Finding]:
        yield from _repeated(place, names)
        for i, name in enumerate(names):
            if name not in self.distros:
                yield Finding((*place, i), self._unknown_distro(name))

    def _unknown_distro(self, name: str) -> str:
        hint = did_you_mean(name, self.distros)
        return f"unknown distro '{name}'{hint or '; expected ' + listed(self.distros)}"

    def _packages(self, place: Place, component: Component) -> Iterator[Finding]:
        for key, packages in component.packages.items():
            here = (*place, "packages", key)
            distro = self.stack.distros.get(key)
            if key not in self.distros and key not in list(Family):
                known = [*Family, *self.distros]
                hint = did_you_mean(key, known) or f"; expected {listed(known)}"
                yield Finding(here, f"unknown family or distro '{key}'{hint}", on_key=True)
            yield from _repeated(here, packages)
            if key == Family.DEB or (distro and distro.family is Family.DEB):
                for i, package in enumerate(packages):
                    if not _DEB_PACKAGE.fullmatch(package):
                        yield Finding((*here, i), f"'{package}' is not a Debian package name")

    def _channel(self, place: Place, channel: Channel) -> Iterator[Finding]:
        yield from self._distro_names((*place, "distros"), channel.distros or ())
        for name in channel.branches:
            if name not in self.components:
                hint = did_you_mean(name, self.components)
                here = (*place, "branches", name)
                yield Finding(here, f"unknown component '{name}'{hint}", on_key=True)

    def _distros(self) -> Iterator[Finding]:
        for distro in self.stack.distros.values():
            place = ("distros", distro.name)
            if distro.name in list(Family):
                message = f"a distro may not be called {distro.name}: that is a family"
                yield Finding(place, message, on_key=True)
            if own := _ARCHITECTURES[distro.family].get(distro.architecture):
                message = f"{distro.family} calls {distro.architecture} '{own}'"
                yield Finding((*place, "architecture"), message)

    def _cycles(self) -> Iterator[Finding]:
        depends = {
            component.name: [name for name in component.depends if name != component.name]
            for component in self.stack.components.values()
        }
        for cycle in cycles(graph_of(depends)):
            first, second = cycle[0], cycle[1]
            index = self.stack.components[first].depends.index(second)
            path = " → ".join((*cycle, first))
            yield Finding(
                ("components", first, "depends", index),
                f"dependency cycle: {path} (each depends on the next)",
            )

    def _twins(self) -> Iterator[Finding]:
        """Components that would build the same thing twice.

        One directory may give two packages only if something else differs: two sets of make
        targets, or two branches that install side by side.
        """
        seen: dict[object, str] = {}
        for component in self.stack.components.values():
            what = (
                component.git.rstrip("/").removesuffix(".git"),
                component.directory,
                component.branch,
                component.commands,
                component.configure_arguments,
            )
            twin = seen.setdefault(what, component.name)
            if twin != component.name:
                yield Finding(
                    ("components", component.name, "git"),
                    f"builds the same as component '{twin}': "
                    "same git, directory, branch and commands",
                )

    def _clashes(self) -> Iterator[Finding]:
        for one, other in name_clashes(builder_table(self.stack)):
            later = other if other.component else one
            yield Finding(
                ("components", str(later.component)),
                f"two builders would be called '{one.name}': {_builder(one)} and "
                f"{_builder(other)}; rename a component or a distro",
                on_key=True,
            )


def _builder(row: BuilderRow) -> str:
    if row.component:
        return f"{row.component} on {row.distro}"
    return f"the publisher of {row.distro}"


def _repeated(place: Place, names: tuple[str, ...]) -> Iterator[Finding]:
    for i, name in enumerate(names):
        if name in names[:i]:
            yield Finding((*place, i), f"'{name}' is listed twice")
