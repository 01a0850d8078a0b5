from __future__ import annotations

import re
from dataclasses import dataclass

import pytest
from debian.debian_support import NativeVersion
from hypothesis import given
from hypothesis import strategies as st

from farm.version import Described, SourceVersion, base_version, next_version
from farm.version_order import precedes, rpm_sort_key

COMMIT = "abc1234" + "0" * 33


@dataclass(frozen=True)
class Numbered:
    commit: str
    upstream_version: str


def test_a_version_carries_the_distro_and_the_count_of_rebuilds() -> None:
    once, twice = SourceVersion("1.3.5+git4.gabc1234"), SourceVersion("1.3.5+git4.gabc1234", 2)
    assert once.deb("~deb12") == "1.3.5+git4.gabc1234-1~deb12"
    assert twice.deb("~deb12") == "1.3.5+git4.gabc1234-1~deb12+r2"
    assert once.rpm_release(".el9") == "1.el9"
    assert twice.rpm_release(".el9") == "1.el9.2"


@pytest.mark.parametrize(
    ("older", "newer"),
    [
        ("1.3.5", "1.3.5+git4.gabc1234"),
        ("1.3.5+git9.gfffffff", "1.3.5+git10.g0000000"),
        ("1.3.5+git4.gabc1234", "1.3.5.1"),
        ("1.3.5+git4.gabc1234", "1.3.6"),
        ("1.4~rc1", "1.4~rc1+git2.gabc1234"),
        ("1.4~rc1+git2.gabc1234", "1.4~rc2"),
        ("1.4~rc2", "1.4"),
        ("0+git57.gabc1234", "0.1"),
        # the same source on the next release of a distribution, and rebuilt
        ("1.2+git1.gabc1234-1~deb12", "1.2+git1.gabc1234-1~deb13"),
        ("1.2+git1.gabc1234-1~deb12", "1.2+git1.gabc1234-1~deb12+r1"),
        ("1.2+git1.gabc1234-1~deb12+r9", "1.2+git1.gabc1234-1~deb12+r10"),
        ("1.2+git1.gabc1234-1~deb13+r3", "1.2+git2.gabc1234-1~deb12"),
    ],
)
def test_versions_sort_in_the_order_of_time(older: str, newer: str) -> None:
    assert precedes(older, newer)
    assert not precedes(newer, older)


def test_the_distribution_s_own_packages_are_older_or_win() -> None:
    ours = SourceVersion("1.2+git1.gabc1234").deb("~deb12")
    assert NativeVersion("1.2-3") < NativeVersion(ours) < NativeVersion("1.2+git1.gabc1234-1")


@pytest.mark.parametrize(("one", "other"), [("1.0z", "1.0+git4"), ("1.0", "1.0")])
def test_what_the_families_order_differently_is_no_upgrade(one: str, other: str) -> None:
    assert not precedes(one, other)
    assert not precedes(other, one)


@pytest.mark.parametrize(
    ("older", "newer"),
    [("1.0~rc1", "1.0"), ("1.0", "1.0^a"), ("1.0^a", "1.0.1"), ("1.0a", "1.0.1"), ("9", "10")],
)
def test_rpm_order(older: str, newer: str) -> None:
    assert rpm_sort_key(older) < rpm_sort_key(newer)


def test_rpm_ignores_separators_and_leading_zeros() -> None:
    assert rpm_sort_key("1.01_2") == rpm_sort_key("1+1.2")


def test_the_tagged_commit_has_the_tags_version() -> None:
    assert next_version(None, Described("1.3.5", 0, COMMIT)) == "1.3.5"


def test_later_commits_are_counted_from_the_tag() -> None:
    assert next_version(None, Described("1.3.5", 4, COMMIT)) == "1.3.5+git4.gabc1234"


def test_a_rewritten_history_goes_on_counting() -> None:
    before = Numbered("1" * 40, "1.3.5+git10.g1111111")
    assert next_version(before, Described("1.3.5", 3, COMMIT)) == "1.3.5+git11.gabc1234"


def test_another_commit_with_the_same_count_still_goes_up() -> None:
    before = Numbered("f" * 40, "1.3.5+git10.gfffffff")
    assert next_version(before, Described("1.3.5", 10, COMMIT)) == "1.3.5+git11.gabc1234"


def test_a_lower_tag_keeps_the_base_that_was() -> None:
    before = Numbered("1" * 40, "1.3.5+git10.g1111111")
    assert next_version(before, Described("1.2.9", 0, COMMIT)) == "1.3.5+git11.gabc1234"
    released = Numbered("1" * 40, "1.3.5")
    assert next_version(released, Described("1.2.9", 50, COMMIT)) == "1.3.5+git1.gabc1234"


def test_the_base_of_a_version() -> None:
    assert base_version("1.3.5+git4.gabc1234") == "1.3.5"
    assert base_version("1.4~rc1") == "1.4~rc1"


def test_the_same_commit_keeps_its_version() -> None:
    before = Numbered(COMMIT, "1.3.5+git11.gabc1234")
    assert next_version(before, Described("1.3.5", 3, COMMIT)) == "1.3.5+git11.gabc1234"


def test_a_tag_on_the_same_commit_makes_it_a_release() -> None:
    before = Numbered(COMMIT, "1.3.5+git11.gabc1234")
    assert next_version(before, Described("1.3.6", 0, COMMIT)) == "1.3.6"
    assert next_version(Numbered(COMMIT, "1.3.6"), Described("1.3.5", 11, COMMIT)) == "1.3.6"


BASES = st.builds(
    lambda first, more: "".join([first, *(mark + part for mark, part in more)]),
    st.sampled_from(["0", "1", "9", "10"]),
    st.lists(
        st.tuples(st.sampled_from(".+~"), st.sampled_from(["0", "2", "10", "a", "rc1", "z", "7b"])),
        max_size=3,
    ),
)
COMMITS = st.text("0123456789abcdef", min_size=40, max_size=40)
DESCRIBED = st.builds(Described, BASES, st.integers(0, 2000), COMMITS)


@given(st.lists(DESCRIBED, min_size=2, max_size=6, unique_by=lambda d: d.commit))
def test_whatever_happens_to_a_branch_its_versions_only_go_up(heads: list[Described]) -> None:
    previous: Numbered | None = None
    for head in heads:
        version = next_version(previous, head)
        assert re.fullmatch(r"[0-9][A-Za-z0-9.+~]*", version)
        if previous:
            before = previous.upstream_version
            assert NativeVersion(before) < NativeVersion(version)
            assert rpm_sort_key(before) < rpm_sort_key(version)
            for suffix in ("~deb12", "~deb13"):
                older = SourceVersion(before, 7).deb("~deb13")
                assert NativeVersion(older) < NativeVersion(SourceVersion(version).deb(suffix))
        previous = Numbered(head.commit, version)


@given(DESCRIBED, DESCRIBED)
def test_reading_a_head_twice_changes_nothing(first: Described, second: Described) -> None:
    before = Numbered(first.commit, next_version(None, first))
    after = Numbered(second.commit, next_version(before, second))
    assert next_version(after, second) == after.upstream_version
