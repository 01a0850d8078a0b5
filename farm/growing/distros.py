"""What a new distro means for a stack, and what one that goes takes with it: pure decisions."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from farm.errors import FarmError
from farm.model import Distro, Stack
from farm.model.edit import unchanged_but, with_entry
from farm.model.finding import Place
from farm.model.items import put_in, taken_out

DISTROS = "distros"


@dataclass(frozen=True)
class Gap:
    """A component that says which distro packages it needs, but not on the new distro."""

    component: str
    proposed: tuple[str, ...] = ()
    like: str = ""
    """The distro of the same family that has these; empty: none says any."""


def sibling_of(stack: Stack, family: str, like: str | None = None) -> Distro | None:
    """The distro that a new one takes after: the last of its family, or the one named.

    :raises FarmError: the one named is not there, or of the other family.
    """
    family_members = [d for d in stack.distros.values() if d.family.value == family]
    if like is None:
        return family_members[-1] if family_members else None
    named = [d for d in family_members if d.name == like]
    if not named:
        known = ", ".join(d.name for d in family_members) or "none"
        raise FarmError(f"there is no distro {like} of family {family}; there is: {known}")
    return named[0]


def gaps(stack: Stack, name: str, family: str, like: Distro | None) -> tuple[Gap, ...]:
    """The components whose `packages` say nothing for a new distro, each with a proposal.

    :param like: the distro to look at first.
    """
    siblings = [d.name for d in reversed(stack.distros.values()) if d.family.value == family]
    if like is not None:
        siblings.sort(key=lambda sibling: sibling != like.name)
    found = []
    for component in stack.components.values():
        said = component.packages
        if said and component.builds_on(name) and not {name, family} & set(said):
            source = next((sibling for sibling in siblings if sibling in said), "")
            found.append(Gap(component.name, said[source] if source else (), source))
    return tuple(found)


def stays_out(stack: Stack, name: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Components and channels that a distro has not, because they name theirs."""
    components = [c.name for c in stack.components.values() if not c.builds_on(name)]
    channels = [
        c.name for c in stack.channels.values() if c.distros is not None and name not in c.distros
    ]
    return tuple(components), tuple(channels)


def with_distro(text: str, name: str, entry: dict[str, object], found: tuple[Gap, ...]) -> str:
    """The text of a components.yml with one more distro, and the proposed packages for it.

    :raises FarmError: the file is written in a way that it cannot be added.
    """
    after = with_entry(text, DISTROS, name, entry)
    if not unchanged_but(text, after, name, DISTROS):
        raise FarmError(f"{DISTROS} is written in a way that nothing can be added to it")
    for gap in found:
        if gap.proposed:
            after = put_in(after, ("components", gap.component, "packages", name), gap.proposed)
    return after


def without_distro(text: str, stack: Stack, name: str) -> str:
    """The text of a components.yml without a distro, nor what names it.

    :raises FarmError: it is written in a way that it cannot be taken out.
    """
    for place in _mentions(stack, name):
        text = taken_out(text, place)
    return taken_out(text, (DISTROS, name))


def _mentions(stack: Stack, name: str) -> Iterator[Place]:
    for component in stack.components.values():
        place = ("components", component.name)
        if name in component.packages:
            yield (*place, "packages", name)
        if component.distros and name in component.distros:
            yield (*place, "distros", component.distros.index(name))
        if name in component.exclude:
            yield (*place, "exclude", component.exclude.index(name))
    for channel in stack.channels.values():
        if channel.distros and name in channel.distros:
            yield ("channels", channel.name, "distros", channel.distros.index(name))
