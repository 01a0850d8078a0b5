"""`farm install`, `build`, `reinstall`, `test`: from checkouts to an up-to-date prefix."""

from __future__ import annotations

import os
from collections.abc import Collection
from typing import TYPE_CHECKING, Annotated

import typer

from farm.cli.workspace import Json, Names, Offline

if TYPE_CHECKING:
    from farm.workspace.workspace import Workspace

Jobs = Annotated[
    int | None,
    typer.Option("--jobs", "-j", metavar="N", min=1, help="At once; default: every processor."),
]
NoTests = Annotated[bool, typer.Option("--no-tests", help="Install without testing first.")]
Fresh = Annotated[
    bool, typer.Option("--fresh", help="Build the named components from nothing, stale or not.")
]


def register(app: typer.Typer) -> None:
    """Add the commands to `farm`."""
    for command in (install, build, reinstall, test):
        app.command()(command)


def install(
    components: Annotated[
        list[str], typer.Argument(metavar="COMPONENT…", help="As in components.yml.")
    ],
    yes: Annotated[
        bool, typer.Option("--yes", "-y", help="Install missing distro packages unasked.")
    ] = False,
    jobs: Jobs = None,
    no_tests: NoTests = False,
    offline: Offline = False,
    as_json: Json = False,
) -> None:
    """Clone, build, test and install components with everything that they are built with.

    Example: farm install xapi --yes

    Checkouts that are there are used as they are, and only what is stale is built. Missing packages
    of the distro are installed after asking; without root, the command is printed.
    """
    from farm.cli.workspace_show import open_here
    from farm.workspace.entries import with_dependencies
    from farm.workspace.lock import locked

    workspace = open_here(offline=offline)
    names = workspace.require(components)
    with locked(workspace.layout, "install"):
        from farm.cli.workspace_packages import acquire_sources, install_packages

        everything = with_dependencies(workspace.entries, names)
        acquire_sources(workspace, everything, quiet=as_json)
        install_packages(workspace, everything, yes=yes)
        _run(workspace, names, jobs=jobs, tests=not no_tests, as_json=as_json)


def build(
    components: Names = None,
    dependents: Annotated[
        bool, typer.Option("--dependents", help="Also everything that is built with them.")
    ] = False,
    fresh: Fresh = False,
    jobs: Jobs = None,
    no_tests: NoTests = False,
    offline: Offline = False,
    as_json: Json = False,
) -> None:
    """Build and install exactly what is stale of components and of what they are built with.

    Example: farm build libogg --dependents

    Stale is what has another source than at its last build (uncommitted changes too), a dependency
    that installed something else, or other commands. Without COMPONENT: every checkout.
    """
    _build(components, "build", dependents, fresh, jobs, no_tests, offline, as_json)


def reinstall(
    components: Annotated[
        list[str], typer.Argument(metavar="COMPONENT…", help="As in components.yml.")
    ],
    fresh: Fresh = False,
    jobs: Jobs = None,
    no_tests: NoTests = False,
    offline: Offline = False,
    as_json: Json = False,
) -> None:
    """Bring installed components up to date: what is stale, and nothing else.

    Example: farm reinstall xapi
    """
    _build(components, "reinstall", False, fresh, jobs, no_tests, offline, as_json)


def test(
    components: Annotated[
        list[str], typer.Argument(metavar="COMPONENT…", help="As in components.yml.")
    ],
    jobs: Jobs = None,
    offline: Offline = False,
    as_json: Json = False,
) -> None:
    """Run components' tests; what is stale is built first, and tested with that.

    Example: farm test libvorbis
    """
    from farm.cli.workspace_show import open_here
    from farm.workspace.lock import locked

    workspace = open_here(offline=offline)
    names = workspace.require(components)
    _require_sources(workspace, names)
    with locked(workspace.layout, "test"):
        _run(workspace, names, jobs=jobs, retest=names, as_json=as_json)


def _build(
    components: list[str] | None,
    command: str,
    dependents: bool,
    fresh: bool,
    jobs: int | None,
    no_tests: bool,
    offline: bool,
    as_json: bool,
) -> None:
    from farm.cli.workspace_show import open_here
    from farm.workspace.entries import with_dependents
    from farm.workspace.lock import locked

    workspace = open_here(offline=offline)
    named = workspace.require(components or ())
    if components:
        names = set(named)
    else:
        names = {n for n, place in workspace.checkouts.items() if place.exists}
        names = workspace.from_source(names)
    if dependents:
        users = with_dependents(workspace.entries, named)
        absent = sorted(n for n in users if not workspace.checkouts[n].exists)
        names |= users - set(absent)
        if absent and not as_json:
            print(f"not checked out, so not built: {', '.join(absent)}")
    _require_sources(workspace, names)
    with locked(workspace.layout, command):
        insist = named if fresh else ()
        _run(
            workspace,
            names,
            jobs=jobs,
            tests=not no_tests,
            insist=insist,
            as_json=as_json,
        )


def _require_sources(workspace: Workspace, names: Collection[str]) -> None:
    """Name everything that is not checked out before anything is built."""
    from farm.workspace.errors import WorkspaceError
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
    from dataclasses import asdict

    from farm.cli.show import print_json
    from farm.cli.workspace_show import BuildProgress
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
        print_json([_plain(asdict(one)) for one in results])
    else:
        progress.summary(results)
    if bad:
        raise typer.Exit(1)


def _plain(result: dict[str, object]) -> dict[str, object]:
    return {**result, "outcome": str(result["outcome"])}
