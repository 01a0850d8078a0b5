"""Answers about generations, builds and commits."""

from __future__ import annotations

from typing import Any

from www.api.model.base import Answer, Moment
from www.api.model.history import FoundError


class Step(Answer):
    """A component of a generation that has been, is being or will be built."""

    component: str
    state: str
    key: str
    worker: str
    """That builds it, where it is being built."""
    requested_at: Moment
    started_at: Moment
    finished_at: Moment
    expected_s: float
    """Seconds that its last build took, or a guess."""


class PathStep(Answer):
    """A component on the longest remaining path."""

    component: str
    expected_s: float


class GenerationPage(Answer):
    """A line's newest generation: what is done, runs, waits, and when it will be over."""

    channel: str
    distro: str
    number: int
    running: bool
    started_at: Moment
    finished_at: Moment
    snapshot: int | None
    counts: dict[str, int]
    """Components by state."""
    done: list[Step]
    """Asked for in this generation and settled, in the order of their ends."""
    building: list[Step]
    """Asked for and not settled: with a worker, or waiting for one."""
    waiting: list[Step]
    """To be built after something else, in build order; at most a page of them."""
    waiting_total: int
    remaining_path: list[PathStep]
    """The longest chain of builds that is left."""
    remaining_s: float
    """Seconds that the chain takes."""
    estimated_finish: float | None
    """Seconds since 1970, by the last build times and the workers there are; null: not running, or
    no worker builds for the distro."""


class AttemptPage(Answer):
    """One try at a build."""

    number: int
    outcome: str
    worker: str
    requested_at: Moment
    began_at: Moment
    finished_at: Moment
    message: str


class UsedBuild(Answer):
    """A build that another one was made with."""

    component: str
    key: str
    version: str


class BuildPage(Answer):
    """One build, by its key."""

    key: str
    component: str
    distro: str
    channel: str
    generation: int
    outcome: str
    version: str
    commit: str
    reasons: list[str]
    phase: str
    message: str
    requested_at: Moment
    started_at: Moment
    finished_at: Moment
    duration_s: float | None
    output_digest: str
    inputs: dict[str, Any]
    """All that is in the key."""
    uses: list[UsedBuild]
    attempts: list[AttemptPage]
    page: str | None
    """Of the build with its log in the web UI, where it is still known there."""
    failure: FoundError | None
    """What its log says first; null: it did not fail, or nothing was found."""
    passed_later: str
    """Key of a later build of the same inputs that did not fail: this one failed by chance."""


class CommitOnLine(Answer):
    """How far a commit has come on one line."""

    channel: str
    distro: str
    component: str
    stage: str
    """``not merged``, ``merged``, ``built`` or ``published``."""
    merged_at: Moment
    """When the commit was made that brought it to the channel's branch."""
    built_at: Moment
    key: str
    """Of the build that has it; empty: none."""
    version: str
    published_at: Moment
    snapshot: int | None
    """The first that has it, of those on record."""
    holds: str
    """What it waits for; empty: nothing."""


class CommitPage(Answer):
    """Where a commit is."""

    commit: str
    subject: str
    author: str
    committed_at: Moment
    components: list[str]
    """Those it changes."""
    lines: list[CommitOnLine]
