"""Brings a database of records to what this version of the farm writes."""

from __future__ import annotations

import sqlalchemy as sa

from farm.errors import FarmError
from farm.records import tables
from farm.records.database import Database

REVISION = "0003"
"""Of `farm.records.tables`; the newest of `farm.records.migrations`."""
BASELINE = "0001"
"""What databases are that were made before revisions were written down."""
BASELINE_TABLES = frozenset({"heads", "builds", "generations", "snapshots", "forces"})
VERSION_TABLE = "farm_version"

_version = sa.Table(
    VERSION_TABLE, sa.MetaData(), sa.Column("version_num", sa.String(32), primary_key=True)
)


class WrongRecords(FarmError):
    """A database that cannot be used, or not yet."""


class NoRecords(WrongRecords):
    """A database that no farm has ever written to."""


def prepare(database: Database) -> None:
    """Make a database ready to write: create the tables, or upgrade them, in one transaction.

    :raises WrongRecords: a newer version of the farm has written it, or something else.
    """
    if database.read(_revision) != REVISION:
        database.write(lambda connection: _upgrade(connection, database.url))


def check(database: Database) -> None:
    """Whether a database can be read as it is.

    :raises NoRecords: it is empty.
    :raises WrongRecords: another version of the farm has written it, or something else.
    """
    found = database.read(lambda connection: _known_revision(connection, database.url))
    if found is None:
        raise NoRecords(f"this farm has not started yet: {_place(database.url)} is empty")
    if found != REVISION:
        raise WrongRecords(
            f"the records at {_place(database.url)} are those of an older version of the farm; "
            "starting the master upgrades them"
        )


def _place(url: sa.URL) -> str:
    return url.render_as_string(hide_password=True)


def _revision(connection: sa.Connection) -> str | None:
    if not sa.inspect(connection).has_table(VERSION_TABLE):
        return None
    found = connection.execute(sa.select(_version.c.version_num)).scalar()
    return None if found is None else str(found)


def _known_revision(connection: sa.Connection, url: sa.URL) -> str | None:
    """The revision, one that can be upgraded; None for an empty database."""
    found = _revision(connection)
    if found is not None:
        if found > REVISION:
            raise WrongRecords(
                f"a newer version of the farm has written the records at {_place(url)} (revision "
                f"{found}, this one knows {REVISION}): use that version, or restore a backup"
            )
        return found
    names = frozenset(sa.inspect(connection).get_table_names()) - {VERSION_TABLE}
    if not names:
        return None
    columns = {one["name"] for one in sa.inspect(connection).get_columns(min(names))}
    if names == BASELINE_TABLES and "upstream_version" in columns:
        return BASELINE
    raise WrongRecords(
        f"{_place(url)} holds the tables of something else ({', '.join(sorted(names)[:5])} …): "
        "give the farm's records a database of their own"
    )


def _upgrade(connection: sa.Connection, url: sa.URL) -> None:
    found = _known_revision(connection, url)
    if found is None:
        tables.metadata.create_all(connection)
        _version.create(connection, checkfirst=True)
        connection.execute(sa.insert(_version).values(version_num=REVISION))
    elif found != REVISION:
        migrate(connection, found)


def migrate(connection: sa.Connection, found: str, to: str = REVISION) -> None:
    """Take the steps from one revision to another; "" is before the first."""
    # Hardly ever needed, and slow to import.
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", "farm.records:migrations")
    config.attributes["connection"] = connection
    if found and _revision(connection) is None:
        command.stamp(config, found)
    command.upgrade(config, to)
