"""What a client may say in an address, a query or a body."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, WithJsonSchema

from farm.model.names import Branch, ChannelName, ComponentName, DistroName

MAX_PAGE = 10_000
MAX_TEXT = 500

Text = Annotated[str, Field(pattern=r"^[^\x00-\x08\x0a-\x1f\x7f]*$", max_length=MAX_TEXT)]
"""One line."""
_Offset = Annotated[int, Field(ge=0, le=10_000_000)]
Digits = Annotated[str, Field(pattern=r"^[0-9a-f]{6,64}$")]
"""The first digits of a commit or build key."""
TopicLabel = Annotated[str, Field(pattern=r"^(topic-)?[a-z0-9][a-z0-9.-]{0,53}$")]
"""A topic's name, with or without the prefix of its channel."""
BranchName = Annotated[
    Branch,
    Field(max_length=200),
    WithJsonSchema(
        {
            "type": "string",
            "maxLength": 200,
            # What git check-ref-format(1) allows.
            "pattern": r"^(?![-/.])(?!@$)(?!.*(?:\.\.|@\{|//|/\.|\.lock(?:/|$)))"
            r"[^\x00-\x20\x7f~^:?*\[\\]*[^\x00-\x20\x7f~^:?*\[\\/.]$",
        }
    ),
]


class Asked(BaseModel):
    """What all parameters have in common."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)


class Nothing(Asked):
    """No parameters."""


class LineName(Asked):
    """A channel on a distro."""

    channel: ChannelName
    distro: DistroName


class LinesQuery(Asked):
    """Which lines."""

    kind: Annotated[str, Field(pattern=r"^(channel|topic|pull)?$")] = "channel"
    """Lines of the channels of components.yml, of topics, or of pull requests; empty: all."""
    offset: _Offset = 0
    limit: Annotated[int, Field(ge=1, le=500)] = 200


class LineQuery(LineName):
    """A line, and which of its components."""

    state: Annotated[str, Field(pattern=r"^[a-z,-]*$", max_length=200)] = ""
    """Only these states, with commas; `held-back` for those held back."""
    text: Annotated[str, Field(max_length=100)] = ""
    """Only components whose names hold this."""
    offset: _Offset = 0
    limit: Annotated[int, Field(ge=1, le=MAX_PAGE)] = MAX_PAGE


class MatrixQuery(Asked):
    """A channel, and which of its components."""

    channel: ChannelName
    offset: _Offset = 0
    limit: Annotated[int, Field(ge=1, le=MAX_PAGE)] = MAX_PAGE


class TroublesQuery(Asked):
    """Which troubles, the longest first."""

    offset: _Offset = 0
    limit: Annotated[int, Field(ge=1, le=500)] = 20


class NewsQuery(Asked):
    """How many of the newest."""

    limit: Annotated[int, Field(ge=1, le=100)] = 10


class PromotionsQuery(LineName):
    """A snapshot of a line."""

    since: Annotated[int, Field(ge=1, le=10_000_000)] = 1
    """The number of the snapshot: those made from it or from a later one are meant."""


class ComponentsQuery(Asked):
    """Which components."""

    text: Annotated[str, Field(max_length=100)] = ""
    """Only those whose names hold this."""
    offset: _Offset = 0
    limit: Annotated[int, Field(ge=1, le=MAX_PAGE)] = MAX_PAGE


class ComponentQuery(Asked):
    """A component, and how much of its history."""

    name: ComponentName
    channel: ChannelName | None = None
    """Whose builds are listed; default: the first channel."""
    builds: Annotated[int, Field(ge=0, le=200)] = 10
    """How many builds of each distro."""
    before: Annotated[float, Field(ge=0)] = 0.0
    """Only builds asked for before this moment (seconds since 1970); 0: all."""


class GenerationQuery(LineName):
    """A line's generation."""

    waiting: Annotated[int, Field(ge=0, le=MAX_PAGE)] = 100
    """How many of those that wait are listed."""


class BuildName(Asked):
    """A build."""

    key: Digits


class CommitName(Asked):
    """A commit."""

    sha: Digits
    component: ComponentName | None = None
    """Look only in the repository of this component."""


class TopicsQuery(Asked):
    """Which topics, the newest first."""

    kind: Annotated[str, Field(pattern=r"^(topic|pull)?$")] = ""
    """`topic` or `pull`; default: both."""
    offset: _Offset = 0
    limit: Annotated[int, Field(ge=1, le=50)] = 20


class TopicName(Asked):
    """A topic or pull request."""

    name: TopicLabel
    """With or without the prefix of its channel."""


class NewTopic(Asked):
    """A topic to be made."""

    name: TopicLabel
    branch: BranchName | None = None
    """Of every component that has it; default: the topic's name."""
    base: ChannelName | None = None
    """The channel that the rest is taken from; default: the first of components.yml."""
    days: Annotated[float, Field(gt=0, le=365)] | None = None
    """That it lives; default: the site's."""
    reason: Text = ""


class Refresh(Asked):
    """How long a refreshed topic lives."""

    days: Annotated[float, Field(gt=0, le=365)] | None = None
    """From now; default: the site's."""


class Force(Asked):
    """What to build again, whatever the pool holds."""

    components: Annotated[list[ComponentName], Field(min_length=1, max_length=MAX_PAGE)]
    distros: Annotated[list[DistroName], Field(min_length=1, max_length=100)] | None = None
    """Default: all that the channel and the components have."""
    channel: ChannelName | None = None
    """Default: the first of components.yml."""
    dependents: bool = False
    """Also everything that is built with them."""
    at: BranchName | None = None
    """At this branch or commit; default: the newest of the channel."""
    reason: Annotated[Text, Field(min_length=1)]
    """Recorded with the builds."""


class Reason(Asked):
    """Why something is asked for."""

    reason: Text = ""


class AuditQuery(Asked):
    """Which entries of the audit log."""

    limit: Annotated[int, Field(ge=1, le=1000)] = 100
    before: Annotated[float, Field(ge=0)] = 0.0
    """Only entries before this moment (seconds since 1970); 0: all."""
