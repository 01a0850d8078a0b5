"""What makes two builds the same build, and what a person is told when they are not."""

from __future__ import annotations

from typing import Any

import pytest

from farm.plan.key import KeyInputs, build_key, differences, digest_of, own_inputs
from tests.stacks import BOOKWORM, component


def inputs(**changes: Any) -> KeyInputs:
    fields = {
        "commit": "a" * 40,
        "upstream_version": "1.0",
        "maintainer": "Farm <farm@example.org>",
        "forced": 0,
        **{name: value for name, value in changes.items() if name not in ("component", "distro")},
    }
    one = changes.get("component", component("liba", ("libb",)))
    return own_inputs(one, changes.get("distro", BOOKWORM), **fields)


def with_dependencies(own: KeyInputs, **digests: str) -> KeyInputs:
    return {**own, "dependencies": digests}


def test_the_same_inputs_have_the_same_key() -> None:
    assert digest_of(inputs()) == digest_of(inputs())
    assert build_key("x", {"a": "1", "b": "2"}) == build_key("x", {"b": "2", "a": "1"})


@pytest.mark.parametrize(
    "changes",
    [
        {"commit": "b" * 40},
        {"forced": 1},
        {"maintainer": "Other <other@example.org>"},
        {"component": component("liba", ("libb",), configure_arguments=["--disable-docs"])},
        {"component": component("liba", ("libb",), packages={"deb": ["gettext"]})},
        {"distro": BOOKWORM.model_copy(update={"version_suffix": "~deb12u1"})},
    ],
)
def test_whatever_can_change_the_packages_changes_the_key(changes: dict[str, Any]) -> None:
    assert digest_of(inputs(**changes)) != digest_of(inputs())


@pytest.mark.parametrize(
    "changes",
    [
        {"component": component("liba", ("libb",), timeout_minutes=5)},
        {"component": component("liba", ("libb",), branch="other")},
        {"component": component("liba", ("libb",), packages={"rpm": ["gettext"]})},
        {"distro": BOOKWORM.model_copy(update={"release": "Bookworm"})},
    ],
)
def test_what_cannot_change_the_packages_leaves_the_key(changes: dict[str, Any]) -> None:
    assert digest_of(inputs(**changes)) == digest_of(inputs())


def test_reasons_name_the_inputs_that_differ() -> None:
    before = with_dependencies(inputs(), libb="1", libc="1")
    after = with_dependencies(inputs(commit="b" * 40, forced=1), libb="2", libd="1")
    assert differences(before, after) == (
        "new commit aaaaaaaa..bbbbbbbb",
        "dependency libb changed",
        "dependency libc is gone",
        "dependency libd is new",
        "forced",
    )


def test_a_first_build_says_so() -> None:
    assert differences(None, with_dependencies(inputs())) == ("first build",)
