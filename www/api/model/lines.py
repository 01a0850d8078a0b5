"""Answers about lines and components."""

from __future__ import annotations

from typing import Any

from www.api.model.base import Answer, Moment
from www.api.model.history import Broken, ByChance


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
    """Lines in the order of components.yml."""

    lines: list[LineSummary]
    found: int
    """How many there are of the kind, on all pages."""


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
    archive: str | None
    """Where the line's packages are."""
    broken: Broken | None
    """Since when it fails; only of the channel asked for."""
    by_chance: list[ByChance]
    """What failed by chance, the newest first; only of the channel asked for."""


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
