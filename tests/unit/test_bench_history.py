"""The replay behind bench/history.py: what each way to rebuild does with a few pushes."""

from __future__ import annotations

from bench.graphs import XCP, BuildGraph, graph_from, load
from bench.history import EVENTS, PUBLISH_S, Outcome, Push, everything, planned, read_pushes

DIAMOND = {"base": (), "left": ("base",), "right": ("base",), "top": ("left", "right")}
MINUTE = 60.0


def diamond() -> BuildGraph:
    """Four components that take a minute each."""
    return graph_from("test", DIAMOND, dict.fromkeys(DIAMOND, MINUTE), "given")


def push(at: float, *components: str, quiet: tuple[str, ...] = ()) -> Push:
    return Push(at, components, frozenset(quiet))


def in_each_way(*pushes: Push) -> list[Outcome]:
    """All at once, one after the other, and this planner; on two workers."""
    made_of = diamond()
    return [
        everything(made_of, list(pushes), 2),
        everything(made_of, list(pushes), 2, apart=True),
        planned(made_of, list(pushes), 2, cutoff=False),
    ]


def test_a_single_commit_costs_the_same_in_every_way() -> None:
    for outcome in in_each_way(push(0, "base")):
        assert outcome.builds == 4
        assert outcome.published == 1
        assert outcome.latencies == [3 * MINUTE + PUBLISH_S]


def test_commits_that_come_together_are_one_generation() -> None:
    at_once, apart, farm = in_each_way(push(0, "base"), push(1, "left"), push(2, "top"))
    assert (at_once.builds, apart.builds, farm.builds) == (7, 7, 4)
    assert farm.published == 1
    assert farm.latencies == [3 * MINUTE + PUBLISH_S - late for late in (0, 1, 2)]


def test_a_commit_to_what_has_started_waits_for_the_next_generation() -> None:
    _, _, farm = in_each_way(push(0, "base"), push(1, "base"))
    assert (farm.builds, farm.published) == (8, 2)
    assert farm.latencies[1] == 2 * farm.latencies[0] - 1


def test_a_commit_that_keeps_the_output_rebuilds_no_dependents() -> None:
    quiet = push(0, "base", quiet=("base",))
    assert planned(diamond(), [quiet], 2, cutoff=True).builds == 1
    assert planned(diamond(), [quiet], 2, cutoff=False).builds == 4


def test_a_new_dependency_is_new_output_whatever_the_commit() -> None:
    both = push(0, "base", "left", quiet=("left",))
    assert planned(diamond(), [both], 2, cutoff=True).builds == 4


def test_the_recorded_history_is_read_in_order_and_the_same_each_time() -> None:
    graph = load(XCP)
    pushes = read_pushes(EVENTS, graph, 8)
    assert pushes == read_pushes(EVENTS, graph, 8)
    assert len(pushes) > 400
    assert [one.at for one in pushes] == sorted(one.at for one in pushes)
    assert all(name in graph.depends for one in pushes for name in one.components)
