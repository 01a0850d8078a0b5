"""Settings of the hand-off to systems under test: who is told of a snapshot, what promotes one."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from farm.model.names import ChannelName, DistroName

ReportName = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9._-]*$", max_length=50)]
"""Of a hook, or of who reports: it becomes a file name."""
_Pattern = Annotated[str, StringConstraints(pattern=r"^[a-z0-9.*?-]+/[a-z0-9.*?-]+$")]
_Url = Annotated[str, StringConstraints(pattern=r"^https?://[^\s/@]+(/[^\s]*)?$", max_length=500)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Webhook(_Strict):
    """Somebody who is told of every snapshot."""

    name: ReportName
    url: _Url = Field(description="Where events are posted, signed with <state>/secrets/qa-<name>")
    lines: tuple[_Pattern, ...] = Field(("*/*",), description="Such as development/*")

    def wants(self, line: str) -> bool:
        """Whether events of a line (``channel/distro``) go there."""
        return any(fnmatchcase(line, pattern) for pattern in self.lines)


class Promotion(_Strict):
    """A rule: what has passed becomes another channel's next snapshot."""

    source: ChannelName = Field(alias="from")
    to: ChannelName
    passed: tuple[ReportName, ...] = Field(min_length=1, description="Who must report a pass")
    distros: tuple[DistroName, ...] | None = Field(None, description="Default: all")

    @model_validator(mode="after")
    def _goes_somewhere(self) -> Promotion:
        if self.source == self.to:
            raise ValueError(f"{self.to} cannot be promoted to itself")
        return self

    def applies_to(self, channel: str, distro: str) -> bool:
        """Whether snapshots of a line are promoted by this rule."""
        return channel == self.source and (self.distros is None or distro in self.distros)


class Qa(_Strict):
    """The hand-off as a whole."""

    webhooks: tuple[Webhook, ...] = ()
    promotions: tuple[Promotion, ...] = ()

    @model_validator(mode="after")
    def _names_are_used_once(self) -> Qa:
        names = [hook.name for hook in self.webhooks]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"two webhooks are called {', '.join(twice)}")
        return self
