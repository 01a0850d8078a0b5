"""`farm archive rollback`."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from farm.errors import FarmError
from repo_publish.cli import options

if TYPE_CHECKING:
    from repo_publish.manifest import Manifest


def register(archive: typer.Typer) -> None:
    """Add the command to `farm archive`."""
    archive.command("rollback")(rollback_command)


def rollback_command(
    line: options.LineName,
    to: Annotated[
        int | None, typer.Option(metavar="NUMBER", help="The snapshot whose content is wanted.")
    ] = None,
    reason: Annotated[
        str, typer.Option(metavar="TEXT", help="Why; it is published with the snapshot.")
    ] = "",
    undo: Annotated[
        bool, typer.Option("--undo", help="Publish what was rolled back again.")
    ] = False,
    archive: options.Archive = None,
    keys: options.Keys = None,
    pool: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR", help="The farm's store of builds; only for builds that no snapshot has."
        ),
    ] = None,
    as_json: options.Json = False,
) -> None:
    """Make the content of an older snapshot live again, as a new snapshot.

    Clients that have not upgraded yet see the older packages at once. Machines that have upgraded
    keep what they have; the commands that take them back are printed. The farm holds the builds
    that were rolled back until their component has another commit, or until --undo.

    Examples:

    \b
      farm archive rollback development/bookworm --to 41 --reason "libogg 2 loses data"
      farm archive rollback development/bookworm --undo
    """
    if undo == (to is not None):
        raise FarmError("rollback: expected either --to NUMBER or --undo")
    from repo_publish import going_back
    from repo_publish import rollback as rollbacks
    from repo_publish.keys import Keyring
    from repo_publish.publisher import Stores

    place = options.named_line(options.archive_directory(archive), line)
    before = rollbacks.live_manifest(place)
    stores = Stores(
        pool.absolute() if pool else None,
        Keyring(options.key_directory(keys)),
        before.url,
    )
    if to is None:
        snapshot = rollbacks.undo(place, stores, sys.stderr)
    else:
        snapshot = rollbacks.roll_back(place, to, reason, stores, sys.stderr)
    manifest = rollbacks.live_manifest(place)
    if as_json:
        answer = {
            "snapshot": snapshot.model_dump(mode="json"),
            "taken_back": [asdict(one) for one in going_back.taken_back(manifest)],
            "commands": list(going_back.commands(manifest)),
        }
        typer.echo(json.dumps(answer, indent=1))
        return
    _tell(line, manifest)


def _tell(line: str, manifest: Manifest) -> None:
    from repo_publish import going_back

    if manifest.rollback:
        to = manifest.rollback.to_snapshot
        typer.echo(f"{line}: snapshot {manifest.number} is live and has the content of {to}")
    else:
        typer.echo(f"{line}: snapshot {manifest.number} is live; nothing is rolled back any more")
    for one in going_back.taken_back(manifest):
        typer.echo(f"  {one.package} {one.newer} -> {one.published or 'no longer published'}")
    commands = going_back.commands(manifest)
    if commands:
        typer.echo("\nMachines that have upgraded keep what they have. As root on each of them:\n")
        for command in commands:
            typer.echo(f"    {command}")
    if manifest.refused:
        typer.echo("\nHeld back until there is another commit:")
        for name, refused in sorted(manifest.refused.items()):
            typer.echo(f"  {name} {refused.build.version} ({refused.build.commit[:10]})")
        typer.echo(f"To publish it again all the same: farm archive rollback {line} --undo")
