"""Nothing of a distro is being built any more, before its builders go."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from farm.builders import builder_table
from farm.client.credentials import chosen_farm
from farm.errors import FarmError
from farm.growing.control import Control
from farm.growing.master import is_running, own_worker
from farm.model import Stack
from farm.site import Site

REASON = "the distro is being removed"
PATIENCE_S = 60.0


def workers_of(site: Site, stack: Stack, distro: str) -> list[str]:
    """Workers that build for this distro and no other."""
    if not site.workers:
        return [own_worker(distro)]
    others = [name for name in stack.distros if name != distro]
    return [
        name
        for name, one in site.workers.items()
        if distro in (one.distros or stack.distros)
        and not any(other in (one.distros or stack.distros) for other in others)
    ]


@contextmanager
def quiet(site: Site, stack: Stack, distro: str) -> Iterator[int]:
    """Stop what is built for a distro, and start nothing in its own workers meanwhile.

    Buildbot forgets a builder at once: a build that ran there would stay open until the master is
    started again. Where this fails, everything goes on as before.

    :returns: how many builds were stopped; none where the master does not run here.
    :raises FarmError: the master does not let us.
    """
    if not is_running(site.state / "master"):
        yield 0
        return
    control = Control(chosen_farm(None, "", os.environ, Path.home()))
    there = {row.name for row in control.workers()}
    paused = [name for name in workers_of(site, stack, distro) if name in there]
    for name in paused:
        control.pause(name, REASON)
    try:
        builders = {row.name for row in builder_table(stack, pulls=stack.distros)}
        own = {name for name in builders if name.endswith(f"-{distro}")}
        yield control.stop_builds(own, REASON, PATIENCE_S)
    except FarmError:
        for name in paused:
            control.resume(name)
        raise


def wake(site: Site, stack: Stack, distro: str) -> None:
    """Have the workers of a distro that was removed once build again: Buildbot remembers them.

    :raises FarmError: the master does not let us.
    """
    control = Control(chosen_farm(None, "", os.environ, Path.home()))
    own = workers_of(site, stack, distro)
    for row in control.workers():
        if row.name in own and row.reason == REASON:
            control.resume(row.name)
