from __future__ import annotations

from pathlib import Path

from bench.contenders import layered_graph
from bench.graphs import graph_from
from bench.latency import Run, figures_of, read_timeline

DEPENDS = {"a": (), "b": ("a",), "c": ("a", "b")}


def test_every_component_needs_two_of_the_layer_below() -> None:
    depends = layered_graph(20, 4)
    layers = graph_from("", depends, dict.fromkeys(depends, 1.0), "").layers
    assert [len(layer) for layer in layers] == [5, 5, 5, 5]
    assert {len(needed) for needed in depends.values()} == {0, 2}


def test_builds_are_read_from_what_workers_wrote_down(tmp_path: Path) -> None:
    timeline = tmp_path / "timeline"
    assert read_timeline(timeline) == []
    timeline.write_text("begin a 1.0\nbegin b 1.5\nend a 2.0\nbegin a 3.0\nend b 4.0\nend a 5.0\n")
    assert read_timeline(timeline) == [Run("a", 1, 2), Run("b", 1.5, 4), Run("a", 3, 5)]


def test_a_wait_is_from_the_last_dependency_to_the_beginning() -> None:
    runs = [Run("a", 0, 1), Run("b", 1.25, 2), Run("c", 2.5, 3)]
    figures = figures_of(runs, DEPENDS, 2)
    assert (figures.builds, figures.early, figures.seconds) == (3, 0, 3)
    assert figures.waits == figures.free_waits == [0.25, 0.5]


def test_who_starts_before_a_dependency_is_built_for_the_last_time_is_early() -> None:
    runs = [Run("a", 0, 1), Run("c", 1.5, 2), Run("b", 1.5, 3), Run("c", 3.5, 4)]
    figures = figures_of(runs, DEPENDS, 3)
    assert (figures.builds, figures.early) == (4, 1)


def test_who_waits_for_a_worker_does_not_wait_for_the_scheduler() -> None:
    depends = {"a": (), "b": ("a",), "c": ("a",)}
    runs = [Run("a", 0, 1), Run("b", 1.5, 3), Run("c", 3.25, 4)]
    assert figures_of(runs, depends, 1).free_waits == [0.5]
    assert figures_of(runs, depends, 2).free_waits == [0.5, 2.25]
