"""Making a state directory from a backup."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TextIO

from farm.errors import FarmError
from farm.run import run
from farm.site import Site
from repo_publish.backup.contents import STATE, Backup, read
from repo_publish.backup.databases import (
    check_empty,
    is_sqlite,
    restore_postgres,
)


def restore(site: Site, backup: Path, log: TextIO) -> list[str]:
    """Make an empty state from a backup.

    :returns: what its user has to do or know, a sentence each.
    :raises FarmError: the state is not empty, or something cannot be restored.
    """
    said = read(backup)
    targets = {"records": site.records_url, "buildbot": site.database_url}
    _check(site, said, targets)
    print(f"restoring {backup} to {site.state}", file=log, flush=True)
    site.state.mkdir(parents=True, exist_ok=True)
    run(
        "copy the backup",
        [
            *("rsync", "--archive", "--hard-links", "--numeric-ids"),
            f"{(backup / STATE).resolve()}/",
            f"{site.state.resolve()}/",
        ],
    )
    for name, url in targets.items():
        print(f"restoring: {name}", file=log, flush=True)
        source = backup / said.databases[name]
        if not is_sqlite(url):
            restore_postgres(url, source)
            continue
        place = Path(url.removeprefix("sqlite:///"))
        if not place.exists():
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, place)
    return _advice(site, said)


def _check(site: Site, said: Backup, targets: dict[str, str]) -> None:
    if site.state.exists() and any(site.state.iterdir()):
        raise FarmError(
            f"{site.state} is not empty: move it away first; restoring never mixes two states"
        )
    for name, url in targets.items():
        dump = said.databases[name].endswith(".dump")
        if dump == is_sqlite(url):
            was = "PostgreSQL" if dump else "SQLite"
            raise FarmError(
                f"the {name} were in {was} when the backup was taken, and the site file says "
                "something else: nothing moves them from one kind of database to the other"
            )
        if not is_sqlite(url):
            check_empty(url)


def _advice(site: Site, said: Backup) -> list[str]:
    state = site.state.resolve()
    advice = []
    if not said.secrets:
        advice.append(
            f"keys, secrets and users are not in this backup: put them into {state} before the "
            "farm starts; without its keys it publishes nothing that clients accept"
        )
    if said.state != str(state):
        (site.state / "master" / "buildbot.tac").unlink(missing_ok=True)
        advice.append(
            f"the state was at {said.state}: run buildbot create-master for {state / 'master'} "
            "again, which keeps what is there"
        )
    advice.append("workers of this host: python -m workers.setup makes their directories again")
    return advice
