"""What came of an upgrade test, as the manifest keeps it."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict


class UpgradeRecord(BaseModel):
    """An upgrade that was tried before a snapshot went live, or why none was."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    outcome: Literal["passed", "skipped"]
    why: str = ""
    """Why it was skipped; what was left out."""
    packages: tuple[str, ...] = ()
    """What was upgraded: ``package old → new``."""
    others: int = 0
    """So many packages were installed besides, because they depend on these."""
    runs: int = 0
    """How often it was tried; more than once when something failed."""
    seconds: float = 0
    log: str = ""
    """File in the line's state on the publishing host with everything that was said."""
