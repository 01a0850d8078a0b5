"""Builds that the pool no longer has are made again, and hold nothing else up."""

from __future__ import annotations

from schedulers.lost import REASON, build_again, lost_components, without
from tests.farm_worlds import FarmWorld
from tests.stacks import stack

DEPENDS = {"base": (), "top": ("base",), "other": ()}


class World(FarmWorld):
    """A farm that lost some builds."""

    def __init__(self) -> None:
        super().__init__(stack(DEPENDS))
        self.gone: set[str] = set()

    def has(self, key: str) -> bool:
        return key not in self.gone

    @property
    def live(self) -> dict[str, str]:
        snapshot = self.records.snapshots.get(self.line)
        return dict(snapshot.content) if snapshot else {}

    def build(self) -> None:
        """Until there is something to publish."""
        while rows := self.start():
            for row in rows.values():
                self.farm.built(row.key, f"output-{row.source}")


def test_what_is_live_needs_no_pool() -> None:
    world = World()
    world.push(*DEPENDS)
    world.run()
    world.gone = set(world.live.values())
    world.push("other", commit=2)
    world.build()

    assert lost_components(world.farm.advance(world.line), world.live, world.has) == frozenset()


def test_a_lost_build_is_made_again_and_the_rest_is_published() -> None:
    world = World()
    world.push(*DEPENDS)
    world.run()
    world.push("other", "top", commit=2)
    world.build()
    step = world.farm.advance(world.line)
    assert step.publish
    world.gone = {step.publish.content["other"]}

    lost = lost_components(step, world.live, world.has)
    build_again(world.farm, world.line, lost)
    publish = without(step.publish, lost, world.live)

    assert lost == {"other"}
    assert publish.content["other"] == world.live["other"]
    assert publish.content["top"] == step.publish.content["top"]
    world.farm.published(publish, 2, publish.content, {})
    (again,) = world.start().values()
    assert (again.component, again.reasons) == ("other", ["forced"])
    (force,) = world.records.forces_of(*world.line, "other")
    assert force.reason == REASON


def test_it_is_asked_for_once_however_often_one_looks() -> None:
    world = World()
    world.push(*DEPENDS)
    world.run()
    world.push("base", commit=2)
    (row,) = world.start().values()
    world.farm.began(row.key)

    for _ in range(3):
        build_again(world.farm, world.line, {"base"})

    assert world.records.forces[*world.line, "base"] == 1


def test_an_input_that_is_lost_is_found_before_its_dependent_starts() -> None:
    world = World()
    world.push(*DEPENDS)
    world.run()
    world.gone = {world.live["base"]}
    world.push("top", commit=2)

    assert lost_components(world.farm.advance(world.line), world.live, world.has) == {"base"}
