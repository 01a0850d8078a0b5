from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from farm.build.deb.relations import Alternative, Package, Relation, needs_of
from farm.digest import PackageUnreadable, exposed_components
from farm.digest.exposure import exposes
from farm.digest.package import Capabilities
from farm.digest.rpm import required_names
from tests.packages import build_deb


def package(name: str, *needs: str, offers: tuple[str, ...] = ()) -> Capabilities:
    return Capabilities(name, frozenset({name, *offers}), frozenset(needs))


OGG = ("libogg", package("libogg0"))
OGG_DEV = ("libogg", package("libogg-dev", "libogg0"))
DOXYGEN = ("doxygen", package("doxygen"))
INPUTS = (OGG, OGG_DEV, DOXYGEN)


def test_what_only_helped_to_build_is_not_exposed() -> None:
    assert exposes([package("libvorbis0", "libc6", "libogg0")], INPUTS) == ("libogg",)
    assert exposes([package("vorbis-data")], INPUTS) == ()


def test_what_a_sibling_needs_counts() -> None:
    dev = package("libvorbis-dev", "libvorbis0")
    assert exposes([dev, package("libvorbis0", "libogg0")], INPUTS) == ("libogg",)


def test_every_alternative_and_what_is_provided_counts() -> None:
    mail = ("postfix", package("postfix", offers=("mail-transport-agent",)))
    reader = package("reader", "exim4", "mail-transport-agent")
    assert exposes([reader], [mail, ("exim", package("exim4"))]) == ("exim", "postfix")


def test_debug_packages_need_nothing_of_anybody() -> None:
    assert exposes([package("libvorbis0-dbgsym", "libogg0")], INPUTS) == ()


def test_a_rich_dependency_may_need_every_name_in_it() -> None:
    rich = "((a >= 1.0 if b) and (pkgconfig(c) or libd.so.0()(64bit)))"
    names = set(required_names(rich))
    assert {"a", "b", "pkgconfig(c)", "libd.so.0()(64bit)"} <= names
    assert not names & {"if", "and", "or", ">="}
    assert list(required_names("pkgconfig(c)")) == ["pkgconfig(c)"]


def test_debian_packages_say_what_they_need(tmp_path: Path) -> None:
    inputs = [
        (name, build_deb(tmp_path / name, name, "1.0-1")[-1])
        for name in ("ogg", "speex", "theora", "flac")
    ]
    depends = "libc6, ogg (>= 0.9) | other, speex:any (= 7), theora [amd64]"
    files = build_deb(tmp_path / "tools", "tools", "2.0-1", depends=depends)
    assert exposed_components(files, inputs) == ("ogg", "speex", "theora")


def test_an_input_that_is_no_package_is_named(tmp_path: Path) -> None:
    with pytest.raises(PackageUnreadable, match=r"^notes\.txt cannot be read: "):
        exposed_components([], [("notes", tmp_path / "notes.txt")])


@dataclass(frozen=True)
class Component:
    """Packages of a component, and what its build was declared to depend on."""

    direct: tuple[int, ...]
    packages: tuple[Package, ...]
    exposes: tuple[int, ...]


def view(components: list[Component], direct: tuple[int, ...]) -> set[int]:
    """What a build with these dependencies is offered: they, and what they expose in turn."""
    seen: set[int] = set()
    left = list(direct)
    while left:
        if (one := left.pop()) not in seen:
            seen.add(one)
            left += components[one].exposes
    return seen


def everything(components: list[Component], direct: tuple[int, ...]) -> set[int]:
    below = [everything(components, components[one].direct) for one in direct]
    return set(direct).union(*below)


def capabilities(one: Package) -> Capabilities:
    offers = {one.name, *(provided.name for provided in one.provides)}
    needs = {choice.name for need in one.depends for choice in need.alternatives}
    return Capabilities(one.name, frozenset(offers), frozenset(needs))


@st.composite
def worlds(draw: st.DrawFn) -> list[Component]:
    """Components in build order; packages need their siblings, inputs, and the distro's."""
    made: list[Component] = []
    for number in range(draw(st.integers(1, 7))):
        wanted = draw(st.sets(st.integers(0, 6), max_size=3))
        direct = tuple(sorted(one for one in wanted if one < number))
        inputs = [(c, p) for c in sorted(view(made, direct)) for p in made[c].packages]
        siblings = [f"p{number}-{i}" for i in range(draw(st.integers(1, 3)))]
        offered = [offer.name for _, p in inputs for offer in p.provides]
        names = [*siblings, "distro", *(p.name for _, p in inputs), *offered]
        choice = st.sampled_from(sorted(names)).map(Alternative)
        need = st.lists(choice, min_size=1, max_size=2).map(lambda a: Relation("", tuple(a)))
        packages = tuple(
            Package(
                name,
                "1",
                depends=tuple(draw(st.lists(need, max_size=3))),
                provides=(Alternative(f"virtual-{name}"),) if draw(st.booleans()) else (),
            )
            for name in siblings
        )
        exposed = exposes(
            map(capabilities, packages), ((str(c), capabilities(p)) for c, p in inputs)
        )
        made.append(Component(direct, packages, tuple(int(c) for c in exposed)))
    return made


@given(worlds())
def test_a_build_installs_the_same_from_what_is_exposed_as_from_everything(
    components: list[Component],
) -> None:
    for component in components:
        wanted = [
            Relation(package.name, (Alternative(package.name),))
            for one in component.direct
            for package in components[one].packages
        ]
        installed = [
            needs_of(wanted, [p for one in offered for p in components[one].packages], []).inputs
            for offered in (
                view(components, component.direct),
                everything(components, component.direct),
            )
        ]
        assert installed[0] == installed[1]
