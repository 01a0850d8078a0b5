"""The gate: nothing is published that breaks what is, and nothing else is held back."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from repo_publish.gate import BinaryPackage, Build, Relation, hold_back


def compare(one: str, other: str) -> int:
    return (int(one) > int(other)) - (int(one) < int(other))


def package(name: str, version: int, *needs: str) -> BinaryPackage:
    """`needs` are ``name`` or ``name >= version``; alternatives are separated by ``|``."""
    requires = tuple(
        tuple(Relation(*alternative.split()) for alternative in need.split(" | ")) for need in needs
    )
    return BinaryPackage(name, ((name, str(version)),), requires)


LIVE: dict[str, Build] = {
    "libogg": (package("libogg0", 1),),
    "libvorbis": (package("libvorbis0", 1, "libogg0 >= 1"),),
    "tools": (package("vorbis-tools", 1, "libvorbis0", "libc6"),),
}


def test_all_that_is_consistent_is_published() -> None:
    wanted = {**LIVE, "libogg": (package("libogg0", 2),)}
    assert hold_back(wanted, LIVE, compare) == {}
    assert hold_back(LIVE, {}, compare) == {}


def test_a_new_soname_waits_for_what_still_needs_the_old_one() -> None:
    wanted = {**LIVE, "libogg": (package("libogg1", 2),)}
    needs = "libvorbis0 of libvorbis needs libogg0 >= 1"
    assert hold_back(wanted, LIVE, compare) == {
        "libogg": f"{needs}, which its new packages do not provide"
    }


def test_what_was_built_with_the_held_back_waits_too_and_nothing_else() -> None:
    wanted = {
        "libogg": (package("libogg1", 2),),
        "libvorbis": LIVE["libvorbis"],  # failed, keeps its last good packages
        "tools": (package("vorbis-tools", 2, "libvorbis0", "libc6"),),
        "speex": (package("speex", 1, "libogg1"),),
    }
    held = hold_back(wanted, LIVE, compare)
    assert set(held) == {"libogg", "speex"}
    assert held["speex"] == "its speex needs libogg1, which is held back or missing"


def test_the_distribution_is_trusted_to_have_its_own() -> None:
    wanted = {"app": (package("app", 1, "libc6 >= 2", "libogg0 | libc6"),)}
    assert hold_back(wanted, {}, compare) == {}


def test_a_first_content_with_a_hole_keeps_the_rest() -> None:
    wanted = {
        "libvorbis": (package("libvorbis0", 2, "libogg0 >= 9"),),
        "libogg": (package("libogg0", 1),),
    }
    assert set(hold_back(wanted, {}, compare)) == {"libvorbis"}


@st.composite
def contents(draw: st.DrawFn) -> dict[str, Build]:
    """A consistent content: each component needs what a component before it offers."""
    made: dict[str, Build] = {}
    offered: list[str] = []
    for name in ("a", "b", "c", "d", "e"):
        soname = f"lib{name}{draw(st.integers(0, 2))}"
        needs = draw(st.lists(st.sampled_from(offered), max_size=2)) if offered else []
        made[name] = (package(soname, 1, *needs),)
        offered.append(soname)
    return made


def blocked(name: str, builds: dict[str, Build], failed: set[str]) -> bool:
    """Whether a component, or one that it was built with, failed."""
    needs = {relation.name[3] for p in builds[name] for (relation,) in p.requires}
    return name in failed or any(blocked(one, builds, failed) for one in needs)


@given(contents(), contents(), st.sets(st.sampled_from("abcde")))
def test_the_result_is_consistent_whatever_failed(
    new: dict[str, Build], live: dict[str, Build], failed: set[str]
) -> None:
    failed |= {name for name in "abcde" if blocked(name, new, failed)}
    wanted = {name: live[name] if name in failed else build for name, build in new.items()}
    held = hold_back(wanted, live, compare)
    assert not held.keys() & failed
    published = {name: live[name] if name in held else build for name, build in wanted.items()}
    offered = {name for build in published.values() for p in build for name, _ in p.provides}
    for build in published.values():
        for one in build:
            for (relation,) in one.requires:
                assert relation.name in offered
