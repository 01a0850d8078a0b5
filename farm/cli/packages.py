"""`farm deb`, `farm rpm`, `farm srpm`: packages from a checkout, built as the farm builds them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from farm.cli.config import Json
from farm.cli.packaging import (
    ComponentName,
    Components,
    Directory,
    DistroName,
    Variables,
    described_component,
)

if TYPE_CHECKING:
    from farm.local.build import LocalBuild
    from farm.model import Component

Output = Annotated[
    Path,
    typer.Option(
        "--output",
        metavar="DIR",
        help="Results go to DIR/DISTRO/COMPONENT; inputs are there.",
    ),
]
With = Annotated[
    list[Path] | None,
    typer.Option(
        "--with",
        metavar="PATH",
        exists=True,
        help="A package to build with, or a directory of packages; repeatable.",
    ),
]
CacheDirectory = Annotated[
    Path | None,
    typer.Option(
        "--cache",
        envvar="FARM_CACHE",
        metavar="DIR",
        help="Where clean roots are kept; default: /var/cache/farm, or the user's cache.",
    ),
]
ShowLog = Annotated[bool, typer.Option("--log", help="Print the whole log while it builds.")]
SourceOnly = Annotated[bool, typer.Option("--source", help="Keep the source package alone.")]
PACKAGES = Path("packages")


def register(app: typer.Typer) -> None:
    """Add the commands to `farm`."""
    app.command()(deb)
    app.command()(rpm)
    app.command()(srpm)


def deb(
    directory: Directory = Path(),
    components: Components = None,
    distro: DistroName = None,
    component: ComponentName = None,
    set_: Variables = None,
    output: Output = PACKAGES,
    with_: With = None,
    source: SourceOnly = False,
    cache: CacheDirectory = None,
    log: ShowLog = False,
    as_json: Json = False,
) -> None:
    """Build Debian packages of a checkout, uncommitted changes included, in a clean root.

    Example: sudo farm deb libvorbis --components components.yml --distro bookworm

    Packages of components that it depends on are taken from --output, where an earlier farm deb
    left them, and from --with.
    """
    place = (directory, components, component, set_)
    _build("deb", place, distro, output, with_, source, cache, log, as_json=as_json)


def rpm(
    directory: Directory = Path(),
    components: Components = None,
    distro: DistroName = None,
    component: ComponentName = None,
    set_: Variables = None,
    output: Output = PACKAGES,
    with_: With = None,
    cache: CacheDirectory = None,
    log: ShowLog = False,
    as_json: Json = False,
) -> None:
    """Build RPMs of a checkout, uncommitted changes included, in a clean root.

    Example: sudo farm rpm libvorbis --components components.yml --distro el9 --with /srv/rpms
    """
    place = (directory, components, component, set_)
    _build("rpm", place, distro, output, with_, False, cache, log, as_json=as_json)


def srpm(
    directory: Directory = Path(),
    components: Components = None,
    distro: DistroName = None,
    component: ComponentName = None,
    set_: Variables = None,
    output: Output = PACKAGES,
    with_: With = None,
    cache: CacheDirectory = None,
    log: ShowLog = False,
    as_json: Json = False,
) -> None:
    """Make the source RPM of a checkout; a generated spec needs a build to know its files.

    Example: sudo farm srpm libogg --components components.yml --distro el9
    """
    place = (directory, components, component, set_)
    _build("rpm", place, distro, output, with_, True, cache, log, as_json=as_json)


def _build(
    family: str,
    place: tuple[Path, Path | None, str | None, list[str] | None],
    distro_name: str | None,
    output: Path,
    given: list[Path] | None,
    source_only: bool,
    cache_directory: Path | None,
    show_log: bool,
    *,
    as_json: bool,
) -> None:
    from farm.job.workspace import Cache
    from farm.local.build import build_checkout, default_cache, require_root
    from farm.local.distro import chosen_distro
    from farm.local.results import (
        dependencies_of,
        found_inputs,
        missing_dependencies,
        result_directory,
    )
    from farm.model import Family, Stack

    directory, components, name, assignments = place
    component, stack = described_component(directory, name, components, assignments)
    distro = chosen_distro(stack.distros.values() if stack else (), distro_name, Family(family))
    require_root()
    cache = Cache((cache_directory or default_cache()).resolve())
    needed = dependencies_of(stack, component.name) if stack else {}
    inputs = found_inputs(output, distro, needed, given or (), cache)
    for missing in missing_dependencies(needed, inputs):
        _say(f"no packages of {missing} are in {output / distro.name}: the distro's are used")
    built = build_checkout(
        directory,
        component,
        distro,
        stack.maintainer if stack else Stack.model_fields["maintainer"].default,
        inputs,
        cache,
        result_directory(output, distro, component.name),
        _say,
        source_only=source_only,
        show_log=show_log,
    )
    _report(built, component, as_json=as_json)


def _report(built: LocalBuild, component: Component, *, as_json: bool) -> None:
    from farm.cli.show import counted, plain, print_json

    found = built.lint
    if as_json:
        print_json(
            {
                "component": component.name,
                "version": built.result.version,
                "uncommitted": built.source.dirty,
                "tests": built.result.tests,
                "directory": str(built.directory),
                "files": list(built.files),
                "lint": {"errors": list(found.errors), "warnings": list(found.warnings)}
                if found
                else None,
            }
        )
        return
    for line in (*found.errors, *found.warnings) if found else ():
        _say(plain(line))
    if found:
        errors, warnings = len(found.errors), len(found.warnings)
        _say(f"lint: {counted(errors, 'error')}, {counted(warnings, 'warning')}")
    _say(f"tests: {built.result.tests}")
    for name in built.files:
        print(built.directory / name)


def _say(line: str) -> None:
    typer.echo(line, err=True)
