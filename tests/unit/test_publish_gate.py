"""The largest consistent rest: nothing published breaks, and nothing else is held back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from itertools import combinations

from hypothesis import given, settings
from hypothesis import strategies as st

from repo_publish.gate.own import names_of, own_relations
from repo_publish.gate.packages import Broken, Build
from repo_publish.gate.search import Check, Verdict, hold_back
from tests.gates import a_package, candidate, compare, without_reasons

LIVE: dict[str, Build] = {
    "libogg": (a_package("libogg0", 1),),
    "libvorbis": (a_package("libvorbis0", 1, "libogg0 >= 1"),),
    "tools": (a_package("vorbis-tools", 1, "libvorbis0", "libc6"),),
}


def judged(
    wanted: dict[str, Build], live: dict[str, Build], given: dict[str, str] | None = None
) -> Verdict:
    """The verdict where only the farm's own packages are looked at."""
    return hold_back(wanted, live, own_relations(names_of(wanted, live), compare), compare, given)


def test_all_that_is_consistent_is_published() -> None:
    wanted = {**LIVE, "libogg": (a_package("libogg0", 2),)}

    assert judged(wanted, LIVE) == Verdict({})
    assert judged(LIVE, {}) == Verdict({})


def test_a_new_soname_waits_for_what_still_needs_the_old_one() -> None:
    wanted = {**LIVE, "libogg": (a_package("libogg1", 2),)}

    assert judged(wanted, LIVE).held_back == {
        "libogg": "libvorbis0 of libvorbis needs libogg0 >= 1, which its new packages do not "
        "provide"
    }


def test_what_was_built_with_the_held_back_waits_too_and_nothing_else() -> None:
    wanted = {
        "libogg": (a_package("libogg1", 2),),
        "libvorbis": LIVE["libvorbis"],  # failed, keeps its last good packages
        "tools": (a_package("vorbis-tools", 2, "libvorbis0", "libc6"),),
        "speex": (a_package("speex", 1, "libogg1"),),
    }

    held_back = judged(wanted, LIVE).held_back

    assert set(held_back) == {"libogg", "speex"}
    assert held_back["speex"] == "its speex needs libogg1, which is held back or missing"


def test_build_dependencies_count_as_well() -> None:
    wanted = {
        **LIVE,
        "tools": (
            a_package("vorbis-tools", 2, "libvorbis0"),
            a_package("vorbis-tools", 2, "libvorbis0 >= 9", kind="source"),
        ),
    }

    assert judged(wanted, LIVE).held_back == {
        "tools": "its source package vorbis-tools needs libvorbis0 >= 9, which nothing offers"
    }


def test_a_component_is_not_taken_away_from_what_needs_it() -> None:
    wanted = {name: LIVE[name] for name in ("libvorbis", "tools")}

    assert judged(wanted, LIVE).held_back == {
        "libogg": "libvorbis0 of libvorbis needs libogg0 >= 1, which would be gone"
    }


def test_a_component_goes_with_all_that_need_it() -> None:
    assert judged({"speex": (a_package("speex", 1),)}, LIVE).held_back == {}


def test_a_package_moves_only_when_its_old_owner_lets_go() -> None:
    live = {"one": (a_package("app", 1),), "base": (a_package("base", 1),)}
    moved = {
        "one": (a_package("app-doc", 2, "base >= 2"),),
        "two": (a_package("app", 2),),
        "base": live["base"],
    }

    assert judged({**moved, "base": (a_package("base", 2),)}, live).held_back == {}
    assert judged(moved, live).held_back == {
        "one": "its app-doc needs base >= 2, which nothing offers",
        "two": "its app cannot be used: app belongs to one",
    }


def test_of_two_ways_out_the_shorter_is_taken() -> None:
    live = {name: (a_package(name, 1),) for name in ("a", "b", "c", "base")}
    wanted = {
        **{name: (a_package(name, 2, "base < 2"),) for name in ("a", "b", "c")},
        "base": (a_package("base", 2),),
    }

    assert set(judged(wanted, live).held_back) == {"base"}


def test_what_the_distribution_broke_holds_nothing_back() -> None:
    live = {**LIVE, "old": (a_package("old", 1, "libogg0 >= 5"),)}
    wanted = {**live, "libogg": (a_package("libogg0", 2),), "new": (a_package("new", 1),)}

    verdict = judged(wanted, live)

    assert verdict.held_back == {}
    assert [(one.component, one.why) for one in verdict.broken] == [
        ("old", "old needs libogg0 >= 5")
    ]


