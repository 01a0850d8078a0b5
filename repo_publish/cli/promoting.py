"""`farm archive promote`."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from repo_publish.cli import options


def register(archive: typer.Typer) -> None:
    """Add the command to `farm archive`."""
    archive.command("promote")(promote_command)


def promote_command(
    line: options.LineName,
    snapshot: Annotated[
        int, typer.Option(metavar="NUMBER", help="The snapshot whose content is promoted.", min=1)
    ],
    to: Annotated[str, typer.Option(metavar="CHANNEL", help="Such as testing.")],
    archive: options.Archive = None,
    keys: options.Keys = None,
    url: Annotated[
        str | None,
        typer.Option("--url", help="Address of the archive. Default: as in the snapshot."),
    ] = None,
    as_json: options.Json = False,
) -> None:
    """Publish a snapshot's content as another channel's next snapshot, without building anything.

    All of it or nothing. Promoting what is live there already does nothing.

    \b
    Example:
      farm archive promote development/bookworm --snapshot 42 --to testing
    """
    from repo_publish.keys import Keyring
    from repo_publish.publisher import Stores
    from repo_publish.qa.promotion import promote, published

    place = options.named_line(options.archive_directory(archive), line)
    address = url or published(place, snapshot).manifest.url
    stores = Stores(None, Keyring(options.key_directory(keys)), address)
    done = promote(place, snapshot, to, stores, sys.stderr)
    if as_json:
        typer.echo(done.model_dump_json())
    elif done.changed:
        typer.echo(
            f"{to}/{place.distro}: snapshot {done.number} has the content of {line} {snapshot}"
        )
    else:
        typer.echo(f"{to}/{place.distro}: nothing to do, snapshot {done.number} has this content")
