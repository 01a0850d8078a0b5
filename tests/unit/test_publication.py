"""What a publication says of a build: enough for the archive to say where it came from."""

from __future__ import annotations

from pathlib import Path

from farm.git import Mirror
from farm.heads import read_head
from farm.records.store import BuildRow
from repo_publish.model import Published
from schedulers.publication import described
from tests.farm_worlds import FarmWorld
from tests.jobs import job, package
from tests.repositories import Repository
from tests.stacks import component, stack

INPUT = "5" * 64


class World:
    """A line with one component, whose commits are built but published only when told."""

    def __init__(self, tmp_path: Path):
        self.repository = Repository(tmp_path / "repo")
        self.component = component("lib", git=self.repository.url, licence="MIT")
        self.farm = FarmWorld(stack({}, lib=self.component))
        self.mirror = Mirror(tmp_path / "mirror.git", self.repository.url)
        self.jobs: dict[str, str] = {}

    def publish(self) -> None:
        self.farm.run()

    def build(self) -> BuildRow:
        """Build the newest commit."""
        self.mirror.update()
        self.farm.farm.observe("development", read_head(self.mirror, self.component, None, None))
        (row,) = self.farm.start().values()
        self.farm.now += 60
        self.farm.farm.built(row.key, f"output-{row.source}")
        inputs = (package("libfoo", "foo", key=INPUT), package("libfoo-dev", "foo", key=INPUT))
        self.jobs[row.key] = job(
            self.component, row.inputs["commit"], key=row.key, inputs=inputs, changes=("The job's",)
        ).model_dump_json()
        return self.farm.records.builds[row.key]

    def described(self, row: BuildRow) -> Published:
        return described(
            self.farm.records, self.farm.line, row, self.read_job, lambda url: self.mirror
        )

    def read_job(self, key: str) -> str:
        if key not in self.jobs:
            raise FileNotFoundError(key)
        return self.jobs[key]


def test_a_new_build_says_where_it_came_from(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.repository.commit("Begin")

    said = world.described(world.build())

    assert (said.git, said.directory, said.licence) == (world.repository.url, ".", "MIT")
    assert said.inputs == {"foo": INPUT}
    assert said.changes == ("The job's",)
    assert said.finished - said.started == 60


def test_its_changes_are_the_commits_since_what_is_live(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.repository.commit("Begin")
    world.build()
    world.publish()
    world.repository.commit("One")
    world.repository.commit("Two")

    assert world.described(world.build()).changes == ("Two", "One")


def test_a_build_that_is_live_is_only_named(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.repository.commit("Begin")
    row = world.build()
    world.publish()

    assert world.described(row) == Published(
        component="lib", key=row.key, commit=row.inputs["commit"], reason="first build"
    )


def test_a_job_file_that_is_lost_stops_no_publication(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.repository.commit("Begin")
    row = world.build()
    world.jobs.clear()

    assert world.described(row).key == row.key
