"""Who fulfils a build's relations: the root, the farm's own packages, or the distro."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from farm.build.deb.relations import (
    Alternative,
    Needs,
    Package,
    needs_of,
    offers_of,
    package_of,
    parse_relations,
)


def package(name: str, version: str = "1.0-1", depends: str = "", provides: str = "") -> Package:
    return package_of(
        {"Package": name, "Version": version, "Depends": depends, "Provides": provides},
        f"/pool/{name}.deb",
    )


def needs(build_depends: str, inputs: list[Package], root: list[Package]) -> Needs:
    return needs_of(parse_relations(build_depends), inputs, root)


def names(needed: Needs) -> list[str]:
    return [p.name for p in needed.inputs]


ROOT = [
    package("debhelper", "13.11", provides="debhelper-compat (= 13), dh-sequence-x"),
    package("libc6", "2.36-9"),
]


def test_relations_are_read_with_their_alternatives_and_versions() -> None:
    relations = parse_relations("libfoo-dev (>= 1.2~), default-mta | mail-transport-agent,\n")

    assert [r.text for r in relations] == [
        "libfoo-dev (>= 1.2~)",
        "default-mta | mail-transport-agent",
    ]
    assert relations[0].alternatives == (Alternative("libfoo-dev", ">=", "1.2~"),)
    assert [a.name for a in relations[1].alternatives] == ["default-mta", "mail-transport-agent"]


@pytest.mark.parametrize("text", ["", " ", "\n"])
def test_an_empty_field_needs_nothing(text: str) -> None:
    assert parse_relations(text) == ()


@pytest.mark.parametrize(
    ("relation", "holds"),
    [
        ("libc6", True),
        ("libc6 (>= 2.36)", True),
        ("libc6 (>= 2.36-9~)", True),
        ("libc6 (>> 2.36-9)", False),
        ("libc6 (<< 2.36)", False),
        ("libc6 (= 2.36-9)", True),
        ("debhelper-compat (= 13)", True),
        ("debhelper-compat (= 12)", False),
        ("dh-sequence-x", True),
        ("dh-sequence-x (>= 1)", False),
        ("libc7 | libc6", True),
        ("libc7", False),
    ],
)
def test_what_the_root_fulfils(relation: str, holds: bool) -> None:
    (parsed,) = parse_relations(relation)

    assert parsed.holds(offers_of(ROOT)) is holds


def test_what_the_root_has_is_not_installed() -> None:
    assert needs("debhelper-compat (= 13), libc6 (>= 2.30)", [], ROOT) == Needs((), ())


def test_what_nobody_has_is_for_the_distro() -> None:
    assert needs("libssl-dev (>= 3), gettext", [], ROOT).distro == (
        "gettext",
        "libssl-dev (>= 3)",
    )


def test_only_the_inputs_that_are_needed_come_along() -> None:
    inputs = [
        package("libogg-dev", depends="libogg0 (= 1.0-1), libc6-dev"),
        package("libogg0", depends="libc6 (>= 2.30)"),
        package("libogg-doc"),
        package("libvorbis-dev", depends="libvorbis0"),
    ]

    needed = needs("libogg-dev", inputs, ROOT)

    assert names(needed) == ["libogg-dev", "libogg0"]
    assert needed.distro == ("libc6-dev",)


def test_an_input_goes_before_the_distros_package_of_that_name() -> None:
    root = [*ROOT, package("zlib1g", "1:1.2.13")]

    needed = needs("zlib1g (>= 1:1.2)", [package("zlib1g", "1:1.1")], root)

    assert names(needed) == ["zlib1g"]
    assert needed.distro == ()


def test_an_input_may_be_needed_by_what_it_provides() -> None:
    inputs = [package("libogg2-dev", provides="libogg-dev (= 2.0)")]

    assert names(needs("libogg-dev", inputs, ROOT)) == ["libogg2-dev"]


def test_inputs_that_need_each_other_are_found_once() -> None:
    inputs = [package("a", depends="b"), package("b", depends="a")]

    assert names(needs("a", inputs, ROOT)) == ["a", "b"]


@given(st.dictionaries(st.sampled_from("abcdefgh"), st.sets(st.sampled_from("abcdefghxyz"))))
def test_every_relation_is_fulfilled_by_somebody(graph: dict[str, set[str]]) -> None:
    inputs = [
        package(name * 2, depends=", ".join(d * 2 for d in sorted(deps)))
        for name, deps in graph.items()
    ]

    needed = needs("aa, xx", inputs, ROOT)

    have = set(names(needed)) | set(needed.distro)
    wanted = {"aa", "xx"} | {
        a.name for p in needed.inputs for r in p.depends for a in r.alternatives
    }
    assert wanted == have
    assert not set(needed.distro) & {p.name for p in inputs}
