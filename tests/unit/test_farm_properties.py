"""The farm driven by chance: commits, failures, lost workers and crashes in any order."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field

from hypothesis import given, settings
from hypothesis import strategies as st

from farm.generations import GIVEN_UP_S, Farm
from farm.model import Stack
from farm.records.store import BUILT, LineId, Records
from tests.stacks import BOOKWORM, EL9, head, stack
from tests.unit.test_planner import graphs

LINES: tuple[LineId, ...] = (("development", "bookworm"), ("development", "el9"))


def output(component: str, commit: str, sees: dict[str, str]) -> str:
    """What a build gives to its dependents. A commit divisible by three changes words only; one
    library in two passes on nothing of what it was built with."""
    number = int(commit, 16)
    shown = number - number % 3
    parts = [component, str(shown)]
    if len(component) % 2:
        parts += [f"{name}={sees[name]}" for name in sorted(sees)]
    return hashlib.sha256(" ".join(parts).encode()).hexdigest()


@dataclass
class Chance:
    """A farm, its workers, and all that may happen to them."""

    made_of: Stack
    now: float = 1000.0
    commits: dict[str, int] = field(default_factory=dict)
    submitted: set[str] = field(default_factory=set)
    """Keys that Buildbot has a request for."""
    begun: set[str] = field(default_factory=set)
    pool: set[str] = field(default_factory=set)
    """Keys whose builds ended well, ever."""
    failed: set[str] = field(default_factory=set)
    """Components of which a build failed."""

    def __post_init__(self) -> None:
        self.records = Records("sqlite://", clock=lambda: self.now)
        self.farm = Farm(self.made_of, self.records, clock=lambda: self.now)

    def push(self, name: str) -> None:
        self.commits[name] = self.commits.get(name, 0) + 1
        self.farm.observe("development", head(name, self.commits[name]))

    def advance(self) -> None:
        """One pass of the scheduler, which checks what it is told to start."""
        self.now += 1
        for line in LINES:
            step = self.farm.advance(line)
            for key in step.cancel:
                assert key not in self.begun, "what has begun goes on"
                self.submitted.discard(key)
                self.farm.cancelled(key)
            for start in step.starts:
                key, nodes = start.build.key, self.farm.line(line).plan.nodes
                assert key not in self.submitted, "one request for a key"
                assert key not in self.pool, "what the pool has is not built again"
                for needed in self.made_of.components[start.build.component].depends:
                    assert nodes[needed].view, "its dependencies are built"
                self.submitted.add(key)
            if step.publish is not None:
                content = step.publish.content
                assert set(content.values()) <= self.pool
                before = self.records.snapshots.get(line)
                self.farm.published(step.publish, before.number + 1 if before else 1, content, {})

    def begin(self, key: str) -> None:
        self.begun.add(key)
        self.farm.began(key)

    def finish(self, key: str, ok: bool) -> None:
        row = self.records.builds[key]
        self.submitted.discard(key)
        self.begun.discard(key)
        if ok:
            self.pool.add(key)
            sees = {
                name: self.records.builds[used].output_digest for name, used in row.uses.items()
            }
            self.farm.built(key, output(row.component, row.inputs["commit"], sees))
        else:
            self.farm.failed(key, "build", "cc: error")

    def lose(self, key: str) -> None:
        self.submitted.discard(key)
        self.begun.discard(key)
        self.farm.interrupted(key, "the worker was lost")

    def crash(self, keeps: set[str]) -> None:
        """The master dies: of what was submitted, Buildbot's database knows only `keeps`."""
        self.farm = Farm(self.made_of, self.records, clock=lambda: self.now)
        self.submitted &= keeps
        self.begun &= keeps
        self.farm.resume(self.submitted)
        for key in list(self.records.unfinished):
            if key not in self.submitted:
                self.farm.interrupted(key, "the master was lost")
        for key in self.farm.unwanted():
            self.submitted.discard(key)
            self.farm.cancelled(key)

    def happen(self, event: str, data: st.DataObject) -> None:
        """One of `EVENTS`, to whom or what chance says."""
        names = st.sampled_from(sorted(self.made_of.components))
        keys = sorted(self.submitted)
        if event == "push":
            self.push(data.draw(names))
        elif event == "advance":
            self.advance()
        elif event == "force":
            name, (channel, distro) = data.draw(names), data.draw(st.sampled_from(LINES))
            self.farm.force([name], distro, channel, "a test", "ann")
        elif event == "crash":
            self.crash(set(data.draw(st.lists(st.sampled_from(keys)))) if keys else set())
        elif keys:
            key = data.draw(st.sampled_from(keys))
            if event == "lose":
                self.lose(key)
                return
            self.begin(key)
            if event == "fail":
                self.failed.add(self.records.builds[key].component)
            if event != "begin":
                self.finish(key, event == "finish")

    def quiesce(self) -> None:
        """Authors repair what failed, and then everything ends well."""
        for name in sorted(self.failed):
            self.push(name)
        for _ in range(4 * len(self.made_of.components) + 8):
            self.now += 2 * GIVEN_UP_S
            before = self.records.revision
            self.advance()
            if not self.submitted and self.records.revision == before:
                break
            for key in sorted(self.submitted):
                self.begin(key)
                self.finish(key, True)
        else:
            raise AssertionError("it does not come to an end")

    def from_scratch(self, distro: str) -> dict[str, str]:
        """Component to the output of a build of the newest commits, with nothing from before."""
        outputs: dict[str, str] = {}
        for name in self.farm.graph(distro).order:
            depends = self.made_of.components[name].depends
            if name in self.commits and all(needed in outputs for needed in depends):
                sees = {needed: outputs[needed] for needed in depends}
                commit = head(name, self.commits[name]).commit
                outputs[name] = output(name, commit, sees)
        return outputs


EVENTS = (
    "push",
    "advance",
    "advance",
    "begin",
    "finish",
    "finish",
    "fail",
    "lose",
    "crash",
    "force",
)


@settings(max_examples=50, deadline=None)
@given(graphs(), st.data())
def test_whatever_happens_the_archive_becomes_what_a_build_from_scratch_gives(
    depends: dict[str, tuple[str, ...]], data: st.DataObject
) -> None:
    world = Chance(stack(depends, BOOKWORM, EL9))
    for event in data.draw(st.lists(st.sampled_from(EVENTS), max_size=30)):
        world.happen(event, data)
    world.quiesce()
    for line in LINES:
        snapshot = world.records.snapshots.get(line)
        content = snapshot.content if snapshot else {}
        rows = {name: world.records.builds[key] for name, key in content.items()}
        wanted = world.from_scratch(line[1])
        assert {name: row.output_digest for name, row in rows.items()} == wanted
        assert all(row.outcome == BUILT for row in rows.values())
        newest = {name: head(name, world.commits[name]).commit for name in rows}
        assert {name: row.inputs["commit"] for name, row in rows.items()} == newest
        generation = world.records.generations.get(line)
        assert generation is None or generation.done
    assert not world.records.unfinished
    world.records.close()
