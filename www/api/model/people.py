"""Answers about what people ask of the farm: topics, forcing, the audit log."""

from __future__ import annotations

from farm.access.audit import Entry
from www.api.model.base import Answer, Moment


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


class Audit(Answer):
    """The audit log, the newest entries first."""

    entries: list[Entry]
