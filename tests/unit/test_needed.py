"""What must stay in the pool because the farm may ask for it."""

from __future__ import annotations

from farm.needed import needed_builds
from tests.farm_worlds import FarmWorld
from tests.stacks import stack

DIAMOND = {"base": (), "left": ("base",), "top": ("left",)}


def test_what_is_published_wanted_or_under_way_is_needed() -> None:
    world = FarmWorld(stack(DIAMOND))
    world.push(*DIAMOND)
    world.run()
    published = set(world.records.snapshots[world.line].content.values())
    world.push("base", commit=2)
    running = {row.key for row in world.start().values()}

    assert len(published) == 3
    assert running
    assert needed_builds(world.farm) >= published | running


def test_builds_of_the_past_are_not_needed() -> None:
    world = FarmWorld(stack(DIAMOND))
    world.push(*DIAMOND)
    world.run()
    past = set(world.records.snapshots[world.line].content.values())
    world.push(*DIAMOND, commit=2)
    world.run()
    now = set(world.records.snapshots[world.line].content.values())

    assert needed_builds(world.farm) == now
    assert not past & now
