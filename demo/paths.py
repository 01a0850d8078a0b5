"""Where the demo keeps everything: one state directory, and nothing outside it."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from demo.errors import DemoError

TOP = Path(__file__).resolve().parent.parent
"""The checkout that the demo runs from."""

_AWKWARD = re.compile(r"[^A-Za-z0-9/._+@=-]")
"""Characters that one of git URLs, unit addresses, apt configuration or twistd would trip over."""


@dataclass(frozen=True)
class Paths:
    """The places below one state directory."""

    state: Path

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> Paths:
        """The state directory that FARM_STATE names, or ``state`` in the checkout.

        :raises DemoError: its name has characters that some tool of the demo cannot take.
        """
        state = Path(environment.get("FARM_STATE") or TOP / "state").resolve()
        if found := _AWKWARD.search(str(state)):
            raise DemoError(
                f"the state directory {state} has {found.group()!r} in its name",
                "Set FARM_STATE to a directory named with letters, digits and / . _ + @ = - only.",
            )
        return cls(state)

    @property
    def demo(self) -> Path:
        """What only the demo knows: sources, downloads, its own logs."""
        return self.state / "demo"

    @property
    def repositories(self) -> Path:
        """The bare git repositories of the stack."""
        return self.demo / "git"

    @property
    def cache(self) -> Path:
        """Downloads, safe to delete."""
        return self.demo / "cache"

    @property
    def logs(self) -> Path:
        """One log per step of the demo."""
        return self.demo / "logs"

    @property
    def site_file(self) -> Path:
        """The farm's site settings, which the demo writes."""
        return self.state / "site.yml"

    @property
    def status_file(self) -> Path:
        """What the master says about every line, rewritten at each of the planner's decisions."""
        return self.state / "status.json"

    @property
    def master(self) -> Path:
        """Base directory of the Buildbot master."""
        return self.state / "master"

    @property
    def workers(self) -> Path:
        """Holds one base directory per worker."""
        return self.state / "workers"
