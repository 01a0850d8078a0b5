"""What the interface answers, as pydantic models: they are its description, too."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

Moment = Annotated[float, Field(description="Seconds since 1970; 0: never")]


class Answer(BaseModel):
    """What all answers and their parts have in common."""

    model_config = ConfigDict(frozen=True, use_attribute_docstrings=True)


class LineSummary(Answer):
    """One channel on one distro, in a few figures."""

    channel: str
    distro: str
    kind: str
    """``channel`` (of components.yml), ``topic`` or ``pull``."""
    state: str
    """``building``, ``publishing`` or ``idle``."""
    generation: int
    """Number of the newest; 0: none yet."""
    snapshot: int | None
    """Number of the live one."""
    published_at: Moment
    archive: str | None
    """Where its packages are; null: nothing is published."""
    total: int
    """Components that it builds."""
    counts: dict[str, int]
    """Components by state; see ComponentState.state."""
    held_back: int


class Lines(Answer):
    """Every line."""

    lines: list[LineSummary]


class ComponentState(Answer):
    """One component on one line."""

    component: str
    state: str
    """``published``, ``built``, ``building``, ``ready``, ``waiting``, ``blocked`` or ``failed``."""
    version: str
    """Of the packages that the archive has; empty: none."""
    commit: str
    """That the line has built last."""
    newest_commit: str
    """Of the branch that the channel follows."""
    subject: str
    """Of the newest commit."""
    since: Moment
    reason: str
    """Why it was built, or what is wrong."""
    waits_for: list[str]
    """Components that it waits for, or is blocked by."""
    next_generation: bool
    """The newest commit came too late for the running generation."""
    held_back: str
    """Why its newest build is not published; empty: it is not held back."""
    key: str
    """Of its newest build; empty: not known before its dependencies are built."""


class Line(LineSummary):
    """One channel on one distro, component by component in build order."""

    components: list[ComponentState]
    """Those asked for, from `offset`."""
    found: int
    """How many there are by the filters, on all pages."""


class ComponentSummary(Answer):
    """A component of components.yml."""

    name: str
    summary: str
    git: str
    """Clone URL, without credentials."""
    directory: str
    distros: list[str]
    """That it is built for."""
    depends: list[str]


class Components(Answer):
    """The components of components.yml."""

    components: list[ComponentSummary]
    found: int
    """How many there are by the filters, on all pages."""


class InputChange(Answer):
    """One input in which a build differs from the one before it."""

    field: str
    before: Any
    after: Any


class BuildSummary(Answer):
    """A build of a component on a line, and why there was one."""

    key: str
    channel: str
    """That it was made for; another one's build may be reused."""
    generation: int
    outcome: str
    """``built``, ``failed``, ``building``, ``interrupted`` or ``cancelled``."""
    published: bool
    """In the live snapshot."""
    same_output: bool
    """It made nothing new, so that the packages published before stay."""
    version: str
    commit: str
    requested_at: Moment
    started_at: Moment
    duration_s: float | None
    attempts: int
    """How often the machinery failed at it."""
    reasons: list[str]
    changed: list[InputChange]
    phase: str
    message: str


class ComponentOnLine(Answer):
    """A component on one line: how it stands, and its last builds."""

    channel: str
    distro: str
    standing: ComponentState
    builds: list[BuildSummary]
    """The newest first; only of the channel asked for."""


class ComponentPage(Answer):
    """Everything about one component."""

    name: str
    summary: str
    description: str
    licence: str
    homepage: str | None
    git: str
    """Clone URL, without credentials."""
    directory: str
    distros: list[str]
    depends: list[str]
    dependents: list[str]
    all_depends: list[str]
    """Directly or not."""
    all_dependents: list[str]
    problem: str
    """What is wrong with its repository; empty: nothing."""
    lines: list[ComponentOnLine]


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


class TopicOnLine(Answer):
    """A topic on one distro."""

    distro: str
    state: str
    counts: dict[str, int]
    """Components by state."""
    verdict: str
    """``pending``, ``success`` or ``failure``: of what it changes and what is built with that."""
    description: str
    """The verdict in words."""
    archive: str | None
    """Where its packages are; null: not published (yet)."""
    snapshot: int | None


class TopicPage(Answer):
    """A topic, or a pull request that is built."""

    name: str
    """Of the channel."""
    kind: str
    """``topic`` or ``pull``."""
    branch: str
    base: str
    reason: str
    who: str
    created_at: Moment
    refreshed_at: Moment
    expires_at: Moment
    components: list[str]
    """Those it has commits of its own for."""
    commit: str
    """Of a pull request; else empty."""
    number: int
    """Of a pull request; else 0."""
    lines: list[TopicOnLine]


class Topics(Answer):
    """Topics and pull requests, the newest first."""

    topics: list[TopicPage]
    found: int
    """How many there are, on all pages."""


class Forced(Answer):
    """What was asked to be built again."""

    channel: str
    builds: dict[str, list[str]]
    """Distro to components, in build order."""


class Me(Answer):
    """Who asks, and what they may do."""

    name: str
    role: str
    logged_in: bool
    may: list[str]
    login: str | None
    """Where to log in; null: nobody has to on this farm."""


class AuditEntry(Answer):
    """One action that somebody asked for."""

    at: Moment
    who: str
    role: str
    address: str
    """Where it came from."""
    action: str
    target: str
    allowed: bool
    details: dict[str, str]
    outcome: str
    """Why it was refused, or what went wrong; empty where it was done."""


class Audit(Answer):
    """The audit log, the newest entries first."""

    entries: list[AuditEntry]
