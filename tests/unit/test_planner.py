"""The planner, as a specification: what starts when, and what never happens."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from farm.plan.planner import BuildFact, LineFacts, Plan, State, may_join, plan_line, seen_by


def line(depends: dict[str, tuple[str, ...]], **changes: object) -> LineFacts:
    """A line in the order of `depends`, where every component's own digest is its name."""
    facts = LineFacts(
        order=tuple(depends),
        depends=depends,
        own={name: f"own-{name}" for name in depends},
        sources={name: f"commit-{name}" for name in depends},
        builds={},
    )
    return replace(facts, **changes)


def built(
    facts: LineFacts,
    name: str,
    digest: str = "",
    ok: bool = True,
    exposes: tuple[str, ...] | None = None,
) -> LineFacts:
    """The same line after `name`, which can start, was built."""
    node = plan_line(facts).nodes[name]
    fact = BuildFact(ok, facts.sources[name], digest or f"digest-{name}", exposes)
    return replace(facts, builds={**facts.builds, node.key: fact})


DIAMOND = {"base": (), "left": ("base",), "right": ("base",), "top": ("left", "right")}


def states(plan: Plan) -> dict[str, str]:
    return {name: str(node.state) for name, node in plan.nodes.items()}


def test_only_what_has_no_unsettled_dependency_may_start() -> None:
    plan = plan_line(line(DIAMOND))
    assert plan.start == ("base",)
    assert states(plan) == {
        "base": "ready",
        "left": "waiting",
        "right": "waiting",
        "top": "waiting",
    }
    assert plan.nodes["top"].waits_for == ("left", "right")


def test_a_diamond_costs_one_build_each() -> None:
    facts = line(DIAMOND)
    builds = 0
    while not (plan := plan_line(facts)).settled:
        facts = built(facts, plan.start[0])
        builds += 1
    assert builds == len(DIAMOND)


def test_a_build_under_way_is_not_started_again() -> None:
    facts = line(DIAMOND)
    running = replace(facts, running=frozenset({plan_line(facts).nodes["base"].key}))
    assert plan_line(running).start == ()
    assert plan_line(running).nodes["base"].state is State.BUILDING


def test_a_failure_blocks_exactly_the_dependents() -> None:
    facts = built(built(line(DIAMOND), "base"), "left", ok=False)
    plan = plan_line(facts)
    assert states(plan) == {
        "base": "built",
        "left": "failed",
        "right": "ready",
        "top": "blocked",
    }
    assert plan.nodes["top"].waits_for == ("left",)


def test_a_dependency_rebuilt_to_the_same_output_changes_nothing_downstream() -> None:
    facts = line(DIAMOND)
    for name in DIAMOND:
        facts = built(facts, name)
    touched = replace(facts, own={**facts.own, "base": "own-base-2"})
    assert plan_line(touched).start == ("base",)
    assert plan_line(built(touched, "base", digest="digest-base")).settled


def test_a_changed_output_reaches_every_transitive_dependent() -> None:
    facts = line(DIAMOND)
    for name in DIAMOND:
        facts = built(facts, name)
    changed = built(replace(facts, own={**facts.own, "base": "own-2"}), "base", digest="new")
    assert set(plan_line(changed).start) == {"left", "right"}
    # Even though left and right come out the same, top sees base's headers through them.
    for name in ("left", "right"):
        changed = built(changed, name)
    assert plan_line(changed).start == ("top",)


def test_a_component_without_a_commit_blocks_what_needs_it() -> None:
    facts = line(DIAMOND)
    own = {name: digest for name, digest in facts.own.items() if name != "left"}
    facts = built(replace(facts, own=own), "base")
    assert states(plan_line(facts))["left"] == "blocked"
    assert states(plan_line(facts))["top"] == "blocked"


def test_a_failed_component_keeps_its_last_good_packages() -> None:
    facts = built(line({"a": ()}), "a", ok=False)
    assert plan_line(facts).content({"a": "old-key"}) == {"a": "old-key"}
    assert plan_line(facts).content({}) == {}


def test_a_rebuild_that_changed_nothing_keeps_the_published_packages() -> None:
    facts = built(line({"a": ()}), "a")
    old = plan_line(facts).nodes["a"].key
    again = built(replace(facts, own={"a": "own-2"}, published={"a": old}), "a", digest="digest-a")
    assert plan_line(again).content({"a": old}) == {"a": old}


