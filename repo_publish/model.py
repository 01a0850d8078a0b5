"""What is to be published, and what was: plain data in and out of the publisher."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict

from farm.model import Distro, Family


class _Plain(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Published(_Plain):
    """One component's packages in a snapshot."""

    component: str
    key: str
    """Build key: `pool/<key[:2]>/<key>/` holds the files and `result.json` (farm.job.model)."""
    commit: str
    reason: str = ""
    git: str = ""
    """Clone URL of the component's repository."""
    directory: str = "."
    """In the repository."""
    licence: str = ""
    """SPDX expression."""
    inputs: dict[str, str] = {}
    """Components whose packages the build saw, and the build keys of these."""
    changes: tuple[str, ...] = ()
    """Subjects of the commits since what the line published before."""
    started: int = 0
    """When the build began and when it ended, in seconds since 1970; 0: not known."""
    finished: int = 0


class Publication(_Plain):
    """The wanted content of one line's archive."""

    channel: str
    distro: str
    family: Family
    architecture: str
    title: str = "Farm"
    """Origin and Label of apt archives, name of yum repositories."""
    distribution: Distro | None = None
    """Whose packages the gate checks the content with; None: it looks at the content alone."""
    upgrade_test: Literal["auto", "always", "never"] = "auto"
    """Whether the upgrade from the live snapshot is tried first: where this machine can; always, or
    nothing is published; never."""
    packages: tuple[Published, ...]


class Snapshot(_Plain):
    """One published, immutable state of a line's archive."""

    channel: str
    distro: str
    number: int
    changed: bool
    """False when the live snapshot already had this content and nothing was written."""
    path: str
    """Relative to the archive root: ``snapshots/<channel>/<distro>/<number>``."""
    held_back: dict[str, str] = {}
    """Component to the reason why its wanted packages were not published."""
    held_back_since: dict[str, int] = {}
    """Component to when that began; seconds since 1970."""
    content: dict[str, str] = {}
    """Component to the build key that is published."""
    warnings: tuple[str, ...] = ()
    """What somebody has to look after, such as a key that expires soon."""
