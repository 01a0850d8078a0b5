"""`farm archive …`: publishing by hand, and looking at what is published."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Annotated

import typer
from pydantic import ValidationError

from repo_publish.errors import PublishError, VerifyError
from repo_publish.line import Line, line_of, lines
from repo_publish.manifest import load_manifest
from repo_publish.model import Publication
from repo_publish.publisher import publish
from repo_publish.verify import verify_snapshot

_ArchiveOption = Annotated[
    Path, typer.Option("--archive", metavar="DIR", help="The directory that is served.")
]
_JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def register(app: typer.Typer) -> None:
    """Add `archive` and its commands to `farm`."""
    archive = typer.Typer(
        help="Publish packages into signed apt and yum archives, and check them.",
        no_args_is_help=True,
        rich_markup_mode=None,
    )
    archive.command("publish")(publish_command)
    archive.command("list")(list_command)
    archive.command("verify")(verify_command)
    app.add_typer(archive, name="archive")


def publish_command(
    publication: Annotated[
        Path, typer.Argument(metavar="PUBLICATION.json", help="What to publish; - is stdin.")
    ],
    pool: Annotated[Path, typer.Option(metavar="DIR", help="The farm's store of builds.")],
    archive: _ArchiveOption,
    keys: Annotated[
        Path,
        typer.Option(metavar="DIR", help="GnuPG home of the signing key; made on first use."),
    ],
    url: Annotated[str, typer.Option(help="Address at which the archive directory is served.")],
    as_json: _JsonOption = False,
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
    snapshot = publish(
        read_publication(publication),
        pool=pool,
        archive=archive,
        keys=keys,
        url=url,
        log=sys.stderr,
    )
    if as_json:
        typer.echo(snapshot.model_dump_json())
    elif snapshot.changed:
        typer.echo(f"{snapshot.channel}/{snapshot.distro}: snapshot {snapshot.number} is live")
    else:
        typer.echo(
            f"{snapshot.channel}/{snapshot.distro}: nothing to do, snapshot {snapshot.number} "
            "has this content"
        )


def list_command(archive: _ArchiveOption, as_json: _JsonOption = False) -> None:
    """Show every line's live snapshot.

    Example: farm archive list --archive state/archive
    """
    rows = [_describe(line) for line in lines(archive)]
    if as_json:
        typer.echo(json.dumps(rows, indent=1))
        return
    if not rows:
        typer.echo(f"nothing is published in {archive} yet")
    for row in rows:
        published = time.strftime("%Y-%m-%d %H:%M", time.gmtime(int(row["timestamp"])))
        typer.echo(
            f"{row['line']:30} snapshot {row['number']:>5}  {published} UTC  "
            f"{row['components']} components, {row['packages']} packages"
        )


def verify_command(
    line: Annotated[
        str, typer.Argument(metavar="CHANNEL/DISTRO", help="Such as development/bookworm.")
    ],
    archive: _ArchiveOption,
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
) -> None:
    """Check the live snapshot of a line as a client would: signatures, indices, every package.

    Example: farm archive verify development/bookworm --archive state/archive
    """
    channel, _, distro = line.partition("/")
    place = line_of(archive, channel, distro)
    number = place.live() if snapshot is None else snapshot
    if number is None:
        raise VerifyError(f"{line}: nothing is published in {archive} yet")
    manifest = verify_snapshot(place.snapshot(number), keys=keys)
    typer.echo(
        f"{line}: snapshot {number} is good: {len(manifest.files())} files of "
        f"{len(manifest.components)} components, signed by {manifest.signing_key}"
    )


def read_publication(path: Path) -> Publication:
    """Read a publication from a JSON file, or from standard input for ``-``.

    :raises PublishError: it cannot be read, with every mistake in it.
    """
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


def _describe(line: Line) -> dict[str, str | int]:
    number = line.live() or 0
    manifest = load_manifest(line.snapshot(number))
    binaries = [file for file in manifest.files().values() if file.kind == "binary"]
    return {
        "line": str(line),
        "number": number,
        "timestamp": manifest.timestamp,
        "components": len(manifest.components),
        "packages": len(binaries),
    }
