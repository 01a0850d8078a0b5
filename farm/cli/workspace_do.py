"""What the workspace's commands do, once their arguments are read."""

from __future__ import annotations

import os
import sys
from collections.abc import Collection, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from farm.cli.workspace_show import BuildProgress, Progress, finish, open_here, say_gone
from farm.workspace.entries import with_dependencies, with_dependents
from farm.workspace.errors import WorkspaceError, WrongUse
from farm.workspace.lock import locked

if TYPE_CHECKING:
    from farm.workspace.workspace import Workspace


def clone(
    names: Sequence[str] = (),
    *,
    deps: bool = False,
    everything: bool = False,
    offline: bool = False,
    as_json: bool = False,
) -> None:
    """Clone components; exits with 1 when one cannot be cloned."""
    from farm.workspace.acquire import clone_components

    workspace = open_here(offline=offline)
    chosen = _chosen(workspace, names, deps=deps, everything=everything)
    if not chosen:
        raise WrongUse("name components, or say --all (see farm clone --help)")
    progress = Progress(quiet=as_json)
    results = []
    with locked(workspace.layout, "clone"):
        for one in clone_components(workspace, chosen):
            progress.line(one.checkout.name, one.outcome.value, one.detail)
            results.append((one.checkout.name, one.outcome.value, one.detail))
    finish(results, "failed", as_json=as_json)


def sync(
    names: Sequence[str] = (),
    *,
    deps: bool = False,
    offline: bool = False,
    as_json: bool = False,
) -> None:
    """Bring checkouts up to date; exits with 1 when one cannot be fetched."""
    from farm.workspace.acquire import sync_components

    workspace = open_here(offline=offline)
    if workspace.offline:
        raise WorkspaceError("sync needs the network, and this is offline")
    chosen = _chosen(workspace, names, deps=deps, everything=False)
    progress = Progress(quiet=as_json)
    results = []
    with locked(workspace.layout, "sync"):
        for name, outcome, detail in sync_components(workspace, chosen if names else None):
            progress.line(name, outcome, detail, dull=outcome == "up to date" and not detail)
            results.append((name, outcome, detail))
        if not as_json:
            say_gone(workspace)
    finish(results, "failed", as_json=as_json)


def mirror(directory: Path, *, bundle: bool = False, as_json: bool = False) -> None:
    """Bring the mirrors of all repositories up to date; exits with 1 when one cannot be."""
    from farm.git import redacted
    from farm.workspace.bundle import make_bundle
    from farm.workspace.mirroring import mirror_all, unused_mirrors

    workspace = open_here()
    if workspace.offline:
        raise WorkspaceError("mirrors need the network, and this is offline")
    urls = [entry.git for entry in workspace.entries.values()]
    progress = Progress(quiet=as_json)
    results = []
    with locked(workspace.layout, "mirror"):
        for one in mirror_all(directory, urls, workspace.processes):
            outcome = "failed" if one.error else "new" if one.new else "updated"
            if not (one.error or one.new or one.changed):
                outcome = "up to date"
            progress.line(redacted(one.url), outcome, one.error, dull=outcome == "up to date")
            results.append((redacted(one.url), outcome, one.error))
        for name in unused_mirrors(directory, urls):
            print(f"{directory / name}: no component uses it any more", file=sys.stderr)
        workspace.change_settings(mirror=str(directory))
        if bundle and not any(outcome == "failed" for _, outcome, _ in results):
            wanted = make_bundle(workspace, directory)
            progress.line("packages", "bundled", " ".join(wanted))
    finish(results, "failed", as_json=as_json)


def install(
    names: Sequence[str] = (),
    *,
    yes: bool = False,
    jobs: int | None = None,
    no_tests: bool = False,
    offline: bool = False,
    as_json: bool = False,
) -> None:
    """Get everything that components need, and build what is stale of it."""
    from farm.cli.workspace_packages import acquire_sources, install_packages

    workspace = open_here(offline=offline)
    named = workspace.require(names)
    with locked(workspace.layout, "install"):
        everything = with_dependencies(workspace.entries, named)
        acquire_sources(workspace, everything, quiet=as_json)
        install_packages(workspace, everything, yes=yes)
        _run(workspace, named, jobs=jobs, tests=not no_tests, as_json=as_json)


