"""How the lines stand: the master's word, and what the records say without it."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from farm.errors import FarmError
from farm.generations import Farm
from farm.plan.standing import derived_standing, read_standing, status_file, with_records
from tests.farm_worlds import FarmWorld
from tests.stacks import stack

CHAIN = {"libogg": (), "libvorbis": ("libogg",), "speex": ()}
LINE = "development/bookworm"


def started() -> FarmWorld:
    world = FarmWorld(stack(CHAIN))
    world.push(*CHAIN)
    world.start()
    return world


def failed() -> FarmWorld:
    world = FarmWorld(stack(CHAIN))
    world.push(*CHAIN)
    world.run("libogg")
    return world


def published() -> FarmWorld:
    world = FarmWorld(stack(CHAIN))
    world.push(*CHAIN)
    world.run()
    return world


def without_commits() -> FarmWorld:
    return FarmWorld(stack(CHAIN))


@pytest.mark.parametrize("situation", [started, failed, published, without_commits])
def test_the_records_alone_say_what_the_master_says(situation) -> None:
    world = situation()
    master = status_file(world.farm, now=1000.0)
    after_a_restart = Farm(world.stack, world.records)
    after_a_restart.resume(world.farm.running)
    assert read_standing(master) == (1000.0, derived_standing(after_a_restart))


def test_the_records_add_package_versions_and_the_newest_commits() -> None:
    world = published()
    lines = with_records(derived_standing(world.farm), world.records)
    libogg = lines[LINE].components["libogg"]
    assert libogg.state == "published"
    assert libogg.package_version == "1.0+git1.g0000001-1~deb12"
    assert libogg.newest_commit == libogg.commit
    world.push("libogg", commit=2)
    lines = with_records(derived_standing(world.farm), world.records)
    libogg = lines[LINE].components["libogg"]
    assert (libogg.newest_commit, libogg.subject) == (f"{2:040x}", "Change 2")
    assert not libogg.next_generation


def test_a_commit_that_came_too_late_waits_for_the_next_generation() -> None:
    world = started()
    world.push("libogg", commit=2)
    lines = with_records(derived_standing(world.farm), world.records)
    waiting = {name for name, one in lines[LINE].components.items() if one.next_generation}
    assert waiting == {"libogg"}


def test_what_is_held_back_is_said_of_the_component() -> None:
    world = published()
    snapshot = world.records.snapshots[world.line]
    held = {"speex": "vorbis-tools 1.0 needs libspeex1"}
    world.records.put_snapshot(replace(snapshot, held_back=held))
    line = with_records(derived_standing(world.farm), world.records)[LINE]
    assert line.components["speex"].held_back == held["speex"]
    assert line.components["libogg"].held_back == ""


@pytest.mark.parametrize("text", ["", "{}", '{"updated": 1, "lines": {"a/b": {"state": 3}}}'])
def test_a_damaged_status_file_is_one_message(text: str) -> None:
    with pytest.raises(FarmError, match="the master's status file is damaged: "):
        read_standing(text)


def test_what_a_newer_master_adds_is_passed_over() -> None:
    line = {
        "generation": 1,
        "state": "idle",
        "more": 1,
        "components": {"a": {"state": "x", "y": 1}},
    }
    updated, lines = read_standing(json.dumps({"updated": 5, "new": 1, "lines": {LINE: line}}))
    assert (updated, lines[LINE].components["a"].state) == (5, "x")
