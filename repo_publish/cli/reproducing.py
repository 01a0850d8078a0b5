"""`farm reproduce`: was a published package really made from its source?"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import Annotated

import typer

from farm.cli.config import DEFAULT_FILE, FILE_VARIABLE, Json, Variables
from farm.cli.packages import CacheDirectory, ShowLog


def register(app: typer.Typer) -> None:
    """Add the command to `farm`."""
    app.command()(reproduce)


def reproduce(
    snapshot: Annotated[
        str, typer.Argument(metavar="SNAPSHOT", help="A snapshot: its URL, or its directory.")
    ],
    package: Annotated[str, typer.Argument(metavar="PACKAGE", help="A package or component.")],
    components: Annotated[
        Path,
        typer.Option(
            "--components",
            metavar="FILE",
            envvar=FILE_VARIABLE,
            help="The components.yml that describes the snapshot's distro.",
        ),
    ] = DEFAULT_FILE,
    set_: Variables = None,
    cache: CacheDirectory = None,
    log: ShowLog = False,
    as_json: Json = False,
) -> None:
    """Build a published package again from the archive and compare it bit by bit.

    Example: sudo farm reproduce https://deb.example.org/snapshots/development/bookworm/7 libogg0

    Exits with 0 when every package of its component has the published bytes, with 1 when not.
    """
    from farm.cli.packaging import variables
    from farm.cli.show import print_json
    from farm.local.build import default_cache, require_root
    from farm.local.distro import chosen_distro
    from farm.model.load import load_stack
    from repo_publish.reproduce import Snapshot
    from repo_publish.reproduce import reproduce as build_again

    published = Snapshot(snapshot)
    manifest = published.manifest
    distros = load_stack(components, variables(set_)).distros.values()
    distro = chosen_distro(distros, manifest.distro, manifest.family)
    require_root()
    place = (cache or default_cache()).resolve()
    place.mkdir(parents=True, exist_ok=True)
    typer.echo(f"building {package} of snapshot {manifest.number} again", err=True)
    with (
        tempfile.TemporaryDirectory(prefix="farm-reproduce-", dir=place) as scratch,
        Path(scratch, "build.log").open("w") as file,
    ):
        chosen = sys.stderr if log else file
        found = build_again(published, package, distro, place, Path(scratch), chosen)
    if as_json:
        print_json(found)
    else:
        for word in ("same", "different", "missing"):
            for name in getattr(found, word):
                print(f"{word}: {name}")
        if found.root_differs:
            typer.echo("the clean root has other packages than it had then", err=True)
        verdict = "reproduced bit by bit" if found.identical else "NOT reproduced"
        typer.echo(f"{found.component} {found.version}: {verdict}", err=True)
    raise typer.Exit(0 if found.identical else 1)
