"""What a push would rebuild, and how long that takes with how many workers."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from farm import graph
from farm.model import Stack
from farm.plan.impact import Impact, Slots, Work, elapsed, impact_of
from tests.stacks import BOOKWORM, EL9, component, stack

DIAMOND = {"base": (), "left": ("base",), "right": ("base",), "top": ("left", "right"), "else": ()}
TIMES = {"base": 10.0, "left": 20.0, "right": 30.0, "top": 5.0, "else": 99.0}


def impact(name: str, made_of: Stack | None = None, *workers: Slots, **times: dict) -> Impact:
    made_of = made_of or stack(DIAMOND)
    durations = times or {"bookworm": TIMES}
    return impact_of(made_of, name, durations, workers or [Slots(None, 2)], made_of.distros)


def test_a_component_and_all_its_dependents_are_rebuilt_and_nothing_else() -> None:
    answer = impact("base")
    (bookworm,) = answer.distros
    assert bookworm.rebuilds == ("base", "left", "right", "top")
    assert bookworm.critical_path == ("base", "right", "top")
    assert (bookworm.critical_s, bookworm.work_s) == (45.0, 65.0)
    assert (answer.builds, answer.elapsed_s, answer.enough_workers) == (4, 45.0, 2)


def test_a_leaf_rebuilds_itself() -> None:
    answer = impact("top")
    assert answer.distros[0].rebuilds == ("top",)
    assert (answer.elapsed_s, answer.enough_workers) == (5.0, 1)


def test_distros_without_the_component_or_a_dependent_build_less() -> None:
    made_of = stack(DIAMOND, BOOKWORM, EL9, left=component("left", ("base",), exclude=["el9"]))
    assert [one.rebuilds for one in impact("base", made_of).distros] == [
        ("base", "left", "right", "top"),
        ("base", "right", "top"),
    ]
    assert [one.distro for one in impact("left", made_of).distros] == ["bookworm"]


def test_one_worker_does_one_build_after_the_other() -> None:
    assert impact("base", None, Slots(None, 1)).elapsed_s == 65.0


def test_without_a_worker_for_a_distro_it_never_ends() -> None:
    answer = impact("base", None, Slots(frozenset(["el9"]), 4))
    assert (answer.elapsed_s, answer.workers) == (None, 0)


def test_what_was_never_built_counts_as_the_mean_of_the_others() -> None:
    (one,) = impact("base", bookworm={"base": 10.0, "left": 20.0}).distros
    assert one.unmeasured == ("right", "top")
    assert one.work_s == 60.0


def test_a_farm_that_never_built_counts_a_minute_each() -> None:
    (one,) = impact("base", bookworm={}).distros
    assert one.work_s == 240.0


@st.composite
def works(draw: st.DrawFn) -> dict[str, Work]:
    names = [f"c{i}" for i in range(draw(st.integers(1, 8)))]
    depends = {
        name: tuple(draw(st.sets(st.sampled_from(names[:i])))) if i else ()
        for i, name in enumerate(names)
    }
    seconds = {name: float(draw(st.integers(1, 50))) for name in names}
    made = graph.graph_of(depends)
    return {distro: Work(made, seconds) for distro in ("bookworm", "el9")}


@given(works(), st.integers(1, 20))
def test_time_lies_between_its_bounds(made: dict[str, Work], count: int) -> None:
    spent = elapsed(made, [Slots(None, count)])
    assert spent is not None
    total = sum(sum(work.durations.values()) for work in made.values())
    one = made["el9"]
    critical = max(graph.remaining(one.graph, one.durations).values())
    assert spent >= max(critical, total / count) - 1e-6
    # Graham's bound for any schedule that leaves no worker idle.
    assert spent <= total / count + critical * (1 - 1 / count) + 1e-6
    assert elapsed(made, [Slots(None, 16)]) == pytest.approx(critical)
