"""The component graph, on small stacks and on graphs that hypothesis draws."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from farm import graph as g
from tests.stacks import BOOKWORM, EL9, component, stack

DIAMOND = {"aa": (), "bb": ("aa",), "cc": ("aa",), "dd": ("bb", "cc")}

NAMES = [f"c{i:02}" for i in range(14)]


@st.composite
def acyclic(draw: st.DrawFn) -> dict[str, list[str]]:
    """Components that depend on earlier ones of a shuffled list."""
    order = draw(st.permutations(NAMES[: draw(st.integers(0, len(NAMES)))]))
    return {
        name: draw(st.lists(st.sampled_from(order[:i]), unique=True)) if i else []
        for i, name in enumerate(order)
    }


anything = st.dictionaries(st.sampled_from(NAMES), st.lists(st.sampled_from(NAMES), unique=True))
durations = st.dictionaries(st.sampled_from(NAMES), st.integers(0, 1000))


def test_components_are_built_after_what_they_depend_on_and_else_alphabetically():
    assert g.build_order(g.component_graph(stack(DIAMOND))) == ("aa", "bb", "cc", "dd")
    assert g.levels(g.component_graph(stack(DIAMOND))) == (("aa",), ("bb", "cc"), ("dd",))


def test_neighbours_are_direct_or_transitive():
    graph = g.component_graph(stack(DIAMOND))
    assert g.dependents(graph, "aa") == {"bb", "cc"}
    assert g.dependents(graph, "aa", transitive=True) == {"bb", "cc", "dd"}
    assert g.dependencies(graph, "dd") == {"bb", "cc"}
    assert g.dependencies(graph, "dd", transitive=True) == {"aa", "bb", "cc"}


def test_neighbours_of_an_unknown_component_are_an_error():
    with pytest.raises(KeyError, match="zz"):
        g.dependents(g.graph_of({}), "zz")


def test_a_distros_graph_has_only_what_is_built_there():
    whole = stack(
        DIAMOND,
        *(BOOKWORM, EL9),
        bb=component("bb", ("aa",), exclude=("el9",)),
        dd=component("dd", ("bb", "cc"), distros=("bookworm",)),
    )
    assert set(g.component_graph(whole, "bookworm")) == set(DIAMOND)
    assert g.build_order(g.component_graph(whole, "el9")) == ("aa", "cc")


def test_the_critical_path_is_the_longest_not_the_one_with_most_components():
    graph = g.graph_of({**DIAMOND, "ee": ("aa",)})
    assert g.critical_path(graph, {"aa": 1, "bb": 2, "cc": 3, "dd": 1, "ee": 9}) == ("aa", "ee")
    assert g.critical_path(graph, {}) == ("aa", "bb", "dd")
    assert g.critical_path(g.graph_of({}), {}) == ()


def test_a_component_without_a_duration_counts_as_the_mean():
    assert g.remaining(g.graph_of({"aa": (), "bb": ("aa",), "cc": ()}), {"aa": 2, "cc": 6}) == {
        "aa": 6,
        "bb": 4,
        "cc": 6,
    }


def test_cycles_are_told_in_the_order_of_needing():
    assert g.cycles(g.graph_of({"bb": ("cc",), "cc": ("aa",), "aa": ("bb",)})) == (
        ("aa", "bb", "cc"),
    )
    assert g.cycles(g.graph_of({"aa": ("aa",)})) == (("aa",),)


@given(acyclic())
def test_the_order_respects_every_edge(depends: Mapping[str, list[str]]):
    order = g.build_order(g.graph_of(depends))
    assert sorted(order) == sorted(depends)
    assert all(order.index(n) < order.index(name) for name in depends for n in depends[name])


@given(acyclic())
def test_every_level_needs_only_the_levels_before_and_the_one_just_before(depends):
    level = {name: i for i, layer in enumerate(g.levels(g.graph_of(depends))) for name in layer}
    for name, needed in depends.items():
        assert level[name] == max((level[n] + 1 for n in needed), default=0)


@given(acyclic())
def test_dependents_and_dependencies_are_each_others_inverse(depends):
    graph = g.graph_of(depends)
    for transitive in (False, True):
        forward = {(a, b) for a in graph for b in g.dependents(graph, a, transitive=transitive)}
        back = {(a, b) for b in graph for a in g.dependencies(graph, b, transitive=transitive)}
        assert forward == back


@given(acyclic())
def test_transitive_dependents_are_the_dependents_of_dependents(depends):
    graph = g.graph_of(depends)
    for name in graph:
        direct = g.dependents(graph, name)
        further = [g.dependents(graph, d, transitive=True) for d in direct]
        assert g.dependents(graph, name, transitive=True) == direct.union(*further)


@given(anything)
def test_a_graph_has_an_order_or_a_cycle_along_its_edges(depends):
    graph = g.graph_of(depends)
    found = g.cycles(graph)
    if not found:
        assert len(g.build_order(graph)) == len(depends)
    for cycle in found:
        assert cycle[0] == min(cycle)
        assert len(set(cycle)) == len(cycle)
        assert all(needed in depends[name] for name, needed in pairwise((*cycle, cycle[0])))


@given(acyclic(), durations)
def test_nothing_takes_longer_than_the_critical_path(depends, seconds):
    seconds = {name: seconds.get(name, 1) for name in depends}
    graph = g.graph_of(depends)
    path = g.critical_path(graph, seconds)
    left = g.remaining(graph, seconds)
    assert all(before in depends[after] for before, after in pairwise(path))
    assert sum(seconds[name] for name in path) == max(left.values(), default=0)
