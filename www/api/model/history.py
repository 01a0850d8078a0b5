"""Answers about what went wrong, what differs, and what was built with what."""

from __future__ import annotations

from typing import Any

from www.api.model.base import Answer, Moment


class FoundError(Answer):
    """The first error in the log of a failed build."""

    kind: str
    """``compiler``, ``linker``, ``configure``, ``packaging``, ``dependency``, ``test``, ``tool``,
    ``disk``, ``memory``, ``timeout``, ``network`` or ``command``."""
    message: str
    line: int
    """Number in the build's log, from 1."""
    context: list[str]
    """Lines of the log around it."""
    context_line: int
    """Number of the first of them."""
    hint: str
    """What to do about it."""
    tests: list[str]
    """Names of the tests that failed."""
    attempt: int
    log: str | None
    """Buildbot's page of the whole log; null: not known."""


class Broken(Answer):
    """Between which two builds of a line a component broke."""

    good_key: str
    """Of the last build that did not fail; empty: none is on record."""
    good_commit: str
    bad_key: str
    """Of the first that failed."""
    bad_commit: str
    own: bool
    """It broke with a commit of its own; else with something that it is built with."""
    failed: int
    """Builds that failed since."""
    since: Moment
    reasons: list[str]
    """Why the first build that failed was made."""


class ByChance(Answer):
    """A build that failed though a later one of the same inputs did not."""

    failed_key: str
    passed_key: str
    at: Moment
    message: str


class LogPart(Answer):
    """Lines of a build's log."""

    key: str
    first: int
    """Number of the first line of this part, from 1."""
    total: int
    """Lines of the whole log."""
    lines: list[str]
    page: str
    """Buildbot's page of the whole log."""


class BuildJob(Answer):
    """What a worker was told of a build, for building the same on another machine."""

    job: dict[str, Any]
    """The job file, without credentials and without the pool."""
    archives: dict[str, list[str]]
    """Key of a build that it was made with, to archives that have or had its packages."""


class GraphNode(Answer):
    """A component near another one."""

    component: str
    state: str
    held_back: bool
    version: str
    depth: int
    """Steps from the component asked for: negative for what it is built with, positive for what is
    built with it."""
    more: int
    """Neighbours further away that are not in this part of the graph."""


class GraphEdge(Answer):
    """That a component is built with another one."""

    dependency: str
    dependent: str


class GraphPage(Answer):
    """A component and its neighbours, both ways."""

    component: str
    channel: str
    distro: str
    nodes: list[GraphNode]
    edges: list[GraphEdge]
    left_out: int
    """Components within the depth asked for that would be too many."""


class SnapshotChange(Answer):
    """A component that two snapshots do not have from the same build."""

    component: str
    what: str
    """``added``, ``removed`` or ``changed``."""
    before: str
    """Version; empty: none."""
    after: str
    commit_before: str
    commit_after: str
    reasons: list[str]
    """Of the newer build."""


class SnapshotPage(Answer):
    """What a line published, and what differs from the publication before."""

    channel: str
    distro: str
    number: int
    before: int
    """Number of the snapshot before; 0: it was the first."""
    generation: int
    published_at: Moment
    archive: str
    """Where its packages stay."""
    manifest: str
    components: int
    held_back: dict[str, str]
    """Component to why its newest build is not in it."""
    changes: list[SnapshotChange]


class BuildRun(Answer):
    """How a build went."""

    key: str
    generation: int
    version: str
    at: Moment
    outcome: str
    duration_s: float | None
    phases: dict[str, float]
    """Seconds per phase, where they are known."""
    tests: str
    """``passed``, ``failed``, ``none`` (it has no tests), or empty: not known."""
    failed_tests: list[str]
    by_chance: bool
    """It failed though a later build of the same inputs did not."""


class ComponentRuns(Answer):
    """How the builds of a component on a line went, the newest first."""

    component: str
    channel: str
    distro: str
    runs: list[BuildRun]
