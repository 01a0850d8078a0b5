"""`farm distro add`, `farm distro remove`: what a stack is built for, while it is being built."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated, Any

import typer

from farm.cli.config import Json
from farm.cli.growing_options import (
    ComponentsFile,
    DryRun,
    NoReconfigure,
    SetVariables,
    Yes,
    place_of,
)
from farm.errors import FarmError

if TYPE_CHECKING:
    from farm.growing.change import Change
    from farm.growing.distros import Gap

Name = Annotated[str, typer.Argument(metavar="NAME", help="What the farm calls it: noble.")]
Family = Annotated[str, typer.Option("--family", metavar="deb|rpm", help="How it packages.")]
Suite = Annotated[
    str | None, typer.Option("--suite", help="deb: the suite of its root; default: NAME.")
]
Mirror = Annotated[
    str | None,
    typer.Option("--mirror", metavar="URL", help="deb: where from; default: the worker's own apt."),
]
Keyring = Annotated[
    str | None, typer.Option("--keyring", metavar="FILE", help="deb: signs the suite.")
]
Mock = Annotated[
    str | None, typer.Option("--mock", metavar="CONFIGURATION", help="rpm: built by mock.")
]
Repository = Annotated[
    list[str] | None,
    typer.Option(
        "--repository", metavar="NAME=URL", help="rpm without mock: a yum repository; repeatable."
    ),
]
Include = Annotated[
    list[str] | None,
    typer.Option("--include", metavar="PACKAGE", help="In every root; repeatable."),
]
Release = Annotated[
    str | None, typer.Option("--release", metavar="TEXT", help="What people call it: Fedora 43.")
]
Suffix = Annotated[
    str | None,
    typer.Option("--suffix", metavar="TEXT", help="Ends versions: ~deb13, .fc43."),
]
Architecture = Annotated[str | None, typer.Option("--architecture", help="amd64, x86_64 …")]
Backend = Annotated[
    str | None, typer.Option("--backend", metavar="overlay|sbuild|mock", help="How roots are used.")
]
Like = Annotated[
    str | None,
    typer.Option("--like", metavar="DISTRO", help="Take missing package lists from this one."),
]
Archive = Annotated[
    bool, typer.Option("--archive", help="Also delete what it published, on every channel.")
]


def register(app: typer.Typer) -> None:
    """Add the commands to `farm`."""
    distro = typer.Typer(name="distro", help="The distros that a stack is built for.")
    distro.callback()(lambda: None)
    distro.command()(add)
    distro.command()(remove)
    app.add_typer(distro)


def add(
    name: Name,
    family: Family,
    suite: Suite = None,
    mirror: Mirror = None,
    keyring: Keyring = None,
    mock: Mock = None,
    repository: Repository = None,
    include: Include = None,
    release: Release = None,
    suffix: Suffix = None,
    architecture: Architecture = None,
    backend: Backend = None,
    like: Like = None,
    components: ComponentsFile = None,
    set_: SetVariables = None,
    dry_run: DryRun = False,
    no_reconfigure: NoReconfigure = False,
    as_json: Json = False,
) -> None:
    """Add a distro to components.yml and reconfigure the master, which then builds everything.

    Example: farm distro add noble --family deb --suite noble

    Example: farm distro add fedora-43 --family rpm --mock fedora-43-x86_64

    The file keeps its comments and order. Where a component says which distro packages it needs,
    but not on this distro, the list of its sibling is written; look after it. What is being built
    goes on undisturbed.
    """
    from farm.growing.archives import check_name
    from farm.growing.change import apply
    from farm.growing.distros import gaps, sibling_of, stays_out, with_distro
    from farm.growing.quiet import wake

    place = place_of(components, set_)
    stack = place.stack()
    if name in stack.distros:
        raise FarmError(f"{place.file} has a distro {name} already")
    if place.site:
        check_name(place.site.state, name)
    if family not in ("deb", "rpm"):
        raise typer.BadParameter(f"expected deb or rpm, found '{family}'", param_hint="--family")
    root = {
        "suite": (suite or name) if family == "deb" else suite,
        "mirror": mirror,
        "keyring": keyring,
        "mock": mock,
        "repositories": _repositories(repository),
        "include": include,
    }
    given = {"release": release, "version_suffix": suffix, "architecture": architecture}
    entry = _entry(name, family, {k: v for k, v in root.items() if v}, given)
    if backend:
        entry["backend"] = backend
    sibling = sibling_of(stack, family, like)
    found = gaps(stack, name, family, sibling)
    components_out, channels_out = stays_out(stack, name)
    after = with_distro(place.text, name, entry, found)
    what = ("distro add", name)
    change = apply(place, after, what, dry_run=dry_run, reconfigure=not no_reconfigure)
    workers = place.workers_for(name)
    started = ""
    if change.reconfigured and place.site:
        try:
            wake(place.site, place.stack(), name)
        except FarmError as error:
            typer.echo(f"resume its workers, should they be paused: {error}", err=True)
        if not place.site.workers:
            started = place.start_own_worker(name)
    if as_json:
        from farm.cli.show import print_json

        answer = {
            "distro": {"name": name, **entry},
            "packages": [vars(gap) for gap in found],
            "left_out": {"components": components_out, "channels": channels_out},
            "workers": workers,
            **change.told(),
        }
        print_json(answer)
        return
    _print_added(name, entry, change)
    _print_gaps(name, found)
    for kind, names in (("component", components_out), ("channel", channels_out)):
        if names:
            typer.echo(f"not on {name}, by its own list: {kind} {', '.join(names)}", err=True)
    if started:
        print(f"its worker {started} is started")
    elif place.site and not workers:
        typer.echo(
            f"no worker builds for {name} yet, so it waits: "
            f"farm worker invite builder-{name} --distro {name}",
            err=True,
        )


def remove(
    name: Name,
    archive: Archive = False,
    components: ComponentsFile = None,
    set_: SetVariables = None,
    yes: Yes = False,
    dry_run: DryRun = False,
    no_reconfigure: NoReconfigure = False,
    as_json: Json = False,
) -> None:
    """Take a distro out of components.yml, with all that names it; what it published stays.

    Example: farm distro remove el8

    What is being built for it is stopped. Clients go on using its archive, which is written no
    more; --archive deletes that, after a question.
    """
    from contextlib import nullcontext

    from farm.cli.show import counted
    from farm.growing.archives import delete, found_lines
    from farm.growing.change import apply
    from farm.growing.distros import without_distro
    from farm.growing.quiet import quiet

    place = place_of(components, set_)
    stack = place.stack()
    if name not in stack.distros:
        raise FarmError(f"{place.file} has no distro {name}; it has {', '.join(stack.distros)}")
    if len(stack.distros) == 1:
        raise FarmError(f"{name} is the only distro of {place.file}: add another one first")
    after = without_distro(place.text, stack, name)
    lines = found_lines(place.site.state / "archive", name) if place.site else []
    if archive and place.site is None:
        raise FarmError("--archive needs the site: name its file in FARM_SITE")
    if archive and lines and not (yes or dry_run):
        typer.echo(f"with all their snapshots, {', '.join(lines)} will be deleted", err=True)
        typer.confirm("Delete what was published?", abort=True, err=True)
    site = None if dry_run or no_reconfigure else place.site
    with quiet(site, stack, name) if site else nullcontext(0) as stopped:
        what = ("distro remove", name)
        change = apply(place, after, what, dry_run=dry_run, reconfigure=not no_reconfigure)
    if stopped:
        typer.echo(f"stopped what was being built for it: {counted(stopped, 'build')}", err=True)
    deleted = []
    if change.written and place.site:
        if not place.site.workers:
            place.stop_own_worker(name)
        if archive:
            deleted = [line for line in lines if delete(place.site.state, line)]
    if as_json:
        from farm.cli.show import print_json

        kept = [line for line in lines if line not in deleted]
        print_json({"removed": name, "kept": kept, "deleted": deleted, **change.told()})
        return
    if not change.written:
        sys.stdout.write(change.diff)
        return
    print(f"removed {name} from {place.file}")
    print(change.sentence)
    for line in lines:
        print(f"{line} {'is deleted' if line in deleted else 'stays in the archive'}")


def _repositories(given: list[str] | None) -> dict[str, str]:
    pairs = [one.partition("=") for one in given or ()]
    if wrong := [name for name, equals, url in pairs if not (name and equals and url)]:
        raise typer.BadParameter(
            f"expected NAME=URL, found '{wrong[0]}'", param_hint="--repository"
        )
    return {name: url for name, _, url in pairs}


def _entry(
    name: str, family: str, root: dict[str, Any], given: dict[str, str | None]
) -> dict[str, Any]:
    """The distro's entry; what nobody said comes from the name of its release."""
    from farm.growing.releases import release_of
    from farm.model import Family as Families

    known = release_of(
        name, Families(family), suite=root.get("suite", ""), mock=root.get("mock", "")
    )
    release = given["release"] or known.called
    suffix = given["version_suffix"] or known.suffix
    if not (release and suffix):
        example = "~deb13" if family == "deb" else ".fc43"
        raise FarmError(
            f"'{name}' does not tell which release it is: say --release TEXT (what people call it) "
            f"and --suffix TEXT (what ends its versions, such as {example})"
        )
    return {
        "family": family,
        "release": release,
        "architecture": given["architecture"] or known.architecture,
        "root": root,
        "version_suffix": suffix,
    }


def _print_added(name: str, entry: dict[str, Any], change: Change) -> None:
    if not change.written:
        sys.stdout.write(change.diff)
        return
    print(
        f"added {name} to {change.file}: {entry['release']}, {entry['architecture']}, versions "
        f"end in {entry['version_suffix']}"
    )
    print(change.sentence)


def _print_gaps(name: str, found: tuple[Gap, ...]) -> None:
    for gap in found:
        if gap.proposed:
            said = f"{', '.join(gap.proposed)}, as on {gap.like}"
        else:
            said = f"nothing is said for {name}, nor for another distro of its family"
        typer.echo(f"look after packages of {gap.component}: {said}", err=True)