def test_what_needs_a_broken_package_is_held_back_all_the_same() -> None:
    live = {"old": (a_package("old", 1, "old >= 5"),)}
    wanted = {**live, "new": (a_package("new", 1, "old"),), "other": (a_package("other", 1),)}

    def check(content: Mapping[str, Build]) -> list[Broken]:
        found = own_relations(names_of(wanted), compare)(content)
        why = found[0]
        return [
            *found,
            *(replace(why, component="new", package=package) for package in content.get("new", ())),
        ]

    assert set(hold_back(wanted, live, check, compare).held_back) == {"new"}


def test_what_has_to_be_held_back_takes_its_dependents_along() -> None:
    wanted = {
        "libogg": (a_package("libogg0", 2),),
        "libvorbis": (a_package("libvorbis0", 2, "libogg0 >= 2"),),
        "tools": LIVE["tools"],
    }

    assert judged(wanted, LIVE, {"libogg": "its upgrade fails", "tools": "?"}).held_back == {
        "libogg": "its upgrade fails",
        "libvorbis": "its libvorbis0 needs libogg0 >= 2, which is held back or missing",
    }


def test_a_rebuild_of_hundreds_asks_a_few_times_only() -> None:
    names = [f"c{number}" for number in range(300)]
    live: dict[str, Build] = {name: (a_package(name, 1, "base0"),) for name in names}
    live["base"] = (a_package("base0", 1),)
    wanted: dict[str, Build] = {name: (a_package(name, 2, "base1"),) for name in names}
    wanted |= {"base": (a_package("base1", 2),), "c7": live["c7"], "free": (a_package("free", 1),)}

    verdict = judged(wanted, live)

    assert set(verdict.held_back) == {"base", *names} - {"c7"}
    assert verdict.questions <= 5


@st.composite
def builds(draw: st.DrawFn, component: str, version: int) -> Build:
    """Up to two packages that need whatever there may be, in whatever version."""
    names = [f"{name}{part}" for name in "abcde" for part in "xy"]
    operators = ["", " >= 1", " >= 2", " < 2", " = 3"]
    relation = st.tuples(st.sampled_from(names), st.sampled_from(operators)).map("".join)
    need = st.lists(relation, min_size=1, max_size=2).map(" | ".join)
    return tuple(
        a_package(f"{component}{part}", version, *draw(st.lists(need, max_size=2)))
        for part in "xy"
        if draw(st.booleans())
    )


@st.composite
def contents(draw: st.DrawFn) -> tuple[dict[str, Build], dict[str, Build]]:
    """A wanted and a live content, both of which may be broken in themselves."""
    live = {name: draw(builds(name, 1)) for name in "abcde" if draw(st.booleans())}
    wanted = {
        name: live[name]
        if name in live and draw(st.booleans())
        else draw(builds(name, draw(st.integers(2, 3))))
        for name in "abcde"
        if draw(st.booleans())
    }
    return wanted, live


def consistent(
    wanted: dict[str, Build], live: dict[str, Build], held: frozenset[str], check: Check
) -> bool:
    """Whether nothing is broken but what was so before and stays as it was."""
    before = {broken.itself for broken in check(live)}
    changed = {name for name in wanted if wanted[name] != live.get(name)} - held
    found = check(candidate(wanted, live, held))
    return all(b.itself in before and b.component not in changed for b in found)


@settings(max_examples=300, deadline=None)
@given(contents())
def test_as_few_as_possible_are_held_back(
    both: tuple[dict[str, Build], dict[str, Build]],
) -> None:
    wanted, live = both
    check = own_relations(names_of(wanted, live), compare)
    changed = [n for n in sorted(wanted.keys() | live.keys()) if wanted.get(n) != live.get(n)]

    held = hold_back(wanted, live, check, compare).held_back.keys()

    assert consistent(wanted, live, frozenset(held), check)
    for size in range(len(held)):
        for fewer in combinations(changed, size):
            assert not consistent(wanted, live, frozenset(fewer), check)


@settings(max_examples=200, deadline=None)
@given(contents())
def test_nothing_can_be_added_even_when_nobody_says_why_it_breaks(
    both: tuple[dict[str, Build], dict[str, Build]],
) -> None:
    wanted, live = both
    check = own_relations(names_of(wanted, live), compare)

    held = frozenset(hold_back(wanted, live, without_reasons(check), compare).held_back)

    assert consistent(wanted, live, held, check)
    for name in held:
        assert not consistent(wanted, live, held - {name}, check)
