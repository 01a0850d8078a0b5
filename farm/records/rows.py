"""What the records hold, as plain data."""

from __future__ import annotations

from dataclasses import dataclass

from farm.heads import Head
from farm.plan.key import KeyInputs
from farm.plan.planner import BuildFact

RUNNING, BUILT, FAILED = "running", "built", "failed"
"""Outcomes of a build."""
CANCELLED = "cancelled"
"""Outcome of a build that was wanted no more before a worker had begun with it."""
INTERRUPTED = "interrupted"
"""Outcome of an attempt that the machinery failed; the build itself goes on as `RUNNING`."""

LineId = tuple[str, str]
"""Channel and distro."""
PlaceId = tuple[str, str, str]
"""Channel, distro and component."""


@dataclass(frozen=True, slots=True)
class BuildRow:
    """One build, by its key."""

    key: str
    component: str
    distro: str
    channel: str
    generation: int
    outcome: str
    source: str
    rebuild: int
    upstream_version: str
    inputs: KeyInputs
    uses: dict[str, str]
    reasons: list[str]
    attempt: int = 0
    """Number of its newest attempt, from 1."""
    attempts: int = 0
    """How often the machinery failed at it."""
    output_digest: str = ""
    exposes: tuple[str, ...] | None = None
    """Components whose packages its own need when installed; None: not known."""
    phase: str = ""
    message: str = ""
    requested_at: float = 0.0
    """When the planner asked for its newest attempt."""
    started_at: float = 0.0
    """When a worker began with its newest attempt; 0 as long as none has."""
    finished_at: float = 0.0
    """When its newest attempt ended; 0 as long as it has not."""

    @property
    def fact(self) -> BuildFact:
        """The planner's view of a finished build."""
        return BuildFact(self.outcome == BUILT, self.source, self.output_digest, self.exposes)

    @property
    def place(self) -> PlaceId:
        """Where it was made."""
        return self.channel, self.distro, self.component

    @property
    def line(self) -> LineId:
        """The line it was made on."""
        return self.channel, self.distro

    @property
    def duration_s(self) -> float:
        """Seconds that the newest attempt took; with the wait where no worker said it began."""
        return self.finished_at - (self.started_at or self.requested_at)


@dataclass(frozen=True)
class Attempt:
    """One try at a build."""

    key: str
    number: int
    """From 1."""
    requested_at: float
    began_at: float = 0.0
    """0: no worker had begun."""
    finished_at: float = 0.0
    outcome: str = RUNNING
    """`RUNNING`, `BUILT`, `FAILED`, `INTERRUPTED` or `CANCELLED`."""
    worker: str = ""
    message: str = ""


@dataclass(frozen=True)
class Generation:
    """One pass over a line."""

    channel: str
    distro: str
    number: int
    admitted: dict[str, Head]
    forced: dict[str, int]
    done: bool
    started_at: float
    finished_at: float = 0.0


@dataclass(frozen=True)
class SnapshotRow:
    """What a line published."""

    channel: str
    distro: str
    number: int
    wanted: dict[str, str]
    """Component to build key, as the planner asked for."""
    content: dict[str, str]
    """Component to build key, as published."""
    held_back: dict[str, str]
    generation: int
    published_at: float


@dataclass(frozen=True)
class ForceRow:
    """One time that somebody had a component built again on a line."""

    channel: str
    distro: str
    component: str
    count: int
    """The how-manieth time it was."""
    reason: str
    who: str
    branch: str | None = None
    commit: str | None = None
    """What it was asked at, where that was not the channel's newest head."""
    at: float = 0.0
    """Seconds since 1970; 0: not known."""


@dataclass(frozen=True)
class Topic:
    """A channel that people make beside those of components.yml: a topic, or a pull request."""

    name: str
    """Of the channel: ``topic-migrate``, ``pr-libogg-12``."""
    kind: str
    """``topic`` or ``pull``."""
    branch: str
    """Taken of every component that has it; of a pull request, what it wants to change."""
    base: str
    """The channel that the rest is taken from."""
    heads: dict[str, Head]
    """Component to its head in the base when the topic was made or refreshed."""
    reason: str
    who: str
    created_at: float
    refreshed_at: float
    expires_at: float
    component: str = ""
    """Of a pull request."""
    commit: str = ""
    """Of a pull request."""
    number: int = 0
    """Of a pull request, at its forge."""
    verdict: str = ""
    deleted_at: float = 0.0
    """0: it lives."""
