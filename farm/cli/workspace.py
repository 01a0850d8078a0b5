"""`farm init`, `clone`, `sync`, `mirror`: a workspace and its checkouts."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

Names = Annotated[
    list[str] | None, typer.Argument(metavar="COMPONENT…", help="As in components.yml.")
]
Dependencies = Annotated[
    bool, typer.Option("--deps", help="Also everything that they are built with.")
]
Everything = Annotated[bool, typer.Option("--all", help="Every component of the stack.")]
Offline = Annotated[bool, typer.Option("--offline", help="Use no network.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")]


def register(app: typer.Typer) -> None:
    """Add the commands to `farm`."""
    for command in (init, clone, sync, mirror, offline, use):
        app.command()(command)


def init(
    source: Annotated[
        str,
        typer.Argument(
            metavar="URL_OR_PATH", help="The components file, or a directory that has one."
        ),
    ] = "components.yml",
    directory: Annotated[
        Path, typer.Argument(metavar="[DIR]", help="The workspace; default: here.")
    ] = Path(),
    prefix: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Where components are installed; default: DIR/prefix."),
    ] = None,
    mirror: Annotated[
        Path | None, typer.Option(metavar="DIR", help="A directory that `farm mirror` filled.")
    ] = None,
    distro: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="Distro of the file that this machine runs."),
    ] = None,
    archive: Annotated[
        str | None,
        typer.Option(metavar="URL", help="The published archive of that distro, for binaries."),
    ] = None,
    set_: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="NAME=VALUE", help="What ${NAME} in the file stands for."),
    ] = None,
) -> None:
    """Make a workspace from a components file.

    Example: farm init https://git.example.org/stack/components.yml ~/stack

    In a workspace, it replaces the settings; checkouts and what is built stay.
    """
    from dataclasses import replace

    from farm.cli.variables import parse_variables
    from farm.workspace.layout import Layout
    from farm.workspace.settings import Settings, load_settings
    from farm.workspace.workspace import make_workspace

    root = directory.absolute()
    layout = Layout(root)
    where = source if "://" in source else str(_components_file(Path(source)))
    before = load_settings(layout) if layout.settings.is_file() else Settings(where, "")
    settings = replace(
        before,
        source=where,
        prefix=str(prefix.absolute()) if prefix else before.prefix or str(root / "prefix"),
        mirror=str(mirror.absolute()) if mirror else before.mirror,
        archive=archive if archive is not None else before.archive,
        distro=distro or "",
        variables=parse_variables(set_) if set_ else before.variables,
    )
    made = make_workspace(root, where, settings)
    from farm.cli.show import counted

    print(f"workspace {root}: {counted(len(made.entries), 'component')} of {where}")
    on = f"distro {made.settings.distro}" if made.settings.distro else "no distro of the file"
    print(f"this machine is {on}; components are installed into {made.settings.prefix}")
    print("next: farm install COMPONENT, or farm clone COMPONENT --deps")


def clone(
    components: Names = None,
    deps: Dependencies = False,
    everything: Everything = False,
    offline: Offline = False,
    as_json: Json = False,
) -> None:
    """Clone components, several at once; existing checkouts are left alone.

    Example: farm clone xapi --deps
    """
    from farm.cli import workspace_do

    workspace_do.clone(
        components or (), deps=deps, everything=everything, offline=offline, as_json=as_json
    )


def sync(
    components: Names = None,
    deps: Dependencies = False,
    offline: Offline = False,
    as_json: Json = False,
) -> None:
    """Update checkouts: fast-forward clean branches, leave everything else alone and say why.

    Example: farm sync xapi --deps

    Without COMPONENT, every checkout. Components that are new in the components file are cloned
    when a checkout needs them, or when everything was cloned; those that are gone are named.
    """
    from farm.cli import workspace_do

    workspace_do.sync(components or (), deps=deps, offline=offline, as_json=as_json)


def mirror(
    directory: Annotated[Path, typer.Argument(metavar="DIR", help="Where the mirrors are.")],
    bundle: Annotated[
        bool,
        typer.Option("--bundle", help="Also the distro's packages that the builds need."),
    ] = False,
    as_json: Json = False,
) -> None:
    """Bring bare mirrors of all repositories up to date, and clone from them from now on.

    Example: farm mirror /srv/mirrors --bundle

    Only what is new is fetched. Several workspaces may share a directory. A machine without network
    builds from a bundle: farm init DIR/components.yml --mirror DIR, then farm offline on.
    """
    from farm.cli import workspace_do

    workspace_do.mirror(directory.absolute(), bundle=bundle, as_json=as_json)


def offline(
    state: Annotated[
        str, typer.Argument(metavar="[on|off]", help="Default: say which it is.")
    ] = "",
) -> None:
    """Keep every command in this workspace from using the network, or allow it again.

    Example: farm offline on
    """
    from farm.cli.workspace_show import open_here

    workspace = open_here()
    if state not in ("", "on", "off"):
        raise typer.BadParameter(f"expected on or off, found '{state}'", param_hint="on|off")
    if state:
        workspace.change_settings(offline=state == "on")
    print("offline: no command uses the network" if workspace.settings.offline else "online")


def use(
    components: Annotated[
        list[str], typer.Argument(metavar="COMPONENT…", help="As in components.yml.")
    ],
    binary: Annotated[
        bool,
        typer.Option("--binary/--source", help="Taken as packages, or built from source."),
    ],
    offline: Offline = False,
) -> None:
    """Take components as packages instead of building them, or build them again.

    Example: farm use libogg --binary

    The packages are those of the archive that `farm init --archive` named, else of this system's
    distribution. They are unpacked into the prefix, so no root is needed. Called again, it takes
    the newest ones.
    """
    from farm.cli import workspace_do

    workspace_do.use(components, binary=binary, offline=offline)


def _components_file(path: Path) -> Path:
    """The file itself; a directory stands for the components.yml in it."""
    absolute = path.absolute()
    return absolute / "components.yml" if absolute.is_dir() else absolute
