"""Generations of a line: what is admitted, started, published and tried again."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest

from farm.decisions import Publish, Step
from farm.generations import GIVEN_UP_S, MAX_ATTEMPTS, Farm, backoff_s
from farm.model import Stack
from farm.records.store import LineId, Records
from tests.stacks import head, stack

LINE = ("development", "bookworm")
DIAMOND = {"base": (), "left": ("base",), "right": ("base",), "top": ("left", "right")}


@dataclass
class World:
    """A farm with a clock that stands still, and workers that do as they are told."""

    made_of: Stack
    url: str = "sqlite://"
    now: float = 1000.0
    order: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.open()

    def open(self) -> None:
        self.records = Records(self.url, clock=lambda: self.now)
        self.farm = Farm(self.made_of, self.records, clock=lambda: self.now)

    def push(self, name: str, commit: int = 1) -> None:
        self.farm.observe("development", head(name, commit))

    def step(self) -> Step:
        step = self.farm.advance(LINE)
        for start in step.starts:
            self.farm.began(start.build.key)
        return step

    def finish(self, key: str, digest: str = "", ok: bool = True) -> None:
        row = self.records.builds[key]
        self.order.append(row.component)
        if ok:
            self.farm.built(key, digest or f"{row.component}-{row.source}")
        else:
            self.farm.failed(key, "build", "cc: error")

    def run(self, *failing: str, digests: dict[str, str] | None = None) -> Publish | None:
        """Build until there is something to publish, or nothing to do."""
        while True:
            step = self.step()
            if step.publish or not step.starts:
                return step.publish
            for start in step.starts:
                name = start.build.component
                digest = (digests or {}).get(name, "")
                self.finish(start.build.key, digest, name not in failing)

    def publish(self, publish: Publish | None) -> None:
        assert publish is not None
        number = self.records.snapshots[LINE].number + 1 if LINE in self.records.snapshots else 1
        self.farm.published(publish, number, publish.content, {})

    def publish_topic(self, publish: Publish | None) -> None:
        assert publish is not None
        self.farm.published(publish, 1, publish.content, {})


@pytest.fixture
def world() -> Iterator[World]:
    world = World(stack(DIAMOND))
    for name in DIAMOND:
        world.push(name)
    yield world
    world.records.close()


def test_the_first_generation_builds_everything_once_and_publishes(world: World) -> None:
    publish = world.run()
    assert sorted(world.order) == sorted(DIAMOND)
    assert publish is not None and set(publish.content) == set(DIAMOND)
    world.publish(publish)
    assert world.step() == Step()
    assert world.records.generations[LINE].done


def test_a_change_builds_what_depends_on_it_and_says_why(world: World) -> None:
    world.publish(world.run())
    world.order.clear()
    world.push("left", 2)
    world.publish(world.run())
    assert world.order == ["left", "top"]
    rows = world.records.builds.values()
    why = {row.component: row.reasons for row in rows if row.generation == 2}
    assert why["top"] == ["dependency left changed"]
    assert why["left"] == [f"new commit {1:040x}"[:19] + f"..{2:040x}"[:10]]


def test_a_commit_joins_while_nothing_built_with_it_has_started(world: World) -> None:
    (start,) = world.step().starts
    world.push("top", 2)
    world.push("base", 2)
    world.finish(start.build.key)
    admitted = world.records.generations[LINE].admitted
    assert admitted["top"].commit == head("top", 2).commit
    assert admitted["base"].commit == head("base", 1).commit, "base has started"
    world.publish(world.run())
    world.order.clear()
    assert world.run() is not None
    assert world.order[0] == "base", "the next generation takes it in"


def test_a_failure_keeps_the_last_good_packages_and_is_not_tried_again(world: World) -> None:
    world.publish(world.run())
    before = dict(world.records.snapshots[LINE].content)
    world.push("left", 2)
    assert world.run("left") is None, "left and top stay as they are"
    assert world.step() == Step()
    world.push("base", 2)
    publish = world.run("left")
    assert publish is not None
    changed = {name for name, key in publish.content.items() if key != before[name]}
    assert changed == {"base"}, "right came out the same, left failed, top is blocked"


def test_a_fix_after_a_failure_builds_what_was_blocked(world: World) -> None:
    world.publish(world.run("left"))
    assert set(world.records.snapshots[LINE].content) == {"base", "right"}
    world.order.clear()
    world.push("left", 2)
    world.publish(world.run())
    assert world.order == ["left", "top"]
    assert set(world.records.snapshots[LINE].content) == set(DIAMOND)


def test_lost_workers_are_no_verdict_and_are_tried_again_later(world: World) -> None:
    (start,) = world.step().starts
    key = start.build.key
    for attempt in range(1, MAX_ATTEMPTS):
        assert world.farm.interrupted(key, "lost") == attempt
        assert world.step().starts == (), "not before the back-off is over"
        world.now += backoff_s(attempt)
        (again,) = world.step().starts
        assert again.build.key == key
        assert again.build.rebuild == 0, "the same build, not a rebuild"
    world.farm.interrupted(key, "lost")
    assert world.run() is None, "given up for now: base fails, the rest is blocked"
    world.now += GIVEN_UP_S
    assert [s.build.component for s in world.step().starts] == ["base"]


def test_forcing_is_a_new_key_and_a_new_rebuild_number(world: World) -> None:
    world.publish(world.run())
    old = world.records.snapshots[LINE].content["top"]
    world.order.clear()
    world.farm.force(["top"], "bookworm", "development", "flaky", "ann")
    world.publish(world.run(digests={"top": world.records.builds[old].output_digest}))
    assert world.order == ["top"]
    new = world.records.snapshots[LINE].content["top"]
    assert new != old
    assert world.records.builds[new].rebuild == 1
    assert world.records.builds[new].reasons == ["forced"]


def test_a_component_that_leaves_the_stack_leaves_the_archive(world: World) -> None:
    world.publish(world.run())
    smaller = {name: needed for name, needed in DIAMOND.items() if name != "top"}
    world.farm.change_stack(stack(smaller))
    publish = world.run()
    assert publish is not None and set(publish.content) == set(smaller)


def test_what_is_held_back_is_not_published_again_and_again(world: World) -> None:
    publish = world.run()
    assert publish is not None
    content = {name: key for name, key in publish.content.items() if name != "top"}
    world.farm.published(publish, 1, content, {"top": "would break left"})
    assert world.step() == Step()
    assert world.step() == Step()


def test_a_restart_carries_on_where_the_records_end(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    url = f"sqlite:///{tmp_path_factory.mktemp('records')}/farm.sqlite"
    world = World(stack(DIAMOND), url)
    for name in DIAMOND:
        world.push(name)
    (start,) = world.step().starts
    world.finish(start.build.key)
    world.records.close()
    world.open()
    publish = world.run()
    assert publish is not None
    assert sorted(world.order) == sorted(DIAMOND), "base was not built again"
    world.records.close()


def test_a_build_that_no_worker_began_is_taken_back_for_a_newer_commit(world: World) -> None:
    world.publish(world.run())
    world.push("base", 2)
    (start,) = world.farm.advance(LINE).starts
    world.push("base", 3)
    step = world.farm.advance(LINE)
    assert step.cancel == (start.build.key,)
    assert [s.build.inputs["commit"] for s in step.starts] == [head("base", 3).commit]
    world.farm.cancelled(start.build.key)
    assert world.farm.advance(LINE) == Step(), "nothing is tried again"
    assert world.records.generations[LINE].number == 2, "it joined the running generation"


def build_line(world: World, line: LineId, *failing: str) -> tuple[list[str], Publish | None]:
    """Build a line until there is something to publish or nothing to do; what was built, in
    order."""
    done = []
    while True:
        step = world.farm.advance(line)
        if step.publish or not step.starts:
            return done, step.publish
        for start in step.starts:
            world.finish(start.build.key, ok=start.build.component not in failing)
            done.append(start.build.component)


def test_forcing_at_a_commit_lasts_until_the_channel_moves_on(world: World) -> None:
    world.publish(world.run())
    old = head("left", 1, version="1.0+git9.g0000009")
    world.farm.force(["left"], "bookworm", "development", "a bisection", "ann", {"left": old})
    assert build_line(world, LINE)[0] == ["left", "top"]
    rows = [r for r in world.records.builds.values() if r.component == "left"]
    assert max(r.upstream_version for r in rows) == old.upstream_version
    (said,) = world.records.forces_of("development", "bookworm", "left")
    assert (said.reason, said.commit, said.who) == ("a bisection", old.commit, "ann")
    world.push("left", 2)
    assert ("development", "bookworm", "left") not in world.records.forced_heads
    newest = world.farm.wishes.newest_head(LINE, "left")
    assert newest is not None and newest.commit == head("left", 2).commit