def build(
    names: Sequence[str] = (),
    *,
    dependents: bool = False,
    fresh: bool = False,
    jobs: int | None = None,
    no_tests: bool = False,
    offline: bool = False,
    as_json: bool = False,
    command: str = "build",
) -> None:
    """Build what is stale of components, or of every checkout."""
    workspace = open_here(offline=offline)
    named = workspace.require(names)
    chosen = set(named)
    if not names:
        present = (n for n, place in workspace.checkouts.items() if place.exists)
        chosen = workspace.from_source(present)
    if dependents:
        users = with_dependents(workspace.entries, named)
        absent = sorted(n for n in users if not workspace.checkouts[n].exists)
        chosen |= users - set(absent)
        if absent and not as_json:
            print(f"not cloned, so not built: {', '.join(absent)}")
    _require_sources(workspace, chosen)
    with locked(workspace.layout, command):
        insist = named if fresh else ()
        _run(workspace, chosen, jobs=jobs, tests=not no_tests, insist=insist, as_json=as_json)


def test(
    names: Sequence[str] = (),
    *,
    jobs: int | None = None,
    offline: bool = False,
    as_json: bool = False,
) -> None:
    """Run components' tests, on what is built of them now."""
    workspace = open_here(offline=offline)
    named = workspace.require(names)
    _require_sources(workspace, named)
    with locked(workspace.layout, "test"):
        _run(workspace, named, jobs=jobs, retest=named, as_json=as_json)


def use(names: Sequence[str], *, binary: bool, offline: bool = False) -> None:
    """Take components as packages, or from source again."""
    from farm.cli.show import counted
    from farm.workspace.binaries import take_packages

    workspace = open_here(offline=offline)
    named = workspace.require(names)
    with locked(workspace.layout, "use"):
        for name in named:
            chosen = dict(workspace.settings.binary)
            if binary:
                chosen[name], record = take_packages(workspace, name)
                files = counted(len(record.installed), "file")
                versions = record.inputs.sources.removeprefix("packages ")
                print(f"{name}: {versions} from the {chosen[name]}, {files}")
            else:
                chosen.pop(name, None)
                print(f"{name}: built from source from now on (farm install {name})")
            workspace.change_settings(binary=chosen)


def _chosen(
    workspace: Workspace, names: Iterable[str], *, deps: bool, everything: bool
) -> list[str]:
    chosen = list(workspace.entries) if everything else workspace.require(names)
    return sorted(with_dependencies(workspace.entries, chosen)) if deps else chosen


def _require_sources(workspace: Workspace, names: Collection[str]) -> None:
    """Name everything that is not checked out before anything is built."""
    from farm.workspace.running import without_checkout

    missing = without_checkout(workspace, names)
    if missing:
        listed = " ".join(missing)
        raise WorkspaceError(f"not checked out: {listed}; get them with: farm clone {listed}")


def _run(
    workspace: Workspace,
    names: Collection[str],
    *,
    jobs: int | None,
    tests: bool = True,
    insist: Collection[str] = (),
    retest: Collection[str] = (),
    as_json: bool = False,
) -> None:
    """Build, print what happens, and end with exit status 1 when anything failed."""
    from farm.workspace.remembering import remember
    from farm.workspace.running import BuildRun, Options, Outcome

    options = Options(jobs or os.cpu_count() or 1, tests, frozenset(insist), frozenset(retest))
    progress = BuildProgress(quiet=as_json)
    run = BuildRun(workspace, options, progress.begin, progress.report)
    results = run.run(names)
    bad = [one for one in results if one.outcome in (Outcome.FAILED, Outcome.BLOCKED)]
    if not bad:
        built = any(one.outcome is not Outcome.CURRENT for one in results)
        remember(workspace, run.assessor, [one.name for one in results], built)
    if as_json:
        from farm.cli.show import print_json

        print_json([{**vars(one), "outcome": one.outcome.value} for one in results])
    else:
        progress.summary(results)
    if bad:
        sys.exit(1)
