"""Taking a backup while the farm runs."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TextIO

from farm.errors import CommandError, FarmError
from farm.files import write_atomically
from farm.run import run
from farm.site import Site
from repo_publish.backup.contents import (
    DESCRIPTION,
    EXCLUDED,
    INCOMPLETE,
    SECRET,
    STATE,
    Backup,
    backups,
    name_at,
)
from repo_publish.backup.databases import copy_sqlite, dump_postgres, is_sqlite
from repo_publish.line import SNAPSHOTS, line_of, lines

VANISHED = 24
"""rsync's exit status when files went away while it copied: scratch of those who work."""


def take(
    site: Site,
    place: Path,
    log: TextIO,
    *,
    secrets: bool = True,
    site_file: Path | None = None,
    clock: Callable[[], float] = time.time,
) -> Path:
    """Take a backup below `place`; what did not change is shared with the one before.

    Publications wait while the last differences of the archive are copied, nothing else does.

    :param secrets: keys, secrets and users, too.
    :param site_file: is copied as well, with the components.yml that it names.
    :returns: the backup.
    :raises FarmError: something could not be copied; nothing is left of it then.
    """
    _check(site, place)
    place.mkdir(parents=True, exist_ok=True, mode=0o700)
    name = name_at(clock())
    fresh, done = place / f"{INCOMPLETE}{name}", place / name
    if done.exists():
        raise FarmError(f"{done} is there already: a second later it will have another name")
    for left in place.glob(f"{INCOMPLETE}*"):
        shutil.rmtree(left)
    fresh.mkdir(mode=0o700)
    try:
        _say(log, "databases")
        databases = _databases(site, fresh)
        _files(site, fresh, backups(place), log, secrets)
        for path in (site_file, site.components):
            if path is not None and path.is_file():
                shutil.copy2(path, fresh / path.name)
        said = Backup(
            taken_at=name, state=str(site.state.resolve()), databases=databases, secrets=secrets
        )
        write_atomically(fresh / DESCRIPTION, said.model_dump_json(indent=1) + "\n", 0o600)
        run("write the backup to the disk", ["sync", "--file-system", fresh])
        fresh.rename(done)
    except BaseException:
        shutil.rmtree(fresh, ignore_errors=True)
        raise
    return done


def thin_out(place: Path, keep: int) -> list[Path]:
    """Remove all backups but the newest ones; return what was removed."""
    old = backups(place)[: -keep or None] if keep else []
    for one in old:
        # Without its description a half removed backup is none.
        (one / DESCRIPTION).unlink()
        shutil.rmtree(one)
    return old


def _check(site: Site, place: Path) -> None:
    state = site.state.resolve()
    if not state.is_dir():
        raise FarmError(f"{state}: there is no farm to back up")
    if place.resolve().is_relative_to(state):
        raise FarmError(f"{place} lies in the state directory {state}: name another place")


def _databases(site: Site, fresh: Path) -> dict[str, str]:
    """Copy the records first: what they do not know yet, the farm finds in Buildbot's tables and
    the pool."""
    copied = {}
    for name, url in (("records", site.records_url), ("buildbot", site.database_url)):
        if not is_sqlite(url):
            copied[name] = f"{name}.dump"
            dump_postgres(url, fresh / copied[name])
    files = sorted([*site.state.glob("*.sqlite"), *site.state.glob("master/*.sqlite")])
    for path in files:
        copy_sqlite(path, fresh / STATE / path.relative_to(site.state))
    for name, url in (("records", site.records_url), ("buildbot", site.database_url)):
        if name not in copied:
            known = Path(url.removeprefix("sqlite:///"))
            if known.resolve() not in {path.resolve() for path in files}:
                copy_sqlite(known, fresh / f"{name}.sqlite")
                copied[name] = f"{name}.sqlite"
            else:
                copied[name] = f"{STATE}/{known.resolve().relative_to(site.state.resolve())}"
    return copied


def _files(site: Site, fresh: Path, before: Sequence[Path], log: TextIO, secrets: bool) -> None:
    left_out = [*EXCLUDED, *(() if secrets else (f"/{name}" for name in SECRET))]
    command = [
        # Hard links stay hard links: the archive shares its files with the pool.
        *("rsync", "--archive", "--hard-links", "--numeric-ids", "--delete"),
        *(f"--exclude={pattern}" for pattern in left_out),
        *(f"--link-dest={one.resolve() / STATE}" for one in before[-1:]),
        f"{site.state.resolve()}/",
        f"{(fresh / STATE).resolve()}/",
    ]
    _say(log, "files")
    _copy(command)
    with ExitStack() as held:
        for line in sorted(lines(site.state / "archive"), key=str):
            held.enter_context(line.lock(log))
        _say(log, "what has changed since")
        _copy(command)
    _trim(fresh / STATE / "archive")


def _copy(command: list[str]) -> None:
    try:
        run("copy the state", command)
    except CommandError as error:
        if error.exit_status != VANISHED:
            raise


def _trim(archive: Path) -> None:
    """Drop snapshots that were not live yet: a publisher would take them for somebody's mistake.

    Only a line that was published for the first time meanwhile can have one.
    """
    for place in (archive / SNAPSHOTS).glob("*/*"):
        line = line_of(archive, place.parent.name, place.name)
        live = line.live() or 0
        for number in line.numbers():
            if number > live:
                shutil.rmtree(line.snapshot(number))


def _say(log: TextIO, what: str) -> None:
    print(f"copying: {what}", file=log, flush=True)
