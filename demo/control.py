"""Looking at the demo's farm, and stopping it."""

from __future__ import annotations

import time
from functools import partial

from rich.console import Console

from demo import processes, services, where
from demo.buildlog import last_build
from demo.errors import DemoError
from demo.paths import Paths
from demo.processes import running
from demo.progress import Patience, duration, follow, table, view_for
from demo.status import read_status
from demo.steps import write
from farm.builders import build_builder_name
from farm.model import Stack
from farm.model.load import load_stack
from farm.site import Site, load_site


def read_farm(paths: Paths) -> tuple[Site, Stack]:
    """The settings and the stack of the demo's farm."""
    settings = load_site(paths.site_file)
    return settings, load_stack(settings.components, settings.variables)


def watch(
    paths: Paths,
    settings: Site,
    components: Stack,
    console: Console,
    *,
    stall_minutes: float,
    not_before: float = 0.0,
) -> None:
    """Show the farm's work until everything is published.

    :param not_before: a status from before that time is another master's.
    :raises DemoError: it will not be.
    """
    published = where.archives(components, settings.archive.public_url)
    patience = Patience(
        dead=partial(_dead, paths),
        where=partial(_why, settings.www.public_url),
        stall_s=stall_minutes * 60,
    )
    with view_for(console) as view:
        follow(
            lambda: read_status(paths.status_file, not_before),
            where.expected(components, published),
            view,
            patience,
        )


def _why(www: str, line: str, component: str) -> str:
    return last_build(www, build_builder_name(component, line.rpartition("/")[2]))


def _dead(paths: Paths) -> str:
    return "\n".join(
        f"the {daemon.name} has ended; the end of its log ({daemon.log}):\n"
        f"{services.log_tail(daemon)}"
        for daemon in services.dead(services.everything(paths))
    )


def stop(paths: Paths, console: Console) -> None:
    """``make stop``: end what the demo started, and nothing else."""
    stopped = processes.stop(services.everything(paths), paths.state)
    text = f"stopped: {', '.join(stopped)}" if stopped else "nothing of the demo was running"
    write(console, text)


def show(paths: Paths, console: Console, *, follow_it: bool, stall_minutes: float) -> None:
    """``python -m demo status``: what runs, and how every line stands.

    :raises DemoError: there is no demo in this state directory; or see `watch`.
    """
    if not paths.site_file.exists():
        raise DemoError(f"there is no demo in {paths.state}", "Make one: make demo")
    settings, components = read_farm(paths)
    for daemon in services.everything(paths):
        process = running(daemon)
        says = f"runs, process {process.pid}" if process else "does not run"
        console.print(f"{daemon.name}: {says}", markup=False)
    console.print(f"web UI: {settings.www.public_url}", markup=False)
    if follow_it:
        watch(paths, settings, components, console, stall_minutes=stall_minutes)
    elif status := read_status(paths.status_file):
        ago = duration(time.time() - status.updated)
        console.print(table(status, f"the master's plan, {ago} ago", time.time()))
