"""Databases copied while they are written to: SQLite's online backup, PostgreSQL's pg_dump."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from pathlib import Path

import sqlalchemy as sa

from farm.errors import FarmError
from farm.run import run
from repo_publish.errors import PublishError

PAGES_AT_ONCE = 4096
"""So that whoever writes gets its turn in between."""


def is_sqlite(url: str) -> bool:
    """Whether a database is a file below the state directory."""
    return sa.make_url(url).get_backend_name() == "sqlite"


def copy_sqlite(source: Path, target: Path) -> None:
    """Copy a database as it is at one moment, and check the copy.

    :raises PublishError: it is damaged, or cannot be read.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    target.unlink(missing_ok=True)
    os.close(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    try:
        with (
            closing(sqlite3.connect(f"{source.resolve().as_uri()}?mode=ro", uri=True)) as old,
            closing(sqlite3.connect(target)) as new,
        ):
            old.backup(new, pages=PAGES_AT_ONCE)
            # A copy is one file: nothing that belongs to it may be forgotten.
            new.execute("pragma journal_mode=delete")
            (said,) = new.execute("pragma integrity_check").fetchone()
    except sqlite3.Error as error:
        raise PublishError(f"{source} cannot be copied: {error}") from error
    if os.geteuid() == 0:  # root takes backups of a farm that is another user's
        owner = source.stat()
        os.chown(target, owner.st_uid, owner.st_gid)
    if said != "ok":
        raise PublishError(f"{source} is damaged: {said}")


def dump_postgres(url: str, target: Path) -> None:
    """Write a dump of a database as it is at one moment.

    :raises FarmError: pg_dump fails, or is not installed.
    """
    where, environment = _connection(url)
    target.parent.mkdir(parents=True, exist_ok=True)
    run(
        f"copy the database {sa.make_url(url).database}",
        ["pg_dump", "--format=custom", f"--file={target}", where],
        env=environment,
    )
    target.chmod(0o600)


def restore_postgres(url: str, dump: Path) -> None:
    """Fill an empty database from a dump, all of it or nothing.

    :raises FarmError: pg_restore fails.
    """
    where, environment = _connection(url)
    run(
        f"fill the database {sa.make_url(url).database}",
        [
            *("pg_restore", "--single-transaction", "--exit-on-error", "--no-owner"),
            f"--dbname={where}",
            dump,
        ],
        env=environment,
    )


def check_empty(url: str) -> None:
    """Refuse a database that has tables.

    :raises FarmError: it has some, or cannot be reached.
    """
    engine = sa.create_engine(url)
    shown = engine.url.render_as_string(hide_password=True)
    try:
        names = sa.inspect(engine).get_table_names()
    except sa.exc.SQLAlchemyError as error:
        raise FarmError(f"{shown}: {str(error).splitlines()[0]}") from error
    finally:
        engine.dispose()
    if names:
        raise FarmError(
            f"{shown} has tables already: restoring needs an empty database (dropdb, createdb)"
        )


def _connection(url: str) -> tuple[str, dict[str, str]]:
    """What libpq is told; the password by a way that other users do not see."""
    parsed = sa.make_url(url)
    environment = dict(os.environ)
    if parsed.password:
        environment["PGPASSWORD"] = str(parsed.password)
    plain = parsed.set(drivername="postgresql", password=None)
    return plain.render_as_string(hide_password=False), environment
