"""The two stacks that come with the project: the real XCP one, and the demo's."""

from __future__ import annotations

from pathlib import Path

import pytest

from farm.builders import builder_table
from farm.graph import build_order, component_graph, dependents, levels
from farm.model import Stack
from farm.model.load import load_stack

TOP = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def xcp() -> Stack:
    return load_stack(TOP / "components.yml")


@pytest.fixture(scope="module")
def demo() -> Stack:
    return load_stack(TOP / "examples" / "demo" / "components.yml", {"demo": "/srv/demo"})


def test_xcp_has_the_shape_of_the_real_stack(xcp):
    graph = component_graph(xcp)
    assert len(graph) == 139
    assert graph.number_of_edges() == 613
    assert len(levels(graph)) == 18
    assert len(dependents(graph, "ocaml-findlib", transitive=True)) == 122
    assert xcp.components["xapi"].depends[0] == "forkexecd"


def test_xcp_is_built_everywhere_for_four_distros(xcp):
    assert list(xcp.distros) == ["el9", "bookworm", "trixie", "noble"]
    assert len(builder_table(xcp)) == 4 * 139 + 4


def test_xcp_needs_packages_in_both_families_alike(xcp):
    """What needs a package of one family needs one of the other."""
    for component in xcp.components.values():
        assert bool(component.packages.get("rpm")) == bool(component.packages.get("deb"))


def test_xcp_components_of_one_repository_differ_in_what_they_build(xcp):
    mirage, types = xcp.components["ocaml-mirage"], xcp.components["ocaml-mirage-types"]
    assert mirage.git == types.git
    assert mirage.commands != types.commands


def test_the_demo_is_a_diamond_for_three_distros(demo):
    assert list(demo.distros) == ["bookworm", "trixie", "demo-rpm"]
    graph = component_graph(demo)
    assert build_order(graph)[0] == "libogg"
    assert dependents(graph, "libogg") == {
        "libvorbis",
        "speex",
        "libtheora",
        "libshout",
        "vorbis-tools",
    }
    assert len(builder_table(demo)) == 3 * 6 + 3


def test_the_demo_lies_below_its_directory(demo):
    assert all(c.git.startswith("file:///srv/demo/git/") for c in demo.components.values())
    assert demo.distros["demo-rpm"].root.repositories == {
        "base": "file:///srv/demo/rpm-distribution"
    }
