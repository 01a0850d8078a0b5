"""`farm install`, `build`, `reinstall`, `test`: from checkouts to an up-to-date prefix."""

from __future__ import annotations

from typing import Annotated

import typer

from farm.cli.farm_options import FarmUrl
from farm.cli.packages import PACKAGES, CacheDirectory, Output, ShowLog, With
from farm.cli.workspace import Json, Names, Offline

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
    from farm.cli import workspace_do

    workspace_do.install(
        components, yes=yes, jobs=jobs, no_tests=no_tests, offline=offline, as_json=as_json
    )


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
    like: Annotated[
        str | None,
        typer.Option(
            "--like",
            metavar="BUILD",
            help="Build packages as this build of the farm did: its key, or its page's address.",
        ),
    ] = None,
    farm: FarmUrl = None,
    with_: With = None,
    output: Output = PACKAGES,
    cache: CacheDirectory = None,
    log: ShowLog = False,
) -> None:
    """Build and install exactly what is stale of components and of what they are built with.

    Example: farm build libogg --dependents

    Stale is what has another source than at its last build (uncommitted changes too), a dependency
    that installed something else, or other commands. Without COMPONENT: every checkout.

    Example: sudo farm build --like 3f2a9c01

    With --like, the packages of one build of the farm are made again in a clean root, to find out
    why it failed: the same commit, distro root and packages. --farm, --with, --output, --cache and
    --log are for this alone.
    """
    if like is not None:
        if components or dependents or fresh:
            raise typer.BadParameter("takes no components", param_hint="--like")
        from farm.cli.like import build_like

        build_like(like, farm, with_ or [], output, cache, show_log=log, as_json=as_json)
        return
    from farm.cli import workspace_do

    workspace_do.build(
        components or (),
        dependents=dependents,
        fresh=fresh,
        jobs=jobs,
        no_tests=no_tests,
        offline=offline,
        as_json=as_json,
    )


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
    from farm.cli import workspace_do

    workspace_do.build(
        components,
        fresh=fresh,
        jobs=jobs,
        no_tests=no_tests,
        offline=offline,
        as_json=as_json,
        command="reinstall",
    )


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
    from farm.cli import workspace_do

    workspace_do.test(components, jobs=jobs, offline=offline, as_json=as_json)
