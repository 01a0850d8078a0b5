"""What the gate found, as the manifest keeps it."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict

from farm.model import Distro
from repo_publish.upgrade.record import UpgradeRecord


class GateRecord(BaseModel):
    """What a snapshot was checked against, and what could not be helped."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    distribution: Distro | None = None
    """Whose packages it was checked with; None: only the farm's own were looked at."""
    note: str = ""
    """Why the distribution's packages, or their newest state, were not known."""
    indices: str = ""
    """Digest of the distribution's indices."""
    indices_time: int = 0
    """When the mirror last said that they are the newest; seconds since 1970."""
    broken: tuple[str, ...] = ()
    """Packages that were published before and cannot be installed any more, because the
    distribution changed."""
    upgrade: UpgradeRecord | None = None
    """What came of upgrading from the snapshot before."""
