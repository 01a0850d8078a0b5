"""Getting sources: what a command clones and updates, and what it says is missing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from farm.git import redacted
from farm.workspace.checkouts import record_checkouts
from farm.workspace.cloning import Cloned, Outcome, clone_all, needs_network
from farm.workspace.entries import with_dependencies
from farm.workspace.errors import WorkspaceError
from farm.workspace.syncing import sync_all
from farm.workspace.workspace import Workspace

Line = tuple[str, str, str]
"""Checkout, what became of it, detail."""


def clone_components(workspace: Workspace, names: Iterable[str]) -> Iterator[Cloned]:
    """Clone the checkouts of components that are taken from source.

    :raises WorkspaceError: offline, naming everything that the network would be needed for.
    """
    checkouts = list(
        dict.fromkeys(workspace.checkouts[name] for name in sorted(workspace.from_source(names)))
    )
    if workspace.offline:
        absent = [one for one in checkouts if needs_network(one, workspace.mirror)]
        if absent:
            lines = "\n".join(f"  {one.name}: {redacted(one.git)}" for one in absent)
            raise WorkspaceError(f"offline, and these are neither cloned nor mirrored:\n{lines}")
    yield from clone_all(
        workspace.layout,
        checkouts,
        workspace.git,
        workspace.processes,
        mirror=workspace.mirror,
        offline=workspace.offline,
    )
    record_checkouts(workspace.layout, workspace.checkouts)
    workspace.change_settings(known=tuple(sorted(workspace.entries)))


def sync_components(workspace: Workspace, names: Iterable[str] | None) -> Iterator[Line]:
    """Update checkouts; with no names, all of them, and clone what came new with the file.

    :raises WorkspaceError: the components file came from a URL and cannot be fetched.
    """
    before = set(workspace.settings.known)
    if workspace.refresh_components():
        yield "components file", "updated", redacted(workspace.settings.source)
    chosen = set(workspace.entries) if names is None else set(names)
    present = {n for n in chosen if workspace.checkouts[n].exists}
    missing = {n for n in chosen - present if n not in workspace.settings.binary}
    wanted = new_components(workspace, before, present) if names is None else missing
    checkouts = sorted({workspace.checkouts[n] for n in present}, key=lambda one: one.name)
    for synced in sync_all(checkouts, workspace.git, workspace.processes):
        yield synced.checkout.name, synced.change.value, synced.detail
    if wanted:
        for cloned in clone_components(workspace, wanted):
            if cloned.outcome is not Outcome.THERE:
                yield cloned.checkout.name, cloned.outcome.value, cloned.detail
    for name in sorted(missing - wanted) if before else ():
        if name not in before:
            yield name, "new", f"not cloned: nothing here needs it (farm clone {name})"
    record_checkouts(workspace.layout, workspace.checkouts)
    workspace.change_settings(known=tuple(sorted(workspace.entries)))


def new_components(workspace: Workspace, before: set[str], present: set[str]) -> set[str]:
    """What a sync of everything clones: components that the file did not have before.

    Those that a checkout needs; all of them in a workspace that has everything else.
    """
    entries = workspace.entries
    needed = with_dependencies(entries, present)
    new = {name for name in entries if name not in before} if before else set()
    has_all = bool(present) and all(name in present for name in entries if name not in new)
    wanted = new if has_all else new & needed
    return {
        name
        for name in wanted
        if name not in workspace.settings.binary and not workspace.checkouts[name].exists
    }
