"""What a client may say in the addresses of `www.api.history_routes`."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from farm.model.names import ChannelName, ComponentName, DistroName
from www.api.asked import Asked, BuildName, LineName

MOST_LOG_LINES = 1000


class LogQuery(BuildName):
    """A part of a build's log."""

    first: Annotated[int, Field(ge=1, le=1_000_000_000)] = 1
    """Number of its first line, from 1."""
    lines: Annotated[int, Field(ge=1, le=MOST_LOG_LINES)] = 200


class GraphQuery(Asked):
    """A component's neighbours on a line."""

    name: ComponentName
    channel: ChannelName | None = None
    """Default: the first channel."""
    distro: DistroName | None = None
    """Default: the first that it is built for."""
    depth: Annotated[int, Field(ge=1, le=20)] = 1
    """Steps in each direction."""


class RunsQuery(Asked):
    """A component's builds on a line."""

    name: ComponentName
    channel: ChannelName | None = None
    """Default: the first channel."""
    distro: DistroName | None = None
    """Default: the first that it is built for."""
    limit: Annotated[int, Field(ge=1, le=200)] = 60
    """Of the newest."""


class SnapshotQuery(LineName):
    """A snapshot of a line."""

    number: Annotated[int, Field(ge=0, le=1_000_000_000)] = 0
    """0: the live one."""
