"""Failures, and how a line stands, as plain data."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from hashlib import sha256

from farm.records.rows import LineId


@dataclass(frozen=True)
class Failure:
    """A component that does not build on a line."""

    channel: str
    distro: str
    component: str
    key: str
    """Of the build that failed."""
    phase: str
    message: str
    commit: str
    subject: str
    """Of the commit."""
    reasons: tuple[str, ...] = ()
    """Why it was built."""
    authors: tuple[str, ...] = ()
    """``Name <address>`` of whose commits were new in the build."""
    blocks: tuple[str, ...] = ()
    """Components that cannot be built because of it."""

    @property
    def line(self) -> LineId:
        """Channel and distro."""
        return self.channel, self.distro

    @property
    def id(self) -> str:
        """Of the failure, with all that is told of it."""
        return notice_id(*self.line, self.component, self.key)


def notice_id(*parts: str) -> str:
    """An id made of what something is about; the same every time."""
    return sha256("\0".join(parts).encode()).hexdigest()[:32]


@dataclass(frozen=True)
class Look:
    """How a line stands at a moment."""

    line: LineId
    settled: bool
    """Nothing more happens in this generation."""
    failed: Mapping[str, Failure]
    """Component to its failure: the verdict of a build, never the machinery's trouble."""
    sound: Collection[str]
    """Of the components that were told as failed, those that build again."""
    gone: Collection[str]
    """Of the components that were told as failed, those that the line has no more."""


@dataclass(frozen=True)
class News:
    """What is to be told of a line."""

    line: LineId
    broken: tuple[Failure, ...] = ()
    fixed: tuple[Failure, ...] = ()
    """As they were told when they broke."""

    def __bool__(self) -> bool:
        return bool(self.broken or self.fixed)


@dataclass(frozen=True)
class Notice:
    """One message by one way."""

    id: str
    """No other message has it."""
    way: str
    """``mail``, or ``chat-<name>``."""
    to: tuple[str, ...]
    """Addresses; empty for a chat."""
    subject: str
    text: str
    threads: tuple[str, ...] = ()
    """An id for each failure that it is about: what a mail program puts together."""
