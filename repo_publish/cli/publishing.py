"""`farm archive publish` and `verify`."""

from __future__ import annotations

import gc
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from repo_publish.cli import options

if TYPE_CHECKING:
    from repo_publish.model import Publication


def register(archive: typer.Typer) -> None:
    """Add the commands to `farm archive`."""
    archive.command("publish")(publish_command)
    archive.command("verify")(verify_command)


def publish_command(
    publication: Annotated[
        Path, typer.Argument(metavar="PUBLICATION.json", help="What to publish; - is stdin.")
    ],
    pool: options.Pool = None,
    archive: options.Archive = None,
    keys: options.Keys = None,
    url: options.Url = None,
    cache: options.Cache = None,
    as_json: options.Json = False,
) -> None:
    """Make the packages that PUBLICATION.json names the live content of its line.

    Publishing what is live already does nothing. Whatever goes wrong, the live archive stays.

    Example, with this publication.json:

    \b
      {"channel": "development", "distro": "bookworm", "family": "deb",
       "architecture": "amd64",
       "packages": [{"component": "libogg", "key": "…", "commit": "…"}]}

    \b
      farm archive publish publication.json --pool state/pool \\
        --archive state/archive --keys state/keys --url http://localhost:8080
    """
    from repo_publish.publisher import publish

    # What a publication reads it needs to the end: looking for garbage in it takes a fifth of
    # the time, and finds none.
    gc.disable()
    snapshot = publish(
        read_publication(publication),
        pool=options.pool_directory(pool),
        archive=options.archive_directory(archive),
        keys=options.key_directory(keys),
        url=options.base_url(url),
        log=sys.stderr,
        cache=cache,
    )
    if as_json:
        # In lines: a Buildbot worker breaks those of more than 4096 characters, and with them this.
        typer.echo(snapshot.model_dump_json(indent=1))
    elif snapshot.changed:
        typer.echo(f"{snapshot.channel}/{snapshot.distro}: snapshot {snapshot.number} is live")
    else:
        typer.echo(
            f"{snapshot.channel}/{snapshot.distro}: nothing to do, snapshot {snapshot.number} "
            "has this content"
        )


def verify_command(
    line: Annotated[
        str,
        typer.Argument(
            metavar="LINE",
            help="Such as development/bookworm, or a release: releases/1.2/bookworm.",
        ),
    ],
    archive: options.Archive = None,
    snapshot: Annotated[
        int | None, typer.Option(metavar="NUMBER", help="Another snapshot than the live one.")
    ] = None,
    keys: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR",
            help="Directory with the farm.asc and farm.gpg to trust. Default: the snapshot's own, "
            "which finds damage but no forgery.",
        ),
    ] = None,
    as_json: options.Json = False,
) -> None:
    """Check the live snapshot of a line as a client would: signatures, indices, every package.

    \b
    Examples:
      farm archive verify development/bookworm --archive state/archive
      farm archive verify releases/1.2/bookworm
    """
    from repo_publish.verify import verify_snapshot

    tree = options.named_tree(options.archive_directory(archive), line, snapshot)
    manifest = verify_snapshot(tree, keys=keys)
    if as_json:
        answer = {
            "line": line,
            "number": manifest.number,
            "files": len(manifest.files()),
            "components": len(manifest.components),
            "signing_key": manifest.signing_key,
        }
        typer.echo(json.dumps(answer, indent=1))
        return
    typer.echo(
        f"{line}: snapshot {manifest.number} is good: {len(manifest.files())} files of "
        f"{len(manifest.components)} components, signed by {manifest.signing_key}"
    )


def read_publication(path: Path) -> Publication:
    """Read a publication from a JSON file, or from standard input for ``-``.

    :raises PublishError: it cannot be read, with every mistake in it.
    """
    from pydantic import ValidationError

    from repo_publish.errors import PublishError
    from repo_publish.model import Publication

    try:
        text = sys.stdin.read() if str(path) == "-" else path.read_text()
        return Publication.model_validate_json(text)
    except OSError as error:
        raise PublishError(f"{path}: {error.strerror}") from error
    except ValidationError as error:
        mistakes = [
            f"{'.'.join(str(part) for part in mistake['loc']) or 'the file'}: {mistake['msg']}"
            for mistake in error.errors()
        ]
        raise PublishError(f"{path} is not a publication", mistakes) from error
