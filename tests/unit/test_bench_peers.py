"""What the other tools are told about a stack; running them is the benchmark's."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree as XML

import pytest

from bench.peers import jhbuild, nix, opam
from bench.workspace_builders import rebuilt
from bench.workspace_stack import AUTOCONF, PLAIN, Part, Stack

BASE, TOP = Part("base", (), 1, 1, False), Part("top", ("base",), 2, 1, True)


def stack(variant: str) -> Stack:
    return Stack({"base": BASE, "top": TOP}, variant)


def test_a_moduleset_has_every_component_and_one_module_for_all() -> None:
    top = XML.fromstring(jhbuild.moduleset(stack(AUTOCONF), Path("/src")))  # noqa: S314
    needs = {one.get("id"): [dep.get("package") for dep in one.iter("dep")] for one in top[1:]}
    assert needs == {"base": [], "top": ["base"], "all": ["base", "top"]}
    assert top[1].get("skip-autogen") is None


def test_a_plain_module_is_not_configured_and_installs_into_the_prefix() -> None:
    top = XML.fromstring(jhbuild.moduleset(stack(PLAIN), Path("/src")))  # noqa: S314
    assert top[1].get("skip-autogen") == "true"
    assert top[1].get("makeinstallargs") == "PREFIX=${prefix} install"


@pytest.mark.parametrize("variant", [PLAIN, AUTOCONF])
def test_only_what_has_a_configure_script_is_configured(variant: str) -> None:
    texts = (opam.package(TOP, variant), nix.expression(stack(variant)))
    assert ["./configure" in text for text in texts] == [variant == AUTOCONF] * 2


def test_dependencies_are_named() -> None:
    assert 'depends: ["base"]' in opam.package(TOP, PLAIN)
    assert 'top = component "top" ./src/top [base];' in nix.expression(stack(PLAIN))


def test_what_differs_or_is_new_was_built() -> None:
    assert rebuilt({"a": 1, "b": 1}, {"a": 1, "b": 2, "c": 1}) == 2
