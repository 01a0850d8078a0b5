"""`farm backup` and `farm restore`: copies of everything that a farm is started from again."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from farm.cli.show import print_json

SiteFile = Annotated[
    Path | None,
    typer.Option(
        "--site", metavar="FILE", envvar="FARM_SITE", help="The site file; default: site.yml."
    ),
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")]


def register(app: typer.Typer) -> None:
    """Add the commands to `farm`."""
    app.command()(backup)
    app.command()(restore)


def backup(
    place: Annotated[Path, typer.Argument(metavar="DIR", help="Where backups are kept.")],
    keep: Annotated[
        int, typer.Option("--keep", metavar="N", min=0, help="Remove all but N; 0: remove none.")
    ] = 0,
    without_secrets: Annotated[
        bool, typer.Option("--without-secrets", help="Leave keys, passwords and users out.")
    ] = False,
    site: SiteFile = None,
    as_json: Json = False,
) -> None:
    """Take a backup into a new directory below DIR, while the farm runs.

    Example: farm backup /srv/backups --keep 14

    Records, Buildbot's database, pool, archives, keys and secrets. What did not change since the
    backup before is shared with it on the disk. Needs rsync, and pg_dump for PostgreSQL.
    """
    from farm.site import load_site
    from repo_publish.backup.taking import take, thin_out

    os.umask(0o077)
    file = site or Path("site.yml")
    done = take(load_site(site), place, sys.stderr, secrets=not without_secrets, site_file=file)
    removed = thin_out(place, keep)
    if as_json:
        print_json({"backup": str(done), "removed": [str(one) for one in removed]})
        return
    print(f"taken: {done}")
    for one in removed:
        print(f"removed: {one}")


def restore(
    place: Annotated[
        Path, typer.Argument(metavar="DIR", help="A backup, or where backups are: the newest.")
    ],
    site: SiteFile = None,
    as_json: Json = False,
) -> None:
    """Make the state of a site from a backup; the state must be empty, the farm not running.

    Example: farm restore /srv/backups/20261122T213000Z

    Databases in PostgreSQL must be there and empty.
    """
    from farm.site import load_site
    from repo_publish.backup.contents import newest
    from repo_publish.backup.restoring import restore as restore_backup

    chosen = newest(place)
    where = load_site(site)
    advice = restore_backup(where, chosen, sys.stderr)
    if as_json:
        print_json({"backup": str(chosen), "state": str(where.state), "advice": advice})
        return
    print(f"restored: {chosen} to {where.state}")
    for sentence in advice:
        print(f"* {sentence}")
