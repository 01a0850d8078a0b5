"""Answers across lines: a channel's matrix, what is in trouble, what was published, workers."""

from __future__ import annotations

from www.api.model.base import Answer, Moment


class Cell(Answer):
    """A component on a distro."""

    state: str
    """As in ComponentState."""
    version: str
    """That the archive has; empty: none."""
    since: Moment
    """When its newest build ended, or was asked for."""
    key: str
    """The first digits, of the build that fails or is under way; else empty."""
    waits_for: list[str]
    """Some of what it waits for, or is blocked by."""
    held_back: str
    """Why its newest build is not published; empty: it is not held back."""
    next_generation: bool
    """The newest commit came too late for the running generation."""


class MatrixRow(Answer):
    """A component on every distro."""

    component: str
    cells: list[Cell | None]
    """In the order of `distros`; null: it is not built there."""


class Matrix(Answer):
    """The components of a channel on its distros, in the order of components.yml."""

    channel: str
    distros: list[str]
    rows: list[MatrixRow]
    found: int
    """How many components there are, on all pages."""


class Trouble(Answer):
    """A component that fails or is held back on a line."""

    channel: str
    distro: str
    component: str
    state: str
    """``failed`` or ``held-back``."""
    since: Moment
    """When the first build failed of those since the last good one; or the one that is held back
    was built."""
    reason: str
    key: str
    blocks: int
    """Components on the line that cannot be built because of it."""


class Troubles(Answer):
    """What fails or is held back on the channels of components.yml, the longest first."""

    troubles: list[Trouble]
    found: int
    """How many there are, on all pages."""


class Publication(Answer):
    """What a line published."""

    channel: str
    distro: str
    snapshot: int
    published_at: Moment
    components: list[str]
    """Some of those that it brought or took away."""
    total: int
    """How many those are."""
    archive: str | None
    """Where the line's packages are."""


class Publications(Answer):
    """What the channels of components.yml published, the newest first."""

    publications: list[Publication]


class Push(Answer):
    """A component's newest commit on a channel."""

    channel: str
    component: str
    commit: str
    subject: str
    author: str
    committed_at: Moment


class Pushes(Answer):
    """Newest commits of components on the channels of components.yml, the newest first."""

    pushes: list[Push]


class WorkerPage(Answer):
    """A machine that builds."""

    name: str
    state: str
    """``connected``, ``paused`` or ``missing``."""
    distros: list[str]
    """That it builds for; empty: none, it publishes."""
    running: int
    """Builds it is busy with."""
    builds: int
    """How many it takes at a time."""
    untrusted: bool
    """It builds pull requests, and nothing else."""
    last_seen: Moment
    """Of one that is missing, when it last did something."""
    page: str | None
    """In the web UI; null: it has not been there yet."""


class Workers(Answer):
    """The workers of the farm, and the disk of the farm's own host."""

    workers: list[WorkerPage]
    disk_free: int
    """Bytes that are free for the farm's state."""
    disk_size: int


class Promotion(Answer):
    """What was made from a snapshot without building anything."""

    channel: str
    """That it was promoted to; ``releases/NAME`` for a release."""
    snapshot: int | None
    """Of that channel; null: a release has one."""
    published_at: Moment
    archive: str
    """Where its packages are."""


class Promotions(Answer):
    """Where a snapshot of a line, or a later one, went."""

    promotions: list[Promotion]
