"""The job file that the master hands to a worker, and the result file that comes back."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict

from farm.model import Component, Distro
from farm.plan.timeout import FIRST_MINUTES


class _Plain(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class JobInput(_Plain):
    """A binary package of a dependency, to be fetched from the pool."""

    component: str
    package: str
    version: str
    filename: str
    key: str
    """Build key under which the pool keeps it."""
    sha256: str
    size: int
    direct: bool


class Job(_Plain):
    """One (component, distro) build: everything a worker needs to know."""

    key: str
    """Build key; 64 hexadecimal digits."""
    component: Component
    distro: Distro
    channel: str
    maintainer: str
    commit: str
    """Full commit id to check out."""
    upstream_version: str
    rebuild: int
    timestamp: int
    changes: tuple[str, ...]
    inputs: tuple[JobInput, ...]
    timeout_minutes: int = FIRST_MINUTES
    """After which the build counts as hanging."""
    pool_url: str
    """Base URL of the pool; files are at ``<pool_url>/<key>/<filename>``."""


class PoolFile(_Plain):
    """One file of a finished build in the pool."""

    filename: str
    kind: str
    """``source``, ``binary``, ``other`` or ``log``."""
    sha256: str
    size: int
    package: str = ""
    """Package name, for binary packages."""
    version: str = ""
    architecture: str = ""


class LintCounts(_Plain):
    """How much lintian or rpmlint said of a build; the log has the lines."""

    errors: int
    warnings: int


class BuildResult(_Plain):
    """`result.json` in the pool: what a build made and from what. Immutable."""

    key: str
    component: str
    distro: str
    commit: str
    version: str
    """Full version of the packages, without epoch."""
    upstream_version: str
    rebuild: int
    files: tuple[PoolFile, ...]
    tests: str
    """``passed`` or ``none``."""
    output_digest: str
    exposes: tuple[str, ...] | None = None
    """Components of the inputs whose packages the binary packages need when installed, sorted.
    None is unknown, which means all."""
    root_identity: str
    phases: dict[str, float]
    """Wall seconds per phase."""
    lint: LintCounts | None = None
    """None where the worker does not lint."""
