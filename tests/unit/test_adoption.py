"""What the farm makes of snapshots that somebody published by hand."""

from __future__ import annotations

from pathlib import Path

from farm.model import Channel
from repo_publish.manifest import MANIFEST, Manifest
from repo_publish.refusal import refused_by
from schedulers.adoption import adopt
from tests.farm_worlds import FarmWorld
from tests.manifests import a_component, a_manifest
from tests.stacks import stack


class World(FarmWorld):
    """A farm with two components and an archive that others publish into, too."""

    def __init__(self, archive: Path):
        super().__init__(stack({"lib": (), "app": ()}))
        self.archive = archive

    @property
    def content(self) -> dict[str, str]:
        return dict(self.records.snapshots[self.line].content)

    def go_live(self, number: int, content: dict[str, str], **changes: object) -> Manifest:
        """What a publisher leaves; of the manifest only what is looked at."""
        components = (
            a_component(name).model_copy(update={"key": key}) for name, key in content.items()
        )
        manifest = a_manifest(*components, number=number, **changes)
        snapshot = self.archive / manifest.lasting_path
        snapshot.mkdir(parents=True)
        (snapshot / MANIFEST).write_text(manifest.model_dump_json())
        link = self.archive / "/".join(self.line)
        link.parent.mkdir(exist_ok=True)
        link.unlink(missing_ok=True)
        link.symlink_to(f"../{manifest.lasting_path}")
        return manifest

    def adopt(self) -> bool:
        return adopt(self.farm, self.line, self.archive)


def test_without_an_archive_there_is_nothing_to_take_in(tmp_path: Path) -> None:
    assert not World(tmp_path).adopt()


def test_what_the_farm_published_itself_is_no_news(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.push("lib", "app")
    world.run()
    world.go_live(1, world.content)

    assert not world.adopt()


def test_after_a_rollback_the_old_content_is_live_and_is_not_replaced(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.push("lib", "app")
    world.run()
    good = world.content
    before = world.go_live(1, good)
    world.push("lib", commit=2)
    world.run()
    bad = world.go_live(2, world.content)
    world.go_live(3, good, refused=refused_by(bad, before, "it is broken", 1))

    assert world.adopt()
    assert world.content == good
    assert world.records.snapshots[world.line].held_back == {
        "lib": "rolled back after snapshot 2 (it is broken)"
    }
    assert world.farm.advance(world.line).publish is None

    world.push("lib", commit=3)
    world.run()
    assert world.records.snapshots[world.line].number == 4


def test_a_stable_channel_begins_with_the_released_builds_and_takes_fixes(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.push("lib", "app")
    world.run()
    released = world.content
    world.push("lib", commit=5)
    world.run()
    branches = dict.fromkeys(("lib", "app"), "stable-1.0")
    stable = Channel(name="stable-1.0", branches=branches)
    world.farm.change_stack(
        world.stack.model_copy(update={"channels": {**world.stack.channels, stable.name: stable}})
    )

    world.line = (stable.name, "bookworm")
    world.go_live(1, released, channel=stable.name)
    world.push("lib", "app")

    assert world.adopt()
    assert world.content == released
    assert world.start() == {}
    world.push("lib", commit=2)
    assert list(world.start()) == ["lib"]


def test_builds_that_the_farm_does_not_know_are_left_out(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.go_live(1, {"lib": "0" * 64})

    assert world.adopt()
    assert world.content == {}
