"""The simulation behind bench/makespan.py: known schedules, and bounds that nothing beats."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.graphs import DEBIAN, XCP, BuildGraph, graph_from, load
from bench.simulate import (
    FirstCome,
    Layers,
    Planned,
    Policy,
    Schedule,
    Triggered,
    facts_of,
    paths,
    simulate,
)
from farm.plan.planner import BuildFact, plan_line

DIAMOND = {"base": (), "left": ("base",), "right": ("base",), "top": ("left", "right")}


def graph(depends: dict[str, tuple[str, ...]], **seconds: float) -> BuildGraph:
    """A graph in which every build takes a second, but for those that are given."""
    return graph_from("test", depends, {**dict.fromkeys(depends, 1.0), **seconds}, "given")


def planned(made_of: BuildGraph) -> Planned:
    """The planner with every duration on record."""
    return Planned(made_of, dict(made_of.seconds))


def once(made_of: BuildGraph) -> list[Policy]:
    """Every policy that builds each component once."""
    return [FirstCome(made_of), Layers(made_of), planned(made_of), Planned(made_of, {})]


@st.composite
def graphs(draw: st.DrawFn) -> BuildGraph:
    names = [f"c{number}" for number in range(draw(st.integers(1, 9)))]
    depends = {
        name: tuple(draw(st.lists(st.sampled_from(names[:index]), unique=True)) if index else ())
        for index, name in enumerate(names)
    }
    return graph(depends, **{name: float(draw(st.integers(1, 20))) for name in names})


def test_a_diamond_on_enough_workers_takes_its_critical_path() -> None:
    diamond = graph(DIAMOND, left=5.0)
    assert [simulate(diamond, 2, policy).makespan for policy in once(diamond)] == [7.0] * 4
    assert diamond.bound_s(2) == 7.0


def test_one_worker_takes_all_the_work_in_any_order() -> None:
    diamond = graph(DIAMOND, left=5.0)
    assert [simulate(diamond, 1, policy).makespan for policy in once(diamond)] == [8.0] * 4


def test_the_longest_path_goes_first() -> None:
    chain_and_odd = graph({"a": (), "b": (), "chain": (), "end": ("chain",)}, end=3.0)
    schedule = simulate(chain_and_odd, 1, planned(chain_and_odd))
    assert [build.component for build in schedule.builds][:2] == ["chain", "end"]
    assert simulate(chain_and_odd, 2, planned(chain_and_odd)).makespan == 4.0
    assert simulate(chain_and_odd, 2, FirstCome(chain_and_odd)).makespan == 5.0


def test_a_layer_waits_for_the_slowest_of_the_layer_before() -> None:
    two_chains = graph({"a": (), "slow": (), "after-a": ("a",), "z": ("slow",)}, slow=9.0)
    two_chains = graph(dict(two_chains.depends), **{**two_chains.seconds, "after-a": 9.0})
    assert simulate(two_chains, 2, Layers(two_chains)).makespan == 18.0
    assert simulate(two_chains, 2, FirstCome(two_chains)).makespan == 10.0


@pytest.mark.parametrize("diamonds", [1, 2, 5])
def test_triggering_builds_once_per_path(diamonds: int) -> None:
    depends: dict[str, tuple[str, ...]] = {"d0": ()}
    for number in range(diamonds):
        depends |= {f"l{number}": (f"d{number}",), f"r{number}": (f"d{number}",)}
        depends[f"d{number + 1}"] = (f"l{number}", f"r{number}")
    tower = graph(depends)
    built = Counter(b.component for b in simulate(tower, 3, Triggered(tower)).builds)
    assert built == paths(tower)
    assert built[f"d{diamonds}"] == 2**diamonds


def test_a_graph_without_components_takes_no_time() -> None:
    nothing = graph({})
    assert simulate(nothing, 4, FirstCome(nothing)) == Schedule(())


@given(graphs(), st.integers(1, 4))
def test_no_schedule_beats_the_bound_or_runs_too_much_at_once(
    made_of: BuildGraph, workers: int
) -> None:
    for policy in [*once(made_of), Triggered(made_of)]:
        schedule = simulate(made_of, workers, policy)
        assert schedule.makespan >= made_of.bound_s(workers)
        for build in schedule.builds:
            at_once = [b for b in schedule.builds if b.start <= build.start < b.end]
            assert len(at_once) <= workers


@given(graphs(), st.integers(1, 4))
def test_each_component_is_built_once_after_its_dependencies(
    made_of: BuildGraph, workers: int
) -> None:
    for policy in once(made_of):
        schedule = simulate(made_of, workers, policy)
        build = {one.component: one for one in schedule.builds}
        assert sorted(one.component for one in schedule.builds) == sorted(made_of.order)
        for name in made_of.order:
            assert all(build[d].end <= build[name].start for d in made_of.depends[name])


@given(graphs(), st.integers(1, 4))
def test_a_greedy_schedule_stays_below_twice_the_bound(made_of: BuildGraph, workers: int) -> None:
    for policy in (FirstCome(made_of), planned(made_of)):
        assert simulate(made_of, workers, policy).makespan <= 2 * made_of.bound_s(workers)


class _AskedEveryTime(FirstCome):
    """The planner's answer is asked for anew after every build, as the farm does."""

    def __init__(self, made_of: BuildGraph):
        super().__init__(made_of)
        self._builds: dict[str, BuildFact] = {}
        self._plan()

    def _plan(self) -> None:
        facts = facts_of(self._graph, durations=self._graph.seconds, builds=self._builds)
        self._last = plan_line(facts)

    def finished(self, name: str) -> list[str]:
        self._builds[self._last.nodes[name].key] = BuildFact(True, "commit+0", name)
        before = set(self._last.start)
        self._plan()
        return [one for one in self._last.start if one not in before]

    def rank(self, name: str) -> tuple[float, str]:
        return (-self._last.remaining_s[name], name)


@given(graphs(), st.integers(1, 4))
def test_asking_the_planner_once_is_asking_it_after_every_build(
    made_of: BuildGraph, workers: int
) -> None:
    once_asked = simulate(made_of, workers, planned(made_of))
    assert simulate(made_of, workers, _AskedEveryTime(made_of)) == once_asked


@pytest.mark.parametrize("path", [DEBIAN, XCP], ids=lambda path: path.stem)
def test_the_recorded_graphs_load_in_build_order(path: Path) -> None:
    made_of = load(path)
    place = {name: index for index, name in enumerate(made_of.order)}
    assert len(place) == len(made_of.depends) > 100
    for name, needed in made_of.depends.items():
        assert all(place[one] < place[name] for one in needed)
    assert made_of.all_dependents[made_of.order[-1]] == frozenset()
