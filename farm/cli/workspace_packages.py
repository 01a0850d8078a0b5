"""What `farm install` gets before it builds: sources, and packages of the distro."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Collection
from typing import TYPE_CHECKING

from farm.cli.show import plain

if TYPE_CHECKING:
    from farm.workspace.workspace import Workspace


def acquire_sources(workspace: Workspace, names: Collection[str], *, quiet: bool) -> None:
    """Clone what is missing of the components.

    :raises WorkspaceError: something cannot be had; each is named.
    """
    from farm.cli.workspace_show import Progress
    from farm.workspace.acquire import clone_components
    from farm.workspace.cloning import Outcome
    from farm.workspace.errors import WorkspaceError
    from farm.workspace.running import without_checkout

    missing = without_checkout(workspace, names)
    if not missing:
        return
    progress = Progress(quiet=quiet)
    failed = []
    for one in clone_components(workspace, missing):
        if one.outcome is Outcome.FAILED:
            failed.append(plain(f"{one.checkout.name}: {one.detail}"))
        else:
            progress.line(one.checkout.name, one.outcome.value, one.detail)
    if failed:
        raise WorkspaceError("\n".join(["these cannot be cloned:", *failed]))


def install_packages(workspace: Workspace, names: Collection[str], *, yes: bool) -> None:
    """Install the distro's packages that the components are built with, after asking.

    :raises WorkspaceError: they are missing and were not installed; the message says how to.
    """
    from farm.workspace import packages
    from farm.workspace.bundle import bundle_options, bundle_packages
    from farm.workspace.errors import WorkspaceError
    from farm.workspace.needs import missing_packages

    missing = missing_packages(workspace, workspace.from_source(names))
    if not missing:
        return
    family = workspace.settings.family
    root = packages.is_root()
    command = shlex.join(packages.install_command(family, missing, root=root))
    say = f"packages of this system that the builds need are missing: {' '.join(missing)}"
    place = bundle_packages(workspace.mirror) if workspace.mirror else None
    if workspace.offline and place is None:
        raise WorkspaceError(f"{say}\noffline: install them first, with: {command}")
    if not root:
        raise WorkspaceError(f"{say}\ninstall them, then try again: {command}")
    print(say, file=sys.stderr)
    if not yes and not (sys.stdin.isatty() and _confirmed(f"run {command}?")):
        raise WorkspaceError(f"install them, or say --yes: {command}")
    options = bundle_options(workspace, place) if workspace.offline and place else []
    packages.install(family, missing, options)


def _confirmed(question: str) -> bool:
    print(f"{question} [y/N] ", end="", file=sys.stderr, flush=True)
    return sys.stdin.readline().strip().lower() in ("y", "yes")