def test_a_new_commit_is_published_even_if_it_changed_nothing_to_see() -> None:
    facts = built(line({"a": ()}), "a")
    old = plan_line(facts).nodes["a"].key
    new = replace(facts, own={"a": "own-2"}, sources={"a": "commit-2"}, published={"a": old})
    new = built(new, "a", digest="digest-a")
    assert plan_line(new).content({"a": old})["a"] != old


def test_the_longest_remaining_path_starts_first() -> None:
    depends = {"short": (), "long": (), "after": ("long",)}
    plan = plan_line(line(depends, durations={"short": 50.0, "long": 40.0, "after": 20.0}))
    assert plan.start == ("long", "short")
    assert plan.remaining_s == {"short": 50.0, "long": 60.0, "after": 20.0}


def test_what_a_dependency_does_not_expose_is_not_seen_through_it() -> None:
    depends = {"generator": (), "library": ("generator",), "program": ("library",)}
    facts = line(depends)
    for name in depends:
        facts = built(facts, name, exposes=())
    changed = built(replace(facts, own={**facts.own, "generator": "own-2"}), "generator", "new")
    assert plan_line(changed).start == ("library",)
    same = built(changed, "library", exposes=())
    assert plan_line(same).settled, "the library came out the same, and that is all program sees"
    other = built(changed, "library", "other", exposes=())
    assert plan_line(other).start == ("program",)


def test_a_build_sees_its_dependencies_and_what_these_expose() -> None:
    depends = {"generator": (), "ogg": (), "vorbis": ("ogg", "generator"), "tools": ("vorbis",)}
    facts = line(depends)
    for name in ("generator", "ogg"):
        facts = built(facts, name)
    facts = built(facts, "vorbis", exposes=("ogg",))
    nodes = plan_line(facts).nodes
    assert seen_by("tools", depends["tools"], nodes) == ("ogg", "vorbis")
    assert seen_by("vorbis", depends["vorbis"], nodes) == ("generator", "ogg")


def test_a_commit_may_join_until_something_built_with_it_has_started() -> None:
    assert may_join("a", frozenset({"b"}), frozenset({"c"}))
    assert not may_join("a", frozenset({"b"}), frozenset({"a"}))
    assert not may_join("a", frozenset({"b"}), frozenset({"b"}))


@st.composite
def graphs(draw: st.DrawFn) -> dict[str, tuple[str, ...]]:
    """Random acyclic graphs of up to twelve components, in build order."""
    names = [f"c{index}" for index in range(draw(st.integers(1, 12)))]
    return {
        name: tuple(draw(st.lists(st.sampled_from(names[:index]), unique=True, max_size=4)))
        if index
        else ()
        for index, name in enumerate(names)
    }


def transitive(depends: dict[str, tuple[str, ...]], name: str) -> set[str]:
    return set(depends[name]).union(*(transitive(depends, d) for d in depends[name]))


@given(graphs(), st.data())
def test_any_order_of_completions_ends_in_the_same_pool(
    depends: dict[str, tuple[str, ...]], data: st.DataObject
) -> None:
    failing = data.draw(st.sets(st.sampled_from(sorted(depends)), max_size=3))
    facts, started = line(depends), []
    while not (plan := plan_line(facts)).settled:
        name = data.draw(st.sampled_from(plan.start))
        for dependency in transitive(depends, name):
            assert plan.nodes[dependency].state is State.BUILT
        started.append(name)
        facts = built(facts, name, ok=name not in failing)
    assert len(started) == len(set(started))
    blocked = {name for name in depends if transitive(depends, name) & failing}
    for name, node in plan.nodes.items():
        expected = (
            State.BLOCKED if name in blocked else State.FAILED if name in failing else State.BUILT
        )
        assert node.state is expected

    in_order = line(depends)
    for name in depends:
        if plan_line(in_order).nodes[name].state is State.READY:
            in_order = built(in_order, name, ok=name not in failing)
    assert in_order.builds == facts.builds


@given(graphs(), st.data())
def test_a_change_rebuilds_the_component_and_its_transitive_dependents_once(
    depends: dict[str, tuple[str, ...]], data: st.DataObject
) -> None:
    facts = line(depends)
    for name in depends:
        facts = built(facts, name)
    changed = data.draw(st.sampled_from(sorted(depends)))
    facts = replace(facts, own={**facts.own, changed: "own-changed"})
    rebuilt = []
    while not (plan := plan_line(facts)).settled:
        name = plan.start[0]
        rebuilt.append(name)
        facts = built(facts, name, digest=f"digest-{name}-2")
    dependents = {name for name in depends if changed in transitive(depends, name)}
    assert sorted(rebuilt) == sorted({changed} | dependents)
