"""`farm archive withdraw`."""

from __future__ import annotations

import json
import sys

import typer

from repo_publish.cli import options


def register(archive: typer.Typer) -> None:
    """Add the command to `farm archive`."""
    archive.command("withdraw")(withdraw_command)


def withdraw_command(
    line: options.LineName, archive: options.Archive = None, as_json: options.Json = False
) -> None:
    """Take a whole line out of the archive, with all its snapshots: a topic that is over.

    Example:

    \b
      farm archive withdraw topic-migrate/bookworm
    """
    from repo_publish.withdraw import withdraw

    directory = options.archive_directory(archive)
    place = options.named_line(directory, line)
    done = withdraw(directory, place.channel, place.distro, sys.stderr)
    if as_json:
        typer.echo(json.dumps({"line": line, "withdrawn": done}))
    else:
        typer.echo(f"{line} is withdrawn" if done else f"{line}: there is nothing to withdraw")
