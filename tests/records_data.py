"""Rows of records for tests, and everything that records say of themselves."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from farm.heads import Head
from farm.records.rows import INTERRUPTED, RUNNING, BuildRow, Generation, SnapshotRow, Topic
from farm.records.store import Records
from tests.stacks import head

LINE = ("development", "bookworm")


@dataclass
class Clock:
    """Goes on by a second whenever it is read."""

    now: float = 1000.0

    def __call__(self) -> float:
        self.now += 1.0
        return self.now


def key_of(number: int) -> str:
    """A build key."""
    return f"{number:064x}"


def build(number: int = 1, component: str = "libogg", **fields: Any) -> BuildRow:
    """A build that is about to be asked for; keys are numbered."""
    row = {
        "key": key_of(number),
        "component": component,
        "distro": "bookworm",
        "channel": "development",
        "generation": 1,
        "outcome": RUNNING,
        "source": f"{number:040x}+0",
        "rebuild": 0,
        "upstream_version": "1.0",
        "inputs": {"commit": f"{number:040x}", "dependencies": {"libc": "c" * 64}, "forced": 0},
        "uses": {"libc": "a" * 64},
        "reasons": ["first build"],
    }
    return BuildRow(**{**row, **fields})


def generation(number: int = 1, *heads: Head, **fields: Any) -> Generation:
    """A generation of `LINE` that admits these heads."""
    row = {"forced": {}, "done": False, "started_at": 1000.0 + number}
    admitted = {one.component: one for one in heads}
    return Generation(*LINE, number=number, admitted=admitted, **{**row, **fields})


def snapshot(number: int, content: dict[str, int], **fields: Any) -> SnapshotRow:
    """A snapshot of `LINE`; its builds are numbered."""
    keys = {component: key_of(build) for component, build in content.items()}
    row = {"wanted": keys, "content": keys, "held_back": {}, "generation": number}
    return SnapshotRow(*LINE, number=number, published_at=1000.0 + number, **{**row, **fields})


def topic(name: str = "topic-migrate", **fields: Any) -> Topic:
    """A topic on top of development."""
    row = {
        "kind": "topic",
        "branch": "feature/migrate",
        "base": "development",
        "heads": {"libogg": head("libogg")},
        "reason": "the new API",
        "who": "ann",
        "created_at": 1.0,
        "refreshed_at": 2.0,
        "expires_at": 3.0,
    }
    return Topic(name=name, **{**row, **fields})


def told(records: Records) -> dict[str, Any]:
    """Everything that records answer, as plain data to compare."""
    keys = sorted(records.builds)
    rows = [records.builds[key] for key in keys]
    places = sorted({row.place for row in rows} | set(records.forces))
    numbered = sorted({(row.line, row.generation) for row in rows})
    distros = sorted({row.distro for row in rows})
    return {
        "heads": dict(records.heads),
        "generations": dict(records.generations),
        "snapshots": dict(records.snapshots),
        "forces": dict(records.forces),
        "forced heads": dict(records.forced_heads),
        "topics": dict(records.topics),
        "views": dict(records.views),
        "builds": rows,
        "unfinished": dict(records.unfinished),
        "facts": {
            distro: {key: records.line_builds(distro).get(key) for key in keys}
            for distro in distros
        },
        "durations": {distro: dict(records.durations(distro)) for distro in distros},
        "last": {place: records.last_build(*place) for place in places},
        "of a place": {place: records.builds_of(*place) for place in places},
        "started": {one: records.generation_builds(*one) for one in numbered},
        "attempts": {key: records.attempts_of(key) for key in keys},
        "forced": {place: records.forces_of(*place) for place in places},
    }


def contradictions(records: Records) -> Iterator[str]:
    """Where records say two things that cannot both be so."""
    for key, row in records.builds.items():
        attempts = records.attempts_of(key)
        last = attempts[-1]
        interrupted = row.outcome == RUNNING and row.finished_at
        if [one.number for one in attempts] != list(range(1, row.attempt + 1)):
            yield f"{key} counts {row.attempt} attempts and has {len(attempts)}"
        if last.outcome != (INTERRUPTED if interrupted else row.outcome):
            yield f"{key} is {row.outcome}, its last attempt {last.outcome}"
        if (last.requested_at, last.began_at, last.finished_at) != (
            row.requested_at,
            row.started_at,
            row.finished_at,
        ):
            yield f"the times of {key} differ from those of its last attempt"
        if any(one.outcome == RUNNING for one in attempts[:-1]):
            yield f"an old attempt at {key} is still under way"
        if (key in records.unfinished) != (row.outcome == RUNNING):
            yield f"{key} is {row.outcome} and counts as something else"
    for place, count in records.forces.items():
        if [force.count for force in records.forces_of(*place)] != list(range(count, 0, -1)):
            yield f"{place} was forced {count} times, but not so by the log"
