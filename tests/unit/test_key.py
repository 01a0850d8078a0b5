"""What makes two builds the same build, and what a person is told when they are not."""

from __future__ import annotations

from typing import Any

import pytest

from farm.model import Component, Distro
from farm.model.stack import Root
from farm.plan.key import (
    KeyInputs,
    OwnKeys,
    View,
    Wish,
    build_key,
    changed_outputs,
    differences,
    view_digest,
)
from tests.stacks import BOOKWORM, component, stack

LIBA = component("liba", ("libb",))


def own(**changes: Any) -> tuple[KeyInputs, str]:
    """The own inputs of liba on bookworm, and their digest."""
    liba: Component = changes.pop("component", LIBA)
    distro: Distro = changes.pop("distro", BOOKWORM)
    maintainer = changes.pop("maintainer", "Farm <farm@example.org>")
    made = stack({"libb": ()}, distro, liba=liba).model_copy(update={"maintainer": maintainer})
    wish = Wish(**{"commit": "a" * 40, "upstream_version": "1.0", **changes})
    keys = OwnKeys(made)
    return keys.inputs("liba", distro.name, wish), keys.digest("liba", distro.name, wish)


def inputs(**changes: Any) -> KeyInputs:
    return own(**changes)[0]


def digest(**changes: Any) -> str:
    return own(**changes)[1]


def with_dependencies(given: KeyInputs, **digests: str) -> KeyInputs:
    return {**given, "dependencies": digests}


def test_the_same_inputs_have_the_same_key() -> None:
    assert digest() == digest()
    assert build_key("x", {"a": "1", "b": "2"}) == build_key("x", {"b": "2", "a": "1"})


@pytest.mark.parametrize(
    "changes",
    [
        {"commit": "b" * 40},
        {"forced": 1},
        {"distro": BOOKWORM.model_copy(update={"root": Root(suite="bookworm", refreshed="2")})},
        {"trust": "pr-liba-1"},
        {"upstream_version": "1.1"},
        {"maintainer": "Other <other@example.org>"},
        {"component": component("liba", ("libb",), configure_arguments=["--disable-docs"])},
        {"component": component("liba", ("libb",), packages={"deb": ["gettext"]})},
        {"distro": BOOKWORM.model_copy(update={"version_suffix": "~deb12u1"})},
    ],
)
def test_whatever_can_change_the_packages_changes_the_key(changes: dict[str, Any]) -> None:
    assert digest(**changes) != digest()
    assert inputs(**changes) != inputs()


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
    assert digest(**changes) == digest()
    assert inputs(**changes) == inputs()


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


def view(component: str, output: str, *sees: View) -> View:
    seen = {one.component: one.digest for one in sees}
    return View(view_digest(output, seen), component, output, seen)


def test_reasons_name_whose_output_changed_however_far_away() -> None:
    ogg, new_ogg = view("ogg", "1"), view("ogg", "2")
    vorbis, new_vorbis = view("vorbis", "v", ogg), view("vorbis", "v", new_ogg)
    speex, new_speex = view("speex", "s", ogg), view("speex", "s2", new_ogg)
    views = {v.digest: v for v in (ogg, new_ogg, vorbis, new_vorbis, speex, new_speex)}
    before = {"vorbis": vorbis.digest, "speex": speex.digest}
    after = {"vorbis": new_vorbis.digest, "speex": new_speex.digest}
    assert changed_outputs(before, after, views) == {"ogg", "speex"}
    assert changed_outputs(before, after, {}) == {"vorbis", "speex"}, "the views are not known"
    assert changed_outputs(before, before, views) == frozenset()


def test_a_root_made_anew_is_told_from_another_distro() -> None:
    before = with_dependencies(inputs())
    root = Root(suite="bookworm", refreshed="2026-11-22")
    anew = inputs(distro=BOOKWORM.model_copy(update={"root": root}))
    assert differences(before, with_dependencies(anew)) == ("root updated",)
    other = inputs(distro=BOOKWORM.model_copy(update={"version_suffix": "~other"}))
    assert differences(before, with_dependencies(other)) == ("the distro's entry changed",)
