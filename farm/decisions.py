"""What the farm wants done on a line: builds to start or take back, an archive to publish."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from farm.records.store import BuildRow, LineId


@dataclass(frozen=True)
class Start:
    """A build that is to be started now."""

    build: BuildRow
    priority: int
    """Seconds of the longest path that waits for it."""
    timeout_minutes: int
    """After which it counts as hanging."""
    sees: Mapping[str, str]
    """Components whose packages it may see, each with the key of its build."""


@dataclass(frozen=True)
class Publish:
    """A line whose archive is to be brought up to date."""

    line: LineId
    generation: int
    content: dict[str, str]
    """Component to build key."""


@dataclass(frozen=True)
class Step:
    """What to do for a line now."""

    starts: tuple[Start, ...] = ()
    cancel: tuple[str, ...] = ()
    """Keys of builds that were asked for, have not begun, and are wanted no more."""
    publish: Publish | None = None
