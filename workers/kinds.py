"""What all workers have in common that are started when there is something to build.

Each start gets an invitation of its own: whatever is started joins the farm as a new machine does,
over TLS, with a token that works once, and keeps nothing when it goes.
"""

from __future__ import annotations

import shlex
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib.util import find_spec
from typing import Any

from farm.errors import FarmError
from farm.growing.authority import Authority
from farm.growing.invitations import Invitations
from farm.growing.kinds import OnDemand
from farm.site import Site

START_HOURS = 1.0
"""How long what is started may take until it joins."""
FAILED_START_S = 20 * 60
VARIABLES = ("FARM_JOIN_URL", "FARM_JOIN_PIN", "FARM_JOIN_TOKEN")
"""What the entry point of workers/images/ reads."""


@dataclass(frozen=True)
class Start:
    """What a worker of a site is started with."""

    site: Site
    name: str
    builds: int
    settings: Any
    """Of its kind."""

    @property
    def arguments(self) -> dict[str, Any]:
        """Arguments of all of Buildbot's classes for such workers, after the name."""
        idle: OnDemand = self.settings
        return {
            "password": self.site.secret(f"worker-{self.name}"),
            "max_builds": self.builds,
            "build_wait_timeout": idle.idle_minutes * 60,
            "missing_timeout": FAILED_START_S,
        }

    def invitation(self) -> tuple[str, str, str]:
        """Where to join, the farm's pin and a fresh token."""
        remote = self.site.remote
        if remote is None:
            raise FarmError("the site file has no `remote:`")
        token = Invitations(self.site.state).invite(self.name, START_HOURS)
        return remote.url, Authority(self.site.state, remote).pin(), token

    def environment(self) -> dict[str, str]:
        """The same for a container made from workers/images/."""
        return dict(
            zip(
                ("FARM_JOIN_URL", "FARM_JOIN_PIN", "FARM_JOIN_TOKEN"),
                self.invitation(),
                strict=True,
            )
        )

    def user_data(self) -> str:
        """The same as a script that cloud-init runs on a machine's first start."""
        url, pin, token = self.invitation()
        fetch = shlex.join(["curl", "-fsS", "--insecure", "--pinnedpubkey", pin, f"{url}/join"])
        return f"#!/bin/sh\n{fetch} | sh -s -- {shlex.quote(token)}\n"


class Invited:
    """Mixed into Buildbot's class: knows what it is started with, also after a reconfiguration."""

    def __init__(self, *args: Any, start: Start, **kwargs: Any):
        self.start = start
        super().__init__(*args, **kwargs)

    def reconfigServiceWithSibling(self, sibling: Any) -> Any:
        """Take on the settings of the new configuration."""
        self.start = sibling.start
        return super().reconfigServiceWithSibling(sibling)

    def getRandomPass(self) -> str:
        """The password is the one that joining gives, not one made up."""
        return self.start.arguments["password"]


@dataclass(frozen=True)
class Kind:
    """One kind of worker that is started when there is something to build."""

    make: Callable[[Start], Any]
    modules: Mapping[str, str] = field(default_factory=dict)
    """Python modules that Buildbot's class needs, with the package that has each."""


def made(kinds: Mapping[str, Kind], kind: str, start: Start) -> Any:
    """Buildbot's worker of a kind.

    :raises FarmError: what it needs is not there; the message says how to get it.
    """
    missing = [package for module, package in kinds[kind].modules.items() if not _is_there(module)]
    if missing:
        raise FarmError(
            f"worker {start.name} is of kind {kind}, which needs Python packages that the master "
            f"has not: pip install {' '.join(missing)}"
        )
    if start.site.remote is None:
        raise FarmError(
            f"worker {start.name} is of kind {kind}: what is started joins over TLS, so the site "
            "file has to say what it calls this machine, as remote: {host: farm.example.org}"
        )
    return kinds[kind].make(start)


def _is_there(module: str) -> bool:
    return find_spec(module) is not None
