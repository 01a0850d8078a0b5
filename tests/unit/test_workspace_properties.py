"""After any sequence of changes and builds, what is recorded is what a build from scratch makes."""

from __future__ import annotations

from dataclasses import dataclass, field

from hypothesis import given
from hypothesis import strategies as st

from farm.workspace.entries import Entry, in_order, with_dependencies
from farm.workspace.records import Inputs, Record
from farm.workspace.staleness import reasons

NAMES = ("aa", "bb", "cc", "dd", "ee")


@dataclass
class Model:
    """Components whose build is a function: text of source and outputs below give the output.

    A source is a pair: what counts, and a comment that does not show in the output.
    """

    entries: dict[str, Entry]
    sources: dict[str, tuple[int, int]]
    records: dict[str, Record] = field(default_factory=dict)
    built: int = 0

    def inputs(self, name: str, outputs: dict[str, str]) -> Inputs:
        needed = with_dependencies(self.entries, [name]) - {name}
        below = {one: outputs[one] for one in sorted(needed)}
        return Inputs(str(self.sources[name]), {}, {}, {}, below)

    def output(self, name: str, outputs: dict[str, str]) -> str:
        inputs = self.inputs(name, outputs)
        return str(hash((name, self.sources[name][0], tuple(inputs.dependencies.items()))))

    def build(self, broken: frozenset[str] = frozenset()) -> None:
        """What `farm build` does; components that are broken fail, and block what needs them."""
        failed: set[str] = set()
        for name in in_order(self.entries, self.entries):
            if failed.intersection(self.entries[name].depends):
                failed.add(name)
                continue
            outputs = {one: record.output for one, record in self.records.items()}
            now = self.inputs(name, outputs)
            if not reasons(self.records.get(name), now):
                continue
            if name in broken:
                failed.add(name)
                continue
            self.built += 1
            self.records[name] = Record(now, self.output(name, outputs), "passed", {})

    def from_scratch(self) -> dict[str, str]:
        outputs: dict[str, str] = {}
        for name in in_order(self.entries, self.entries):
            outputs[name] = self.output(name, outputs)
        return outputs


def entries(edges: set[tuple[int, int]]) -> dict[str, Entry]:
    below: dict[str, list[str]] = {name: [] for name in NAMES}
    for one, other in edges:
        low, high = sorted((one, other))
        if low != high:
            below[NAMES[high]].append(NAMES[low])
    return {name: Entry(name, f"/g/{name}", depends=tuple(below[name])) for name in NAMES}


index = st.integers(0, len(NAMES) - 1)
graphs = st.sets(st.tuples(index, index), max_size=8).map(entries)
change = st.tuples(st.just("source"), index, st.integers(0, 2))
comment = st.tuples(st.just("comment"), index, st.integers(0, 2))
building = st.tuples(st.just("build"), index, st.booleans())
edges = st.tuples(st.just("graph"), graphs, st.none())
steps = st.lists(st.one_of(change, comment, building, edges), max_size=12)


def model(graph: dict[str, Entry]) -> Model:
    return Model(graph, dict.fromkeys(NAMES, (0, 0)))


@given(graphs, steps)
def test_builds_end_where_a_build_from_scratch_does(
    graph: dict[str, Entry], sequence: list[tuple[str, object, object]]
) -> None:
    world = model(graph)
    for kind, one, two in sequence:
        if kind == "graph":
            world.entries = one  # type: ignore[assignment]
            continue
        name = NAMES[int(one)]  # type: ignore[call-overload]
        counts, said = world.sources[name]
        if kind == "source":
            world.sources[name] = (int(two), said)  # type: ignore[call-overload]
        elif kind == "comment":
            world.sources[name] = (counts, int(two))  # type: ignore[call-overload]
        else:
            world.build(frozenset([name]) if two else frozenset())
    world.build()
    assert {name: record.output for name, record in world.records.items()} == world.from_scratch()
    before = world.built
    world.build()
    assert world.built == before


@given(graphs, index)
def test_a_change_that_does_not_show_builds_one_component(
    graph: dict[str, Entry], which: int
) -> None:
    world = model(graph)
    world.build()
    world.built = 0
    world.sources[NAMES[which]] = (0, 1)
    world.build()
    assert world.built == 1


@given(graphs, index)
def test_a_change_that_shows_builds_what_is_above_and_nothing_else(
    graph: dict[str, Entry], which: int
) -> None:
    world = model(graph)
    world.build()
    world.built = 0
    world.sources[NAMES[which]] = (1, 0)
    world.build()
    above = [n for n in NAMES if NAMES[which] in with_dependencies(graph, [n])]
    assert world.built == len(above)
